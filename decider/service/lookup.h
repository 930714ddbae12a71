/* Finds the request of a question: in memory, else in history. Owner thread. */
#ifndef SERVICE_LOOKUP_H
#define SERVICE_LOOKUP_H

#include "service/state.h"

/* tenant empty: whichever has the id. *ret_request is in the table, or NULL when nobody knows it.
 * RESULT_INVALID: two tenants have the id. RESULT_CORRUPT, RESULT_NO_MEMORY, RESULT_IO. */
MUST_USE enum result lookup_request(struct service *service,
                                    struct uuid id,
                                    struct slice tenant,
                                    struct request **ret_request);
/* The compiled policy that history was decided with, with a reference; NULL without one. */
MUST_USE enum result lookup_policy(struct service *service,
                                   const struct history *history,
                                   struct compiled **ret_compiled);
/* Renews the owner's read transaction where the turn has reset it. */
MUST_USE enum result lookup_begin(struct service *service);
void lookup_end(struct service *service);

#endif
