#include "rpc/auth.h"

#include <strings.h>

#define SCHEME "Bearer "

struct auth auth_read(const struct service *service, const grpc_metadata_array *metadata)
{
    struct auth auth = {.given = false};

    for (size_t i = 0; i < metadata->count; i++) {
        const grpc_slice *key = &metadata->metadata[i].key, *value = &metadata->metadata[i].value;
        const char *text = (const char *)GRPC_SLICE_START_PTR(*value);
        size_t len = GRPC_SLICE_LENGTH(*value), skip = strlen(SCHEME);

        if (grpc_slice_str_cmp(*key, "authorization") != 0)
            continue;
        if (len > skip && strncasecmp(text, SCHEME, skip) == 0) {
            auth.given = true;
            auth.identity = service_identity(service, (struct slice){text + skip, len - skip});
        }
        break;
    }
    return auth;
}

static struct wire_status refused(enum reason reason, bool given)
{
    struct wire_status status = {.result = RESULT_UNAUTHENTICATED};

    if (!given) {
        status.message = SLICE_LITERAL("the call has no bearer token");
        status.reason = SLICE_LITERAL("NO_TOKEN");
    } else if (reason == REASON_KEY_REVOKED) {
        status.message = SLICE_LITERAL("the token was revoked");
        status.reason = SLICE_LITERAL("KEY_REVOKED");
    } else if (reason == REASON_KEY_EXPIRED) {
        status.message = SLICE_LITERAL("the token has expired");
        status.reason = SLICE_LITERAL("KEY_EXPIRED");
    } else {
        status.message = SLICE_LITERAL("the token is not known");
        status.reason = SLICE_LITERAL("UNKNOWN_PRINCIPAL");
    }
    return status;
}

static const struct principal *allow(const struct method *method,
                                     const struct auth *auth,
                                     const struct principal *principal,
                                     enum reason reason,
                                     struct wire_status *reterr_status)
{
    if (!principal) {
        *reterr_status = refused(reason, auth->given);
        return NULL;
    }
    if (!method_allows(method, principal->role)) {
        *reterr_status = (struct wire_status){
            .result = RESULT_DENIED,
            .message = SLICE_LITERAL("the token's role does not allow this method"),
            .reason = SLICE_LITERAL("ROLE_NOT_ALLOWED")};
        return NULL;
    }
    return principal;
}

const struct principal *auth_check(struct rpc_server *server,
                                   const struct method *method,
                                   const struct auth *auth,
                                   int64_t now_ms,
                                   struct wire_status *reterr_status)
{
    const struct principal *principal = NULL;
    enum reason reason = REASON_UNKNOWN_PRINCIPAL;

    if (auth->given)
        principal = service_principal(server->service, &auth->identity, now_ms, &reason);
    return allow(method, auth, principal, reason, reterr_status);
}

const struct principal *auth_check_admin(struct rpc_server *server,
                                         const struct method *method,
                                         const struct auth *auth,
                                         int64_t now_ms,
                                         struct wire_status *reterr_status)
{
    const struct principal *principal = NULL;
    enum reason reason = REASON_UNKNOWN_PRINCIPAL;

    if (auth->given)
        principal = service_admin_principal(server->service, &auth->identity, now_ms,
                                            &server->handling, &reason);
    return allow(method, auth, principal, reason, reterr_status);
}
