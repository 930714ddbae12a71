/* What a caller's token lets it speak for or see. Pure. */
#ifndef SERVICE_RIGHTS_H
#define SERVICE_RIGHTS_H

#include "store/principal.h"

static inline bool rights_list(struct texts allowed, struct slice name)
{
    for (unsigned i = 0; i < allowed.count; i++)
        if (slice_equal(allowed.items[i], name))
            return true;
    return allowed.count == 0;
}

/* caller NULL: the program itself, which may see everything. */
static inline bool rights_tenant(const struct principal *caller, struct slice tenant)
{
    return !caller || rights_list(caller->tenants, tenant);
}

/* An empty environment belongs to nobody: no policy can be active there. */
static inline bool rights_environment(const struct principal *caller, struct slice environment)
{
    return !caller || environment.len == 0 || rights_list(caller->environments, environment);
}

#endif
