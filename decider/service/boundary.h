/* One boundary of a request: decided, appended, and taken back when it cannot be stored.
 * Owner thread. */
#ifndef SERVICE_BOUNDARY_H
#define SERVICE_BOUNDARY_H

#include "service/state.h"

/* What the next boundary is decided from. */
struct boundary_question {
    const struct report *report; /* NULL: the admission */
    const struct digest *digest; /* of the question */
    enum reason refusal;         /* why the principal may not ask */
    int64_t now_ms;
    uint64_t seed;
    uint32_t deadline_ms; /* at admission */
    bool adopted;
    bool plain;           /* as if nothing were switched off, and a fallback entry pinned */
    unsigned plain_entry; /* that entry; 0: none */
    bool late;            /* the attempt had been given up as unreported */
};

/* Decides and appends; request->output is the answer. What came of the attempt is told to the
 * rollback rules, once. RESULT_NO_MEMORY: rewind or free it. */
MUST_USE enum result boundary_decide(struct service *service,
                                     struct request *request,
                                     const struct boundary_question *question);
/* Back to the first boundaries boundaries, at least one, as if no more had been asked. */
void boundary_rewind(struct service *service, struct request *request, unsigned boundaries);
/* When the request is given up if nobody reports on its last boundary; 0: it has ended. */
int64_t boundary_give_up_ms(const struct service *service, const struct request *request);

#endif
