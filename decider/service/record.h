/* The record of a request: the log fields, made from history, policy and the boundaries' outcomes.
 * Nothing of it is stored; the same history gives the same record. Pure. */
#ifndef SERVICE_RECORD_H
#define SERVICE_RECORD_H

#include "base/arena.h"
#include "service/rebuild.h"

struct record_input {
    const struct history *history;
    const struct policy *policy;    /* NULL: none was active */
    const struct outcome *outcomes; /* of the first boundaries boundaries */
    unsigned boundaries;            /* how many to tell of: the record as it stood after them */
};

/* Lends from history, policy and the arena. RESULT_NO_MEMORY: the arena's bound. */
MUST_USE enum result
record_make(const struct record_input *input, struct arena *arena, struct record *ret_record);

/* What differs between two routes, field by field, in a fixed order; in the arena. */
struct record_change *record_changes(const struct policy *policy,
                                     const struct policy_route *primary,
                                     const struct policy_route *selected,
                                     struct arena *arena,
                                     unsigned *ret_count);

#endif
