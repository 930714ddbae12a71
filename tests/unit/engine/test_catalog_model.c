/* What models, accounts and providers of a catalog say beyond plain fields: profiles, strengths
 * with their sources, networks, quota pools, whose key it is. */
#include "catalog_text.h"

#define PROFILES "'profiles':{'chat':['streaming','tools'],'none':[]},"

static void a_profile_adds_to_what_the_model_says_itself(void **state)
{
    static const struct {
        const char *text;
        uint64_t capabilities;
    } cases[] = {
        {ROUTE_OF(PROFILES, "", ",'profile':'chat'"), SET_OF(NEED_STREAMING) | SET_OF(NEED_TOOLS)},
        {ROUTE_OF(PROFILES, "", ",'profile':'chat','capabilities':['vision','tools']"),
         SET_OF(NEED_STREAMING) | SET_OF(NEED_TOOLS) | SET_OF(NEED_VISION)},
        {ROUTE_OF(PROFILES, "", ",'profile':'none'"), 0},
        {MODEL(",'capabilities':[]"), 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, cases[i].text), RESULT_OK);
        assert_int_equal(d.catalog->models[0].capabilities, cases[i].capabilities);
        assert_int_equal(d.catalog->routes[0].capabilities, cases[i].capabilities);
        documents_done(&d);
    }
}

static void a_strength_stands_with_who_says_so(void **state)
{
    const struct catalog_model *model;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d, MODEL(",'capabilities':[],'strengths':["
                                     "{'strength':'code','source':'our evaluation of May'},"
                                     "{'source':'https://example.com','strength':'speed'}]")),
        RESULT_OK);
    model = &d.catalog->models[0];
    assert_int_equal(model->strengths_count, 2);
    assert_int_equal(model->strengths[0].strength, STRENGTH_CODE);
    assert_text(model->strengths[0].source, "our evaluation of May");
    assert_int_equal(model->strengths[1].strength, STRENGTH_SPEED);
    documents_done(&d);
}

static void an_account_says_whose_key_it_is_and_where_it_may_be_used(void **state)
{
    static const uint8_t v4[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 0};
    static const uint8_t v6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    const struct catalog_account *account;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(
            &d, ROUTE_OF("",
                         ",'tenant':'acme','ip_allow_list':['192.0.2.0/24','2001:db8::1'],"
                         "'quota':{'requests_per_minute':500,'tokens_per_minute':2000000}",
                         ",'capabilities':[]")),
        RESULT_OK);
    account = &d.catalog->accounts[0];
    assert_text(account->tenant, "acme");
    assert_int_equal(account->networks_count, 2);
    assert_int_equal(account->networks[0].bits, 120);
    assert_memory_equal(account->networks[0].address, v4, sizeof v4);
    assert_int_equal(account->networks[1].bits, 128);
    assert_memory_equal(account->networks[1].address, v6, sizeof v6);
    assert_int_equal(account->networks_texts.count, 2);
    assert_text(account->networks_texts.items[1], "2001:db8::1");
    assert_int_equal(account->requests_per_minute, 500);
    assert_int_equal(account->tokens_per_minute, 2000000);
    documents_done(&d);
}

static void a_route_says_how_fast_moderated_and_serial_it_is(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, ROUTE(",'latency_p95_ms':900,'moderation':true,"
                                                  "'serial_tool_calls':true")),
                     RESULT_OK);
    route = &d.catalog->routes[0];
    assert_int_equal(route->latency_p95_ms, 900);
    assert_true(route->moderation);
    assert_true(route->serial_tool_calls);
    documents_done(&d);
}

static void what_is_not_said_is_not_guessed(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, ROUTE("")), RESULT_OK);
    route = &d.catalog->routes[0];
    assert_int_equal(route->latency_p95_ms, 0);
    assert_false(route->moderation);
    assert_false(route->serial_tool_calls);
    assert_int_equal(route->price_steps_count, 0);
    assert_int_equal(route->extra_units_count, 0);
    assert_int_equal(route->account->networks_count, 0);
    assert_int_equal(route->account->tenant.len, 0);
    assert_int_equal(route->account->requests_per_minute, 0);
    assert_int_equal(route->model->strengths_count, 0);
    assert_int_equal(route->account->provider->name.len, 0);
    documents_done(&d);
}

#define ONE_MODEL(more)   MODEL(",'capabilities':[]" more)
#define ONE_ACCOUNT(more) ROUTE_OF("", more, ",'capabilities':[]")
#define ONE_TOP(more)     ROUTE_OF(more ",", "", ",'capabilities':[]")

static void refuses_what_they_cannot_be(void **state)
{
    static const struct fault faults[] = {
        {MODEL(""), DIAGNOSTIC_MISSING_FIELD, "/models/0/capabilities"},
        {MODEL(",'profile':'chat'"), DIAGNOSTIC_UNKNOWN_NAME, "/models/0/profile"},
        {ONE_MODEL(",'profile':7"), DIAGNOSTIC_WRONG_TYPE, "/models/0/profile"},
        {ONE_TOP("'profiles':[]"), DIAGNOSTIC_WRONG_TYPE, "/profiles"},
        {ONE_TOP("'profiles':{'a':'tools'}"), DIAGNOSTIC_WRONG_TYPE, "/profiles/a"},
        {ONE_TOP("'profiles':{'a':['flying']}"), DIAGNOSTIC_UNKNOWN_NAME, "/profiles/a/0"},
        {ONE_TOP("'profiles':{'a b':[]}"), DIAGNOSTIC_BAD_NAME, "/profiles/a b"},
        {ONE_MODEL(",'strengths':{}"), DIAGNOSTIC_WRONG_TYPE, "/models/0/strengths"},
        {ONE_MODEL(",'strengths':['code']"), DIAGNOSTIC_WRONG_TYPE, "/models/0/strengths/0"},
        {ONE_MODEL(",'strengths':[{'strength':'code'}]"), DIAGNOSTIC_MISSING_FIELD,
         "/models/0/strengths/0/source"},
        {ONE_MODEL(",'strengths':[{'strength':'code','source':''}]"), DIAGNOSTIC_OUT_OF_RANGE,
         "/models/0/strengths/0/source"},
        {ONE_MODEL(",'strengths':[{'strength':'charm','source':'x'}]"), DIAGNOSTIC_UNKNOWN_NAME,
         "/models/0/strengths/0/strength"},
        {ONE_MODEL(",'strengths':[{'strength':'code','source':'x'},"
                   "{'strength':'code','source':'y'}]"),
         DIAGNOSTIC_DUPLICATE_NAME, "/models/0/strengths/1/strength"},
        {ONE_ACCOUNT(",'tenant':''"), DIAGNOSTIC_BAD_NAME, "/accounts/0/tenant"},
        {ONE_ACCOUNT(",'ip_allow_list':[]"), DIAGNOSTIC_OUT_OF_RANGE, "/accounts/0/ip_allow_list"},
        {ONE_ACCOUNT(",'ip_allow_list':'10.0.0.0/8'"), DIAGNOSTIC_WRONG_TYPE,
         "/accounts/0/ip_allow_list"},
        {ONE_ACCOUNT(",'ip_allow_list':[10]"), DIAGNOSTIC_WRONG_TYPE,
         "/accounts/0/ip_allow_list/0"},
        {ONE_ACCOUNT(",'ip_allow_list':['10.0.0.1/8']"), DIAGNOSTIC_BAD_NETWORK,
         "/accounts/0/ip_allow_list/0"},
        {ONE_ACCOUNT(",'ip_allow_list':['example.com']"), DIAGNOSTIC_BAD_NETWORK,
         "/accounts/0/ip_allow_list/0"},
        {ONE_ACCOUNT(",'ip_allow_list':['::1','::1']"), DIAGNOSTIC_DUPLICATE_NAME,
         "/accounts/0/ip_allow_list/1"},
        {ONE_ACCOUNT(",'quota':7"), DIAGNOSTIC_WRONG_TYPE, "/accounts/0/quota"},
        {ONE_ACCOUNT(",'quota':{'requests_per_minute':0}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/accounts/0/quota/requests_per_minute"},
        {ONE_ACCOUNT(",'quota':{'requests':1}"), DIAGNOSTIC_UNKNOWN_FIELD,
         "/accounts/0/quota/requests"},
        {ROUTE(",'latency_p95_ms':0"), DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/latency_p95_ms"},
        {ROUTE(",'moderation':'yes'"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/moderation"},
        {ROUTE(",'serial_tool_calls':1"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/serial_tool_calls"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_adds_to_what_the_model_says_itself),
        cmocka_unit_test(a_strength_stands_with_who_says_so),
        cmocka_unit_test(an_account_says_whose_key_it_is_and_where_it_may_be_used),
        cmocka_unit_test(a_route_says_how_fast_moderated_and_serial_it_is),
        cmocka_unit_test(what_is_not_said_is_not_guessed),
        cmocka_unit_test(refuses_what_they_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
