/* Each check of each gate: blocks alone, says which, and passes when nothing is wrong. */
#include "fixture.h"

struct spoilt {
    const char *name;
    void (*spoil)(struct fixture *f);
    unsigned entry; /* that must block */
    enum gate gate;
    const char *check;
    bool at_admission; /* the primary is looked at, at admission */
};

#define SPOIL(name) static void name(struct fixture *f)

static struct policy_route *route(struct fixture *f, unsigned index)
{
    return &f->block.routes[index];
}

SPOIL(low_quality)
{
    route(f, 1)->quality_class = QUALITY_CLASS_LOW_COST;
}
SPOIL(low_primary)
{
    route(f, 0)->quality_class = QUALITY_CLASS_LOW_COST;
}
SPOIL(batch_caller)
{
    low_quality(f);
    f->facts.traffic_class = TRAFFIC_CLASS_BATCH;
    f->block.policy.traffic_class = TRAFFIC_CLASS_CRITICAL_USER_FACING;
}
SPOIL(no_class)
{
    low_quality(f);
    f->facts.traffic_class = TRAFFIC_CLASS_UNSPECIFIED;
}
SPOIL(no_eval)
{
    f->block.entries[2].evidence &= ~SET_OF(EVIDENCE_EVAL);
}
SPOIL(asked_eval)
{
    f->block.entries[1].requires_eval_pass = 1;
}
SPOIL(no_sign_offs)
{
    f->block.entries[2].evidence &= ~SET_OF(EVIDENCE_SIGN_OFFS);
}
SPOIL(expired)
{
    f->block.entries[2].evidence_expires_unix_ms = FIXTURE_NOW_MS + 100; /* the very time */
}
SPOIL(tagged)
{
    route(f, 1)->quality_class = QUALITY_CLASS_BALANCED;
    f->facts.sensitivity_tags = SET_OF(SENSITIVITY_MEDICAL);
}
SPOIL(write_tools)
{
    route(f, 1)->quality_class = QUALITY_CLASS_BALANCED;
    f->facts.needs = SET_OF(NEED_TOOLS);
    f->facts.tool_effects = SIDE_EFFECT_POSSIBLE;
}
SPOIL(long_context)
{
    route(f, 1)->quality_class = QUALITY_CLASS_BALANCED;
    f->facts.needs = SET_OF(NEED_LONG_CONTEXT);
}
SPOIL(no_price)
{
    route(f, 1)->priced = SET_OF(UNIT_INPUT_TOKEN);
}
SPOIL(old_price)
{
    f->block.policy.price_age_ms_max = 5000;
    route(f, 1)->price_as_of_unix_ms = FIXTURE_NOW_MS - 6000;
}
SPOIL(too_dear)
{
    route(f, 1)->price_pusd[UNIT_OUTPUT_TOKEN] = UINT64_C(1000000000000);
}
SPOIL(dear_primary)
{
    route(f, 0)->price_pusd[UNIT_OUTPUT_TOKEN] = UINT64_MAX;
}
SPOIL(no_owner)
{
    route(f, 1)->spend_owner.len = 0;
}
SPOIL(no_quota_owner)
{
    route(f, 1)->quota_owner.len = 0;
}
SPOIL(spill)
{
    route(f, 1)->spend_owner = fixture_text(f, "another team");
}
SPOIL(no_cost_owner)
{
    f->block.entries[1].requires_cost_owner = 1;
}
SPOIL(no_vision)
{
    route(f, 1)->capabilities &= ~SET_OF(NEED_VISION);
    f->facts.needs = SET_OF(NEED_VISION);
}
SPOIL(small_context)
{
    route(f, 1)->context_tokens_max = 1499;
}
SPOIL(unknown_context)
{
    route(f, 1)->context_tokens_max = 0;
}
SPOIL(short_output)
{
    route(f, 1)->output_tokens_max = 499;
}
SPOIL(no_tool_contract)
{
    f->block.entries[2].evidence &= ~SET_OF(EVIDENCE_TOOL_CONTRACT);
    f->facts.needs = SET_OF(NEED_TOOLS);
}
SPOIL(asked_tool_contract)
{
    f->block.entries[1].requires_tool_contract_pass = 1;
}
SPOIL(provider_parameters)
{
    static const struct slice names[] = {{"top_k", 5}};

    f->facts.provider_parameters = (struct texts){names, 1};
}
SPOIL(no_stream)
{
    route(f, 1)->capabilities &= ~SET_OF(NEED_STREAMING);
    f->facts.stream = true;
}
SPOIL(other_family)
{
    route(f, 1)->family = FAMILY_ANTHROPIC_MESSAGES;
}
SPOIL(data_class)
{
    route(f, 1)->data_classes = SET_OF(DATA_CLASS_INTERNAL);
    f->facts.data_classes = SET_OF(DATA_CLASS_PII) | SET_OF(DATA_CLASS_INTERNAL);
}
SPOIL(unclassified)
{
    route(f, 1)->data_classes = SET_OF(DATA_CLASS_INTERNAL);
}
SPOIL(policy_data_class)
{
    f->block.policy.data_classes = SET_OF(DATA_CLASS_INTERNAL);
    f->facts.data_classes = SET_OF(DATA_CLASS_PII);
}
SPOIL(region)
{
    static const struct slice allowed[] = {{"eu", 2}};

    f->facts.allowed_regions = (struct texts){allowed, 1};
    route(f, 1)->region = fixture_text(f, "us");
}
SPOIL(retention)
{
    f->facts.zero_retention = true;
    route(f, 1)->zero_retention = 0;
}
SPOIL(logging)
{
    f->facts.data_classes = SET_OF(DATA_CLASS_PII);
    route(f, 1)->payload_logging = 1;
}
SPOIL(environment)
{
    route(f, 1)->environments = fixture_list(f, "staging");
}
SPOIL(bound_state)
{
    f->facts.bound_state = SET_OF(BOUND_STATE_FILE_IDS);
}
SPOIL(tool_loop)
{
    f->facts.tool_loop = true;
}
SPOIL(service_tier)
{
    f->facts.service_tier = SLICE_LITERAL("priority");
    route(f, 0)->service_tier = fixture_text(f, "priority");
}
SPOIL(no_chain)
{
    f->block.policy.record_attempt_chain = 0;
}
SPOIL(no_models)
{
    f->block.policy.record_models = 0;
}
SPOIL(no_error_class)
{
    f->block.policy.record_error_class = 0;
}
SPOIL(no_usage)
{
    f->block.policy.record_usage_and_cost = 0;
}

static const struct spoilt spoilts[] = {
    {"a class under the floor", low_quality, 1, GATE_QUALITY, "quality_class", false},
    {"a primary under the floor", low_primary, 0, GATE_QUALITY, "quality_class", true},
    {"a caller that claims a lower floor", batch_caller, 1, GATE_QUALITY, "quality_class", false},
    {"nobody's traffic class", no_class, 1, GATE_QUALITY, "quality_class", false},
    {"another family without eval", no_eval, 2, GATE_QUALITY, "eval", false},
    {"an eval that the policy asks for", asked_eval, 1, GATE_QUALITY, "eval", false},
    {"another family without sign-offs", no_sign_offs, 2, GATE_QUALITY, "sign_offs", false},
    {"evidence that expires now", expired, 2, GATE_QUALITY, "eval", false},
    {"a sensitive tag on a downgrade", tagged, 1, GATE_QUALITY, "sensitivity", false},
    {"write tools on a downgrade", write_tools, 1, GATE_QUALITY, "sensitivity", false},
    {"long context on a downgrade", long_context, 1, GATE_QUALITY, "sensitivity", false},
    {"no price for output", no_price, 1, GATE_COST, "price_known", false},
    {"an old price", old_price, 1, GATE_COST, "price_age", false},
    {"more than the request's cost", too_dear, 1, GATE_COST, "request_cost", false},
    {"a primary beyond all money", dear_primary, 0, GATE_COST, "request_cost", true},
    {"nobody who pays", no_owner, 1, GATE_COST, "owners", false},
    {"nobody who owns the quota", no_quota_owner, 1, GATE_COST, "owners", false},
    {"another team's money", spill, 1, GATE_COST, "spill", false},
    {"no cost owner where asked", no_cost_owner, 1, GATE_COST, "cost_owner", false},
    {"no vision", no_vision, 1, GATE_TOOLS, "capabilities", false},
    {"a context one token short", small_context, 1, GATE_TOOLS, "context", false},
    {"a context nobody knows", unknown_context, 1, GATE_TOOLS, "context", false},
    {"an output one token short", short_output, 1, GATE_TOOLS, "output_tokens", false},
    {"tools without a contract", no_tool_contract, 2, GATE_TOOLS, "tool_contract", false},
    {"a contract that the policy asks for", asked_tool_contract, 1, GATE_TOOLS, "tool_contract",
     false},
    {"another provider's parameters", provider_parameters, 1, GATE_TOOLS, "provider_parameters",
     false},
    {"a stream it cannot make", no_stream, 1, GATE_TOOLS, "capabilities", false},
    {"another endpoint family", other_family, 1, GATE_STREAMING, "semantics", false},
    {"a data class it is not approved for", data_class, 1, GATE_BOUNDARY, "data_class", false},
    {"an unclassified request", unclassified, 1, GATE_BOUNDARY, "data_class", false},
    {"a data class the policy does not name", policy_data_class, 0, GATE_BOUNDARY, "data_class",
     true},
    {"another region", region, 1, GATE_BOUNDARY, "region", false},
    {"a provider that retains", retention, 1, GATE_BOUNDARY, "retention", false},
    {"a provider that logs", logging, 1, GATE_BOUNDARY, "logging", false},
    {"another environment", environment, 1, GATE_BOUNDARY, "environment", false},
    {"state at the primary's provider", bound_state, 1, GATE_BOUNDARY, "bound_state", false},
    {"a tool loop that began there", tool_loop, 1, GATE_BOUNDARY, "bound_state", false},
    {"another service tier", service_tier, 1, GATE_BOUNDARY, "service_tier", false},
    {"a chain not recorded", no_chain, 1, GATE_OBSERVABILITY, "attempt_chain", false},
    {"models not recorded", no_models, 1, GATE_OBSERVABILITY, "models", false},
    {"error classes not recorded", no_error_class, 1, GATE_OBSERVABILITY, "error_class", false},
    {"usage not recorded", no_usage, 1, GATE_OBSERVABILITY, "usage_and_cost", false},
};

static void check_spoilt(const struct spoilt *spoilt)
{
    struct fixture f;
    const struct trace_item *item;
    const struct decision *decision;

    fixture_init(&f);
    f.block.policy.retries_per_route_max = 0;
    if (spoilt->entry == FIXTURE_OTHER_FAMILY)
        f.block.entries[FIXTURE_SAME_MODEL].allowed = 0;
    else
        f.block.policy.entries.len = 2;
    spoilt->spoil(&f);
    if (!spoilt->at_admission)
        fixture_fail(&f, FAILURE_TIMEOUT);
    decision = fixture_decide(&f);
    if (decision->action != ACTION_FAIL_CLOSED)
        fail_msg("%s: not blocked", spoilt->name);
    item = fixture_traced(&f, spoilt->entry, spoilt->check);
    if (!item || item->verdict != VERDICT_BLOCK || item->gate != spoilt->gate)
        fail_msg("%s: check %s did not block", spoilt->name, spoilt->check);
    if (f.output.blocking_gate != spoilt->gate || !slice_is(f.output.blocking_check, spoilt->check))
        fail_msg("%s: the answer names another check", spoilt->name);
    assert_int_equal(decision->reason, spoilt->at_admission ? (!strcmp(spoilt->check, "data_class")
                                                                   ? REASON_DATA_CLASS_NOT_APPROVED
                                                                   : REASON_GATE_BLOCKED)
                                                            : REASON_NO_ELIGIBLE_ROUTE);
}

static void every_check_blocks_alone_and_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoilts / sizeof *spoilts; i++)
        check_spoilt(&spoilts[i]);
}

static void a_healthy_policy_passes_every_gate(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.entries[FIXTURE_SAME_MODEL].allowed = 0;
    f.block.policy.retries_per_route_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    for (unsigned i = 0; i < f.sink.count; i++)
        assert_int_not_equal(f.items[i].verdict, VERDICT_BLOCK);
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(f.output.entry, FIXTURE_OTHER_FAMILY);
    assert_string_equal(signalbox_tier_name(f.output.decision.route.tier), "different_family");
}

/* Spoils that must not matter: what is asked for is there, or nobody asks. */
SPOIL(batch_traffic)
{
    low_quality(f);
    f->facts.traffic_class = TRAFFIC_CLASS_BATCH;
}
SPOIL(context_that_just_fits)
{
    route(f, 1)->context_tokens_max = 1500;
}
SPOIL(output_that_just_fits)
{
    route(f, 1)->output_tokens_max = 500;
}
SPOIL(tools_on_the_same_model)
{
    f->facts.needs = SET_OF(NEED_TOOLS);
}
SPOIL(effects_without_tools)
{
    route(f, 1)->quality_class = QUALITY_CLASS_BALANCED;
    f->facts.tool_effects = SIDE_EFFECT_POSSIBLE;
}
SPOIL(cost_that_just_fits)
{
    f->block.policy.cost_nusd_max = 7500000;
}
SPOIL(state_that_moves_along)
{
    f->facts.bound_state = SET_OF(BOUND_STATE_FILE_IDS);
    f->facts.bound_provider = SLICE_LITERAL("beta");
}

static void what_just_fits_passes(void **state)
{
    static void (*const fits[])(struct fixture *) = {
        batch_traffic,           context_that_just_fits, output_that_just_fits,
        tools_on_the_same_model, effects_without_tools,  cost_that_just_fits,
    };

    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        struct fixture f;

        fixture_init(&f);
        f.block.policy.entries.len = 2;
        f.block.policy.retries_per_route_max = 0;
        fits[i](&f);
        fixture_fail(&f, FAILURE_TIMEOUT);
        if (fixture_decide(&f)->action != ACTION_FALLBACK)
            fail_msg("case %zu", i);
    }
}

static void bound_state_pins_provider_and_account(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    state_that_moves_along(&f);
    assert_int_equal(fixture_decide(&f)->reason, REASON_GATE_BLOCKED); /* the primary is alpha */
    f.facts.bound_provider = SLICE_LITERAL("alpha");
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    f.facts.bound_account = SLICE_LITERAL("another account");
    assert_int_equal(fixture_decide(&f)->reason, REASON_GATE_BLOCKED);
}

static void only_a_larger_context_follows_context_length_exceeded(void **state)
{
    struct fixture f;

    (void)state;
    for (int larger = 0; larger <= 1; larger++) {
        fixture_init(&f);
        f.block.policy.entries.len = 2;
        f.block.entries[1].allowed |= SET_OF(FAILURE_CONTEXT_LENGTH_EXCEEDED);
        f.block.routes[1].context_tokens_max += (uint64_t)larger;
        fixture_fail(&f, FAILURE_CONTEXT_LENGTH_EXCEEDED);
        assert_int_equal(fixture_decide(&f)->action, larger ? ACTION_FALLBACK : ACTION_FAIL_CLOSED);
    }
}

static void a_notice_lets_another_service_tier_serve(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 2;
    f.block.policy.retries_per_route_max = 0;
    service_tier(&f);
    f.block.entries[1].notice = fixture_text(&f, "slower service");
    f.facts.shows_notice = true;
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_true(slice_is(f.output.decision.notice.text, "slower service"));
    f.facts.shows_notice = false;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    f.facts.shows_notice = true;
    f.block.entries[1].notice.len = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
}

static void a_trace_says_what_was_found_and_needed(void **state)
{
    struct fixture f;
    const struct trace_item *item;

    (void)state;
    fixture_init(&f);
    f.block.policy.retries_per_route_max = 0;
    small_context(&f);
    fixture_fail(&f, FAILURE_TIMEOUT);
    fixture_decide(&f);
    item = fixture_traced(&f, 1, "context");
    assert_non_null(item);
    assert_int_equal(item->found.number, 1499);
    assert_int_equal(item->needed.number, 1500);
    assert_true(slice_is(item->route, "beta"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_blocks_alone_and_is_named),
        cmocka_unit_test(a_healthy_policy_passes_every_gate),
        cmocka_unit_test(what_just_fits_passes),
        cmocka_unit_test(bound_state_pins_provider_and_account),
        cmocka_unit_test(only_a_larger_context_follows_context_length_exceeded),
        cmocka_unit_test(a_notice_lets_another_service_tier_serve),
        cmocka_unit_test(a_trace_says_what_was_found_and_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
