#include "core/chat.h"
#include "fixture.h"

struct row {
    const char *choice; /* inside "delta", or "message" */
    bool output;
};

static const struct row rows[] = {
    {"{\"role\":\"assistant\"}", false},
    {"{\"role\":\"assistant\",\"content\":\"\"}", false},
    {"{\"role\":\"assistant\",\"content\":null,\"refusal\":null}", false},
    {"{}", false},
    {"null", false},
    {"{\"tool_calls\":[]}", false},
    {"{\"content\":[]}", false},
    {"{\"audio\":{\"id\":\"a\",\"data\":\"\"}}", false},
    {"{\"annotations\":[{\"a\":1}],\"name\":\"x\"}", false},
    {"{\"content\":\"x\"}", true},
    {"{\"content\":\" \"}", true},
    {"{\"content\":\"\\u0000\"}", true},
    {"{\"reasoning_content\":\"x\"}", true},
    {"{\"reasoning\":\"x\"}", true},
    {"{\"refusal\":\"no\"}", true},
    {"{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}"
     "]}",
     true},
    {"{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}", true},
    {"{\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}", true},
    {"{\"audio\":{\"data\":\"AAAA\"}}", true},
    {"{\"audio\":{\"transcript\":\"hello\"}}", true},
    {"{\"images\":[{\"type\":\"image_url\"}]}", true},
    {"{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}", true},
};

static void read_json(struct fixture *f, struct chat_reading *reading, const char *json)
{
    static struct tool_call calls[TOOL_CALLS_MAX];

    if (!reading->arena) {
        reading->arena = &f->arena;
        reading->model_wanted = true;
        reading->tool_calls = calls;
    }
    output_chat_read(reading, f->scanner, fixture_pad(f, slice_of(json)));
}

static void knows_output_when_it_sees_it(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (unsigned whole = 0; whole < 2; whole++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct chat_reading reading = {.whole = whole};
            char json[512];

            snprintf(json, sizeof json, "{\"choices\":[{\"index\":0,\"%s\":%s}]}",
                     whole ? "message" : "delta", rows[i].choice);
            read_json(&f, &reading, json);
            if (reading.malformed || reading.output != rows[i].output)
                fail_msg("%s", json);
            assert_int_equal(reading.choices, 1);
        }
    }
    fixture_done(&f);
}

static void a_message_is_no_delta(void **state)
{
    struct chat_reading stream = {0}, whole = {.whole = true};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    read_json(&f, &stream, "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
    read_json(&f, &whole, "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}");
    assert_false(stream.output);
    assert_false(whole.output);
    fixture_done(&f);
}

static void collects_over_events(void **state)
{
    struct chat_reading reading = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    read_json(&f, &reading,
              "{\"model\":\"gpt-x-2026\",\"choices\":[{\"delta\":{\"content\":\"abcd\"}}]}");
    read_json(
        &f, &reading,
        "{\"model\":\"other\",\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"c1\",\"function\":"
        "{\"name\":\"f\",\"arguments\":\"ab\"}},{\"id\":\"c2\",\"type\":\"custom\",\"custom\":"
        "{\"name\":\"g\",\"input\":\"x\"}}]}}]}");
    read_json(&f, &reading,
              "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"cd\"}}]},"
              "\"finish_reason\":\"tool_calls\"}],\"usage\":null}");
    assert_slice(reading.model, "gpt-x-2026");
    assert_int_equal(reading.output_bytes, 9);
    assert_int_equal(reading.tool_calls_count, 2);
    assert_slice(reading.tool_calls[0].id, "c1");
    assert_slice(reading.tool_calls[0].name, "f");
    assert_slice(reading.tool_calls[1].name, "g");
    assert_int_equal(reading.finish, FINISH_TOOL_CALLS);
    assert_false(reading.usage_given);
    fixture_done(&f);
}

static void knows_finish_reasons(void **state)
{
    static const struct {
        const char *name;
        enum finish finish;
    } finishes[] = {
        {"\"stop\"", FINISH_STOP},
        {"\"length\"", FINISH_LENGTH},
        {"\"tool_calls\"", FINISH_TOOL_CALLS},
        {"\"function_call\"", FINISH_TOOL_CALLS},
        {"\"content_filter\"", FINISH_CONTENT_FILTER},
        {"\"error\"", FINISH_FAILURE},
        {"\"eos\"", FINISH_OTHER},
        {"\"\"", FINISH_UNSPECIFIED},
        {"null", FINISH_UNSPECIFIED},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof finishes / sizeof *finishes; i++) {
        struct chat_reading reading = {0};
        char json[256];

        snprintf(json, sizeof json, "{\"choices\":[{\"delta\":{},\"finish_reason\":%s}]}",
                 finishes[i].name);
        read_json(&f, &reading, json);
        assert_int_equal(reading.finish, finishes[i].finish);
    }
    fixture_done(&f);
}

static void a_refusal_that_stops_is_a_refusal(void **state)
{
    struct chat_reading reading = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    read_json(&f, &reading, "{\"choices\":[{\"delta\":{\"refusal\":\"I cannot\"}}]}");
    assert_int_equal(reading.finish, FINISH_UNSPECIFIED);
    read_json(&f, &reading, "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}");
    assert_int_equal(reading.finish, FINISH_REFUSAL);
    fixture_done(&f);
}

static void tells_broken_shapes(void **state)
{
    static const char *const broken[] = {
        "",
        "x",
        "[]",
        "{\"choices\":{}}",
        "{\"choices\":[3]}",
        "{\"choices\":[{\"delta\":3}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"x\"}",
        "{\"choices\":[{\"finish_reason\":3}]}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[3]}}]}",
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct chat_reading reading = {0};

        read_json(&f, &reading, broken[i]);
        if (!reading.malformed)
            fail_msg("%s", broken[i]);
    }
    fixture_done(&f);
}

static void counts_no_more_tool_calls_than_there_is_room(void **state)
{
    struct chat_reading reading = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < TOOL_CALLS_MAX + 3; i++)
        read_json(&f, &reading,
                  "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":"
                  "\"f\"}}]}}]}");
    assert_int_equal(reading.tool_calls_count, TOOL_CALLS_MAX);
    assert_true(reading.tool_calls_overflow);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_output_when_it_sees_it),
        cmocka_unit_test(a_message_is_no_delta),
        cmocka_unit_test(collects_over_events),
        cmocka_unit_test(knows_finish_reasons),
        cmocka_unit_test(a_refusal_that_stops_is_a_refusal),
        cmocka_unit_test(tells_broken_shapes),
        cmocka_unit_test(counts_no_more_tool_calls_than_there_is_room),
    };

    return cmocka_run_group_tests_name("edge/output", tests, NULL, NULL);
}
