/* Entries with several equivalent routes: who takes which, what a sick one changes, and that a
 * chain stays on the route that it took. Then the latency target and the hard stop. */
#include "engine/candidate_route.h"
#include "fixture.h"

#define REQUESTS 20000

/* ---- sets of routes ---- */

static void routes_are_drawn_by_weight(void **state)
{
    static const uint32_t weights[] = {1, 3, 6};
    unsigned firsts[3] = {0}, seconds[3] = {0};
    struct fixture f;
    unsigned first;

    (void)state;
    fixture_init(&f);
    first = fixture_set(&f, 1, 3);
    for (unsigned i = 0; i < 3; i++)
        f.block.routes[first + i].weight = weights[i];
    for (uint64_t request = 0; request < REQUESTS; request++) {
        uint32_t left = 7;

        f.input.request_hash = request;
        firsts[candidate_draw(&f.input, 1, &left)]++;
        seconds[candidate_draw(&f.input, 1, &left)]++;
        assert_int_equal(__builtin_popcount(left), 1);
        candidate_draw(&f.input, 1, &left);
        assert_int_equal(left, 0);
    }
    /* Tenths of all; three standard deviations are below a fiftieth. */
    assert_in_range(firsts[0], REQUESTS / 10 - 300, REQUESTS / 10 + 300);
    assert_in_range(firsts[1], 3 * REQUESTS / 10 - 300, 3 * REQUESTS / 10 + 300);
    assert_in_range(firsts[2], 6 * REQUESTS / 10 - 300, 6 * REQUESTS / 10 + 300);
    /* Second is the heaviest where it is not first: 0.1 * 6/9 + 0.3 * 6/7 of all. */
    assert_in_range(seconds[2], 6476 - 300, 6476 + 300);
}

static void the_same_request_draws_the_same_order_and_entries_draw_apart(void **state)
{
    struct fixture f;
    unsigned alike = 0;

    (void)state;
    fixture_init(&f);
    fixture_set(&f, 1, 2);
    fixture_set(&f, 2, 2);
    for (uint64_t request = 0; request < 1000; request++) {
        uint32_t left = 3, again = 3, other = 3;
        unsigned place;

        f.input.request_hash = request;
        place = candidate_draw(&f.input, 1, &left);
        assert_int_equal(candidate_draw(&f.input, 1, &again), place);
        alike += candidate_draw(&f.input, 2, &other) == place;
    }
    assert_in_range(alike, 400, 600);
}

static void a_route_alone_and_weights_of_nothing_are_drawn_too(void **state)
{
    struct fixture f;
    uint32_t left = 1, two = 3;

    (void)state;
    fixture_init(&f);
    assert_int_equal(candidate_draw(&f.input, 0, &left), 0);
    f.block.routes[fixture_set(&f, 0, 2)].weight = 0;
    candidate_draw(&f.input, 0, &two);
    candidate_draw(&f.input, 0, &two);
    assert_int_equal(two, 0);
}

/* The route that the request's own order puts first, of a primary of three. */
static unsigned first_of(struct fixture *f, unsigned count)
{
    uint32_t left = (UINT32_C(1) << count) - 1;

    return f->block.entries[0].route + candidate_draw(&f->input, 0, &left);
}

static void the_first_of_the_order_serves_and_names_itself(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    fixture_set(&f, 0, 3);
    for (uint64_t request = 0; request < 50; request++) {
        f.input.request_hash = request;
        assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
        assert_int_equal(f.output.route, first_of(&f, 3));
        assert_int_equal(f.output.entry, 0);
        assert_int_equal(f.output.decision.reason, REASON_PRIMARY);
        assert_int_equal(f.output.intents[0].route, f.output.route);
        assert_true(slice_equal(f.output.decision.route.id,
                                policy_text(&f.block.policy, f.block.routes[f.output.route].id)));
        assert_int_equal(f.output.decision.route.tier, TIER_PRIMARY);
    }
}

static unsigned traced_routes(const struct fixture *f, const char *check)
{
    unsigned count = 0;

    for (unsigned i = 0; i < f->sink.count; i++)
        count += slice_is(f->items[i].check, check);
    return count;
}

static void the_next_of_the_order_serves_when_the_first_cannot(void **state)
{
    (void)state;
    for (unsigned why = 0; why < 4; why++) {
        struct fixture f;
        unsigned first;

        fixture_init(&f);
        fixture_set(&f, 0, 3);
        first = first_of(&f, 3);
        f.block.routes[first].payload_logging = why == 0;
        f.facts.data_classes = SET_OF(DATA_CLASS_PII);
        f.view.routes[first].unhealthy = why == 1 ? REASON_BREAKER_OPEN : REASON_UNSPECIFIED;
        f.view.routes[first].off.scope = why == 2 ? SWITCH_SCOPE_ROUTE : 0;
        f.view.routes[first].first_output_p95_ms = why == 3 ? 12001 : 0;
        assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
        assert_int_equal(f.output.decision.reason, REASON_PRIMARY);
        assert_int_not_equal(f.output.route, first);
        assert_int_equal(traced_routes(&f, "health"), 2); /* the third was not looked at */
        assert_false(f.output.decision.has_blocked);      /* nobody was passed over */
    }
}

static void a_primary_is_sick_when_all_its_routes_are(void **state)
{
    struct fixture f;
    unsigned first;

    (void)state;
    fixture_init(&f);
    first = fixture_set(&f, 0, 2);
    f.view.routes[first].unhealthy = REASON_BREAKER_OPEN;
    f.view.routes[first].opened_by = FAILURE_TIMEOUT;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY);
    f.view.routes[first + 1] = f.view.routes[first];
    assert_int_equal(fixture_decide(&f)->reason, REASON_BREAKER_OPEN);
    assert_int_equal(f.output.entry, 1);
}

static void who_stands_in_names_why_each_route_is_passed_over(void **state)
{
    struct fixture f;
    unsigned first;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 2;
    first = fixture_set(&f, 0, 2);
    f.view.routes[first].unhealthy = REASON_BREAKER_OPEN;
    f.view.routes[first].opened_by = FAILURE_TIMEOUT;
    f.view.routes[first + 1].off.scope = SWITCH_SCOPE_ACCOUNT;
    for (uint64_t request = 0; request < 20; request++) {
        f.input.request_hash = request;
        f.block.entries[1].admission_reasons = 0;
        assert_int_equal(fixture_decide(&f)->reason, REASON_UNHEALTHY);
        assert_true(
            slice_is(fixture_traced(&f, 1, "admission_reason")->needed.text, "account_drained"));
        f.block.entries[1].admission_reasons = SET_OF(REASON_ACCOUNT_DRAINED);
        assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
        assert_int_equal(f.output.entry, 1);
    }
}

/* One that the gates refuse is not routed around; one that they let in but is sick may be. */
static void a_set_is_blocked_when_no_route_of_it_passes_the_gates(void **state)
{
    struct fixture f;
    unsigned first;

    (void)state;
    fixture_init(&f);
    first = fixture_set(&f, 0, 2);
    f.facts.data_classes = SET_OF(DATA_CLASS_PII);
    f.block.routes[first].payload_logging = 1;
    f.view.routes[first + 1].unhealthy = REASON_BREAKER_OPEN;
    f.view.routes[first + 1].opened_by = FAILURE_TIMEOUT;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    assert_int_equal(f.output.entry, 1);
    f.block.routes[first + 1].payload_logging = 1;
    assert_int_equal(fixture_decide(&f)->reason, REASON_GATE_BLOCKED);
    assert_true(slice_is(f.output.decision.blocked.check, "logging"));
    assert_true(slice_equal(f.output.decision.blocked.route,
                            policy_text(&f.block.policy, f.block.routes[first_of(&f, 2)].id)));
}

static void a_retry_and_its_charge_stay_on_the_route(void **state)
{
    struct fixture f;
    unsigned route;

    (void)state;
    fixture_init(&f);
    f.block.policy.retries_per_route_max = 3;
    fixture_set(&f, 0, 3);
    fixture_fail(&f, FAILURE_TIMEOUT);
    route = f.chain.attempts[0].route;
    assert_int_equal(route, first_of(&f, 3));
    f.block.routes[route].price_pusd[UNIT_INPUT_TOKEN] *= 2;
    f.report.usage.amounts[UNIT_INPUT_TOKEN] = 1000;
    for (unsigned retry = 1; retry <= 3; retry++) {
        assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
        assert_int_equal(f.output.route, route);
        assert_int_equal(f.output.charged_nusd, 5000000);
        assert_int_equal(f.output.intents[0].kind, INTENT_SETTLE);
        assert_int_equal(f.output.intents[0].route, route);
        assert_int_equal(f.output.intents[0].amount_nusd, 5000000);
        assert_int_equal(f.output.intents[2].kind, INTENT_RETRY_TOKEN);
        assert_int_equal(f.output.intents[2].route, route);
        fixture_step(&f, FAILURE_TIMEOUT);
    }
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    fixture_step(&f, FAILURE_NONE);
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    assert_int_equal(f.output.route, f.chain.attempts[4].route);
}

static void a_larger_context_is_larger_than_that_of_the_route_that_failed(void **state)
{
    struct fixture f;
    unsigned first;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 2;
    f.block.entries[1].allowed |= SET_OF(FAILURE_CONTEXT_LENGTH_EXCEEDED);
    first = fixture_set(&f, 0, 2);
    f.block.routes[first].context_tokens_max = f.block.routes[first + 1].context_tokens_max = 5000;
    f.block.routes[1].context_tokens_max = 5001;
    fixture_fail(&f, FAILURE_CONTEXT_LENGTH_EXCEEDED);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(fixture_traced(&f, 1, "larger_context")->needed.number, 5000);
}

/* ---- the latency target ---- */

static void a_slow_primary_gives_way_to_an_entry_that_names_it(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.latency_target_ms = 800;
    f.view.routes[0].first_output_p95_ms = 801;
    f.block.entries[2].admission_reasons = SET_OF(REASON_LATENCY_OVER_TARGET);
    assert_int_equal(fixture_decide(&f)->reason, REASON_LATENCY_OVER_TARGET);
    assert_int_equal(f.output.entry, 2);
    assert_int_equal(fixture_traced(&f, 0, "health")->verdict, VERDICT_PASS);
    assert_true(slice_is(fixture_traced(&f, 0, "health")->found.text, "latency_over_target"));
    assert_int_equal(fixture_traced(&f, 0, "health")->needed.number, 800);
    f.view.routes[0].first_output_p95_ms = 800;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY);
}

static void a_slow_primary_serves_when_nobody_is_faster(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.latency_target_ms = 800;
    f.view.routes[0].first_output_p95_ms = 900;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY); /* nobody names it */
    f.block.entries[1].admission_reasons = SET_OF(REASON_LATENCY_OVER_TARGET);
    f.view.routes[1].first_output_p95_ms = 850;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY);
    f.view.routes[1].first_output_p95_ms = 800;
    assert_int_equal(fixture_decide(&f)->reason, REASON_LATENCY_OVER_TARGET);
    f.block.routes[1].priced = 0;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY);
}

static void a_faster_route_of_the_same_entry_comes_first(void **state)
{
    struct fixture f;
    unsigned slow;

    (void)state;
    fixture_init(&f);
    fixture_set(&f, 0, 2);
    f.block.policy.latency_target_ms = 800;
    f.block.entries[1].admission_reasons = SET_OF(REASON_LATENCY_OVER_TARGET);
    slow = first_of(&f, 2);
    f.view.routes[slow].first_output_p95_ms = 900;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PRIMARY);
    assert_int_not_equal(f.output.route, slow);
    f.block.entries[1].admission_reasons = 0;
    f.view.routes[3].first_output_p95_ms = f.view.routes[4].first_output_p95_ms = 900;
    fixture_decide(&f);
    assert_int_equal(f.output.route, slow); /* the first of the order, when none is faster */
}

static void the_target_does_not_bind_after_a_failure(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.latency_target_ms = 800;
    f.block.policy.retries_per_route_max = 0;
    f.view.routes[1].first_output_p95_ms = 900;
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(f.output.entry, 1);
}

static void without_a_limit_of_time_a_slow_route_is_healthy(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.view.routes[0].first_output_p95_ms = 12001;
    assert_int_equal(fixture_decide(&f)->reason, REASON_UNHEALTHY);
    f.block.policy.elapsed_ms_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    f.view.routes[0].first_output_p95_ms = 60001; /* than the total time */
    assert_int_equal(fixture_decide(&f)->reason, REASON_UNHEALTHY);
}

static void a_retry_is_not_asked_for_its_latency(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    fixture_fail(&f, FAILURE_TIMEOUT);
    f.view.routes[0].first_output_p95_ms = 50000;
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    assert_int_equal(fixture_traced(&f, 0, "health")->verdict, VERDICT_PASS);
}

static void the_gate_that_stops_a_retry_is_named(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 1;
    fixture_fail(&f, FAILURE_TIMEOUT);
    f.block.routes[0].priced = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_true(f.output.decision.has_blocked);
    assert_true(slice_is(f.output.decision.blocked.check, "price_known"));
}

static void an_entrys_own_checks_name_its_first_route(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.block.policy.retries_per_route_max = 0;
    fixture_set(&f, 1, 2);
    fixture_fail(&f, FAILURE_RATE_LIMITED); /* nobody names it */
    fixture_decide(&f);
    assert_true(slice_is(fixture_traced(&f, 1, "allowed_reasons")->route, "beta1"));
    assert_int_equal(fixture_traced(&f, FIXTURE_QUEUE, "allowed_reasons")->route.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_are_drawn_by_weight),
        cmocka_unit_test(the_same_request_draws_the_same_order_and_entries_draw_apart),
        cmocka_unit_test(a_route_alone_and_weights_of_nothing_are_drawn_too),
        cmocka_unit_test(the_first_of_the_order_serves_and_names_itself),
        cmocka_unit_test(the_next_of_the_order_serves_when_the_first_cannot),
        cmocka_unit_test(a_primary_is_sick_when_all_its_routes_are),
        cmocka_unit_test(who_stands_in_names_why_each_route_is_passed_over),
        cmocka_unit_test(a_set_is_blocked_when_no_route_of_it_passes_the_gates),
        cmocka_unit_test(a_retry_and_its_charge_stay_on_the_route),
        cmocka_unit_test(a_larger_context_is_larger_than_that_of_the_route_that_failed),
        cmocka_unit_test(a_slow_primary_gives_way_to_an_entry_that_names_it),
        cmocka_unit_test(a_slow_primary_serves_when_nobody_is_faster),
        cmocka_unit_test(a_faster_route_of_the_same_entry_comes_first),
        cmocka_unit_test(the_target_does_not_bind_after_a_failure),
        cmocka_unit_test(without_a_limit_of_time_a_slow_route_is_healthy),
        cmocka_unit_test(a_retry_is_not_asked_for_its_latency),
        cmocka_unit_test(the_gate_that_stops_a_retry_is_named),
        cmocka_unit_test(an_entrys_own_checks_name_its_first_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
