/* Admissions: what is refused, with which words; and what stands in for a sick primary. */
#include "fixture.h"

struct refusal {
    const char *name;
    void (*spoil)(struct fixture *f);
    enum reason reason;
    enum failure failure;
    unsigned http_status;
    const char *code;
    bool should_retry;
};

#define SPOIL(name) static void name(struct fixture *f)

SPOIL(unknown_key)
{
    f->view.refusal = REASON_UNKNOWN_PRINCIPAL;
}
SPOIL(revoked_key)
{
    f->view.refusal = REASON_KEY_REVOKED;
}
SPOIL(other_workload)
{
    f->view.refusal = REASON_WORKLOAD_NOT_ALLOWED;
}
SPOIL(no_policy)
{
    f->input.policy = NULL;
}
SPOIL(unknown_key_and_no_policy)
{
    unknown_key(f);
    no_policy(f);
}
SPOIL(dlp)
{
    f->facts.blocks = SET_OF(BLOCK_DLP);
}
SPOIL(moderation)
{
    f->facts.blocks = SET_OF(BLOCK_MODERATION);
}
SPOIL(tool_authorization)
{
    f->facts.blocks = SET_OF(BLOCK_TOOL_AUTHORIZATION);
}
SPOIL(other_family)
{
    f->facts.family = FAMILY_OPENAI_RESPONSES;
}
SPOIL(other_model)
{
    f->facts.requested_model = SLICE_LITERAL("two");
}
SPOIL(no_model)
{
    f->facts.requested_model.len = 0;
}
SPOIL(long_input)
{
    f->facts.input_tokens_estimate = 8001;
}
SPOIL(long_output)
{
    f->facts.max_output_tokens = 1201;
}
SPOIL(long_context)
{
    f->block.policy.context_tokens_max = 1499;
}
SPOIL(much_reasoning)
{
    f->block.policy.reasoning_tokens_max = 100;
    f->facts.reasoning_tokens = 101;
}
SPOIL(limited_key)
{
    f->view.refusal = REASON_RATE_LIMITED_KEY;
    f->view.retry_after_ms = 90000;
}
SPOIL(spent)
{
    f->view.refusal = REASON_BUDGET_EXHAUSTED;
}
SPOIL(in_flight)
{
    f->view.reserve_refused = true;
}
SPOIL(limited_key_but_other_model)
{
    limited_key(f);
    other_model(f);
}
SPOIL(policy_off)
{
    f->view.policy_off = (struct view_switch){SWITCH_SCOPE_POLICY, 0};
}
SPOIL(policy_off_and_wrong_model)
{
    policy_off(f);
    other_model(f);
}
SPOIL(service_tier)
{
    f->block.policy.service_tiers = fixture_list(f, "priority");
    f->facts.service_tier = SLICE_LITERAL("flex");
}
SPOIL(data_class)
{
    f->facts.data_classes = SET_OF(DATA_CLASS_SECRET);
}

static const struct refusal refusals[] = {
    {"an unknown key", unknown_key, REASON_UNKNOWN_PRINCIPAL, FAILURE_POLICY_DENIED, 401,
     "invalid_api_key", false},
    {"a revoked key", revoked_key, REASON_KEY_REVOKED, FAILURE_POLICY_DENIED, 401,
     "invalid_api_key", false},
    {"a key for another workload", other_workload, REASON_WORKLOAD_NOT_ALLOWED,
     FAILURE_POLICY_DENIED, 403, "workload_not_allowed", false},
    {"no policy", no_policy, REASON_NO_ACTIVE_POLICY, FAILURE_POLICY_DENIED, 403,
     "no_active_policy", false},
    {"an unknown key before no policy", unknown_key_and_no_policy, REASON_UNKNOWN_PRINCIPAL,
     FAILURE_POLICY_DENIED, 401, "invalid_api_key", false},
    {"a policy that is switched off", policy_off, REASON_POLICY_SWITCHED_OFF, FAILURE_POLICY_DENIED,
     403, "policy_switched_off", false},
    {"a policy that is off before a wrong model", policy_off_and_wrong_model,
     REASON_POLICY_SWITCHED_OFF, FAILURE_POLICY_DENIED, 403, "policy_switched_off", false},
    {"a paid tier that the policy does not serve", service_tier, REASON_SERVICE_TIER_NOT_ALLOWED,
     FAILURE_POLICY_DENIED, 403, "service_tier_not_allowed", false},
    {"a DLP block", dlp, REASON_BLOCKED_BY_GATEWAY, FAILURE_DLP_BLOCK, 403, "dlp_block", false},
    {"a moderation block", moderation, REASON_BLOCKED_BY_GATEWAY, FAILURE_SAFETY_BLOCK, 400,
     "content_policy_violation", false},
    {"an unauthorized tool", tool_authorization, REASON_BLOCKED_BY_GATEWAY,
     FAILURE_TOOL_AUTHORIZATION_BLOCK, 403, "tool_authorization_block", false},
    {"another family", other_family, REASON_FAMILY_NOT_SERVED, FAILURE_INVALID_REQUEST, 400,
     "family_not_served", false},
    {"another model", other_model, REASON_MODEL_NOT_ALLOWED, FAILURE_INVALID_REQUEST, 404,
     "model_not_found", false},
    {"no model", no_model, REASON_MODEL_NOT_ALLOWED, FAILURE_INVALID_REQUEST, 404,
     "model_not_found", false},
    {"one input token too many", long_input, REASON_INPUT_TOO_LONG, FAILURE_INVALID_REQUEST, 400,
     "context_length_exceeded", false},
    {"one output token too many", long_output, REASON_OUTPUT_OVER_CAP, FAILURE_INVALID_REQUEST, 400,
     "output_over_cap", false},
    {"one context token too many", long_context, REASON_CONTEXT_TOO_LONG, FAILURE_INVALID_REQUEST,
     400, "context_length_exceeded", false},
    {"one reasoning token too many", much_reasoning, REASON_REASONING_OVER_CAP,
     FAILURE_INVALID_REQUEST, 400, "reasoning_over_cap", false},
    {"a limited key", limited_key, REASON_RATE_LIMITED_KEY, FAILURE_RATE_LIMITED_KEY, 429,
     "rate_limit_exceeded", true},
    {"a spent budget", spent, REASON_BUDGET_EXHAUSTED, FAILURE_BUDGET_EXHAUSTED, 429,
     "insufficient_quota", false},
    {"money in flight", in_flight, REASON_BUDGET_IN_FLIGHT, FAILURE_BUDGET_IN_FLIGHT, 429,
     "budget_in_flight", true},
    {"a wrong model before a limited key", limited_key_but_other_model, REASON_MODEL_NOT_ALLOWED,
     FAILURE_INVALID_REQUEST, 404, "model_not_found", false},
    {"a data class nobody approved", data_class, REASON_DATA_CLASS_NOT_APPROVED,
     FAILURE_UNAPPROVED_DATA_CLASS, 403, "unapproved_data_class", false},
};

static void every_refusal_has_its_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *refusal = &refusals[i];
        struct fixture f;
        const struct decision *decision;

        fixture_init(&f);
        refusal->spoil(&f);
        decision = fixture_decide(&f);
        if (decision->action != ACTION_FAIL_CLOSED || decision->reason != refusal->reason ||
            decision->failure != refusal->failure ||
            decision->error.http_status != refusal->http_status ||
            !slice_is(decision->error.code, refusal->code) ||
            decision->error.should_retry != refusal->should_retry)
            fail_msg("%s: got %s %s %u %.*s", refusal->name,
                     signalbox_reason_name(decision->reason),
                     signalbox_failure_name(decision->failure), decision->error.http_status,
                     (int)decision->error.code.len, decision->error.code.ptr);
        assert_int_equal(decision->disposition, DISPOSITION_FAIL_CLOSED);
        assert_false(decision->has_route);
        assert_int_equal(f.output.intents_count, 0);
        assert_true(decision->error.message.len > 0);
        assert_int_equal(slice_is(decision->error.type, "authentication_error"),
                         refusal->http_status == 401);
        if (decision->reason == REASON_BLOCKED_BY_GATEWAY)
            assert_string_equal(decision->error.message.ptr,
                                signalbox_failure_row(refusal->failure)->sentence);
        else
            assert_string_equal(decision->error.message.ptr,
                                signalbox_reason_row(refusal->reason)->sentence);
    }
}

static void what_just_fits_the_limits_is_admitted(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.facts.input_tokens_estimate = 8000;
    f.facts.max_output_tokens = 1200;
    f.facts.reasoning_tokens = 100;
    f.block.policy.reasoning_tokens_max = 100;
    f.block.policy.context_tokens_max = 9200;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
}

static void a_paid_tier_of_the_list_is_admitted_and_so_is_none(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    service_tier(&f);
    f.block.policy.service_tiers = fixture_list(&f, "flex");
    f.block.routes[0].service_tier = fixture_text(&f, "flex");
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    f.facts.service_tier.len = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
}

static void a_deadline_counts_for_health_too(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.input.deadline_ms = 900;
    f.view.routes[0].first_output_p95_ms = 900;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    f.view.routes[0].first_output_p95_ms = 901;
    assert_int_equal(fixture_decide(&f)->reason, REASON_UNHEALTHY);
}

static void retry_after_is_capped(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    limited_key(&f);
    assert_int_equal(fixture_decide(&f)->error.retry_after_ms, RETRY_AFTER_MS_MAX);
}

static void an_alias_may_be_requested(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.aliases = fixture_list(&f, "two");
    other_model(&f);
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
}

static void the_primary_is_sent_with_a_share_of_the_time(void **state)
{
    struct fixture f;
    const struct decision *decision;

    (void)state;
    fixture_init(&f);
    decision = fixture_decide(&f);
    assert_int_equal(decision->action, ACTION_SEND);
    assert_int_equal(decision->reason, REASON_PRIMARY);
    assert_true(slice_is(decision->route.id, "alpha"));
    assert_int_equal(decision->attempt, 1);
    assert_int_equal(decision->timeouts.first_output_ms, 12000 / 5);
    assert_int_equal(decision->timeouts.connect_ms, 1000);
    assert_int_equal(decision->timeouts.total_ms, 60000);
    assert_int_equal(decision->reservation_expires_unix_ms,
                     FIXTURE_NOW_MS + 60000 + RESERVATION_GRACE_MS);
    assert_int_equal(decision->output_tokens_cap, 500);
    assert_false(decision->output_cap_added);
    assert_int_equal(f.output.intents_count, 1);
    assert_int_equal(f.output.intents[0].kind, INTENT_RESERVE);
    /* 1000 input tokens at 2.50 and 500 output tokens at 10 USD per million. */
    assert_int_equal(f.output.intents[0].amount_nusd, 2500000 + 5000000);
}

static void a_caller_that_asks_for_nothing_gets_the_cap_and_is_told(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.facts.max_output_tokens = 0;
    fixture_decide(&f);
    assert_int_equal(f.output.decision.output_tokens_cap, 1200);
    assert_true(f.output.decision.output_cap_added);
}

static void the_smallest_cap_of_policy_and_entry_counts(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.facts.max_output_tokens = 0;
    f.block.entries[0].limits.output_tokens_max = 700;
    fixture_decide(&f);
    assert_int_equal(f.output.decision.output_tokens_cap, 700);
    assert_true(f.output.decision.output_cap_added);
    /* What it may cost is counted with the same cap. */
    assert_int_equal(f.output.intents[0].amount_nusd, 2500000 + 7000000);
    f.facts.max_output_tokens = 600;
    fixture_decide(&f);
    assert_int_equal(f.output.decision.output_tokens_cap, 600);
    assert_false(f.output.decision.output_cap_added);
    f.facts.max_output_tokens = 701;
    assert_int_equal(fixture_decide(&f)->reason, REASON_GATE_BLOCKED);
}

static void a_notice_says_where_it_wants_to_be_shown(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.notice_in_body = 1;
    fixture_decide(&f);
    assert_false(f.output.decision.notice.in_body); /* there is none */
    f.block.entries[0].notice = fixture_text(&f, "made by a machine");
    fixture_decide(&f);
    assert_true(f.output.decision.notice.in_body);
    assert_true(slice_is(f.output.decision.notice.text, "made by a machine"));
    f.block.policy.notice_in_body = 0;
    fixture_decide(&f);
    assert_false(f.output.decision.notice.in_body);
}

static void the_callers_deadline_bounds_every_timeout(void **state)
{
    struct fixture f;
    const struct timeouts *timeouts = &f.output.decision.timeouts;

    (void)state;
    fixture_init(&f);
    f.input.deadline_ms = 500;
    fixture_decide(&f);
    assert_int_equal(timeouts->total_ms, 500);
    assert_int_equal(timeouts->first_output_ms, 500);
    assert_int_equal(timeouts->connect_ms, 500);
}

static void a_sick_primary_is_passed_over_only_where_an_entry_allows_it(void **state)
{
    static const struct {
        enum reason unhealthy;
        enum failure opened_by;
        uint64_t admission_reasons, allowed, blocked;
        enum action action;
    } cases[] = {
        {REASON_BREAKER_OPEN, FAILURE_TIMEOUT, 0, SET_OF(FAILURE_TIMEOUT), 0, ACTION_SEND},
        {REASON_BREAKER_OPEN, FAILURE_OVERLOADED, 0, SET_OF(FAILURE_TIMEOUT), 0,
         ACTION_FAIL_CLOSED},
        {REASON_BREAKER_OPEN, FAILURE_OVERLOADED, SET_OF(REASON_BREAKER_OPEN), 0, 0, ACTION_SEND},
        {REASON_BREAKER_OPEN, FAILURE_OVERLOADED, SET_OF(REASON_BREAKER_OPEN), 0,
         SET_OF(FAILURE_OVERLOADED), ACTION_FAIL_CLOSED},
        {REASON_RATE_LIMITED_UNTIL, FAILURE_NONE, 0, SET_OF(FAILURE_RATE_LIMITED), 0, ACTION_SEND},
        {REASON_ACCOUNT_DRAINED, FAILURE_NONE, 0, ~UINT64_C(0), 0, ACTION_FAIL_CLOSED},
        {REASON_ACCOUNT_DRAINED, FAILURE_NONE, SET_OF(REASON_ACCOUNT_DRAINED), 0, 0, ACTION_SEND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        fixture_init(&f);
        f.block.policy.entries.len = 2;
        f.view.routes[0] =
            (struct view_route){.unhealthy = cases[i].unhealthy, .opened_by = cases[i].opened_by};
        f.block.entries[1].admission_reasons = cases[i].admission_reasons;
        f.block.entries[1].allowed = cases[i].allowed;
        f.block.entries[1].blocked = cases[i].blocked;
        assert_int_equal(fixture_decide(&f)->action, cases[i].action);
        if (cases[i].action == ACTION_SEND) {
            assert_int_equal(f.output.entry, 1);
            assert_int_equal(f.output.decision.reason, cases[i].unhealthy);
        } else {
            assert_int_equal(f.output.decision.reason, REASON_UNHEALTHY);
            assert_int_equal(f.output.decision.error.http_status, 503);
        }
    }
}

static void a_primary_slower_than_the_time_left_is_passed_over(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.view.routes[0].first_output_p95_ms = 12001;
    f.block.entries[1].admission_reasons = SET_OF(REASON_LATENCY_OVER_TARGET);
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    assert_int_equal(f.output.entry, 1);
    f.view.routes[0].first_output_p95_ms = 12000;
    fixture_decide(&f);
    assert_int_equal(f.output.entry, 0);
}

static void queue_and_default_response_are_the_last_resorts(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.view.routes[0] =
        (struct view_route){.unhealthy = REASON_BREAKER_OPEN, .opened_by = FAILURE_TIMEOUT};
    f.view.routes[1] = f.view.routes[2] = f.view.routes[0];
    fixture_decide(&f);
    assert_int_equal(f.output.decision.action, ACTION_COMPLETE);
    assert_int_equal(f.output.decision.disposition, DISPOSITION_FALLBACK_SUCCESS);
    assert_int_equal(f.output.decision.route.tier, TIER_DEFAULT_RESPONSE);
    assert_true(slice_is(f.output.decision.default_response, "{\"sorry\":true}"));
    f.facts.tolerates_queue = true;
    fixture_decide(&f);
    assert_int_equal(f.output.decision.action, ACTION_QUEUE);
    assert_true(slice_is(f.output.decision.ticket.queue, "later"));
}

static void a_primary_that_a_gate_blocks_is_not_routed_around(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.routes[0].priced = 0;
    f.block.entries[1].admission_reasons = ~UINT64_C(0);
    fixture_decide(&f);
    assert_int_equal(f.output.decision.action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.decision.reason, REASON_GATE_BLOCKED);
    assert_true(f.output.decision.has_blocked);
    assert_int_equal(f.output.decision.blocked.gate, GATE_COST);
    assert_true(slice_is(f.output.decision.blocked.check, "price_known"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_has_its_own_words),
        cmocka_unit_test(what_just_fits_the_limits_is_admitted),
        cmocka_unit_test(a_paid_tier_of_the_list_is_admitted_and_so_is_none),
        cmocka_unit_test(a_deadline_counts_for_health_too),
        cmocka_unit_test(retry_after_is_capped),
        cmocka_unit_test(an_alias_may_be_requested),
        cmocka_unit_test(the_primary_is_sent_with_a_share_of_the_time),
        cmocka_unit_test(a_caller_that_asks_for_nothing_gets_the_cap_and_is_told),
        cmocka_unit_test(the_smallest_cap_of_policy_and_entry_counts),
        cmocka_unit_test(a_notice_says_where_it_wants_to_be_shown),
        cmocka_unit_test(the_callers_deadline_bounds_every_timeout),
        cmocka_unit_test(a_sick_primary_is_passed_over_only_where_an_entry_allows_it),
        cmocka_unit_test(a_primary_slower_than_the_time_left_is_passed_over),
        cmocka_unit_test(queue_and_default_response_are_the_last_resorts),
        cmocka_unit_test(a_primary_that_a_gate_blocks_is_not_routed_around),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
