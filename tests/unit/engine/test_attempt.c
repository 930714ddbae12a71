/* The law after an attempt: each row by itself, and the machine walked over every state and event.
 */
#include "engine/attempt.h"
#include "fixture.h"

static void start(struct fixture *f, enum failure failure)
{
    fixture_init(f);
    fixture_fail(f, failure);
}

static void success_completes_and_says_by_which_route(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_NONE);
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    assert_int_equal(f.output.decision.disposition, DISPOSITION_PRIMARY_SUCCESS);
    f.block.policy.retries_per_route_max = 0;
    start(&f, FAILURE_TIMEOUT);
    f.block.policy.retries_per_route_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    fixture_step(&f, FAILURE_NONE);
    assert_int_equal(fixture_decide(&f)->disposition, DISPOSITION_FALLBACK_SUCCESS);
    assert_int_equal(f.output.decision.route.tier, TIER_SAME_MODEL);
}

static void a_refusal_is_delivered_and_never_rerouted(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_SAFETY_BLOCK);
    f.block.entries[1].allowed = ~UINT64_C(0);
    f.input.classification.refusal = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    assert_int_equal(f.output.decision.reason, REASON_REFUSAL_DELIVERED);
    assert_int_equal(f.output.decision.failure, FAILURE_SAFETY_BLOCK);
    f.input.classification.refusal = false;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.decision.reason, REASON_TERMINAL_CLASS);
    assert_true(f.output.decision.error.providers_body == false); /* the report's status is 500 */
}

static void a_filter_in_mid_stream_is_relayed_unchanged(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_CONTENT_FILTERED_MIDSTREAM);
    f.report.output_visible = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    assert_int_equal(f.output.decision.failure, FAILURE_CONTENT_FILTERED_MIDSTREAM);
}

static void terminal_classes_end_even_where_an_entry_names_them(void **state)
{
    (void)state;
    for (unsigned failure = 1; failure < FAILURE_END; failure++) {
        const struct failure_row *row = signalbox_failure_row((enum failure)failure);
        struct fixture f;

        if (!signalbox_failure_known(failure) || row->kind != FAILURE_KIND_TERMINAL)
            continue;
        start(&f, (enum failure)failure);
        f.block.routes[1].context_tokens_max *= 2;
        assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
        assert_int_equal(f.output.decision.reason, REASON_TERMINAL_CLASS);
        assert_int_equal(f.output.decision.failure, failure);
        f.block.entries[1].allowed |= SET_OF(failure);
        assert_int_equal(fixture_decide(&f)->action, row->override == FAILURE_OVERRIDE_IF_NAMED
                                                         ? ACTION_FALLBACK
                                                         : ACTION_FAIL_CLOSED);
        f.block.entries[1].blocked |= SET_OF(failure);
        assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    }
}

static void an_invalid_schema_gets_one_more_try_only(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_OUTPUT_SCHEMA_INVALID);
    f.block.entries[1].allowed = f.block.entries[2].allowed = SET_OF(FAILURE_OUTPUT_SCHEMA_INVALID);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    fixture_step(&f, FAILURE_OUTPUT_SCHEMA_INVALID);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
}

static void the_providers_own_answer_reaches_who_caused_it(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_INVALID_REQUEST);
    f.report.http_status = 422;
    assert_true(fixture_decide(&f)->error.providers_body);
    f.input.classification.failure = FAILURE_AUTH_ERROR;
    f.report.http_status = 401;
    assert_false(fixture_decide(&f)->error.providers_body);
    assert_int_equal(f.output.decision.error.http_status, 502);
}

static void a_class_that_ends_the_request_speaks_for_itself(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_AUTH_ERROR);
    assert_string_equal(fixture_decide(&f)->error.message.ptr,
                        signalbox_failure_row(FAILURE_AUTH_ERROR)->sentence);
    f.input.classification.failure = FAILURE_RATE_LIMITED;
    f.block.policy.retries_per_route_max = 0;
    assert_string_equal(fixture_decide(&f)->error.message.ptr,
                        signalbox_failure_row(FAILURE_RATE_LIMITED)->sentence);
    f.block.policy.attempts_max = 1;
    assert_string_equal(fixture_decide(&f)->error.message.ptr,
                        signalbox_reason_row(REASON_MAX_ATTEMPTS)->sentence);
}

static void only_a_4xx_that_ended_the_request_is_relayed(void **state)
{
    static const struct {
        unsigned http_status;
        bool visible, relayed;
    } cases[] = {{400, false, true},
                 {499, false, true},
                 {500, false, false},
                 {0, false, false},
                 {400, true, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        start(&f, FAILURE_INVALID_REQUEST);
        f.report.http_status = cases[i].http_status;
        f.report.output_visible = cases[i].visible;
        assert_int_equal(fixture_decide(&f)->error.providers_body, cases[i].relayed);
    }
}

static void every_attempt_gets_its_share_of_the_time_that_is_left(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.block.policy.retries_per_route_max = 0;
    f.input.now_ms = f.chain.admitted_ms + 4000;
    fixture_decide(&f);
    assert_int_equal(f.output.decision.timeouts.first_output_ms, 8000 / 4);
    assert_int_equal(f.output.decision.timeouts.total_ms, 56000);
    assert_int_equal(f.output.decision.reservation_expires_unix_ms,
                     f.input.now_ms + 56000 + RESERVATION_GRACE_MS);
}

static void money_that_is_just_spent_stops(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.report.http_status = 0;
    f.block.policy.cost_nusd_max = 7500000; /* what the lost attempt is charged */
    assert_int_equal(fixture_decide(&f)->reason, REASON_MAX_COST);
}

static void the_entry_that_failed_is_not_its_own_fallback(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_MODEL_NOT_FOUND);
    f.block.entries[0].allowed = ~UINT64_C(0);
    f.block.entries[1].allowed = f.block.entries[2].allowed = 0;
    assert_int_equal(fixture_decide(&f)->reason, REASON_TERMINAL_CLASS);
}

static void a_queue_or_default_response_follows_the_last_route(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.block.policy.retries_per_route_max = 0;
    f.block.entries[1].allowed = f.block.entries[2].allowed = 0;
    f.facts.tolerates_queue = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_QUEUE);
    assert_int_equal(f.output.decision.disposition, DISPOSITION_QUEUED);
    assert_int_equal(f.output.decision.failure, FAILURE_TIMEOUT);
    assert_int_equal(f.output.decision.ticket.expires_unix_ms, f.input.now_ms + 60000);
    assert_int_equal(fixture_traced(&f, FIXTURE_QUEUE, "tolerates_queue")->route.len, 0);
    f.facts.tolerates_queue = false;
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    assert_int_equal(f.output.decision.reason, REASON_DEFAULT_RESPONSE);
}

static void a_retry_waits_with_jitter_within_the_cap(void **state)
{
    uint32_t low = UINT32_MAX, high = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct fixture f;

        start(&f, FAILURE_TEMPORARY_5XX);
        f.input.seed = seed;
        assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
        assert_true(f.output.decision.delay_ms <= 200);
        low = f.output.decision.delay_ms < low ? f.output.decision.delay_ms : low;
        high = f.output.decision.delay_ms > high ? f.output.decision.delay_ms : high;
    }
    assert_true(low < 10 && high > 190);
}

static void retry_after_is_honoured_up_to_its_cap(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_RATE_LIMITED);
    f.report.retry_after_given = true;
    f.report.retry_after_ms = 5000;
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    assert_int_equal(f.output.decision.delay_ms, 5000);
    assert_int_equal(f.output.decision.reservation_expires_unix_ms,
                     f.input.now_ms + 5000 + (int64_t)f.output.decision.timeouts.total_ms +
                         RESERVATION_GRACE_MS);
    f.report.retry_after_ms = 5001;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.decision.reason, REASON_NO_ELIGIBLE_ROUTE);
    assert_int_equal(f.output.decision.error.retry_after_ms, 5001);
    f.input.classification.failure = FAILURE_AUTH_ERROR;
    assert_int_equal(fixture_decide(&f)->error.retry_after_ms, 0);
    f.input.classification.failure = FAILURE_RATE_LIMITED;
    f.report.retry_after_ms = 10000;
    f.block.policy.retry_after_ms_max = 60000;
    f.chain.deadline_ms = f.input.now_ms + 10000;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    f.chain.deadline_ms++;
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
}

static void a_request_over_the_limit_is_never_retried_as_it_is(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_RATE_LIMITED);
    f.input.classification.detail = SLICE_LITERAL("request_exceeds_limit");
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
}

static void the_last_attempt_is_left_to_an_eligible_fallback(void **state)
{
    struct fixture f;
    unsigned searches = 0;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.block.policy.attempts_max = 2;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    /* Asked for the retry's sake and then taken: it was looked for once. */
    for (unsigned i = 0; i < f.sink.count; i++)
        searches += f.items[i].entry == 1 && slice_is(f.items[i].check, "allowed_reasons");
    assert_int_equal(searches, 1);
    f.block.routes[1].priced = f.block.routes[2].priced = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
}

static void retries_are_counted_per_route(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    assert_true(slice_is(f.output.decision.route.id, "beta"));
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_true(slice_is(f.output.decision.route.id, "gamma"));
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.decision.reason, REASON_MAX_ATTEMPTS);
}

static void a_refused_retry_token_means_no_retry(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.view.retry_refused = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    f.view.reserve_refused = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.decision.reason, REASON_BUDGET_EXHAUSTED);
}

static void every_limit_stops_and_says_which(void **state)
{
    static const struct {
        enum reason reason;
        int64_t later_ms;
        uint32_t attempts_max;
        uint64_t cost_nusd_max;
    } cases[] = {
        {REASON_MAX_ATTEMPTS, 0, 1, 0},
        {REASON_MAX_ELAPSED, 12000, 5, 0},
        {REASON_MAX_COST, 0, 5, 1},
        {REASON_UNSPECIFIED, 11000, 5, 100000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        start(&f, FAILURE_TIMEOUT);
        f.report.http_status = 0;
        f.report.transport = TRANSPORT_TIMED_OUT;
        f.input.now_ms = f.chain.admitted_ms + cases[i].later_ms;
        f.block.policy.attempts_max = cases[i].attempts_max;
        f.block.policy.cost_nusd_max = cases[i].cost_nusd_max;
        fixture_decide(&f);
        if (cases[i].reason == REASON_UNSPECIFIED)
            assert_int_equal(f.output.decision.action, ACTION_RETRY);
        else
            assert_int_equal(f.output.decision.reason, cases[i].reason);
    }
}

static void the_total_time_stops_what_has_reached_output(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.block.policy.elapsed_ms_max = 0;
    f.input.now_ms = f.chain.admitted_ms + 60000;
    assert_int_equal(fixture_decide(&f)->reason, REASON_MAX_TOTAL);
}

static void a_caller_that_left_or_was_late_is_cancelled(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_CANCELLED);
    assert_int_equal(fixture_decide(&f)->disposition, DISPOSITION_CANCELLED);
    assert_int_equal(f.output.decision.reason, REASON_CALLER_LEFT);
    start(&f, FAILURE_TIMEOUT);
    f.chain.deadline_ms = f.input.now_ms;
    assert_int_equal(fixture_decide(&f)->disposition, DISPOSITION_CANCELLED);
    assert_int_equal(f.output.decision.failure, FAILURE_DEADLINE_EXCEEDED);
}

static void possible_side_effects_are_never_replayed(void **state)
{
    static const struct {
        enum side_effect told, declared;
        bool visible;
        bool replayable;
    } cases[] = {
        {SIDE_EFFECT_NO_EFFECT, SIDE_EFFECT_UNSPECIFIED, false, true},
        {SIDE_EFFECT_IDEMPOTENT, SIDE_EFFECT_UNSPECIFIED, false, true},
        {SIDE_EFFECT_POSSIBLE, SIDE_EFFECT_UNSPECIFIED, false, false},
        {SIDE_EFFECT_CONFIRMED, SIDE_EFFECT_IDEMPOTENT, false, false},
        {SIDE_EFFECT_UNSPECIFIED, SIDE_EFFECT_UNSPECIFIED, false, true},
        {SIDE_EFFECT_UNSPECIFIED, SIDE_EFFECT_UNSPECIFIED, true, false},
        {SIDE_EFFECT_UNSPECIFIED, SIDE_EFFECT_IDEMPOTENT, true, true},
        {SIDE_EFFECT_UNSPECIFIED, SIDE_EFFECT_CONFIRMED, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tool_call call = {.name = SLICE_LITERAL("refund"),
                                       .side_effect = cases[i].told};
        struct fixture f;

        start(&f, FAILURE_TIMEOUT);
        f.facts.tool_effects = cases[i].declared;
        f.report.tool_calls = (struct tool_calls){&call, 1};
        f.report.output_visible = cases[i].visible;
        fixture_decide(&f);
        if (cases[i].replayable)
            assert_int_not_equal(f.output.decision.reason, REASON_SIDE_EFFECT);
        else
            assert_int_equal(f.output.decision.reason, REASON_SIDE_EFFECT);
    }
}

static void a_side_effect_outlives_its_attempt(void **state)
{
    const struct tool_call call = {.side_effect = SIDE_EFFECT_CONFIRMED};
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.report.tool_calls = (struct tool_calls){&call, 1};
    fixture_decide(&f);
    chain_step(&f.chain, &f.input, &f.output);
    assert_int_equal(f.chain.side_effect, SIDE_EFFECT_CONFIRMED);
}

/* The caller's deadline is not what the provider failed with. */
static void an_answer_of_our_own_names_no_rule_of_the_attempts(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_TIMEOUT);
    f.input.classification.detail = SLICE_LITERAL("first_output");
    fixture_decide(&f);
    assert_true(slice_is(f.output.decision.rule, "rule"));
    f.chain.deadline_ms = f.input.now_ms;
    assert_int_equal(fixture_decide(&f)->failure, FAILURE_DEADLINE_EXCEEDED);
    assert_int_equal(f.output.decision.rule.len, 0);
    assert_int_equal(f.output.decision.detail.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_completes_and_says_by_which_route),
        cmocka_unit_test(a_refusal_is_delivered_and_never_rerouted),
        cmocka_unit_test(a_filter_in_mid_stream_is_relayed_unchanged),
        cmocka_unit_test(terminal_classes_end_even_where_an_entry_names_them),
        cmocka_unit_test(an_invalid_schema_gets_one_more_try_only),
        cmocka_unit_test(the_providers_own_answer_reaches_who_caused_it),
        cmocka_unit_test(a_class_that_ends_the_request_speaks_for_itself),
        cmocka_unit_test(only_a_4xx_that_ended_the_request_is_relayed),
        cmocka_unit_test(every_attempt_gets_its_share_of_the_time_that_is_left),
        cmocka_unit_test(money_that_is_just_spent_stops),
        cmocka_unit_test(the_entry_that_failed_is_not_its_own_fallback),
        cmocka_unit_test(a_queue_or_default_response_follows_the_last_route),
        cmocka_unit_test(a_retry_waits_with_jitter_within_the_cap),
        cmocka_unit_test(retry_after_is_honoured_up_to_its_cap),
        cmocka_unit_test(a_request_over_the_limit_is_never_retried_as_it_is),
        cmocka_unit_test(the_last_attempt_is_left_to_an_eligible_fallback),
        cmocka_unit_test(retries_are_counted_per_route),
        cmocka_unit_test(a_refused_retry_token_means_no_retry),
        cmocka_unit_test(every_limit_stops_and_says_which),
        cmocka_unit_test(the_total_time_stops_what_has_reached_output),
        cmocka_unit_test(a_caller_that_left_or_was_late_is_cancelled),
        cmocka_unit_test(possible_side_effects_are_never_replayed),
        cmocka_unit_test(a_side_effect_outlives_its_attempt),
        cmocka_unit_test(an_answer_of_our_own_names_no_rule_of_the_attempts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
