/* A policy that is looked at: a stored version, or a draft as if the caller published it now. Admin
 * thread. */
#ifndef SERVICE_CHOICE_H
#define SERVICE_CHOICE_H

#include "engine/policy_document.h"
#include "service/evidence.h"
#include "service/state.h"

/* In the call's arena. */
struct chosen {
    struct slice policy_id;
    uint32_t version; /* 0: a draft */
    uint32_t catalog_version;
    struct policy_document *document; /* checked; NULL: a draft with errors */
    struct evidence_author author;
};

/* RESULT_OK also for a draft with errors (diagnostics). RESULT_NOT_FOUND; RESULT_PRECONDITION: a
 * stored version does not go with the current catalog (diagnostics); RESULT_DENIED. */
MUST_USE enum result choice_take(struct service *service,
                                 struct admin_call *call,
                                 const struct policy_choice *choice,
                                 struct chosen *ret_chosen);
/* Compiled with the current catalog and evidence, in the call's arena; the document is there. */
MUST_USE enum result choice_compile(struct service *service,
                                    struct admin_call *call,
                                    const struct chosen *chosen,
                                    const struct policy **ret_policy);

#endif
