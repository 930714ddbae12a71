/* Reports of attempts that ended in a certain way, made up for a dry run. */
#ifndef CTL_EXAMPLE_H
#define CTL_EXAMPLE_H

#include "base/buf.h"
#include "signalbox/v1/facts.pb-c.h"

/* Fills report, which must be freshly initialised, with the raw facts of word: a failure class, an
 * HTTP status, or "success". False: it is none that example.def has. */
bool example_report(const char *word, Signalbox__V1__AttemptReport *report);
/* "success, timeout, ..." */
void example_list(struct buf *buf);

#endif
