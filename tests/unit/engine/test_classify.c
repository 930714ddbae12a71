/* Raw outcomes to failure classes: every row that providers are known to say, and every way in
 * which a response can fail without saying anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/classify.h"

struct outcome {
    enum family family;
    const char *provider;
    enum failure failure;
    const char *rule;
    struct report report;
};

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define SHOWN .output_seen = true, .output_visible = true
#define C(family, provider, status, failure, rule, ...)                                            \
    {FAMILY_##family,                                                                              \
     provider,                                                                                     \
     FAILURE_##failure,                                                                            \
     rule,                                                                                         \
     {.transport = TRANSPORT_COMPLETED, .http_status = status, __VA_ARGS__}},

static const struct outcome openai_outcomes[] = {
#include "classify_openai.def"
};
static const struct outcome other_outcomes[] = {
#include "classify_others.def"
};

static void assert_outcomes(const struct outcome *outcomes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outcome *outcome = &outcomes[i];
        struct classification made =
            classify(&outcome->report, outcome->family, slice_of(outcome->provider), true);
        bool inside = outcome->report.http_status == 200;

        if (made.failure != outcome->failure || !slice_is(made.rule, outcome->rule))
            fail_msg("row %zu, rule %s: %s by %.*s", i, outcome->rule,
                     signalbox_failure_name(made.failure), (int)made.rule.len, made.rule.ptr);
        assert_int_equal(made.refusal, inside && made.failure == FAILURE_SAFETY_BLOCK);
    }
}

static void knows_what_openai_and_its_like_say(void **state)
{
    (void)state;
    assert_outcomes(openai_outcomes, sizeof openai_outcomes / sizeof *openai_outcomes);
}

static void knows_what_the_other_providers_say(void **state)
{
    (void)state;
    assert_outcomes(other_outcomes, sizeof other_outcomes / sizeof *other_outcomes);
}

/* Whether an outcome above is decided by that rule. */
static bool is_tested(const char *rule)
{
    for (size_t i = 0; i < sizeof openai_outcomes / sizeof *openai_outcomes; i++)
        if (strcmp(openai_outcomes[i].rule, rule) == 0)
            return true;
    for (size_t i = 0; i < sizeof other_outcomes / sizeof *other_outcomes; i++)
        if (strcmp(other_outcomes[i].rule, rule) == 0)
            return true;
    return false;
}

static void every_rule_has_a_name_of_its_own_and_an_outcome_above(void **state)
{
    static const char *const names[] = {
#define K(rule, ...) rule,
#include "engine/classify.def"
#undef K
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
        if (!is_tested(names[i]))
            fail_msg("no outcome is decided by %s", names[i]);
    }
}

static struct classification classify_plain(const struct report *report)
{
    return classify(report, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("openai"), true);
}

static void assert_class(const struct report *report, enum failure failure, const char *rule)
{
    struct classification made = classify_plain(report);

    if (made.failure != failure || !slice_is(made.rule, rule))
        fail_msg("%s by %.*s, not %s by %s", signalbox_failure_name(made.failure),
                 (int)made.rule.len, made.rule.ptr, signalbox_failure_name(failure), rule);
}

static void an_answer_is_no_failure(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED,
                            .http_status = 200,
                            .body_state = BODY_STATE_ANSWER,
                            .finish = FINISH_STOP,
                            .end_seen = true,
                            SHOWN};
    struct classification made = classify_plain(&report);

    (void)state;
    assert_int_equal(made.failure, FAILURE_NONE);
    assert_int_equal(made.rule.len, 0);
    assert_false(made.refusal);
    report.finish = FINISH_TOOL_CALLS;
    assert_int_equal(classify_plain(&report).failure, FAILURE_NONE);
    report.finish = FINISH_UNSPECIFIED; /* embeddings have none */
    assert_int_equal(classify_plain(&report).failure, FAILURE_NONE);
    report.body_state = BODY_STATE_UNSPECIFIED;
    assert_int_equal(classify_plain(&report).failure, FAILURE_NONE);
    report.http_status = 206;
    assert_int_equal(classify_plain(&report).failure, FAILURE_NONE);
}

static void what_happens_below_http_is_told_by_the_transport(void **state)
{
    static const struct {
        enum transport transport;
        enum phase phase;
        enum failure failure;
        const char *rule;
    } cases[] = {
        {TRANSPORT_CONNECT_REFUSED, 0, FAILURE_NETWORK_ERROR, "transport.connect_refused"},
        {TRANSPORT_DNS, 0, FAILURE_NETWORK_ERROR, "transport.dns"},
        {TRANSPORT_TLS, 0, FAILURE_NETWORK_ERROR, "transport.tls"},
        {TRANSPORT_RESET, 0, FAILURE_NETWORK_ERROR, "transport.reset"},
        {TRANSPORT_TIMED_OUT, PHASE_CONNECT, FAILURE_TIMEOUT, "transport.timeout.connect"},
        {TRANSPORT_TIMED_OUT, PHASE_FIRST_OUTPUT, FAILURE_TIMEOUT,
         "transport.timeout.first_output"},
        {TRANSPORT_TIMED_OUT, PHASE_IDLE, FAILURE_TIMEOUT, "transport.timeout.idle"},
        {TRANSPORT_TIMED_OUT, PHASE_TOTAL, FAILURE_TIMEOUT, "transport.timeout.total"},
        {TRANSPORT_TIMED_OUT, PHASE_UNSPECIFIED, FAILURE_TIMEOUT, "transport.timeout"},
        {TRANSPORT_CLIENT_LEFT, 0, FAILURE_CANCELLED, "caller.gone"},
        {TRANSPORT_UNSPECIFIED, 0, FAILURE_MALFORMED_RESPONSE, "report.no_transport"},
        {TRANSPORT_TRUNCATED, 0, FAILURE_STREAM_DROPPED_BEFORE_OUTPUT, "transport.truncated"},
        {TRANSPORT_COMPLETED, 0, FAILURE_MALFORMED_RESPONSE, "report.no_status"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report report = {.transport = cases[i].transport, .timeout_phase = cases[i].phase};

        assert_class(&report, cases[i].failure, cases[i].rule);
    }
}

static void the_transport_is_stronger_evidence_than_a_status(void **state)
{
    struct report report = {
        .transport = TRANSPORT_TIMED_OUT, .timeout_phase = PHASE_IDLE, .http_status = 200, SHOWN};

    (void)state;
    assert_class(&report, FAILURE_TIMEOUT, "transport.timeout.idle");
}

static void a_caller_that_left_is_never_the_providers_failure(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED, .http_status = 500};

    (void)state;
    report.caller_deadline_passed = true;
    assert_class(&report, FAILURE_DEADLINE_EXCEEDED, "caller.deadline");
    report.caller_gone = true;
    assert_class(&report, FAILURE_CANCELLED, "caller.gone");
}

static void a_cut_answer_is_partial_once_output_was_visible(void **state)
{
    struct report report = {.transport = TRANSPORT_TRUNCATED, .http_status = 200};

    (void)state;
    assert_class(&report, FAILURE_STREAM_DROPPED_BEFORE_OUTPUT, "transport.truncated");
    report.output_seen = true; /* and held back by the gateway */
    assert_class(&report, FAILURE_STREAM_DROPPED_BEFORE_OUTPUT, "transport.truncated");
    report.output_visible = true;
    assert_class(&report, FAILURE_PARTIAL_STREAM, "transport.truncated");
}

static void a_cut_error_is_still_known_by_its_status(void **state)
{
    struct report report = {.transport = TRANSPORT_TRUNCATED, .http_status = 429};

    (void)state;
    assert_class(&report, FAILURE_RATE_LIMITED, "http.429");
}

static void a_stream_that_ends_without_its_end_mark_is_no_answer(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED,
                            .http_status = 200,
                            .body_state = BODY_STATE_ANSWER,
                            SHOWN};

    (void)state;
    assert_class(&report, FAILURE_PARTIAL_STREAM, "body.unfinished");
    assert_int_equal(
        classify(&report, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("o"), false).failure,
        FAILURE_NONE);           /* a whole body needs no mark */
    report.finish = FINISH_STOP; /* Gemini has no mark but the reason */
    assert_class(&report, FAILURE_NONE, "");
}

static void a_broken_body_is_partial_once_output_was_visible(void **state)
{
    struct report report = {
        .transport = TRANSPORT_COMPLETED, .http_status = 200, .body_state = BODY_STATE_MALFORMED};

    (void)state;
    assert_class(&report, FAILURE_MALFORMED_RESPONSE, "body.malformed");
    report.output_visible = true;
    assert_class(&report, FAILURE_PARTIAL_STREAM, "body.malformed");
}

static void a_finish_that_nobody_saw_output_of_is_told_by_what_is_known(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED, .http_status = 200, .end_seen = true};

    (void)state;
    assert_class(&report, FAILURE_EMPTY_RESPONSE, "body.empty");
    report.end_seen = false;
    assert_class(&report, FAILURE_STREAM_DROPPED_BEFORE_OUTPUT, "body.unfinished");
}

static void an_answer_that_breaks_its_schema_is_told_last(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED,
                            .http_status = 200,
                            .body_state = BODY_STATE_ANSWER,
                            .finish = FINISH_STOP,
                            .end_seen = true,
                            .schema_validation = SCHEMA_VALIDATION_FAILED,
                            SHOWN};

    (void)state;
    assert_class(&report, FAILURE_OUTPUT_SCHEMA_INVALID, "schema.failed");
    report.finish = FINISH_REFUSAL;
    assert_class(&report, FAILURE_SAFETY_BLOCK, "finish.refusal");
}

static void statuses_that_nobody_lists_have_a_class_too(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED};

    (void)state;
    report.http_status = 418;
    assert_class(&report, FAILURE_INVALID_REQUEST, "http.4xx");
    report.http_status = 599;
    assert_class(&report, FAILURE_TEMPORARY_5XX, "http.5xx");
    report.http_status = 302;
    assert_class(&report, FAILURE_MALFORMED_RESPONSE, "http.other");
    report.http_status = 101;
    assert_class(&report, FAILURE_MALFORMED_RESPONSE, "http.other");
    report.http_status = 4290;
    assert_class(&report, FAILURE_MALFORMED_RESPONSE, "http.other");
}

static void numbers_that_a_prompt_echoes_are_not_evidence(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED,
                            .http_status = 400,
                            .error_message =
                                TEXT("cannot parse: 'HTTP 429 401 503 insufficient_quota"
                                     " overloaded_error rate_limit_exceeded'")};

    (void)state;
    assert_class(&report, FAILURE_INVALID_REQUEST, "http.400");
}

static void a_providers_rows_are_for_that_provider_alone(void **state)
{
    struct report report = {.transport = TRANSPORT_COMPLETED, .http_status = 403};
    struct classification made;

    (void)state;
    made = classify(&report, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("my-together"), false);
    assert_int_equal(made.failure, FAILURE_CONTEXT_LENGTH_EXCEEDED);
    made = classify(&report, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("altogether"), false);
    assert_int_equal(made.failure, FAILURE_PERMISSION_DENIED);
    report.http_status = 409;
    made = classify(&report, FAMILY_GEMINI_GENERATE_CONTENT, SLICE_LITERAL(""), false);
    assert_int_equal(made.failure, FAILURE_INVALID_REQUEST);
}

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct slice draw_text(uint64_t *state)
{
    static const char *const words[] = {
#define K(rule, scope, status, stage, text, ...) text,
#include "engine/classify.def"
#undef K
    };
    static const char *const others[] = {"", "429", "599", "blockReason", "*", "|", "a", "tools."};
    uint64_t drawn = draw(state);

    if (drawn % 4 == 0)
        return slice_of(others[draw(state) % (sizeof others / sizeof *others)]);
    return slice_of(words[drawn / 4 % (sizeof words / sizeof *words)]);
}

static void every_report_whatever_it_says_gets_a_class(void **state)
{
    static const uint32_t statuses[] = {0,   99,  200, 206, 301, 400, 402,
                                        403, 404, 429, 500, 503, 999};
    static const char *const providers[] = {"",           "azure", "bedrock-eu",
                                            "openrouter", "-",     "together"};
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);

    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        bool stream = draw(&seed) % 2;
        struct report report = {
            .transport = (enum transport)(draw(&seed) % (TRANSPORT_END + 1)),
            .timeout_phase = (enum phase)(draw(&seed) % (PHASE_END + 1)),
            .http_status = statuses[draw(&seed) % (sizeof statuses / sizeof *statuses)],
            .error_type = draw_text(&seed),
            .error_code = draw_text(&seed),
            .error_detail = draw_text(&seed),
            .error_param = draw_text(&seed),
            .error_message = draw_text(&seed),
            .retry_after_given = draw(&seed) % 2,
            .output_seen = draw(&seed) % 2,
            .output_visible = draw(&seed) % 2,
            .schema_validation = (enum schema_validation)(draw(&seed) % SCHEMA_VALIDATION_END),
            .finish = (enum finish)(draw(&seed) % (FINISH_END + 1)),
            .end_seen = draw(&seed) % 2,
            .body_state = (enum body_state)(draw(&seed) % (BODY_STATE_END + 1)),
        };
        enum family family = (enum family)(draw(&seed) % (FAMILY_END + 1));
        struct slice provider =
            slice_of(providers[draw(&seed) % (sizeof providers / sizeof *providers)]);
        struct classification made = classify(&report, family, provider, stream);
        bool success = report.http_status >= 200 && report.http_status <= 299;

        assert_true(made.failure == FAILURE_NONE || signalbox_failure_known(made.failure));
        assert_int_equal(made.rule.len == 0, made.failure == FAILURE_NONE);
        if (made.failure == FAILURE_NONE)
            assert_true(success);
        if (made.refusal)
            assert_true(success && made.failure == FAILURE_SAFETY_BLOCK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_openai_and_its_like_say),
        cmocka_unit_test(knows_what_the_other_providers_say),
        cmocka_unit_test(every_rule_has_a_name_of_its_own_and_an_outcome_above),
        cmocka_unit_test(an_answer_is_no_failure),
        cmocka_unit_test(what_happens_below_http_is_told_by_the_transport),
        cmocka_unit_test(the_transport_is_stronger_evidence_than_a_status),
        cmocka_unit_test(a_caller_that_left_is_never_the_providers_failure),
        cmocka_unit_test(a_cut_answer_is_partial_once_output_was_visible),
        cmocka_unit_test(a_cut_error_is_still_known_by_its_status),
        cmocka_unit_test(a_stream_that_ends_without_its_end_mark_is_no_answer),
        cmocka_unit_test(a_broken_body_is_partial_once_output_was_visible),
        cmocka_unit_test(a_finish_that_nobody_saw_output_of_is_told_by_what_is_known),
        cmocka_unit_test(an_answer_that_breaks_its_schema_is_told_last),
        cmocka_unit_test(statuses_that_nobody_lists_have_a_class_too),
        cmocka_unit_test(numbers_that_a_prompt_echoes_are_not_evidence),
        cmocka_unit_test(a_providers_rows_are_for_that_provider_alone),
        cmocka_unit_test(every_report_whatever_it_says_gets_a_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
