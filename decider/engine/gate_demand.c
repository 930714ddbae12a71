/* What must be shown before a fallback's route may serve: by the kind of change it is, by the
 * boundaries that it crosses, by what its policy asks for beyond that, and by the request. One
 * place, so that every gate, and whoever counts on the same evidence, asks for the same. */
#include "engine/gate.h"

static const uint64_t of_tier[TIER_END] = {
    [TIER_SAME_MODEL] = SET_OF(EVIDENCE_KIND_PARITY),
    [TIER_SAME_FAMILY] = SET_OF(EVIDENCE_KIND_PARITY) | SET_OF(EVIDENCE_KIND_EVAL),
    [TIER_DIFFERENT_FAMILY] =
        SET_OF(EVIDENCE_KIND_PARITY) | SET_OF(EVIDENCE_KIND_EVAL) | SET_OF(EVIDENCE_KIND_SIGN_OFF),
};

static bool is_other_model(const struct gate_input *input)
{
    return input->entry->tier == TIER_SAME_FAMILY || input->entry->tier == TIER_DIFFERENT_FAMILY;
}

/* Where the request's data goes, and whose money and quota it takes there. */
static uint64_t of_boundaries(const struct gate_input *input)
{
    bool same_account = GATE_SAME(input, account);
    uint64_t demands = 0;

    if (!same_account || !GATE_SAME(input, provider) || !GATE_SAME(input, region))
        demands |= SET_OF(EVIDENCE_KIND_BOUNDARY_APPROVAL);
    if (!same_account)
        demands |= SET_OF(EVIDENCE_KIND_QUOTA_OWNER);
    if (!GATE_SAME(input, account_owner) || !GATE_SAME(input, spend_owner) ||
        !GATE_SAME(input, quota_owner))
        demands |= SET_OF(EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL);
    return demands;
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
    uint64_t demands;

    if (!gate_is_fallback(input) || !input->route)
        return 0;
    demands = of_tier[input->entry->tier] | of_boundaries(input) | of_policy(input->entry);
    if (is_other_model(input) && set_has(input->needs, NEED_TOOLS))
        demands |= SET_OF(EVIDENCE_KIND_TOOL_CONTRACT);
    return demands;
}

uint64_t gate_demanded_sign_offs(const struct gate_input *input)
{
    uint64_t roles = input->entry->sign_offs;

    if (!gate_is_fallback(input))
        return 0;
    if (input->entry->tier == TIER_DIFFERENT_FAMILY)
        roles |= SET_OF(SIGN_OFF_PRODUCT) | SET_OF(SIGN_OFF_ENGINEERING) | SET_OF(SIGN_OFF_POLICY);
    return roles;
}
