/* A request's record for people: the chain first, then what it means. */
#ifndef CTL_RECORD_H
#define CTL_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/v1/record.pb-c.h"

void record_print(const Signalbox__V1__Record *record, struct arena *arena, struct buf *out);
/* Every check of every gate. */
void record_print_trace(const Signalbox__V1__Trace *trace, struct arena *arena, struct buf *out);

#endif
