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
        assert_true(money_priced_nusd(route.price_pusd, route.priced, &usage) == cases[i].nusd);
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
    assert_int_equal(money_priced_nusd(route.price_pusd, route.priced, &usage), 7);
    route.priced |= SET_OF(UNIT_CACHED_INPUT_TOKEN);
    route.price_pusd[UNIT_CACHED_INPUT_TOKEN] = 1;
    assert_int_equal(money_priced_nusd(route.price_pusd, route.priced, &usage), 6);
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

/* Two steps and two units of the provider's own, laid out in the block behind the texts in use. */
static void give_steps(struct fixture *f)
{
    static const struct policy_price_step steps[] = {
        {1000, {[UNIT_INPUT_TOKEN] = 5000000, [UNIT_OUTPUT_TOKEN] = 15000000}},
        {200000, {[UNIT_INPUT_TOKEN] = 7000000, [UNIT_OUTPUT_TOKEN] = 20000000}},
    };
    const struct policy_extra_unit units[] = {
        {fixture_text(f, "web_search"), UINT64_C(10000000000)},
        {fixture_text(f, "odd"), 1},
    };
    unsigned at = (f->texts_used + 15) / 16 * 16;

    assert_true(at + sizeof steps + sizeof units <= sizeof f->block.texts);
    memcpy(f->block.texts + at, steps, sizeof steps);
    memcpy(f->block.texts + at + sizeof steps, units, sizeof units);
    at += (unsigned)offsetof(struct fixture_block, texts);
    f->block.routes[0].price_steps = (struct policy_ref){at, 2};
    f->block.routes[0].extra_units = (struct policy_ref){at + (unsigned)sizeof steps, 2};
}

static void the_highest_step_that_the_input_passes_counts_for_the_whole_request(void **state)
{
    static const struct {
        uint64_t input, cached, written, output, nusd;
    } cases[] = {
        {1000, 0, 0, 10, 1000 * 2500 + 10 * 10000},
        {1001, 0, 0, 10, 1001 * 5000 + 10 * 15000},
        {200000, 0, 0, 10, UINT64_C(200000) * 5000 + 10 * 15000},
        {200001, 0, 0, 10, UINT64_C(200001) * 7000 + 10 * 20000},
        {1, 500, 500, 10, 1001 * 5000 + 10 * 15000}, /* tokens of caches are input too */
        {0, 0, 1001, 0, 1001 * 5000},
        {0, 0, 0, 1000000, UINT64_C(1000000) * 10000}, /* output is not */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usage usage = {.amounts = {[UNIT_INPUT_TOKEN] = cases[i].input,
                                          [UNIT_CACHED_INPUT_TOKEN] = cases[i].cached,
                                          [UNIT_CACHE_WRITE_TOKEN] = cases[i].written,
                                          [UNIT_OUTPUT_TOKEN] = cases[i].output}};
        struct fixture f;

        fixture_init(&f);
        give_steps(&f);
        if (money_cost_nusd(&f.block.policy, &f.block.routes[0], &usage) != cases[i].nusd)
            fail_msg("row %zu", i);
    }
}

static void an_estimate_takes_the_step_of_the_input_estimate(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    give_steps(&f);
    assert_int_equal(money_estimate_nusd(&f.input, &f.block.routes[0]), 1000 * 2500 + 500 * 10000);
    f.facts.input_tokens_estimate = 1001;
    assert_int_equal(money_estimate_nusd(&f.input, &f.block.routes[0]), 1001 * 5000 + 500 * 15000);
}

static void an_estimate_takes_output_for_reasoning_where_that_costs_more(void **state)
{
    struct fixture f;
    struct policy_route *route;

    (void)state;
    fixture_init(&f);
    route = &f.block.routes[0];
    route->priced |= SET_OF(UNIT_REASONING_TOKEN);
    route->price_pusd[UNIT_REASONING_TOKEN] = 30000000;
    assert_int_equal(money_estimate_nusd(&f.input, route), 1000 * 2500 + 500 * 30000);
    route->price_pusd[UNIT_REASONING_TOKEN] = 1;
    assert_int_equal(money_estimate_nusd(&f.input, route), 1000 * 2500 + 500 * 10000);
}

/* Reported tokens cost 225,000 nano-USD. */
static void units_of_the_provider_come_on_top(void **state)
{
    static const struct {
        const char *name, *count;
        uint64_t nusd;
        bool estimated;
    } cases[] = {
        {"web_search", "2", 20000000, false},
        {"web_search", "0", 0, false},
        {"web_search", "0.5", 5000000, false},
        {"web_search", "1e2", 1000000000, false},
        {"odd", "1", 1, false},        /* a part of a nano-dollar */
        {"odd", "0.000001", 1, false}, /* the smallest count */
        {"odd", "0.0000001", 0, true},
        {"odd", "many", 0, true},
        {"odd", "", 0, true},
        {"odd", "-1", 0, true},
        {"odd", "1 ", 0, true},
        {"unknown", "1", 0, true},
        {"unknown", "0", 0, false},
        {"unknown", "x", 0, true},
        {"web_search", "18446744073709", UINT64_MAX, false},
        {"web_search", "99999999999999999999", 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pair pair = {slice_of(cases[i].name), slice_of(cases[i].count)};
        const uint64_t tokens_nusd = 10 * 2500 + 20 * 10000;
        struct fixture f;
        bool estimated;
        uint64_t nusd;

        fixture_init(&f);
        give_steps(&f);
        f.input.report = &f.report;
        f.report.usage.amounts[UNIT_INPUT_TOKEN] = 10;
        f.report.usage.amounts[UNIT_OUTPUT_TOKEN] = 20;
        f.report.extra_usage = (struct pairs){&pair, 1};
        nusd = money_charge_nusd(&f.input, &f.block.routes[0], &estimated);
        if (nusd != money_sum_nusd(tokens_nusd, cases[i].nusd) || estimated != cases[i].estimated)
            fail_msg("%s %s: %llu", cases[i].name, cases[i].count, (unsigned long long)nusd);
    }
}

static void units_of_the_provider_are_charged_without_tokens_too(void **state)
{
    const struct pair pair = {SLICE_LITERAL("web_search"), SLICE_LITERAL("1")};
    struct fixture f;
    bool estimated;

    (void)state;
    fixture_init(&f);
    give_steps(&f);
    f.input.report = &f.report; /* a failure that was not billed otherwise */
    f.report.extra_usage = (struct pairs){&pair, 1};
    assert_int_equal(money_charge_nusd(&f.input, &f.block.routes[0], &estimated), 10000000);
    assert_false(estimated);
    f.report.http_status = 0; /* lost after it was sent: the tokens are estimated */
    assert_int_equal(money_charge_nusd(&f.input, &f.block.routes[0], &estimated),
                     10000000 + 1000 * 2500 + 500 * 10000);
    assert_true(estimated);
}

static void a_sum_without_measure_stops_at_the_top(void **state)
{
    struct policy_route route = {.priced = ~UINT64_C(0)};
    struct usage usage;

    (void)state;
    for (unsigned unit = 0; unit < UNIT_END; unit++)
        route.price_pusd[unit] = usage.amounts[unit] = UINT64_MAX;
    assert_true(money_priced_nusd(route.price_pusd, route.priced, &usage) == UINT64_MAX);
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
    assert_int_equal(f.output.decision.blocked.gate, GATE_COST);
    assert_true(slice_is(f.output.decision.blocked.check, "request_cost"));
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
        cmocka_unit_test(the_highest_step_that_the_input_passes_counts_for_the_whole_request),
        cmocka_unit_test(an_estimate_takes_the_step_of_the_input_estimate),
        cmocka_unit_test(an_estimate_takes_output_for_reasoning_where_that_costs_more),
        cmocka_unit_test(units_of_the_provider_come_on_top),
        cmocka_unit_test(units_of_the_provider_are_charged_without_tokens_too),
        cmocka_unit_test(a_sum_without_measure_stops_at_the_top),
        cmocka_unit_test(a_fallback_is_held_against_what_the_lost_attempt_was_charged),
        cmocka_unit_test(a_retry_is_held_against_what_the_lost_attempt_was_charged),
        cmocka_unit_test(charges_without_measure_stay_above_every_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
