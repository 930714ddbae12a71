/* Raw outcome -> failure class and rule: one table (classify.def), read top to bottom within the
 * order of evidence: transport, error code, detail code, error type, HTTP status, message text.
 *
 * Pure. Bare numbers are never searched in texts: providers echo prompts back. */
#ifndef ENGINE_CLASSIFY_H
#define ENGINE_CLASSIFY_H

#include "signalbox/facts.h"

struct classification {
    enum failure failure; /* FAILURE_NONE: the attempt answered */
    struct slice rule;    /* static; the row's name; empty with FAILURE_NONE */
    struct slice detail;  /* static; finer than the class, or empty */
    bool refusal;         /* FAILURE_SAFETY_BLOCK inside a 200: delivered as it is */
};

/* family and provider choose among rows that only some providers have. A stream that asked for
 * streaming is told by stream. */
struct classification
classify(const struct report *report, enum family family, struct slice provider, bool stream);

#endif
