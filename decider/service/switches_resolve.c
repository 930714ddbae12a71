/* What of one compiled policy is off or pinned: one look-up for the policy, for each entry, and
 * three for each route. It is done once for a policy and a generation, not for a decision. */
#include "service/switches.h"

int switches_entry_index(const struct policy *policy, struct slice name)
{
    char memory[POLICY_ENTRY_NAME_BYTES_MAX];

    for (unsigned i = 0; i < policy->entries.len; i++)
        if (slice_equal(policy_entry_name(policy, i, memory), name))
            return (int)i;
    return -1;
}

/* True: it is off. */
static bool look_up(const struct switches *switches,
                    enum switch_scope scope,
                    struct slice policy_id,
                    struct slice name,
                    struct view_switch *ret_off)
{
    const struct switch_state *state = switches_find(switches, scope, policy_id, name);

    if (!state)
        return false;
    *ret_off = (struct view_switch){(uint8_t)state->record.scope, (uint8_t)state->record.rule};
    return true;
}

/* Of several, the narrowest is told. */
static bool resolve_route(const struct switches *switches,
                          const struct policy *policy,
                          const struct policy_route *route,
                          struct view_switch *ret_off)
{
    const struct slice nobody = SLICE_LITERAL("");

    return look_up(switches, SWITCH_SCOPE_ROUTE, nobody, policy_text(policy, route->id), ret_off) ||
           look_up(switches, SWITCH_SCOPE_ACCOUNT, nobody, policy_text(policy, route->account),
                   ret_off) ||
           look_up(switches, SWITCH_SCOPE_PROVIDER, nobody, policy_text(policy, route->provider),
                   ret_off);
}

static void resolve_off(const struct switches *switches,
                        const struct policy *policy,
                        struct compiled_switches *resolved)
{
    struct slice policy_id = policy_text(policy, policy->id);
    char memory[POLICY_ENTRY_NAME_BYTES_MAX];

    resolved->any |=
        look_up(switches, SWITCH_SCOPE_POLICY, policy_id, SLICE_LITERAL(""), &resolved->policy_off);
    for (unsigned i = 0; i < policy->entries.len; i++)
        resolved->any |= look_up(switches, SWITCH_SCOPE_ENTRY, policy_id,
                                 policy_entry_name(policy, i, memory), &resolved->entries_off[i]);
    for (unsigned i = 0; i < policy->routes.len; i++)
        resolved->any |=
            resolve_route(switches, policy, policy_route(policy, i), &resolved->routes_off[i]);
}

void switches_resolve(const struct switches *switches,
                      const struct policy *policy,
                      struct compiled_switches *ret_resolved)
{
    const struct pin_state *pin =
        switches->pins.count ? switches_pin_of(switches, policy_text(policy, policy->id)) : NULL;
    int entry = pin ? switches_entry_index(policy, pin->record.entry) : -1;

    *ret_resolved = (struct compiled_switches){.generation = switches->generation};
    if (switches->off.count)
        resolve_off(switches, policy, ret_resolved);
    /* A version that has no such entry is not pinned. */
    if (entry >= 0) {
        ret_resolved->any = true;
        ret_resolved->pin = (uint8_t)(entry + 1);
        ret_resolved->pin_expires_ms = pin->record.expires_ms;
    }
}
