/* Who calls and whether the method is for them: bearer token -> identity -> principal -> role. */
#ifndef RPC_AUTH_H
#define RPC_AUTH_H

#include "rpc/state.h"

/* The identity is computed once per call or stream; the principal is looked up for each message, so
 * that a revoked key stops. */
struct auth {
    struct digest identity;
    bool given; /* there was a bearer token */
};

struct auth auth_read(const struct service *service, const grpc_metadata_array *metadata);

/* Owner thread: the principal if it may call the method, else NULL and *reterr_status. Lent until
 * the next service_turn. */
const struct principal *auth_check(struct rpc_server *server,
                                   const struct method *method,
                                   const struct auth *auth,
                                   int64_t now_ms,
                                   struct wire_status *reterr_status);
/* Admin thread: as auth_check; the principal lives in the arena. */
const struct principal *auth_check_admin(struct rpc_server *server,
                                         const struct method *method,
                                         const struct auth *auth,
                                         int64_t now_ms,
                                         struct wire_status *reterr_status);

#endif
