/* Integers only: rounding up, saturation, fallback prices, and what an unreported attempt costs. */
#include "engine/money.h"
#include "fixture.h"

static void a_part_of_a_nano_dollar_is_charged_as_a_whole(void **state)
{
    static const struct {
        uint64_t tokens, price_pusd, nusd;
    } cases[] = {
        {0, 2500000, 0},
        {1, 1, 1},
        {999, 1, 1},
        {1000, 1, 1},
        {1001, 1, 2},
        {1000000, 2500000, UINT64_C(2500000000)},
        {UINT64_MAX, 1000, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_route route = {.priced = SET_OF(UNIT_INPUT_TOKEN)};
        struct usage usage = {.amounts = {[UNIT_INPUT_TOKEN] = cases[i].tokens}};

        route.price_pusd[UNIT_INPUT_TOKEN] = cases[i].price_pusd;
        assert_true(money_cost_nusd(&route, &usage) == cases[i].nusd);
    }
}

static void a_unit_without_a_price_costs_what_the_plainer_one_costs(void **state)
{
    struct policy_route route = {.priced = SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN)};
    struct usage usage = {
        .amounts = {[UNIT_CACHED_INPUT_TOKEN] = 1000, [UNIT_REASONING_TOKEN] = 1000}};

    (void)state;
    route.price_pusd[UNIT_INPUT_TOKEN] = 2;
    route.price_pusd[UNIT_OUTPUT_TOKEN] = 5;
    assert_int_equal(money_cost_nusd(&route, &usage), 7);
    route.priced |= SET_OF(UNIT_CACHED_INPUT_TOKEN);
    route.price_pusd[UNIT_CACHED_INPUT_TOKEN] = 1;
    assert_int_equal(money_cost_nusd(&route, &usage), 6);
}

static void an_estimate_counts_every_choice(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.facts.choices = 4;
    assert_int_equal(money_estimate_nusd(&f.input, &f.block.routes[0]), 2500000 + 4 * 5000000);
    f.facts.max_output_tokens = UINT64_MAX;
    assert_true(money_estimate_nusd(&f.input, &f.block.routes[0]) == UINT64_MAX);
}

static void output_is_what_is_asked_for_else_the_cap_else_the_routes(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_int_equal(money_output_tokens(&f.input, &f.block.routes[0]), 500);
    f.facts.max_output_tokens = 0;
    assert_int_equal(money_output_tokens(&f.input, &f.block.routes[0]), 1200);
    f.block.policy.output_tokens_max = 0;
    assert_int_equal(money_output_tokens(&f.input, &f.block.routes[0]), 10000);
}

static void an_attempt_is_charged_what_was_billed(void **state)
{
    static const struct {
        const char *name;
        bool reported, body_sent, stream;
        unsigned http_status;
        uint64_t nusd;
        bool estimated;
    } cases[] = {
        {"reported usage", true, true, false, 200, 10 * 2500 + 20 * 10000, false},
        {"reported usage of a failure", true, true, false, 500, 10 * 2500 + 20 * 10000, false},
        {"an error status", false, true, false, 500, 0, false},
        {"nothing left", false, false, false, 0, 0, false},
        {"a time-out after sending", false, true, false, 0, 7500000, true},
        {"a stream cut after 30 tokens", false, true, true, 200, 2500000 + 30 * 10000, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        bool estimated;

        fixture_init(&f);
        f.input.report = &f.report;
        f.facts.stream = cases[i].stream;
        f.report.http_status = cases[i].http_status;
        f.report.body_sent = cases[i].body_sent;
        f.report.output_tokens_seen = 30;
        if (cases[i].reported) {
            f.report.usage.amounts[UNIT_INPUT_TOKEN] = 10;
            f.report.usage.amounts[UNIT_OUTPUT_TOKEN] = 20;
        }
        if (money_charge_nusd(&f.input, &f.block.routes[0], &estimated) != cases[i].nusd ||
            estimated != cases[i].estimated)
            fail_msg("%s", cases[i].name);
    }
}

/* Admits at 7.5 million nano-USD an attempt, and loses the first one after it was sent. */
static void lose_the_first(struct fixture *f, uint64_t cost_nusd_max)
{
    fixture_init(f);
    f->block.policy.cost_nusd_max = cost_nusd_max;
    fixture_fail(f, FAILURE_TIMEOUT);
    f->report.http_status = 0;
}

static void a_fallback_is_held_against_what_the_lost_attempt_was_charged(void **state)
{
    struct fixture f;

    (void)state;
    lose_the_first(&f, 15000000); /* just both */
    f.block.policy.retries_per_route_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_true(fixture_traced(&f, 1, "request_cost")->found.number == 15000000);
    lose_the_first(&f, 14999999);
    f.block.policy.retries_per_route_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
    assert_int_equal(f.output.blocking_gate, GATE_COST);
    assert_true(slice_is(f.output.blocking_check, "request_cost"));
}

static void a_retry_is_held_against_what_the_lost_attempt_was_charged(void **state)
{
    struct fixture f;

    (void)state;
    lose_the_first(&f, 15000000);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    lose_the_first(&f, 14999999);
    f.block.routes[1].price_pusd[UNIT_OUTPUT_TOKEN] = 1;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK); /* a cheaper one fits */
}

static void charges_without_measure_stay_above_every_limit(void **state)
{
    struct fixture f;

    (void)state;
    lose_the_first(&f, 100000000);
    f.chain.charged_nusd = UINT64_MAX;
    assert_int_equal(fixture_decide(&f)->reason, REASON_MAX_COST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_of_a_nano_dollar_is_charged_as_a_whole),
        cmocka_unit_test(a_unit_without_a_price_costs_what_the_plainer_one_costs),
        cmocka_unit_test(an_estimate_counts_every_choice),
        cmocka_unit_test(output_is_what_is_asked_for_else_the_cap_else_the_routes),
        cmocka_unit_test(an_attempt_is_charged_what_was_billed),
        cmocka_unit_test(a_fallback_is_held_against_what_the_lost_attempt_was_charged),
        cmocka_unit_test(a_retry_is_held_against_what_the_lost_attempt_was_charged),
        cmocka_unit_test(charges_without_measure_stay_above_every_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
