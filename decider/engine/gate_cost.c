/* Cost: the price of every unit is known and current, the request stays within its limit, and it is
 * clear whose money and quota it is. */
#include "engine/gate.h"
#include "engine/money.h"

/* The units that every text request uses; dearer kinds of them fall back on these (money.c). */
#define UNITS_NEEDED (SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN))

static bool check_price_known(struct gate_input *input)
{
    uint64_t missing = UNITS_NEEDED & ~input->route->priced;

    return gate_find(input, GATE_COST,
                     &(struct gate_finding){
                         .check = "price_known",
                         .verdict = gate_verdict(!missing),
                         .found = trace_word(missing ? "a unit without a price" : "priced"),
                         .needed = trace_word("input and output priced"),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}

static bool check_price_age(struct gate_input *input)
{
    uint64_t max = input->question->policy->price_age_ms_max;
    int64_t age = input->question->now_ms - input->route->price_as_of_unix_ms;
    uint64_t age_ms = age > 0 ? (uint64_t)age : 0;

    return gate_find(input, GATE_COST,
                     &(struct gate_finding){
                         .check = "price_age",
                         .verdict = max ? gate_verdict(age_ms <= max) : VERDICT_NOT_REQUIRED,
                         .found = trace_of(TRACE_MILLISECONDS, max ? age_ms : 0),
                         .needed = trace_of(TRACE_MILLISECONDS, max),
                         .owner = gate_route_text(input, input->route->spend_owner),
                     });
}

static bool check_request_cost(struct gate_input *input)
{
    uint64_t max = input->question->policy->cost_nusd_max;
    uint64_t cost = money_sum_nusd(input->charged_nusd, input->estimate_nusd);

    return gate_find(input, GATE_COST,
                     &(struct gate_finding){
                         .check = "request_cost",
                         .verdict = max ? gate_verdict(cost <= max) : VERDICT_NOT_REQUIRED,
                         .found = trace_of(TRACE_NUSD, cost),
                         .needed = trace_of(TRACE_NUSD, max),
                         .owner = gate_route_text(input, input->route->spend_owner),
                     });
}

static bool check_owners(struct gate_input *input)
{
    const struct policy_route *route = input->route;
    bool named = route->spend_owner.len && route->quota_owner.len;

    return gate_find(input, GATE_COST,
                     &(struct gate_finding){
                         .check = "owners",
                         .verdict = gate_verdict(named),
                         .found = named ? trace_text(gate_route_text(input, route->spend_owner))
                                        : trace_word("nobody"),
                         .needed = trace_word("spend owner and quota owner"),
                         .owner = gate_route_text(input, route->account_owner),
                     });
}

/* A fallback spends the money and quota that the primary spends, or somebody approved. */
static bool check_spill(struct gate_input *input)
{
    const struct policy_route *route = input->route, *primary = input->primary;
    bool same = slice_equal(gate_route_text(input, route->spend_owner),
                            gate_route_text(input, primary->spend_owner)) &&
                slice_equal(gate_route_text(input, route->quota_owner),
                            gate_route_text(input, primary->quota_owner));

    return gate_evidence(input, GATE_COST, "spill", EVIDENCE_ACCOUNT_OWNER_APPROVAL,
                         gate_is_fallback(input) && !same);
}

bool gate_cost_check(struct gate_input *input)
{
    bool passes = check_price_known(input);

    passes &= check_price_age(input);
    passes &= check_request_cost(input);
    passes &= check_owners(input);
    passes &= check_spill(input);
    passes &= gate_evidence(input, GATE_COST, "cost_owner", EVIDENCE_COST_OWNER,
                            gate_is_fallback(input) && input->entry->requires_cost_owner);
    return passes;
}
