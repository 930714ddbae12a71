/* What must be shown before a fallback's route may serve: what the table of demands asks for its
 * tier and its place, what its policy asks for beyond that, and what the request does. One place,
 * so that every gate, and whoever counts on the same evidence, asks for the same. */
#include "engine/evidence_demand.h"
#include "engine/gate.h"

static struct evidence_place place_of(const struct policy *policy, const struct policy_route *route)
{
    return (struct evidence_place){
        .provider = policy_text(policy, route->provider),
        .account = policy_text(policy, route->account),
        .region = policy_text(policy, route->region),
        .account_owner = policy_text(policy, route->account_owner),
        .spend_owner = policy_text(policy, route->spend_owner),
        .quota_owner = policy_text(policy, route->quota_owner),
    };
}

static uint64_t of_policy(const struct policy_entry *entry)
{
    return (entry->requires_eval_pass ? SET_OF(EVIDENCE_KIND_EVAL) : 0) |
           (entry->requires_cost_owner ? SET_OF(EVIDENCE_KIND_COST_OWNER) : 0) |
           (entry->requires_quota_owner ? SET_OF(EVIDENCE_KIND_QUOTA_OWNER) : 0) |
           (entry->requires_tool_contract_pass ? SET_OF(EVIDENCE_KIND_TOOL_CONTRACT) : 0) |
           (entry->sign_offs ? SET_OF(EVIDENCE_KIND_SIGN_OFF) : 0);
}

uint64_t gate_demands(const struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    enum tier tier = (enum tier)input->entry->tier;
    struct evidence_place home, there;
    uint64_t demands;

    if (!gate_is_fallback(input) || !input->route)
        return 0;
    home = place_of(policy, input->primary);
    there = place_of(policy, input->route);
    demands = evidence_demand_of_tier(tier) | evidence_demand_of_place(&home, &there) |
              of_policy(input->entry);
    if (gate_has_tools(input->question->facts))
        demands |= evidence_demand_of_tools(tier);
    return demands;
}

uint64_t gate_demanded_sign_offs(const struct gate_input *input)
{
    if (!gate_is_fallback(input))
        return 0;
    return input->entry->sign_offs | evidence_demand_sign_offs((enum tier)input->entry->tier);
}
