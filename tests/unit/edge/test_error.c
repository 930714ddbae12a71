#include "core/chat.h"
#include "fixture.h"

static const struct {
    const char *body;
    bool given;
    const char *type, *code, *detail, *param, *message;
} rows[] = {
    {"{\"error\":{\"message\":\"m\",\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_"
     "exceeded\"}}",
     true, "requests", "rate_limit_exceeded", "", "", "m"},
    {"{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":\"tools\","
     "\"code\":null}}",
     true, "invalid_request_error", "", "", "tools", "m"},
    {"{\"error\":\"plain\"}", true, "", "", "", "", "plain"},
    {"{\"error\":{\"code\":402,\"message\":\"m\",\"metadata\":{\"reason\":\"openrouter_credits\"}}"
     "}",
     true, "", "402", "openrouter_credits", "", "m"},
    {"{\"error\":{\"code\":\"content_filter\",\"innererror\":{\"code\":"
     "\"ResponsibleAIPolicyViolation\"}}}",
     true, "", "content_filter", "ResponsibleAIPolicyViolation", "", ""},
    {"{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":\"enforced_spend_limit_"
     "reached\"}}}",
     true, "rate_limit_error", "", "enforced_spend_limit_reached", "", ""},
    {"{\"error\":{\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"@type\":\"x\"},{\"reason\":\"API_"
     "KEY_INVALID\"}]}}",
     true, "INVALID_ARGUMENT", "", "API_KEY_INVALID", "", ""},
    {"{\"message\":\"top\",\"code\":\"c\"}", true, "", "c", "", "", "top"},
    {"{\"error\":null}", true, "", "", "", "", ""},
    {"<html>502</html>", false, "", "", "", "", ""},
    {"", false, "", "", "", "", ""},
};

static void reads_what_providers_send(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provider_error error = {0};

        error_chat_read_body(&error, &f.arena, f.scanner, fixture_pad(&f, slice_of(rows[i].body)));
        assert_int_equal(error.given, rows[i].given);
        assert_slice(error.type, rows[i].type);
        assert_slice(error.code, rows[i].code);
        assert_slice(error.detail, rows[i].detail);
        assert_slice(error.param, rows[i].param);
        assert_slice(error.message, rows[i].message);
    }
    fixture_done(&f);
}

static void cuts_long_messages_between_characters(void **state)
{
    struct provider_error error = {0};
    struct fixture f;
    struct buf body;

    (void)state;
    fixture_init(&f);
    buf_init(&body, 8192);
    buf_put_text(&body, "{\"error\":{\"message\":\"x");
    for (unsigned i = 0; i < 600; i++)
        buf_put_text(&body, "\xc3\xa9");
    buf_put_text(&body, "\"}}");
    error_chat_read_body(&error, &f.arena, f.scanner, fixture_pad(&f, buf_slice(&body)));
    assert_int_equal(error.message.len, ERROR_MESSAGE_BYTES_MAX - 1);
    buf_done(&body);
    fixture_done(&f);
}

static void writes_the_familys_shape(void **state)
{
    const struct error_text error = {.message = SLICE_LITERAL("say \"no\""),
                                     .type = SLICE_LITERAL("server_error"),
                                     .code = SLICE_LITERAL("timeout")};
    struct buf buf;

    (void)state;
    buf_init(&buf, 1024);
    error_chat_write(&buf, &error);
    assert_slice(buf_slice(&buf),
                 "{\"error\":{\"message\":\"say \\\"no\\\"\",\"type\":\"server_error\","
                 "\"param\":null,\"code\":\"timeout\"}}");
    buf_clear(&buf);
    error_chat_write_event(&buf, &error);
    assert_memory_equal(buf.ptr, "data: {\"error\":", 15);
    assert_memory_equal(buf.ptr + buf.len - 3, "}\n\n", 3);
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_providers_send),
        cmocka_unit_test(cuts_long_messages_between_characters),
        cmocka_unit_test(writes_the_familys_shape),
    };

    return cmocka_run_group_tests_name("edge/error", tests, NULL, NULL);
}
