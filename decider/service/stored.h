/* A stored request as the admin thread reads it: record and policy, both copied into the arena. */
#ifndef SERVICE_STORED_H
#define SERVICE_STORED_H

#include "engine/policy.h"
#include "service/service.h"
#include "store/history.h"

struct stored {
    struct slice tenant;
    struct history history;
    const struct policy *policy; /* NULL: none was active */
};

/* RESULT_NOT_FOUND; RESULT_INVALID: two tenants have the id; RESULT_CORRUPT: the record fails its
 * checksum, or the policy that it was decided with is not there. */
MUST_USE enum result stored_read(struct service *service,
                                 struct admin_call *call,
                                 const struct request_query *query,
                                 struct stored **ret_stored);

#endif
