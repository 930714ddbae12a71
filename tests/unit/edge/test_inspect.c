#include "base/digest.h"
#include "fixture.h"

#define HEAD "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void takes(const char *rest, struct fixture *fixture)
{
    char body[2048];

    snprintf(body, sizeof body, HEAD "%s}", rest);
    if (!fixture_inspect(fixture, slice_of(body)))
        fail_msg("refused: %s (%.*s)", rest, (int)fixture->refusal.message.len,
                 fixture->refusal.message.ptr);
}

static void refuses(struct fixture *fixture, const char *body, const char *code, const char *param)
{
    if (fixture_inspect(fixture, slice_of(body)))
        fail_msg("taken: %s", body);
    assert_int_equal(fixture->refusal.status, 400);
    assert_string_equal(fixture->refusal.type, "invalid_request_error");
    if (strcmp(fixture->refusal.code, code) != 0)
        fail_msg("%s: %s, not %s", body, fixture->refusal.code, code);
    assert_slice(fixture->refusal.param, param);
    assert_true(fixture->refusal.message.len > 0);
}

static void takes_the_smallest_request(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    takes("", &f);
    assert_slice(f.request.facts.requested_model, "m");
    assert_int_equal(f.request.facts.family, FAMILY_OPENAI_CHAT_COMPLETIONS);
    assert_false(f.request.facts.stream);
    assert_int_equal(f.request.facts.needs, 0);
    assert_int_equal(f.request.facts.body_bytes, f.request.body.len);
    assert_int_equal(f.request.facts.input_tokens_estimate, (f.request.body.len + 3) / 4);
    assert_slice(f.request.facts.estimator, "bytes/4");
    assert_slice(f.request.model_token, "\"m\"");
    fixture_done(&f);
}

static void turns_fields_into_needs(void **state)
{
    static const struct {
        const char *rest;
        uint64_t needs;
    } rows[] = {
        {",\"stream\":true", SET_OF(NEED_STREAMING)},
        {",\"stream\":false", 0},
        {",\"stream\":true,\"stream_options\":{\"include_usage\":true}",
         SET_OF(NEED_STREAMING) | SET_OF(NEED_STREAM_USAGE)},
        {",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", SET_OF(NEED_TOOLS)},
        {",\"tools\":[]", 0},
        {",\"functions\":[{\"name\":\"f\"}]", SET_OF(NEED_TOOLS)},
        {",\"tool_choice\":\"auto\"", 0},
        {",\"tool_choice\":\"none\"", 0},
        {",\"tool_choice\":\"required\"", SET_OF(NEED_FORCED_TOOL_CHOICE)},
        {",\"tool_choice\":{\"type\":\"function\"}", SET_OF(NEED_FORCED_TOOL_CHOICE)},
        {",\"function_call\":{\"name\":\"f\"}", SET_OF(NEED_FORCED_TOOL_CHOICE)},
        {",\"parallel_tool_calls\":true", SET_OF(NEED_PARALLEL_TOOLS)},
        {",\"parallel_tool_calls\":false", 0},
        {",\"response_format\":{\"type\":\"text\"}", 0},
        {",\"response_format\":{\"type\":\"json_object\"}", SET_OF(NEED_JSON_MODE)},
        {",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"type\":1}}",
         SET_OF(NEED_JSON_SCHEMA_STRICT)},
        {",\"reasoning_effort\":\"high\"", SET_OF(NEED_REASONING)},
        {",\"reasoning_effort\":\"none\"", 0},
        {",\"logprobs\":true", SET_OF(NEED_LOG_PROBABILITIES)},
        {",\"logprobs\":false", 0},
        {",\"top_logprobs\":3", SET_OF(NEED_LOG_PROBABILITIES)},
        {",\"n\":1", 0},
        {",\"n\":2", SET_OF(NEED_MULTIPLE_CHOICES)},
        {",\"modalities\":[\"text\",\"audio\"]", SET_OF(NEED_AUDIO)},
        {",\"audio\":{\"voice\":\"x\"}", SET_OF(NEED_AUDIO)},
        {",\"tools\":null,\"n\":null,\"stream\":null,\"store\":null,\"models\":null", 0},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        takes(rows[i].rest, &f);
        if (f.request.facts.needs != rows[i].needs)
            fail_msg("%s: needs %llx", rows[i].rest, (unsigned long long)f.request.facts.needs);
    }
    fixture_done(&f);
}

static void sees_what_messages_hold(void **state)
{
    static const struct {
        const char *messages;
        uint64_t needs;
        uint64_t bound;
        bool tool_loop;
    } rows[] = {
        {"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}", 0, 0, false},
        {"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}",
         SET_OF(NEED_VISION), 0, false},
        {"{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{}}]}",
         SET_OF(NEED_AUDIO), 0, false},
        {"{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"x\"}}]}",
         SET_OF(NEED_FILES), 0, false},
        {"{\"content\":[{\"file\":{\"file_id\":\"f\"},\"type\":\"file\"}],\"role\":\"user\"}",
         SET_OF(NEED_FILES), SET_OF(BOUND_STATE_FILE_IDS), false},
        {"{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"4\"}", 0, 0, true},
        {"{\"role\":\"function\",\"name\":\"c\",\"content\":\"4\"}", 0, 0, true},
        {"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]}", 0, 0, false},
        {"{\"role\":\"assistant\",\"audio\":{\"id\":\"a\"}}", SET_OF(NEED_AUDIO),
         SET_OF(BOUND_STATE_PREVIOUS_RESPONSE), false},
        {"{\"role\":\"assistant\",\"reasoning_details\":[{}]}", 0,
         SET_OF(BOUND_STATE_ENCRYPTED_REASONING), false},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[1024];

        snprintf(body, sizeof body, "{\"messages\":[%s],\"model\":\"m\"}", rows[i].messages);
        if (!fixture_inspect(&f, slice_of(body)))
            fail_msg("refused: %s: %.*s", body, (int)f.refusal.message.len, f.refusal.message.ptr);
        assert_int_equal(f.request.facts.needs, rows[i].needs);
        assert_int_equal(f.request.facts.bound_state, rows[i].bound);
        assert_int_equal(f.request.facts.tool_loop, rows[i].tool_loop);
    }
    fixture_done(&f);
}

static void reads_limits_and_tiers(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    takes(",\"max_tokens\":77", &f);
    assert_int_equal(f.request.facts.max_output_tokens, 77);
    takes(",\"max_completion_tokens\":78,\"max_tokens\":null", &f);
    assert_int_equal(f.request.facts.max_output_tokens, 78);
    takes(",\"n\":3", &f);
    assert_int_equal(f.request.facts.choices, 3);
    takes(",\"service_tier\":\"default\"", &f);
    assert_int_equal(f.request.facts.service_tier.len, 0);
    takes(",\"service_tier\":\"flex\"", &f);
    assert_slice(f.request.facts.service_tier, "flex");
    takes(",\"top_k\":4,\"thinking\":{}", &f);
    assert_int_equal(f.request.facts.provider_parameters.count, 2);
    assert_slice(f.request.facts.provider_parameters.items[0], "top_k");
    assert_slice(f.request.facts.provider_parameters.items[1], "thinking");
    fixture_done(&f);
}

static const struct {
    const char *body;
    const char *code;
    const char *param;
} refused[] = {
    {"", "invalid_json", ""},
    {"{", "invalid_json", ""},
    {"[]", "invalid_json", ""},
    {"\"text\"", "invalid_json", ""},
    {HEAD "}x", "invalid_json", ""},
    {HEAD ",\"seed\":}", "invalid_json", ""},
    {"{}", "missing_required_parameter", "model"},
    {"{\"model\":\"m\"}", "missing_required_parameter", "messages"},
    {"{\"messages\":[{\"role\":\"user\"}]}", "missing_required_parameter", "model"},
    {"{\"model\":null,\"messages\":[]}", "invalid_type", "model"},
    {"{\"model\":3,\"messages\":[]}", "invalid_type", "model"},
    {"{\"model\":\"\",\"messages\":[]}", "invalid_value", "model"},
    {"{\"model\":\"m\",\"messages\":[]}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":null}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":{}}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[3]}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[{}]}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":3}]}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":3}]}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":[{}]}]}", "invalid_type",
     "messages"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":[{\"type\":\"video_url\"}]}]}",
     "invalid_value", "messages"},
    {HEAD ",\"model\":\"other\"}", "duplicate_parameter", "model"},
    {HEAD ",\"mod\\u0065l\":\"other\"}", "duplicate_parameter", "model"},
    {HEAD ",\"seed\":1,\"seed\":2}", "duplicate_parameter", "seed"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"r\\u006fle\":\"tool\"}]}",
     "duplicate_parameter", "messages"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":[{\"type\":\"text\",\"type\":"
     "\"file\"}]}]}",
     "duplicate_parameter", "messages"},
    {HEAD ",\"response_format\":{\"type\":\"text\",\"type\":\"json_object\"}}",
     "duplicate_parameter", "response_format"},
    {HEAD ",\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}",
     "duplicate_parameter", "stream_options"},
    {HEAD ",\"tools\":[{\"type\":\"function\",\"type\":\"x\"}]}", "duplicate_parameter", "tools"},
    {HEAD ",\"unheard_of\":1}", "unknown_parameter", "unheard_of"},
    {HEAD ",\"stream_options\":{\"other\":true}}", "unknown_parameter", "stream_options"},
    {HEAD ",\"stream_options\":3}", "invalid_type", "stream_options"},
    {HEAD ",\"stream\":\"true\"}", "invalid_type", "stream"},
    {HEAD ",\"n\":0}", "invalid_type", "n"},
    {HEAD ",\"n\":1.5}", "invalid_type", "n"},
    {HEAD ",\"n\":129}", "invalid_type", "n"},
    {HEAD ",\"max_tokens\":0}", "invalid_type", "max_tokens"},
    {HEAD ",\"max_tokens\":-1}", "invalid_type", "max_tokens"},
    {HEAD ",\"max_tokens\":1,\"max_completion_tokens\":1}", "invalid_value",
     "max_completion_tokens"},
    {HEAD ",\"tools\":{}}", "invalid_type", "tools"},
    {HEAD ",\"tools\":[{\"type\":\"web_search\"}]}", "invalid_value", "tools"},
    {HEAD ",\"response_format\":{\"type\":\"grammar\"}}", "invalid_value", "response_format"},
    {HEAD ",\"modalities\":[\"video\"]}", "invalid_value", "modalities"},
    {HEAD ",\"store\":true}", "unsupported_parameter", "store"},
    {HEAD ",\"models\":[\"a\",\"b\"]}", "unsupported_parameter", "models"},
    {HEAD ",\"route\":\"fallback\"}", "unsupported_parameter", "route"},
    {HEAD ",\"provider\":{}}", "unsupported_parameter", "provider"},
    {HEAD ",\"fallbacks\":[]}", "unsupported_parameter", "fallbacks"},
    {HEAD ",\"transforms\":[]}", "unsupported_parameter", "transforms"},
};

static void refuses_with_the_place(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        refuses(&f, refused[i].body, refused[i].code, refused[i].param);
    fixture_done(&f);
}

static void remembers_where_values_stand(void **state)
{
    static const char body[] = "{ \"model\" : \"m\" ,\"messages\":[{\"role\":\"user\"}],"
                               "\"max_tokens\": 5,\"stream_options\":{\"include_usage\":false}}";
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_true(fixture_inspect(&f, slice_of(body)));
    assert_int_equal(f.request.value_at[CHAT_FIELD_MODEL], strchr(body, ':') + 2 - body);
    assert_int_equal(f.request.value_at[CHAT_FIELD_MAX_TOKENS], strstr(body, "5") - body);
    assert_int_equal(f.request.include_usage_at, strstr(body, "false") - body);
    assert_int_equal(f.request.value_at[CHAT_FIELD_SEED], 0);
    fixture_done(&f);
}

static void takes_the_digest_of_the_tools_as_they_stand(void **state)
{
    /* Of the bytes between and with the brackets, or nothing. */
    static const struct {
        const char *rest, *tools;
    } rows[] = {
        {"", NULL},
        {",\"tools\":null", NULL},
        {",\"functions\":[{\"name\":\"f\"}]", NULL},
        {",\"tools\":[]", "[]"},
        {",\"tools\" :  [ {\"type\":\"function\", \"function\":{\"name\":\"f\"}} ] ,\"n\":1",
         "[ {\"type\":\"function\", \"function\":{\"name\":\"f\"}} ]"},
        {",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f]\"}}]",
         "[{\"type\":\"function\",\"function\":{\"name\":\"f]\"}}]"},
        {",\"\\u0074ools\":[{\"type\":\"custom\"}]\n", "[{\"type\":\"custom\"}]"},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice found;
        struct digest expected;

        takes(rows[i].rest, &f);
        found = f.request.facts.tool_digest;
        if (!rows[i].tools) {
            assert_int_equal(found.len, 0);
            continue;
        }
        digest_sha256(slice_of(rows[i].tools), &expected);
        if (found.len != DIGEST_BYTES || memcmp(found.ptr, expected.bytes, DIGEST_BYTES) != 0)
            fail_msg("%s", rows[i].rest);
    }
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_smallest_request),
        cmocka_unit_test(turns_fields_into_needs),
        cmocka_unit_test(sees_what_messages_hold),
        cmocka_unit_test(reads_limits_and_tiers),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(remembers_where_values_stand),
        cmocka_unit_test(takes_the_digest_of_the_tools_as_they_stand),
    };

    return cmocka_run_group_tests_name("edge/inspect", tests, NULL, NULL);
}
