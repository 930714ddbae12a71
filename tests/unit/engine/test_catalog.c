/* The catalog: the example as it should be read, every field's faults, and size. */
#include <time.h>

#include "catalog_text.h"

static void reads_the_example_catalog(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
    assert_int_equal(d.catalog->routes_count, 4);
    assert_int_equal(d.catalog->models_count, 3);
    assert_int_equal(d.catalog->accounts_count, 2);
    assert_int_equal(d.catalog->providers_count, 2);
    route = find_route(&d, "demo-at-mock-b");
    assert_ptr_equal(route->model, map_get(&d.catalog->models_by_id, SLICE_LITERAL("demo-model")));
    assert_text(route->account->id, "mock-b-main");
    assert_text(route->account->provider->id, "mock-b");
    assert_text(route->account->credential, "MOCK_B_KEY");
    assert_text(route->account->spend_owner, "platform");
    assert_text(route->base_url, "http://127.0.0.1:9102/v1");
    assert_text(route->region, "local");
    assert_int_equal(route->family, FAMILY_OPENAI_CHAT_COMPLETIONS);
    assert_int_equal(route->model->quality_class, QUALITY_CLASS_BALANCED);
    assert_int_equal(route->model->context_tokens_max, 128000);
    assert_int_equal(route->timeouts.first_output_ms, 10000);
    assert_true(route->zero_retention);
    assert_false(route->payload_logging);
    assert_int_equal(route->price_as_of_unix_ms, INT64_C(1793491200000));
    documents_done(&d);
}

static void a_route_has_the_models_capabilities_less_what_it_lacks(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, ROUTE(",'lacks':['tools','vision']")), RESULT_OK);
    assert_int_equal(d.catalog->models[0].capabilities,
                     SET_OF(NEED_STREAMING) | SET_OF(NEED_TOOLS));
    assert_int_equal(d.catalog->routes[0].capabilities, SET_OF(NEED_STREAMING));
    documents_done(&d);
}

static void what_is_not_said_has_a_documented_default(void **state)
{
    const struct catalog_route *route;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, ROUTE("")), RESULT_OK);
    route = &d.catalog->routes[0];
    assert_int_equal(route->timeouts.connect_ms, 2000);
    assert_int_equal(route->timeouts.first_output_ms, 30000);
    assert_int_equal(route->timeouts.idle_ms, 30000);
    assert_int_equal(route->timeouts.total_ms, 600000);
    assert_text(route->provider_model, "m");
    assert_int_equal(route->reported_models.count, 1);
    assert_text(route->reported_models.items[0], "m");
    assert_false(route->zero_retention);
    assert_true(route->payload_logging);
    assert_int_equal(route->priced, 0);
    assert_int_equal(route->environments.count, 0);
    assert_int_equal(route->overrides.len, 0);
    assert_int_equal(route->model->context_tokens_max, 0);
    documents_done(&d);
}

static void the_providers_own_name_is_among_the_reported_ones_once(void **state)
{
    const struct texts *reported;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d, ROUTE(",'provider_model':'x/y','reported_models':['z','x/y']")),
        RESULT_OK);
    reported = &d.catalog->routes[0].reported_models;
    assert_int_equal(reported->count, 2);
    assert_text(reported->items[0], "x/y");
    assert_text(reported->items[1], "z");
    documents_done(&d);
}

static void overrides_are_kept_as_json_with_their_numbers_as_written(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d, ROUTE(",'overrides':{'temperature':0.10,'a':[1,true,null,'x']}")),
        RESULT_OK);
    assert_text(d.catalog->routes[0].overrides, "{\"temperature\":0.10,\"a\":[1,true,null,\"x\"]}");
    documents_done(&d);
}

/* Nobody could tell the route's entry from another one. */
static void refuses_a_route_that_is_called_like_an_entry_without_one(void **state)
{
#define CALLED(id)                                                                                 \
    "{" HEAD "'routes':[{'id':'" id "','model':'m','account':'a','region':'eu','endpoint_family':" \
    "'openai-chat-completions','data_classes':[],'base_url':'https://h/v1'}]}"
    static const struct fault faults[] = {
        {CALLED("default_response"), DIAGNOSTIC_BAD_NAME, "/routes/0/id"},
        {CALLED("queue:later"), DIAGNOSTIC_BAD_NAME, "/routes/0/id"},
    };
    static const char *const good[] = {CALLED("default_response2"), CALLED("queue"),
                                       CALLED("my-queue:later")};
#undef CALLED

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, good[i]), RESULT_OK);
        documents_done(&d);
    }
}

static void refuses_what_a_route_cannot_be(void **state)
{
    static const struct fault faults[] = {
        {ROUTE(",'lacks':['flying']"), DIAGNOSTIC_UNKNOWN_NAME, "/routes/0/lacks/0"},
        {ROUTE(",'lacks':['tools','tools']"), DIAGNOSTIC_DUPLICATE_NAME, "/routes/0/lacks/1"},
        {ROUTE(",'environments':['a b']"), DIAGNOSTIC_BAD_NAME, "/routes/0/environments/0"},
        {ROUTE(",'environments':[7]"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/environments/0"},
        {ROUTE(",'environments':['a','a']"), DIAGNOSTIC_DUPLICATE_NAME, "/routes/0/environments/1"},
        {ROUTE(",'timeouts_ms':{'connect':0}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/timeouts_ms/connect"},
        {ROUTE(",'timeouts_ms':{'total':20000,'connect':20001,'first_output':1,'idle':1}"),
         DIAGNOSTIC_OUT_OF_RANGE, "/routes/0/timeouts_ms/connect"},
        {ROUTE(",'timeouts_ms':{'total':1.5}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/routes/0/timeouts_ms/total"},
        {ROUTE(",'overrides':'x'"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/overrides"},
        {ROUTE(",'zero_retention':1"), DIAGNOSTIC_WRONG_TYPE, "/routes/0/zero_retention"},
        {ROUTE(",'colour':1"), DIAGNOSTIC_UNKNOWN_FIELD, "/routes/0/colour"},
        {ROUTE(",'a/b~c':1"), DIAGNOSTIC_UNKNOWN_FIELD, "/routes/0/a~1b~0c"},
        {"{" HEAD "'routes':[{" ROUTE_HEAD "}]}", DIAGNOSTIC_MISSING_FIELD, "/routes/0/base_url"},
        {"{" HEAD "'routes':{}}", DIAGNOSTIC_WRONG_TYPE, "/routes"},
        {"{" HEAD "'routes':[7]}", DIAGNOSTIC_WRONG_TYPE, "/routes/0"},
        {"[]", DIAGNOSTIC_WRONG_TYPE, ""},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
}

static void assert_url(const char *url, bool accepted)
{
    struct documents d;
    char text[2048];

    snprintf(text, sizeof text, "{" HEAD "'routes':[{" ROUTE_HEAD ",'base_url':'%s'}]}", url);
    documents_init(&d, ARENA_BYTES_MAX);
    if ((parse_catalog_text(&d, text) == RESULT_OK) != accepted)
        fail_msg("%s: %s", url, accepted ? "refused" : "accepted");
    if (!accepted)
        assert_finding(&d, DIAGNOSTIC_BAD_URL, "/routes/0/base_url");
    documents_done(&d);
}

static void a_secret_goes_by_https_or_stays_on_this_machine(void **state)
{
    static const char *const good[] = {
        "https://api.example.com",
        "https://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://[2001:db8::1]:443/v1",
        "https://10.0.0.1/a/b.c_d~e-f",
        "http://127.0.0.1:9101/v1",
        "http://127.1.2.3/v1",
        "http://localhost:80/v1",
        "http://[::1]:9101/v1",
        "https://h/openai/deployments/x%20y",
    };
    static const char *const bad[] = {
        "",
        "api.example.com",
        "ftp://api.example.com",
        "http://api.example.com/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://127.evil.example/v1",
        "http://127.0.0/v1",
        "http://127.0.0.256/v1",
        "http://localhost.evil.example/v1",
        "http://[::2]/v1",
        "http://user@127.0.0.1/v1",
        "https://user:secret@api.example.com/v1",
        "https://api.example.com/v1?key=1",
        "https://api.example.com/v1#x",
        "https://api.example.com/v1/",
        "https://api.example.com/",
        "https://",
        "https:///v1",
        "https://:443/v1",
        "https://h:0/v1",
        "https://h:65536/v1",
        "https://h:/v1",
        "https://h:443x/v1",
        "https://[::1/v1",
        "https://[::1]x/v1",
        "https://h h/v1",
        "https://h/v 1",
        "HTTPS://h/v1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_url(good[i], true);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_url(bad[i], false);
}

static void lists_may_stand_in_any_order(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d, "{'routes':[{" ROUTE_HEAD ",'base_url':'https://h/v1'}]," HEAD "}"),
        RESULT_INVALID); /* the comma at the end */
    documents_done(&d);
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d,
                                        "{'routes':[{" ROUTE_HEAD ",'base_url':'https://h/v1'}],"
                                        "'models':[{'id':'m','family':'f','version':'1',"
                                        "'quality_class':'balanced','capabilities':[]}],"
                                        "'accounts':[{'id':'a','provider':'p','owner':'o',"
                                        "'credential':'K'}],'providers':[{'id':'p'}]}"),
                     RESULT_OK);
    assert_text(d.catalog->routes[0].account->provider->id, "p");
    documents_done(&d);
}

static void names_all_faults_of_a_document_at_once(void **state)
{
    static const struct fault wanted[] = {
        {"", DIAGNOSTIC_BAD_NAME, "/providers/0/id"},
        {"", DIAGNOSTIC_MISSING_FIELD, "/accounts/0/credential"},
        {"", DIAGNOSTIC_UNKNOWN_NAME, "/models/0/quality_class"},
        {"", DIAGNOSTIC_DUPLICATE_NAME, "/models/1/id"},
        {"", DIAGNOSTIC_BAD_URL, "/routes/0/base_url"},
        {"", DIAGNOSTIC_UNKNOWN_NAME, "/accounts/0/provider"},
        {"", DIAGNOSTIC_UNKNOWN_NAME, "/routes/0/account"},
    };
    struct documents d;
    const struct diagnostic *each;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_catalog_text(&d,
                           "{'providers':[{'id':'p p'}],"
                           "'accounts':[{'id':'a','provider':'q','owner':'o'}],"
                           "'models':[{'id':'m','family':'f','version':'1','quality_class':'best',"
                           "'capabilities':[]},{'id':'m','family':'f','version':'1',"
                           "'quality_class':'frontier','capabilities':[]}],"
                           "'routes':[{'id':'r','model':'m','account':'none','region':'eu',"
                           "'endpoint_family':'openai-chat-completions','data_classes':[],"
                           "'base_url':'http://h'}]}"),
        RESULT_INVALID);
    each = d.diagnostics.first;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++, each = each->next) {
        assert_non_null(each);
        assert_int_equal(each->code, wanted[i].code);
        assert_text(each->pointer, wanted[i].pointer);
    }
    assert_null(each);
    documents_done(&d);
}

/* A document larger than today's largest public catalogs: every list of it, every kind of field. */
static char *make_large(unsigned models, unsigned vendors, unsigned routes)
{
    size_t size = 2 * 1024 * 1024, len = 0;
    char *text = malloc(size);

    assert_non_null(text);
#define PUT(...) len += (size_t)snprintf(text + len, size - len, __VA_ARGS__)
    PUT("{'providers':[");
    for (unsigned i = 0; i < vendors; i++)
        PUT("%s{'id':'vendor-%u'}", i ? "," : "", i);
    PUT("],'accounts':[");
    for (unsigned i = 0; i < vendors; i++)
        PUT("%s{'id':'account-%u','provider':'vendor-%u','owner':'o','spend_owner':'s',"
            "'quota_owner':'q','credential':'KEY_%u','ip_allow_list':['10.%u.0.0/16']}",
            i ? "," : "", i, i, i, i);
    PUT("],'profiles':{");
    for (unsigned i = 0; i < models / 10; i++)
        PUT("%s'profile-%u':['tools','json_mode','streaming']", i ? "," : "", i);
    PUT("},'models':[");
    for (unsigned i = 0; i < models; i++)
        PUT("%s{'id':'model-%u','family':'family-%u','version':'1','quality_class':'balanced',"
            "'profile':'profile-%u','context_tokens':128000,'max_output_tokens':16000,"
            "'strengths':[{'strength':'code','source':'a list, 2026'}]}",
            i ? "," : "", i, i / 7, i / 10);
    PUT("],'routes':[");
    for (unsigned i = 0; i < routes; i++)
        PUT("%s{'id':'route-%u','model':'model-%u','account':'account-%u','region':'eu',"
            "'endpoint_family':'openai-chat-completions','base_url':'https://v%u.example.com/v1',"
            "'data_classes':['internal','customer_content'],"
            "'prices':{'as_of':'2026-11-01','input':1.25,'cached_input':0.125,'output':10,"
            "'discount_percent':5,'steps':[{'above_input_tokens':200000,'input':2.5}]}}",
            i ? "," : "", i, i % models, i % vendors, i % vendors);
    PUT("]}");
#undef PUT
    assert_true(len < size);
    return text;
}

static void hundreds_of_models_load_at_once(void **state)
{
    char *text = make_large(700, 30, 1500);
    struct timespec start, end;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(parse_catalog_text(&d, text), RESULT_OK);
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("700 models, 30 vendors, 1500 routes, %zu bytes: %.1f ms\n", strlen(text),
                  (double)(end.tv_sec - start.tv_sec) * 1e3 +
                      (double)(end.tv_nsec - start.tv_nsec) / 1e6);
    assert_int_equal(d.catalog->routes_count, 1500);
    assert_text(find_route(&d, "route-1499")->model->id, "model-99");
    assert_int_equal(find_route(&d, "route-699")->price_pusd[UNIT_INPUT_TOKEN], 1187500);
    documents_done(&d);
    free(text);
}

static void starve(const char *path)
{
    size_t len = 0, bound = 0;
    char *bytes = file_read(path, &len);
    enum result result = RESULT_NO_MEMORY;

    assert_non_null(bytes);
    for (; result == RESULT_NO_MEMORY; bound += 48) {
        struct documents d;

        documents_init(&d, bound);
        result = catalog_parse((struct slice){bytes, len}, &d.arena, &d.diagnostics, &d.catalog);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        assert_int_equal(result == RESULT_OK, d.catalog != NULL);
        documents_done(&d);
    }
    assert_true(bound > len);
    free(bytes);
}

static void every_shortage_of_memory_is_reported_and_nothing_leaks(void **state)
{
    (void)state;
    starve("policies/catalog.json");
    starve("tests/fuzz/seeds/catalog/every_field");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_example_catalog),
        cmocka_unit_test(a_route_has_the_models_capabilities_less_what_it_lacks),
        cmocka_unit_test(what_is_not_said_has_a_documented_default),
        cmocka_unit_test(the_providers_own_name_is_among_the_reported_ones_once),
        cmocka_unit_test(overrides_are_kept_as_json_with_their_numbers_as_written),
        cmocka_unit_test(refuses_a_route_that_is_called_like_an_entry_without_one),
        cmocka_unit_test(refuses_what_a_route_cannot_be),
        cmocka_unit_test(a_secret_goes_by_https_or_stays_on_this_machine),
        cmocka_unit_test(lists_may_stand_in_any_order),
        cmocka_unit_test(names_all_faults_of_a_document_at_once),
        cmocka_unit_test(hundreds_of_models_load_at_once),
        cmocka_unit_test(every_shortage_of_memory_is_reported_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
