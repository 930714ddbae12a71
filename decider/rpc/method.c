#include "rpc/method.h"

#include "base/invariant.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/handler.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/key.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

#define R(NAME) SET_OF(ROLE_##NAME)
#define ANYBODY 0

static const struct method rows[] = {
#define M(NAME, service, name, roles, thread, request, response, bytes_max, handler)               \
    [METHOD_##NAME] = {service,                                                                    \
                       "/" service "/" name,                                                       \
                       roles,                                                                      \
                       METHOD_THREAD_##thread,                                                     \
                       &request##__descriptor,                                                     \
                       &response##__descriptor,                                                    \
                       bytes_max,                                                                  \
                       handler},
#include "rpc/method.def"
#undef M
};

const struct method *method_row(enum method_id id)
{
    invariant((unsigned)id < METHOD_END);
    return &rows[id];
}

bool method_allows(const struct method *method, enum role role)
{
    return method->roles == 0 || set_has(method->roles, (unsigned)role);
}

bool method_serves(struct slice service)
{
    for (unsigned i = 0; i < METHOD_END; i++)
        if (slice_is(service, rows[i].service))
            return true;
    return false;
}
