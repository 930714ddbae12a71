/* A start: what serves is read as earlier deciders wrote it, and what was altered is not served. */
#include "store/layout.h"
#include "unit/service/activation_fixture.h"

static void put_row(struct fixture *f, enum store_table table, struct slice key, struct slice value)
{
    struct store_write write = {.ops_count = 1, .ops = {{STORE_OP_PUT, table, key, value}}};

    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
}

/* As a decider of before wrote it: no record, no number. */
static void what_served_before_activations_were_numbered_serves_and_can_come_back(void **state)
{
    struct fixture *f = *state;
    struct store_key place = layout_active(SLICE_LITERAL("w"), SLICE_LITERAL("e"));
    struct store_key version = layout_policy(SLICE_LITERAL("p"), 1);
    struct activation_summary summary;

    put_row(f, STORE_TABLE_ACTIVE, store_key_slice(&place), store_key_slice(&version));
    fixture_reopen(f);
    check_serving(f, 1, 0, 0);
    assert_int_equal(try_roll_back(f, ""), RESULT_PRECONDITION);
    assert_int_equal(try_roll_back(f, "0"), RESULT_PRECONDITION);
    summary = activate(f, 2, 10);
    assert_int_equal(summary.number, 2);
    fixture_reopen(f);
    check_serving(f, 1, 2, 10);
    activate(f, 2, 100);
    fixture_reopen(f);
    assert_int_equal(roll_back(f).active.version, 1);
    assert_int_equal(try_roll_back(f, ""), RESULT_PRECONDITION);
}

static void an_active_row_that_was_altered_ends_the_start(void **state)
{
    struct fixture *f = *state;
    struct store_key place = layout_active(SLICE_LITERAL("w"), SLICE_LITERAL("e"));
    const struct service_options options = {
        .directory = f->directory, .map_bytes = f->map_bytes, .token_file = f->token_file};
    struct service_error error = {""};
    struct service *service;

    put_row(f, STORE_TABLE_ACTIVE, store_key_slice(&place), SLICE_LITERAL("\1not a record"));
    fixture_close(f);
    assert_int_equal(service_open(&options, &service, &error), RESULT_CORRUPT);
    assert_non_null(strstr(error.text, "active policy"));
}

/* Such as one that stricter rules of a newer program do not let pass. */
static void an_active_policy_that_does_not_compile_ends_the_start_and_says_why(void **state)
{
    static char text[65536];
    struct fixture *f = *state;
    struct slice whole = fixture_file(f, "policies/catalog.json");
    struct store_key place = layout_active(SLICE_LITERAL("w"), SLICE_LITERAL("e"));
    struct store_key version = layout_policy(SLICE_LITERAL("p"), 1);
    const struct service_options options = {
        .directory = f->directory, .map_bytes = f->map_bytes, .token_file = f->token_file};
    struct service_error error = {""};
    struct service *service;
    char *at;

    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = '\0';
    at = strstr(text, "\"id\": \"demo-at-mock-a\"");
    assert_non_null(at);
    memcpy(at, "\"id\": \"gone", 11);
    fixture_publish_catalog(f, slice_of(text));
    put_row(f, STORE_TABLE_ACTIVE, store_key_slice(&place), store_key_slice(&version));
    fixture_close(f);
    assert_int_equal(service_open(&options, &service, &error), RESULT_CORRUPT);
    assert_string_equal(error.text, "policy p version 1 cannot be loaded: unknown_name at "
                                    "/primary_route/route");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_served_before_activations_were_numbered_serves_and_can_come_back),
        TEST(an_active_row_that_was_altered_ends_the_start),
        TEST(an_active_policy_that_does_not_compile_ends_the_start_and_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
