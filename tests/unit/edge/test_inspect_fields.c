#include "fixture.h"

/* Every field with a value that its reader takes, or that it must refuse. */
static const struct {
    enum chat_field field;
    const char *value;
    bool taken;
} rows[] = {
    {CHAT_FIELD_STREAM, "true", true},
    {CHAT_FIELD_STREAM_OPTIONS, "{\"include_obfuscation\":false}", true},
    {CHAT_FIELD_MAX_TOKENS, "9", true},
    {CHAT_FIELD_MAX_COMPLETION_TOKENS, "9", true},
    {CHAT_FIELD_N, "1", true},
    {CHAT_FIELD_TOOLS, "[{\"type\":\"custom\"}]", true},
    {CHAT_FIELD_TOOL_CHOICE, "\"auto\"", true},
    {CHAT_FIELD_PARALLEL_TOOL_CALLS, "true", true},
    {CHAT_FIELD_FUNCTIONS, "[{}]", true},
    {CHAT_FIELD_FUNCTION_CALL, "\"none\"", true},
    {CHAT_FIELD_RESPONSE_FORMAT, "{\"type\":\"text\"}", true},
    {CHAT_FIELD_REASONING_EFFORT, "\"low\"", true},
    {CHAT_FIELD_LOGPROBS, "true", true},
    {CHAT_FIELD_TOP_LOGPROBS, "2", true},
    {CHAT_FIELD_MODALITIES, "[\"text\"]", true},
    {CHAT_FIELD_AUDIO, "{}", true},
    {CHAT_FIELD_SERVICE_TIER, "\"auto\"", true},
    {CHAT_FIELD_WEB_SEARCH_OPTIONS, "{}", true},
    {CHAT_FIELD_FREQUENCY_PENALTY, "0.5", true},
    {CHAT_FIELD_LOGIT_BIAS, "{\"50256\":-100}", true},
    {CHAT_FIELD_PRESENCE_PENALTY, "0.5", true},
    {CHAT_FIELD_SEED, "1", true},
    {CHAT_FIELD_STOP, "[\"a\"]", true},
    {CHAT_FIELD_TEMPERATURE, "0.7", true},
    {CHAT_FIELD_TOP_P, "0.9", true},
    {CHAT_FIELD_VERBOSITY, "\"low\"", true},
    {CHAT_FIELD_PREDICTION, "{\"type\":\"content\",\"content\":\"x\"}", true},
    {CHAT_FIELD_METADATA, "{\"a\":\"b\"}", true},
    {CHAT_FIELD_USER, "\"u\"", true},
    {CHAT_FIELD_SAFETY_IDENTIFIER, "\"u\"", true},
    {CHAT_FIELD_PROMPT_CACHE_KEY, "\"k\"", true},
    {CHAT_FIELD_PROMPT_CACHE_RETENTION, "\"24h\"", true},
    {CHAT_FIELD_TOP_K, "4", true},
    {CHAT_FIELD_MIN_P, "0.1", true},
    {CHAT_FIELD_TOP_A, "0.1", true},
    {CHAT_FIELD_REPETITION_PENALTY, "1.1", true},
    {CHAT_FIELD_RANDOM_SEED, "1", true},
    {CHAT_FIELD_SAFE_PROMPT, "true", true},
    {CHAT_FIELD_THINKING, "{}", true},
    {CHAT_FIELD_REASONING, "{}", true},
    {CHAT_FIELD_STORE, "false", true},
    {CHAT_FIELD_STORE, "true", false},
    {CHAT_FIELD_MODELS, "[]", false},
    {CHAT_FIELD_ROUTE, "\"fallback\"", false},
    {CHAT_FIELD_PROVIDER, "{}", false},
    {CHAT_FIELD_FALLBACKS, "[]", false},
    {CHAT_FIELD_TRANSFORMS, "[]", false},
    {CHAT_FIELD_PLUGINS, "[]", false},
    {CHAT_FIELD_PRESET, "\"p\"", false},
};

static void every_field_has_its_verdict(void **state)
{
    uint64_t seen = SET_OF(CHAT_FIELD_MODEL) | SET_OF(CHAT_FIELD_MESSAGES);
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[512];

        snprintf(body, sizeof body,
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}],\"%s\":%s}",
                 inspect_field_name(rows[i].field), rows[i].value);
        if (fixture_inspect(&f, slice_of(body)) != rows[i].taken)
            fail_msg("%s", body);
        seen |= SET_OF(rows[i].field);
    }
    assert_int_equal(seen, SET_OF(CHAT_FIELD_END) - 1);
    fixture_done(&f);
}

static void a_null_counts_as_absent(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (unsigned field = CHAT_FIELD_STREAM; field < CHAT_FIELD_END; field++) {
        char body[512];

        snprintf(body, sizeof body,
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}],\"%s\":null}",
                 inspect_field_name(field));
        assert_true(fixture_inspect(&f, slice_of(body)));
        assert_int_equal(f.request.facts.needs, 0);
        assert_int_equal(f.request.facts.provider_parameters.count, 0);
    }
    fixture_done(&f);
}

static void every_field_may_stand_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (unsigned field = CHAT_FIELD_STREAM; field < CHAT_FIELD_END; field++) {
        const char *name = inspect_field_name(field);
        char body[512];

        snprintf(body, sizeof body,
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}],\"%s\":null,\"%s\":null}",
                 name, name);
        assert_false(fixture_inspect(&f, slice_of(body)));
        assert_string_equal(f.refusal.code, "duplicate_parameter");
    }
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_verdict),
        cmocka_unit_test(a_null_counts_as_absent),
        cmocka_unit_test(every_field_may_stand_once),
    };

    return cmocka_run_group_tests_name("edge/inspect_fields", tests, NULL, NULL);
}
