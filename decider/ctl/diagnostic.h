/* Findings in a document, as the decider reports them, for people. */
#ifndef CTL_DIAGNOSTIC_H
#define CTL_DIAGNOSTIC_H

#include "ctl/ctl.h"
#include "signalbox/v1/policy.pb-c.h"

/* Prints them as a table, nothing when there is none. */
void diagnostic_print(struct ctl *ctl, Signalbox__V1__Diagnostic *const *items, size_t count);
/* CTL_EXIT_DOCUMENT when one of them is an error, else CTL_EXIT_OK. */
int diagnostic_exit(Signalbox__V1__Diagnostic *const *items, size_t count);

#endif
