#include "core/rewrite.h"
#include "fixture.h"

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9 \\\" }{ ,\"}]"

struct row {
    const char *body;
    const char *overrides;
    uint64_t cap;
    const char *expected;
};

static const struct row rows[] = {
    {"{\"model\":\"a\"," MESSAGES "}", "", 0, "{\"model\":\"route-model\"," MESSAGES "}"},
    {" {\n \"model\" : \"a\" ,\t" MESSAGES " } \n", "", 0,
     " {\n \"model\" : \"route-model\" ,\t" MESSAGES " } \n"},
    {"{\"mod\\u0065l\":\"\\u0061\"," MESSAGES "}", "", 0,
     "{\"mod\\u0065l\":\"route-model\"," MESSAGES "}"},
    /* the cap */
    {"{\"model\":\"a\"," MESSAGES "}", "", 50,
     "{\"max_completion_tokens\":50,\"model\":\"route-model\"," MESSAGES "}"},
    {"{\"model\":\"a\",\"max_tokens\":100," MESSAGES "}", "", 50,
     "{\"model\":\"route-model\",\"max_tokens\":50," MESSAGES "}"},
    {"{\"model\":\"a\",\"max_tokens\":40 ," MESSAGES "}", "", 50,
     "{\"model\":\"route-model\",\"max_tokens\":40 ," MESSAGES "}"},
    {"{\"max_completion_tokens\":null,\"model\":\"a\"," MESSAGES "}", "", 50,
     "{\"max_completion_tokens\":50,\"model\":\"route-model\"," MESSAGES "}"},
    /* overrides */
    {"{\"model\":\"a\",\"temperature\":1.5," MESSAGES "}", "{\"temperature\":0.2}", 0,
     "{\"model\":\"route-model\",\"temperature\":0.2," MESSAGES "}"},
    {"{\"model\":\"a\"," MESSAGES "}", "{\"top_k\":[1,{\"a\":\"}\"}],\"x\":\"\\\"\"}", 0,
     "{\"top_k\":[1,{\"a\":\"}\"}],\"x\":\"\\\"\",\"model\":\"route-model\"," MESSAGES "}"},
    {"{\"model\":\"a\",\"stop\":[\"]\",\"\\\\\"]," MESSAGES "}", "{\"stop\":null}", 0,
     "{\"model\":\"route-model\",\"stop\":null," MESSAGES "}"},
    {"{\"model\":\"a\"," MESSAGES "}", "{\"max_tokens\":30}", 50,
     "{\"max_tokens\":30,\"model\":\"route-model\"," MESSAGES "}"},
    {"{\"model\":\"a\"," MESSAGES "}", "{\"max_tokens\":300}", 50,
     "{\"max_tokens\":50,\"model\":\"route-model\"," MESSAGES "}"},
    {"{\"model\":\"a\",\"max_completion_tokens\":9," MESSAGES "}", "{\"max_tokens\":300}", 50,
     "{\"model\":\"route-model\",\"max_completion_tokens\":50," MESSAGES "}"},
    /* usage on streams */
    {"{\"model\":\"a\",\"stream\":true," MESSAGES "}", "", 0,
     "{\"stream_options\":{\"include_usage\":true},\"model\":\"route-model\",\"stream\":"
     "true," MESSAGES "}"},
    {"{\"model\":\"a\",\"stream\":true,\"stream_options\":null," MESSAGES "}", "", 0,
     "{\"model\":\"route-model\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
     "," MESSAGES "}"},
    {"{\"model\":\"a\",\"stream\":true,\"stream_options\":{ }," MESSAGES "}", "", 0,
     "{\"model\":\"route-model\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
     "," MESSAGES "}"},
    {"{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_usage\":false}," MESSAGES "}",
     "", 0,
     "{\"model\":\"route-model\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
     "," MESSAGES "}"},
    {"{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}," MESSAGES
     "}",
     "", 0,
     "{\"model\":\"route-model\",\"stream\":true,\"stream_options\":{\"include_usage\":true,"
     "\"include_obfuscation\":false}," MESSAGES "}"},
    {"{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_usage\":true}," MESSAGES "}",
     "", 0,
     "{\"model\":\"route-model\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
     "," MESSAGES "}"},
    /* all at once */
    {"{\"seed\":1,\"stream\":true," MESSAGES ",\"model\":\"a\",\"max_tokens\":9}",
     "{\"seed\":22,\"top_k\":3}", 5,
     "{\"top_k\":3,\"stream_options\":{\"include_usage\":true},\"seed\":22,\"stream\":"
     "true," MESSAGES ",\"model\":\"route-model\",\"max_tokens\":5}"},
};

static enum result rewrite(struct fixture *f, const char *overrides, uint64_t cap, struct buf *body)
{
    struct decision decision = {
        .route = {.model = SLICE_LITERAL("route-model"), .overrides = slice_of(overrides)},
        .output_tokens_cap = cap,
    };

    return rewrite_chat(&f->request, &decision, f->scanner, body);
}

static void changes_nothing_but_what_it_must(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf body;

        buf_init(&body, 4096);
        assert_true(fixture_inspect(&f, slice_of(rows[i].body)));
        assert_int_equal(rewrite(&f, rows[i].overrides, rows[i].cap, &body), RESULT_OK);
        if (!slice_is(buf_slice(&body), rows[i].expected))
            fail_msg("%zu\nfound    %.*s\nexpected %s", i, (int)body.len, body.ptr,
                     rows[i].expected);
        buf_done(&body);
    }
    fixture_done(&f);
}

static void what_it_wrote_can_be_read_again(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf body;

        if (strstr(rows[i].overrides, "\"x\"")) /* a field that clients may not send */
            continue;
        buf_init(&body, 4096);
        assert_true(fixture_inspect(&f, slice_of(rows[i].body)));
        assert_int_equal(rewrite(&f, rows[i].overrides, rows[i].cap, &body), RESULT_OK);
        assert_true(fixture_inspect(&f, buf_slice(&body)));
        assert_slice(f.request.facts.requested_model, "route-model");
        if (rows[i].cap)
            assert_true(f.request.facts.max_output_tokens <= rows[i].cap);
        assert_int_equal(f.request.usage_asked, f.request.facts.stream);
        buf_done(&body);
    }
    fixture_done(&f);
}

static void escapes_a_strange_model_name(void **state)
{
    struct decision decision = {.route = {.model = SLICE_LITERAL("a\"b\\c\n")}};
    struct fixture f;
    struct buf body;

    (void)state;
    fixture_init(&f);
    buf_init(&body, 4096);
    assert_true(fixture_inspect(&f, SLICE_LITERAL("{\"model\":\"a\"," MESSAGES "}")));
    assert_int_equal(rewrite_chat(&f.request, &decision, f.scanner, &body), RESULT_OK);
    assert_true(fixture_inspect(&f, buf_slice(&body)));
    assert_slice(f.request.facts.requested_model, "a\"b\\c\n");
    buf_done(&body);
    fixture_done(&f);
}

static void refuses_overrides_that_are_not_its_to_carry_out(void **state)
{
    static const char *const overrides[] = {
        "{\"model\":\"x\"}",
        "{\"messages\":[]}",
        "{\"stream\":true}",
        "{\"stream_options\":{}}",
        "{\"max_tokens\":\"x\"}",
        "[]",
        "{",
        "{\"max_tokens\":0}",
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
        struct buf body;

        buf_init(&body, 4096);
        assert_true(fixture_inspect(&f, SLICE_LITERAL("{\"model\":\"a\"," MESSAGES "}")));
        assert_int_equal(rewrite(&f, overrides[i], 0, &body), RESULT_INVALID);
        buf_done(&body);
    }
    fixture_done(&f);
}

static void stays_within_the_buffers_maximum(void **state)
{
    struct fixture f;
    struct buf body;

    (void)state;
    fixture_init(&f);
    buf_init(&body, 16);
    assert_true(fixture_inspect(&f, SLICE_LITERAL("{\"model\":\"a\"," MESSAGES "}")));
    assert_int_equal(rewrite(&f, "", 0, &body), RESULT_NO_MEMORY);
    buf_done(&body);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_nothing_but_what_it_must),
        cmocka_unit_test(what_it_wrote_can_be_read_again),
        cmocka_unit_test(escapes_a_strange_model_name),
        cmocka_unit_test(refuses_overrides_that_are_not_its_to_carry_out),
        cmocka_unit_test(stays_within_the_buffers_maximum),
    };

    return cmocka_run_group_tests_name("edge/rewrite", tests, NULL, NULL);
}
