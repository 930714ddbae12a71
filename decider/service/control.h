/* Control: which versions serve, what is switched off or pinned, the audit trail, feedback. All
 * calls are the admin thread's (service.h).
 *
 * Switches are live state and so the owner thread's. An admin call hands the change over and waits:
 * turning off acts in memory first, turning on after the commit; both return after the commit. A
 * rule that trips does so on the owner thread and is committed with the outcome that tripped it.
 *
 * etag: what the caller saw last, as text; when it is given and is not current any more the call
 * changes nothing (RESULT_PRECONDITION). write_id: as service/evidence.h says. */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "service/service.h"
#include "store/control.h"

struct activation_request {
    struct slice policy_id;
    uint32_t version; /* 0: the latest */
    uint32_t percent; /* 0: the policy's canary percentage, else all; 100: all. Less: so many of the
                         requests, chosen by request id, the rest stays with what is active */
    struct slice reason, etag, write_id;
};

struct activation_summary {
    struct policy_summary active;
    struct policy_summary canary; /* version 0: none */
    uint32_t canary_percent;
    struct policy_summary replaced; /* version 0: nothing was active */
    uint32_t number;                /* of the activation */
    struct slice etag;
};

/* RESULT_NOT_FOUND; RESULT_PRECONDITION: it does not compile against the current catalog
 * (diagnostics), a percentage with nothing active beside it, or the etag. */
MUST_USE enum result service_activate(struct service *service,
                                      struct admin_call *call,
                                      const struct activation_request *request,
                                      struct activation_summary *ret_summary);
/* What the activation before made active serves again; again and again goes further back. A canary
 * is taken away first. RESULT_PRECONDITION: there is nothing to go back to. */
struct roll_back_request {
    struct slice workload, environment;
    struct slice policy_id; /* in place of the two: where this policy is active */
    struct slice reason, etag, write_id;
};
MUST_USE enum result service_roll_back(struct service *service,
                                       struct admin_call *call,
                                       const struct roll_back_request *request,
                                       struct activation_summary *ret_summary);

struct switch_request {
    enum switch_scope scope;
    struct slice policy_id; /* with POLICY and ENTRY */
    struct slice name;      /* of the entry ("" with POLICY), route, account, provider */
    bool on;
    struct slice reason, etag, write_id;
};
/* Whether it was on already is no error; ret_record tells how it stands (at_ms and version 0: on).
 * What a rule turned off becomes the caller's when it is turned off once more. RESULT_NOT_FOUND:
 * policy, entry, route, account or provider does not exist; to turn on it need not any more.
 * RESULT_FULL: what was turned off is off, and is stored as soon as there is room. */
MUST_USE enum result service_set_switch(struct service *service,
                                        struct admin_call *call,
                                        const struct switch_request *request,
                                        struct switch_record *ret_record);
/* Everything that is off. */
MUST_USE enum result service_list_switches(struct service *service,
                                           struct admin_call *call,
                                           struct slice page_token,
                                           unsigned rows_max,
                                           struct switch_record **ret_records,
                                           unsigned *ret_count,
                                           struct slice *ret_next);

struct pin_request {
    struct slice policy_id;
    struct slice entry; /* empty: unpin */
    int64_t expires_unix_ms;
    struct slice reason, etag, write_id;
};
/* RESULT_PRECONDITION: the entry's checklist is not go, the expiry has passed or is more than 30
 * days away. A version of the policy that has no such entry is not pinned. */
MUST_USE enum result service_set_pin(struct service *service,
                                     struct admin_call *call,
                                     const struct pin_request *request,
                                     struct pin_record *ret_record);
MUST_USE enum result service_list_pins(struct service *service,
                                       struct admin_call *call,
                                       struct slice page_token,
                                       unsigned rows_max,
                                       struct pin_record **ret_records,
                                       unsigned *ret_count,
                                       struct slice *ret_next);

/* The newest first. */
struct audit_query {
    struct slice policy_id; /* empty: any */
    struct slice workload, environment;
    struct slice page_token;
    unsigned rows_max;
};
MUST_USE enum result service_list_audit(struct service *service,
                                        struct admin_call *call,
                                        const struct audit_query *query,
                                        struct audit_record **ret_records,
                                        unsigned *ret_count,
                                        struct slice *ret_next);

/* Feeds rule negative_feedback of the entry that answered. The newest word on a request replaces
 * the one before and is counted once. RESULT_NOT_FOUND: no such request, or nothing answered it. */
struct feedback_request {
    struct uuid request_id;
    struct slice tenant; /* empty: whichever has it */
    enum feedback feedback;
    struct slice source, comment;
};
MUST_USE enum result service_put_feedback(struct service *service,
                                          struct admin_call *call,
                                          const struct feedback_request *request);

#endif
