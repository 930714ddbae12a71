/* The probe: what is sent for each family, and what answers of all kinds are taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/probe.h"
#include "signalbox/taxonomy.h"

#define SECRET "sk-very-secret"

static struct arena arena;
static struct probe_report report;
static Signalbox__V1__GetRouteResponse route;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 4 << 20);
    report = (struct probe_report){.arena = &arena};
    signalbox__v1__get_route_response__init(&route);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static char *text(const char *from)
{
    return (char *)(uintptr_t)from;
}

/* ---- what is sent ---- */

static void each_family_is_asked_in_its_own_words(void **state)
{
    static const struct {
        enum family family;
        const char *base_url, *overrides, *url, *credential, *body;
    } rows[] = {
        {FAMILY_OPENAI_CHAT_COMPLETIONS, "https://api.example/v1/", "",
         "https://api.example/v1/chat/completions", "Authorization: Bearer ",
         "{\"model\":\"m/\\\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"Reply with OK.\"}],"
         "\"stream\":false,\"max_completion_tokens\":16}"},
        {FAMILY_OPENAI_CHAT_COMPLETIONS, "https://api.example/v1",
         "{\"temperature\":0.10,\"max_tokens\":20,\"x\":{\"y\":[null,true,\"z\"]}}",
         "https://api.example/v1/chat/completions", "Authorization: Bearer ",
         "{\"model\":\"m/\\\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"Reply with OK.\"}],"
         "\"stream\":false,\"temperature\":0.10,\"max_tokens\":20,"
         "\"x\":{\"y\":[null,true,\"z\"]}}"},
        {FAMILY_OPENAI_RESPONSES, "https://api.example/v1", "", "https://api.example/v1/responses",
         "Authorization: Bearer ",
         "{\"model\":\"m/\\\"1\",\"input\":\"Reply with OK.\",\"stream\":false,\"store\":false,"
         "\"max_output_tokens\":16}"},
        {FAMILY_OPENAI_EMBEDDINGS, "https://api.example/v1", "",
         "https://api.example/v1/embeddings", "Authorization: Bearer ",
         "{\"model\":\"m/\\\"1\",\"input\":\"OK\"}"},
        {FAMILY_OPENAI_COMPLETIONS, "https://api.example/v1", "",
         "https://api.example/v1/completions", "Authorization: Bearer ",
         "{\"model\":\"m/\\\"1\",\"prompt\":\"Reply with OK.\",\"stream\":false,"
         "\"max_tokens\":16}"},
        {FAMILY_ANTHROPIC_MESSAGES, "https://api.example/v1", "", "https://api.example/v1/messages",
         "x-api-key: ",
         "{\"model\":\"m/\\\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"Reply with OK.\"}],"
         "\"stream\":false,\"max_tokens\":16}"},
        {FAMILY_GEMINI_GENERATE_CONTENT, "https://api.example/v1beta", "",
         "https://api.example/v1beta/models/m%2F%221:generateContent", "x-goog-api-key: ",
         "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Reply with OK.\"}]}],"
         "\"generationConfig\":{\"maxOutputTokens\":16}}"},
    };

    (void)state;
    route.provider_model = text("m/\"1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe_request request;

        route.base_url = text(rows[i].base_url);
        route.overrides = text(rows[i].overrides);
        assert_int_equal(probe_make(probe_family_of(rows[i].family), &route, &report, &request),
                         RESULT_OK);
        assert_string_equal(request.url, rows[i].url);
        assert_string_equal(request.credential, rows[i].credential);
        assert_string_equal(request.body.ptr, rows[i].body);
        assert_false(report.failed);
    }
}

static void media_families_are_not_probed(void **state)
{
    static const enum family families[] = {FAMILY_OPENAI_IMAGES, FAMILY_OPENAI_VIDEOS,
                                           FAMILY_OPENAI_AUDIO, FAMILY_OPENAI_REALTIME};

    (void)state;
    assert_null(probe_family_of(0));
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        assert_null(probe_family_of(families[i]));
}

static void overrides_that_the_edge_refuses_fail_before_anything_is_sent(void **state)
{
    static const char *const overrides[] = {
        "[1]",
        "{\"temperature\":",
        "{\"a\":1,\"a\":2}",
        "{\"model\":\"other\"}",
        "{\"messages\":[]}",
        "{\"temperature\":1,\"stream\":true}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
        struct probe_request request;

        report = (struct probe_report){.arena = &arena};
        route.overrides = text(overrides[i]);
        assert_int_equal(
            probe_make(probe_family_of(FAMILY_OPENAI_CHAT_COMPLETIONS), &route, &report, &request),
            RESULT_INVALID);
        assert_true(report.failed);
        assert_int_equal(report.count, 1);
        assert_string_equal(report.checks[0].name, "overrides");
    }
}

static void times_are_the_routes_and_bounded(void **state)
{
    static const struct {
        uint32_t connect_ms, total_ms, connect_wanted_ms, total_wanted_ms;
    } rows[] = {
        {0, 0, 5000, 30000},
        {300, 9000, 300, 9000},
        {300, 600000, 300, 30000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe_request request;

        route.connect_ms = rows[i].connect_ms;
        route.total_ms = rows[i].total_ms;
        assert_int_equal(
            probe_make(probe_family_of(FAMILY_OPENAI_EMBEDDINGS), &route, &report, &request),
            RESULT_OK);
        assert_int_equal(request.connect_ms, rows[i].connect_wanted_ms);
        assert_int_equal(request.total_ms, rows[i].total_wanted_ms);
    }
}

static void a_secret_goes_over_https_or_stays_here(void **state)
{
    static const struct {
        const char *url, *host, *port, *refusal;
    } rows[] = {
        {"https://api.example/v1/x", "api.example", "443", NULL},
        {"HTTPS://api.example:8443/v1/x", "api.example", "8443", NULL},
        {"http://127.0.0.1:9101/v1/x", "127.0.0.1", "9101", NULL},
        {"http://localhost/v1/x", "localhost", "80", NULL},
        {"http://[::1]:1/v1/x", "[::1]", "1", NULL},
        {"http://api.example/v1/x", "api.example", "80", "plain http beyond this machine"},
        {"http://127.0.0.1.evil.example/x", "127.0.0.1.evil.example", "80",
         "plain http beyond this machine"},
        {"https://user:pass@api.example/v1/x", "api.example", "443", "a user name in the base URL"},
        {"ftp://127.0.0.1/x", "127.0.0.1", "21", "neither https nor http"},
        {"file:///etc/passwd", NULL, NULL, "the base URL is not valid"},
        {"not a url", NULL, NULL, "the base URL is not valid"},
        {"", NULL, NULL, "the base URL is not valid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe_target target;

        probe_target(rows[i].url, &arena, &target);
        if (!rows[i].refusal)
            assert_null(target.refusal);
        else
            assert_string_equal(target.refusal, rows[i].refusal);
        if (!rows[i].host)
            continue;
        assert_string_equal(target.host, rows[i].host);
        assert_string_equal(target.port, rows[i].port);
    }
}

/* ---- what came ---- */

static void judge(enum family family, uint32_t status, const char *body)
{
    const struct probe_answer answer = {
        .status = status, .body = slice_of(body), .connect_ms = 3, .total_ms = 812};

    report = (struct probe_report){.arena = &arena};
    probe_judge(probe_family_of(family), &route, &answer, SLICE_LITERAL(SECRET), &report);
}

/* The verdict on name, -1 where it was not looked at; and what was found. */
static int verdict_of(const char *name, const char *found)
{
    for (unsigned i = 0; i < report.count; i++) {
        const struct probe_check *check = &report.checks[i];

        if (strcmp(check->name, name) != 0)
            continue;
        if (found)
            assert_string_equal(check->found.ptr, found);
        return (int)check->verdict;
    }
    return -1;
}

static void good_answers_of_every_family_pass(void **state)
{
    static const struct {
        enum family family;
        const char *body, *input, *output;
    } rows[] = {
        {FAMILY_OPENAI_CHAT_COMPLETIONS,
         "{\"model\":\"m-2026-10-01\",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}",
         "usage/prompt_tokens: 12", "usage/completion_tokens: 3"},
        {FAMILY_OPENAI_RESPONSES,
         "{\"model\":\"m\",\"usage\":{\"input_tokens\":12,\"output_tokens\":3}}",
         "usage/input_tokens: 12", "usage/output_tokens: 3"},
        {FAMILY_OPENAI_EMBEDDINGS, "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":1}}",
         "usage/prompt_tokens: 1", NULL},
        {FAMILY_OPENAI_COMPLETIONS,
         "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}",
         "usage/prompt_tokens: 12", "usage/completion_tokens: 3"},
        {FAMILY_ANTHROPIC_MESSAGES,
         "{\"model\":\"m\",\"usage\":{\"input_tokens\":12,\"output_tokens\":3}}",
         "usage/input_tokens: 12", "usage/output_tokens: 3"},
        {FAMILY_GEMINI_GENERATE_CONTENT,
         "{\"modelVersion\":\"m\",\"usageMetadata\":{\"promptTokenCount\":12,"
         "\"candidatesTokenCount\":3}}",
         "usageMetadata/promptTokenCount: 12", "usageMetadata/candidatesTokenCount: 3"},
    };
    char *reported[] = {text("m-2026-09-01"), text("m-2026-10-01")};

    (void)state;
    route.provider_model = text("m");
    route.reported_models = reported;
    route.n_reported_models = 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        judge(rows[i].family, 200, rows[i].body);
        assert_false(report.failed);
        assert_int_equal(verdict_of("credential accepted", "yes"), PROBE_PASS);
        assert_int_equal(verdict_of("model", NULL), PROBE_PASS);
        assert_int_equal(verdict_of("usage of input", rows[i].input), PROBE_PASS);
        if (rows[i].output)
            assert_int_equal(verdict_of("usage of output", rows[i].output), PROBE_PASS);
        assert_int_equal(verdict_of("latency", "812 ms, connected after 3 ms"), PROBE_PASS);
        assert_int_equal(verdict_of("cost", NULL), PROBE_NOTE);
    }
}

static void what_is_wrong_with_an_answer_is_named(void **state)
{
    static const struct {
        uint32_t status;
        const char *body, *check, *found;
    } rows[] = {
        {200, "{\"model\":\"other\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}",
         "model", "other"},
        {200, "{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}", "model",
         "the answer names none"},
        {200, "{\"model\":\"m\"}", "usage of input", "usage/prompt_tokens: nothing"},
        {200, "{\"model\":\"m\",\"usage\":null}", "usage of output",
         "usage/completion_tokens: nothing"},
        {200, "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":\"12\"}}", "usage of input",
         "usage/prompt_tokens: a string"},
        {200, "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":-1}}", "usage of input",
         "usage/prompt_tokens: -1"},
        {200, "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":0}}", "usage of input",
         "usage/prompt_tokens: 0"},
        {200, "{\"model\":\"m\",\"usage\":{\"completion_tokens\":900000}}", "usage of output",
         "usage/completion_tokens: 900000"},
        {200, "<html>", "answer", "HTTP 200 without a JSON object"},
        {200, "[]", "answer", "HTTP 200 without a JSON object"},
        {200, "", "answer", "HTTP 200 without a JSON object"},
        {204, "{}", "answer", "HTTP 204"},
        {302, "moved", "answer", "HTTP 302"},
        {404, "{\"error\":{\"code\":\"model_not_found\",\"message\":\"No such model\"}}", "answer",
         "HTTP 404 model_not_found: No such model"},
        {529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}",
         "answer", "HTTP 529 overloaded_error: Busy"},
        {400, "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"message\":\"Bad\"}}",
         "answer", "HTTP 400 INVALID_ARGUMENT: Bad"},
        {401, "{\"error\":{\"code\":\"invalid_api_key\",\"message\":\"Wrong key " SECRET "!\"}}",
         "answer", "HTTP 401 invalid_api_key"},
        {401, "{\"error\":\"no\"}", "answer", "HTTP 401"},
        {401, "", "credential accepted", "HTTP 401"},
        {403, "", "credential accepted", "HTTP 403"},
    };

    (void)state;
    route.provider_model = text("m");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        judge(FAMILY_OPENAI_CHAT_COMPLETIONS, rows[i].status, rows[i].body);
        assert_true(report.failed);
        assert_int_equal(verdict_of(rows[i].check, rows[i].found), PROBE_FAIL);
        for (unsigned k = 0; k < report.count; k++)
            assert_null(strstr(report.checks[k].found.ptr, SECRET));
    }
}

static void other_errors_say_nothing_of_the_credential(void **state)
{
    (void)state;
    judge(FAMILY_OPENAI_CHAT_COMPLETIONS, 429, "{}");
    assert_int_equal(verdict_of("credential accepted", "the answer does not say"), PROBE_NOTE);
    assert_int_equal(verdict_of("answer", "HTTP 429"), PROBE_FAIL);
    assert_int_equal(verdict_of("model", NULL), -1);
}

static void no_answer_is_one_failed_check(void **state)
{
    const struct probe_answer answer = {.error = "Couldn't connect to server"};

    (void)state;
    probe_judge(probe_family_of(FAMILY_OPENAI_EMBEDDINGS), &route, &answer, SLICE_LITERAL(SECRET),
                &report);
    assert_int_equal(report.count, 1);
    assert_int_equal(verdict_of("answer", "Couldn't connect to server"), PROBE_FAIL);
}

static void half_an_answer_is_none(void **state)
{
    const struct probe_answer answer = {
        .status = 200, .error = "more than 1 MiB", .body = SLICE_LITERAL("{\"model\":\"m\"}")};

    (void)state;
    probe_judge(probe_family_of(FAMILY_OPENAI_EMBEDDINGS), &route, &answer, SLICE_LITERAL(SECRET),
                &report);
    assert_int_equal(verdict_of("answer", "more than 1 MiB"), PROBE_FAIL);
    assert_int_equal(verdict_of("model", NULL), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_family_is_asked_in_its_own_words),
        TEST(media_families_are_not_probed),
        TEST(overrides_that_the_edge_refuses_fail_before_anything_is_sent),
        TEST(times_are_the_routes_and_bounded),
        TEST(a_secret_goes_over_https_or_stays_here),
        TEST(good_answers_of_every_family_pass),
        TEST(what_is_wrong_with_an_answer_is_named),
        TEST(other_errors_say_nothing_of_the_credential),
        TEST(no_answer_is_one_failed_check),
        TEST(half_an_answer_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
