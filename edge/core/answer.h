/* An answer of the decider, kept past the callback that lent it. Pure.
 *
 * Everything the edge carries out or logs is copied; the trace is not, and of the record only its
 * scalars, its route texts and one line about its chain. */
#ifndef CORE_ANSWER_H
#define CORE_ANSWER_H

#include "base/arena.h"
#include "signalbox/client.h"

struct answer {
    enum result result;       /* RESULT_OK: decision is set */
    struct decision decision; /* texts are the arena's */
    struct slice message;
    struct slice reason;
    uint64_t retry_after_ms;
    struct slice chain; /* "route:outcome route:outcome", from the record */
};

/* Copies into the arena. An arena that is too small makes the answer one of RESULT_NO_MEMORY. */
void answer_copy(const struct signalbox_answer *answer,
                 struct arena *arena,
                 struct answer *ret_answer);

#endif
