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

/* wanted names something, and nothing beyond allowed. */
static inline bool rights_within(struct texts allowed, struct texts wanted)
{
    bool within = wanted.count > 0;

    for (unsigned i = 0; within && i < wanted.count; i++)
        within = rights_list(allowed, wanted.items[i]);
    return allowed.count == 0 || within;
}

/* The key can do nothing that the caller could not: the caller may make, see and revoke it. */
static inline bool rights_key(const struct principal *caller, const struct principal *key)
{
    if (!caller)
        return true;
    return rights_within(caller->environments, key->environments) &&
           (key->role == ROLE_CLIENT ? rights_tenant(caller, key->tenant)
                                     : rights_within(caller->tenants, key->tenants));
}

/* An empty environment belongs to nobody: no policy can be active there. */
static inline bool rights_environment(const struct principal *caller, struct slice environment)
{
    return !caller || environment.len == 0 || rights_list(caller->environments, environment);
}

#endif
