/* Facts, reports and principals copied into an arena. Facts and reports are copied as a record
 * keeps them: fields that are only digested (the caller's key digest, provider message texts) are
 * left out. */
#ifndef SERVICE_COPY_H
#define SERVICE_COPY_H

#include "base/arena.h"
#include "signalbox/facts.h"
#include "store/principal.h"

/* False: the arena is at its bound. */
bool copy_facts(struct arena *arena, const struct facts *from, struct facts *to);
bool copy_report(struct arena *arena, const struct report *from, struct report *to);
bool copy_principal(struct arena *arena, const struct principal *from, struct principal *to);

#endif
