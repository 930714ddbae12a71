/* Cost: whose money and whose quota an attempt takes, who agreed to it, and who is entitled to what
 * costs more. */
#include "engine/gate.h"

static bool check_owners(struct gate_input *input)
{
    const struct policy_route *route = input->route;
    bool spend = route->spend_owner.len, quota = route->quota_owner.len;

    return gate_find(
        input, &(struct gate_finding){
                   .check = CHECK_OWNERS,
                   .verdict = gate_verdict(spend && quota),
                   .found = spend && quota ? trace_text(gate_route_text(input, route->spend_owner))
                            : spend        ? trace_word("no quota owner")
                            : quota        ? trace_word("no spend owner")
                                           : trace_word("nobody"),
                   .needed = trace_word("spend owner and quota owner"),
                   .owner = gate_route_text(input, route->account_owner),
               });
}

static bool check_approval(struct gate_input *input, enum check check, enum evidence_kind kind)
{
    return gate_evidence(input, check, kind, set_has(input->demands, kind));
}

/* A premium entry is for the tenants and keys that it names. */
static bool check_premium(struct gate_input *input)
{
    const struct engine_input *question = input->question;
    const struct policy_entry *entry = input->entry;
    bool entitled =
        policy_list_has(question->policy, entry->premium_tenants, question->facts->tenant) ||
        policy_list_has(question->policy, entry->premium_keys, question->key_id);

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_PREMIUM,
                                .verdict = gate_verdict_if(entry->premium, entitled),
                                .found = trace_word(entitled ? "entitled" : "not entitled"),
                                .needed = trace_word(entry->premium ? "entitled" : ""),
                            });
}

/* A paid service tier is served by a route of the same tier, or the user is told. */
static bool check_service_tier(struct gate_input *input)
{
    struct slice asked = input->question->facts->service_tier;
    struct slice found = gate_route_text(input, input->route->service_tier);
    bool noticed = input->entry->notice.len && input->question->facts->shows_notice;

    return gate_find(
        input, &(struct gate_finding){
                   .check = CHECK_SERVICE_TIER,
                   .verdict = gate_verdict_if(asked.len, slice_equal(asked, found) || noticed),
                   .found = found.len ? trace_text(found) : trace_word("standard"),
                   .needed = trace_text(asked),
               });
}

bool gate_cost_entry_check(struct gate_input *input)
{
    return check_premium(input);
}

bool gate_cost_owner_check(struct gate_input *input)
{
    bool passes = check_owners(input);

    passes &= check_approval(input, CHECK_COST_OWNER, EVIDENCE_KIND_COST_OWNER);
    passes &= check_approval(input, CHECK_QUOTA_OWNER, EVIDENCE_KIND_QUOTA_OWNER);
    passes &= check_approval(input, CHECK_SPILL, EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL);
    passes &= gate_cost_entry_check(input);
    passes &= check_service_tier(input);
    return passes;
}
