/* Evidence and what is made of it: putting and taking back, the checklist, a team's policy tests,
 * suggestions, and what versions differ in. All calls are the admin thread's (service.h); texts and
 * arrays of answers come from the call's arena or are lent until the next admin call.
 *
 * Evidence is append-only. It is put by an operator's key, and counts for a policy version only
 * when somebody else published that version. Putting or taking back compiles the active policies of
 * its workload and environment anew, and they serve with it when the call returns. */
#ifndef SERVICE_EVIDENCE_H
#define SERVICE_EVIDENCE_H

#include "engine/catalog_diff.h"
#include "engine/checklist.h"
#include "engine/policy_diff.h"
#include "engine/policy_test.h"
#include "engine/suggest.h"
#include "service/service.h"

struct evidence_summary {
    struct slice id; /* "ev-12" */
    enum evidence_kind kind;
    enum gate gate;
    struct slice workload, environment, subject;
    struct slice owner;
    bool passed;
    int64_t put_unix_ms;
    struct slice put_by;
    int64_t expires_unix_ms;
    bool revoked;
    int64_t revoked_unix_ms;
    struct slice revoked_by, revoke_reason;
    struct slice document; /* canonical JSON */
    struct pairs bindings; /* field, value on the day it was put */
};

/* An idempotency id is up to 128 bytes of the caller's; the same call with it again gives the first
 * answer and changes nothing; another call with it is RESULT_EXISTS. Empty: none. */

/* RESULT_OK with *ret_count 0 when the document has errors (diagnostics). Atomic for the document.
 * A failed evaluation switches off the fallback entries that it speaks of (rollback rule
 * failed_eval), where their policies ask for that. */
MUST_USE enum result service_put_evidence(struct service *service,
                                          struct admin_call *call,
                                          struct slice document,
                                          struct slice write_id,
                                          struct evidence_summary **ret_items,
                                          unsigned *ret_count);
/* RESULT_NOT_FOUND; RESULT_PRECONDITION: it is taken back already. */
MUST_USE enum result service_revoke_evidence(struct service *service,
                                             struct admin_call *call,
                                             struct slice id,
                                             struct slice reason,
                                             struct slice write_id,
                                             struct evidence_summary *ret_item);
MUST_USE enum result service_get_evidence(struct service *service,
                                          struct admin_call *call,
                                          struct slice id,
                                          struct evidence_summary *ret_item);
struct evidence_query {
    struct slice workload, environment; /* both, or neither: everything the caller may see */
    enum evidence_kind kind;            /* unspecified: any */
    bool want_revoked;
    struct slice page_token;
    unsigned rows_max;
};
/* In the order it was put. */
MUST_USE enum result service_list_evidence(struct service *service,
                                           struct admin_call *call,
                                           const struct evidence_query *query,
                                           struct evidence_summary **ret_items,
                                           unsigned *ret_count,
                                           struct slice *ret_next);

/* A policy by id and version (0: the active one, else the latest), or a draft: a document that is
 * checked as if it were published now by the caller. */
struct policy_choice {
    struct slice policy_id;
    uint32_t version;
    struct slice document; /* not empty: the draft */
};

struct checklist_summary {
    struct slice policy_id, workload, environment;
    uint32_t version; /* 0: a draft */
    uint32_t catalog_version;
    int64_t made_unix_ms;
    struct checklist checklist;
};
/* RESULT_OK with checklist.entries_count 0 when a draft has errors (diagnostics). */
MUST_USE enum result service_checklist(struct service *service,
                                       struct admin_call *call,
                                       const struct policy_choice *choice,
                                       struct checklist_summary *ret_summary);

/* tests: engine/policy_test.h. Nothing is stored. RESULT_OK with outcomes_count 0 when tests or
 * draft have errors (diagnostics). */
MUST_USE enum result service_test_policy(struct service *service,
                                         struct admin_call *call,
                                         const struct policy_choice *choice,
                                         struct slice tests,
                                         struct policy_test_report *ret_report);

/* Fields and consequences between two versions. */
MUST_USE enum result service_diff_policies(struct service *service,
                                           struct admin_call *call,
                                           const struct policy_choice *before,
                                           const struct policy_choice *after,
                                           struct policy_diff *ret_diff);

/* question->primary is found by primary_route (empty: none). */
MUST_USE enum result service_suggest_routes(struct service *service,
                                            struct admin_call *call,
                                            struct suggest_question *question,
                                            struct slice primary_route,
                                            struct suggestion **ret_suggestions,
                                            unsigned *ret_count);

/* A route of the current catalog, for a live probe. */
MUST_USE enum result service_get_route(struct service *service,
                                       struct admin_call *call,
                                       struct slice route_id,
                                       const struct catalog_route **ret_route);

#endif
