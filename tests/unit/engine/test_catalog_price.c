/* Prices of a catalog: exact integers from decimal text, discounts and mark-ups rounded up, steps,
 * units of the provider's own, and the day they were read. */
#include "catalog_text.h"

static void prices_become_exact_pico_usd_per_unit(void **state)
{
    static const struct {
        const char *text;
        enum unit unit;
        uint64_t pusd;
    } cases[] = {
        {PRICES("'input':2.5"), UNIT_INPUT_TOKEN, 2500000},
        {PRICES("'input':0.000001"), UNIT_INPUT_TOKEN, 1},
        {PRICES("'cached_input':0.3"), UNIT_CACHED_INPUT_TOKEN, 300000},
        {PRICES("'output':10"), UNIT_OUTPUT_TOKEN, 10000000},
        {PRICES("'output':1e1"), UNIT_OUTPUT_TOKEN, 10000000},
        {PRICES("'reasoning':0"), UNIT_REASONING_TOKEN, 0},
        {PRICES("'request':0.01"), UNIT_REQUEST, UINT64_C(10000000000)},
        {PRICES("'image':0.000000000001"), UNIT_IMAGE, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, cases[i].text), RESULT_OK);
        assert_int_equal(d.catalog->routes[0].priced, SET_OF(cases[i].unit));
        assert_int_equal(d.catalog->routes[0].price_pusd[cases[i].unit], cases[i].pusd);
        documents_done(&d);
    }
}

static void discount_and_mark_up_are_exact_and_round_up(void **state)
{
    static const struct {
        const char *text;
        uint64_t pusd;
    } cases[] = {
        {PRICES("'input':2.5,'discount_percent':0"), 2500000},
        {PRICES("'input':2.5,'discount_percent':20"), 2000000},
        {PRICES("'input':2.5,'discount_percent':100"), 0},
        {PRICES("'input':2.5,'discount_percent':0.0001"), 2499998}, /* 2499997.5 */
        {PRICES("'input':0.000003,'discount_percent':50"), 2},      /* 1.5 */
        {PRICES("'input':0.000001,'discount_percent':99.9999"), 1},
        {PRICES("'input':2.5,'markup_percent':10"), 2750000},
        {PRICES("'input':0.000001,'markup_percent':0.0001"), 2},
        {PRICES("'input':2.5,'markup_percent':1000"), 27500000},
        /* 2.5 * 0.85 * 1.055 = 2.241875 */
        {PRICES("'input':2.5,'discount_percent':15,'markup_percent':5.5"), 2241875},
        /* 3 * 0.87655 * 1.07251 = 2.820325...: 2820325.9215 and up */
        {PRICES("'input':3,'discount_percent':12.345,'markup_percent':7.251"), 2820326},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, cases[i].text), RESULT_OK);
        if (d.catalog->routes[0].price_pusd[UNIT_INPUT_TOKEN] != cases[i].pusd)
            fail_msg("%s: %llu", cases[i].text,
                     (unsigned long long)d.catalog->routes[0].price_pusd[UNIT_INPUT_TOKEN]);
        documents_done(&d);
    }
}

static void the_largest_price_with_the_largest_mark_up_fits(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, PRICES("'input':1000000000000,'markup_percent':1000")),
                     RESULT_OK);
    assert_true(d.catalog->routes[0].price_pusd[UNIT_INPUT_TOKEN] ==
                UINT64_C(11000000000000000000));
    documents_done(&d);
}

static void a_step_says_what_changes_and_keeps_the_rest(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d, PRICES("'input':1.25,'output':10,'request':0.001,"
                                      "'discount_percent':10,'steps':["
                                      "{'above_input_tokens':200000,'input':2.5,'output':15},"
                                      "{'above_input_tokens':1000000,'input':5}]")),
        RESULT_OK);
    route = &d.catalog->routes[0];
    assert_int_equal(route->price_steps_count, 2);
    assert_int_equal(route->price_steps[0].above_input_tokens, 200000);
    assert_int_equal(route->price_steps[0].price_pusd[UNIT_INPUT_TOKEN], 2250000);
    assert_int_equal(route->price_steps[0].price_pusd[UNIT_OUTPUT_TOKEN], 13500000);
    assert_int_equal(route->price_steps[0].price_pusd[UNIT_REQUEST], 900000000);
    assert_int_equal(route->price_steps[1].above_input_tokens, 1000000);
    assert_int_equal(route->price_steps[1].price_pusd[UNIT_INPUT_TOKEN], 4500000);
    assert_int_equal(route->price_steps[1].price_pusd[UNIT_OUTPUT_TOKEN], 9000000);
    documents_done(&d);
}

static void units_of_the_provider_have_prices_by_name(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, PRICES("'input':1,'markup_percent':50,'extra':{"
                                                   "'web_search':0.01,'tool/run':0.000000000001}")),
                     RESULT_OK);
    route = &d.catalog->routes[0];
    assert_int_equal(route->extra_units_count, 2);
    assert_text(route->extra_units[0].name, "web_search");
    assert_int_equal(route->extra_units[0].price_pusd, UINT64_C(15000000000));
    assert_text(route->extra_units[1].name, "tool/run");
    assert_int_equal(route->extra_units[1].price_pusd, 2); /* 1.5 */
    documents_done(&d);
}

static void refuses_what_is_not_a_price(void **state)
{
    static const struct fault faults[] = {
        {PRICES("'input':0.0000001"), DIAGNOSTIC_NOT_EXACT, "/routes/0/prices/input"},
        {PRICES("'input':1e-7"), DIAGNOSTIC_NOT_EXACT, "/routes/0/prices/input"},
        {PRICES("'image':0.0000000000001"), DIAGNOSTIC_NOT_EXACT, "/routes/0/prices/image"},
        {PRICES("'input':-1"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/input"},
        {PRICES("'input':-0.00000001"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/input"},
        {PRICES("'input':1e30"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/input"},
        {PRICES("'input':99999999999999999999.5"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/prices/input"},
        {PRICES("'input':'1'"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/prices/input"},
        {PRICES("'inputs':1"), DIAGNOSTIC_UNKNOWN_FIELD, "/routes/0/prices/inputs"},
        {ROUTE(",'prices':{'input':1}"), DIAGNOSTIC_MISSING_FIELD, "/routes/0/prices/as_of"},
        {ROUTE(",'prices':[]"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/prices"},
        {PRICES("'input':1000000000001"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/input"},
        {PRICES("'discount_percent':100.0001"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/prices/discount_percent"},
        {PRICES("'discount_percent':0.00001"), DIAGNOSTIC_NOT_EXACT,
         "/routes/0/prices/discount_percent"},
        {PRICES("'discount_percent':'5'"), DIAGNOSTIC_WRONG_TYPE,
         "/routes/0/prices/discount_percent"},
        {PRICES("'markup_percent':1000.1"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/prices/markup_percent"},
        {PRICES("'markup_percent':-1"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/markup_percent"},
        {PRICES("'input':1,'steps':[]"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/steps"},
        {PRICES("'input':1,'steps':{}"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/prices/steps"},
        {PRICES("'input':1,'steps':[{'input':1}]"), DIAGNOSTIC_MISSING_FIELD,
         "/routes/0/prices/steps/0/above_input_tokens"},
        {PRICES("'input':1,'steps':[{'above_input_tokens':0,'input':1}]"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/prices/steps/0/above_input_tokens"},
        {PRICES("'input':1,'steps':[{'above_input_tokens':5},{'above_input_tokens':5}]"),
         DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/prices/steps/1/above_input_tokens"},
        {PRICES("'input':1,'steps':[{'above_input_tokens':5,'output':2}]"),
         DIAGNOSTIC_MISSING_FIELD, "/routes/0/prices/output"},
        {PRICES("'input':1,'steps':[{'above_input_tokens':5,'as_of':2}]"), DIAGNOSTIC_UNKNOWN_FIELD,
         "/routes/0/prices/steps/0/as_of"},
        {PRICES("'extra':[]"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/prices/extra"},
        {PRICES("'extra':{'a b':1}"), DIAGNOSTIC_BAD_NAME, "/routes/0/prices/extra/a b"},
        {PRICES("'extra':{'':1}"), DIAGNOSTIC_BAD_NAME, "/routes/0/prices/extra/"},
        {PRICES("'extra':{'a':'1'}"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/prices/extra/a"},
        {PRICES("'extra':{'a':0.0000000000001}"), DIAGNOSTIC_NOT_EXACT, "/routes/0/prices/extra/a"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
}

static void dates_are_days_of_the_calendar(void **state)
{
    static const struct {
        const char *date;
        int64_t days; /* since 1970; below 0: refused */
    } cases[] = {
        {"1970-01-01", 0},     {"1970-03-01", 59},
        {"2000-02-29", 11016}, {"2024-02-29", 19782},
        {"2026-11-01", 20758}, {"9999-12-31", 2932896},
        {"2023-02-29", -1},    {"2100-02-29", -1},
        {"2026-00-10", -1},    {"2026-13-01", -1},
        {"2026-04-31", -1},    {"2026-1-01", -1},
        {"2026-01-001", -1},   {"1969-12-31", -1},
        {"2026/01/01", -1},    {"", -1},
        {"yesterday!", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = cases[i].days >= 0;
        struct documents d;
        char text[2048];

        snprintf(text, sizeof text, ROUTE(",'prices':{'as_of':'%s'}"), cases[i].date);
        documents_init(&d, ARENA_BYTES_MAX);
        if ((parse_catalog_text(&d, text) == RESULT_OK) != good)
            fail_msg("%s", cases[i].date);
        if (good)
            assert_int_equal(d.catalog->routes[0].price_as_of_unix_ms,
                             cases[i].days * INT64_C(86400000));
        else
            assert_finding(&d, DIAGNOSTIC_BAD_DATE, "/routes/0/prices/as_of");
        documents_done(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_become_exact_pico_usd_per_unit),
        cmocka_unit_test(discount_and_mark_up_are_exact_and_round_up),
        cmocka_unit_test(the_largest_price_with_the_largest_mark_up_fits),
        cmocka_unit_test(a_step_says_what_changes_and_keeps_the_rest),
        cmocka_unit_test(units_of_the_provider_have_prices_by_name),
        cmocka_unit_test(refuses_what_is_not_a_price),
        cmocka_unit_test(dates_are_days_of_the_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
