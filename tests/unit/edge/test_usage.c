#include "core/chat.h"
#include "fixture.h"

static struct usage read_usage(const char *usage, bool *ret_given)
{
    struct chat_reading reading = {.whole = true};
    struct fixture f;
    char body[1024];

    fixture_init(&f);
    snprintf(body, sizeof body, "{\"choices\":[],\"usage\":%s}", usage);
    reading.arena = &f.arena;
    output_chat_read(&reading, f.scanner, fixture_pad(&f, slice_of(body)));
    assert_false(reading.malformed);
    *ret_given = reading.usage_given;
    fixture_done(&f);
    return reading.usage;
}

static void takes_parts_out_of_totals(void **state)
{
    bool given;
    struct usage usage =
        read_usage("{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150,"
                   "\"prompt_tokens_details\":{\"cached_tokens\":30,\"cache_write_tokens\":10,"
                   "\"audio_tokens\":0},"
                   "\"completion_tokens_details\":{\"reasoning_tokens\":20}}",
                   &given);

    (void)state;
    assert_true(given);
    assert_int_equal(usage.amounts[UNIT_INPUT_TOKEN], 60);
    assert_int_equal(usage.amounts[UNIT_CACHED_INPUT_TOKEN], 30);
    assert_int_equal(usage.amounts[UNIT_CACHE_WRITE_TOKEN], 10);
    assert_int_equal(usage.amounts[UNIT_OUTPUT_TOKEN], 30);
    assert_int_equal(usage.amounts[UNIT_REASONING_TOKEN], 20);
    assert_int_equal(usage.amounts[UNIT_REQUEST], 0);
}

static void what_is_missing_or_strange_is_nothing(void **state)
{
    bool given;
    struct usage usage =
        read_usage("{\"prompt_tokens\":null,\"completion_tokens\":7,\"prompt_tokens_details\":null,"
                   "\"completion_tokens_details\":{\"reasoning_tokens\":1.5},\"cost\":{\"a\":[1]}}",
                   &given);

    (void)state;
    assert_true(given);
    assert_int_equal(usage.amounts[UNIT_INPUT_TOKEN], 0);
    assert_int_equal(usage.amounts[UNIT_OUTPUT_TOKEN], 7);
    assert_int_equal(usage.amounts[UNIT_REASONING_TOKEN], 0);
}

static void parts_larger_than_totals_do_not_wrap(void **state)
{
    bool given;
    struct usage usage = read_usage("{\"prompt_tokens\":5,\"completion_tokens\":5,"
                                    "\"prompt_tokens_details\":{\"cached_tokens\":9},"
                                    "\"completion_tokens_details\":{\"reasoning_tokens\":9}}",
                                    &given);

    (void)state;
    assert_int_equal(usage.amounts[UNIT_INPUT_TOKEN], 0);
    assert_int_equal(usage.amounts[UNIT_OUTPUT_TOKEN], 0);
}

static void null_is_not_given(void **state)
{
    bool given;

    (void)state;
    read_usage("null", &given);
    assert_false(given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_parts_out_of_totals),
        cmocka_unit_test(what_is_missing_or_strange_is_nothing),
        cmocka_unit_test(parts_larger_than_totals_do_not_wrap),
        cmocka_unit_test(null_is_not_given),
    };

    return cmocka_run_group_tests_name("edge/usage", tests, NULL, NULL);
}
