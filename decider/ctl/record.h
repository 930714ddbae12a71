/* A request's record for people: the chain first, then what it means. */
#ifndef CTL_RECORD_H
#define CTL_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/record.pb-c.h"

/* decisions: of its boundaries, for the checks that refused an entry; count 0 where nobody knows.
 */
void record_print(const Signalbox__V1__Record *record,
                  Signalbox__V1__Decision *const *decisions,
                  size_t count,
                  struct arena *arena,
                  struct buf *out);
/* Every check of every gate. */
void record_print_trace(const Signalbox__V1__Trace *trace, struct arena *arena, struct buf *out);

#endif
