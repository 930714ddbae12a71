#include "exchange_moves.h"

static void asks_sends_reports_and_delivers(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    play_is(&p, ADMITTING);
    assert_int_equal(p.question.boundary, 0);
    assert_true(p.question.has_facts);
    assert_slice(p.question.facts.requested_model, "asked");
    play_send_to(&p, ACTION_SEND, "r1");
    play_is(&p, SENDING);
    assert_string_equal(p.sent_body,
                        "{\"model\":\"r1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    play_wait(&p, 40);
    play_head(&p, 200, "application/json");
    play_bytes(&p, ANSWER);
    assert_int_equal(p.responses, 0);
    play_wait(&p, 2);
    play_end(&p, TRANSPORT_COMPLETED);
    play_is(&p, REPORTING);
    assert_int_equal(p.responses, 0);
    assert_int_equal(p.question.boundary, 1);
    assert_false(p.question.has_facts);
    assert_slice(p.question.resume_token, "token");
    assert_slice(p.question.report.route, "r1");
    assert_int_equal(p.question.report.body_state, BODY_STATE_ANSWER);
    assert_int_equal(p.question.report.http_status, 200);
    assert_int_equal(p.question.report.elapsed_ms, 42);
    assert_int_equal(p.question.report.usage.amounts[UNIT_INPUT_TOKEN], 5);
    assert_slice(p.question.report.reported_model, "m-2026");
    assert_true(p.question.report.end_seen);
    assert_false(p.question.report.output_visible);
    play_complete(&p);
    play_is(&p, ENDED);
    assert_int_equal(p.responses, 1);
    assert_int_equal(p.response.status, 200);
    assert_slice(p.response.body, ANSWER);
    assert_slice(play_header(&p, "x-signalbox-disposition"), "primary_success");
    assert_slice(play_header(&p, "x-signalbox-policy"), "p@2");
    assert_slice(play_header(&p, "x-signalbox-requested-model"), "asked");
    assert_slice(play_header(&p, "x-signalbox-selected-model"), "r1");
    assert_slice(play_header(&p, "x-signalbox-provider"), "prov");
    assert_slice(play_header(&p, "x-signalbox-attempts"), "1");
    assert_slice(play_header(&p, "x-signalbox-tier"), "primary");
    assert_slice(play_header(&p, "x-signalbox-reason"), "primary");
    assert_slice(play_header(&p, "x-signalbox-degraded"), "false");
    assert_int_equal(play_header(&p, "x-request-id").len, 36);
    assert_true(p.acknowledged);
    play_done(&p);
}

static void an_error_status_is_a_failed_attempt_and_the_fallback_serves(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    exchange_header(&p.exchange, SLICE_LITERAL("retry-after"), SLICE_LITERAL("7"));
    exchange_header(&p.exchange, SLICE_LITERAL("x-request-id"), SLICE_LITERAL("req_1"));
    play_provider(&p, 429, "{\"error\":{\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}");
    assert_int_equal(p.question.report.http_status, 429);
    assert_slice(p.question.report.error_type, "requests");
    assert_slice(p.question.report.error_code, "rate_limit_exceeded");
    assert_true(p.question.report.retry_after_given);
    assert_int_equal(p.question.report.retry_after_ms, 7000);
    assert_slice(p.question.report.provider_request_id, "req_1");
    play_send_to(&p, ACTION_FALLBACK, "r2");
    assert_int_equal(p.sends, 2);
    play_provider(&p, 200, ANSWER);
    assert_int_equal(p.question.boundary, 2);
    assert_slice(p.question.report.route, "r2");
    assert_int_equal(p.question.report.provider_request_id.len, 0);
    play_complete(&p);
    assert_slice(play_header(&p, "x-signalbox-attempts"), "2");
    assert_slice(play_header(&p, "x-signalbox-selected-model"), "r2");
    assert_slice(play_header(&p, "x-signalbox-tier"), "same_family");
    assert_slice(play_header(&p, "x-signalbox-reason"), "fallback");
    assert_slice(play_header(&p, "x-signalbox-degraded"), "true");
    play_done(&p);
}

static void a_stream_begins_with_the_first_output(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, ": ping\n\n" ROLE_CHUNK);
    play_is(&p, SENDING);
    assert_int_equal(p.begins, 0);
    play_wait(&p, 25);
    play_bytes(&p, CHUNK("one"));
    play_is(&p, RELAYING);
    assert_int_equal(p.begins, 1);
    assert_slice(play_header(&p, "x-signalbox-disposition"), "pending");
    assert_slice(buf_slice(&p.client), ROLE_CHUNK CHUNK("one"));
    play_bytes(&p, CHUNK("two") FINISH_CHUNK USAGE_CHUNK DONE);
    play_is(&p, REPORTING);
    assert_int_equal(p.let_gos, 1);
    assert_int_equal(p.question.report.first_output_ms, 25);
    assert_true(p.question.report.output_visible);
    assert_int_equal(p.question.report.usage.amounts[UNIT_OUTPUT_TOKEN], 2);
    assert_int_equal(p.question.report.chunks, 5);
    assert_int_equal(p.finishes, 0);
    play_complete(&p);
    assert_slice(buf_slice(&p.client), ROLE_CHUNK CHUNK("one") CHUNK("two") FINISH_CHUNK
                 ": signalbox disposition=primary_success\n\n" DONE);
    assert_true(p.clean);
    play_done(&p);
}

static void the_usage_chunk_stays_when_it_was_asked_for(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p,
               "{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
               "\"messages\":[{\"role\":\"user\"}]}",
               0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one") FINISH_CHUNK USAGE_CHUNK DONE);
    play_complete(&p);
    assert_true(play_client_has(&p, USAGE_CHUNK));
    play_done(&p);
}

static void nothing_of_a_failed_attempt_reaches_the_client(void **state)
{
    static const struct {
        const char *type;
        const char *bytes;
        enum transport transport;
        enum body_state body_state;
    } rows[] = {
        {"text/event-stream", "data: {\"error\":{\"code\":\"overloaded\"}}\n\n",
         TRANSPORT_COMPLETED, BODY_STATE_FAILURE_BODY},
        {"text/event-stream", ROLE_CHUNK "data: {broken\n\n", TRANSPORT_COMPLETED,
         BODY_STATE_MALFORMED},
        {"text/event-stream", "<html>\n\n", TRANSPORT_COMPLETED, BODY_STATE_MALFORMED},
        {"text/html", "<html></html>", TRANSPORT_COMPLETED, BODY_STATE_MALFORMED},
        {"application/json", ANSWER, TRANSPORT_COMPLETED, BODY_STATE_MALFORMED},
        {"application/json", "{\"error\":{\"message\":\"x\"}}", TRANSPORT_COMPLETED,
         BODY_STATE_FAILURE_BODY},
        {"text/event-stream", "", TRANSPORT_COMPLETED, BODY_STATE_NOTHING},
        {"text/event-stream", ROLE_CHUNK FINISH_CHUNK DONE, TRANSPORT_COMPLETED,
         BODY_STATE_NOTHING},
        {"text/event-stream", ROLE_CHUNK, TRANSPORT_COMPLETED, BODY_STATE_UNFINISHED},
        {"text/event-stream", ROLE_CHUNK, TRANSPORT_TRUNCATED, BODY_STATE_UNSPECIFIED},
        {"text/event-stream", "", TRANSPORT_TRUNCATED, BODY_STATE_UNSPECIFIED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct play p;

        play_init(&p);
        play_start(&p, PLAY_STREAM_BODY, 0);
        play_send_to(&p, ACTION_SEND, "r1");
        play_head(&p, 200, rows[i].type);
        play_bytes(&p, rows[i].bytes);
        if (p.exchange.state == EXCHANGE_SENDING)
            play_end(&p, rows[i].transport);
        play_is(&p, REPORTING);
        assert_int_equal(p.question.report.transport, rows[i].transport);
        if (p.question.report.body_state != rows[i].body_state)
            fail_msg("%zu: %s", i, signalbox_body_state_name(p.question.report.body_state));
        assert_int_equal(p.begins + p.responses, 0);
        play_send_to(&p, ACTION_FALLBACK, "r2");
        play_head(&p, 200, "text/event-stream");
        play_bytes(&p, CHUNK("good") DONE);
        play_complete(&p);
        assert_slice(buf_slice(&p.client),
                     CHUNK("good") ": signalbox disposition=primary_success\n\n" DONE);
        play_done(&p);
    }
}

static void a_stream_that_breaks_ends_with_an_error_and_a_cut(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one") "data: {\"choi");
    play_end(&p, TRANSPORT_TRUNCATED);
    assert_true(p.question.report.output_visible);
    play_fail_closed(&p, "user_retry_required", false);
    assert_false(p.clean);
    assert_int_equal(p.finishes, 1);
    assert_true(play_client_has(&p, "\"code\":\"user_retry_required\""));
    assert_false(play_client_has(&p, "[DONE]"));
    assert_false(play_client_has(&p, "{\"choi\n"));
    play_done(&p);
}

static void a_route_after_visible_output_is_not_spliced(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one"));
    play_end(&p, TRANSPORT_TRUNCATED);
    play_send_to(&p, ACTION_FALLBACK, "r2");
    assert_int_equal(p.sends, 1);
    assert_int_equal(p.finishes, 1);
    assert_false(p.clean);
    assert_int_equal(p.question.boundary, 2);
    assert_true(p.question.report.caller_gone);
    assert_slice(p.question.report.route, "r2");
    play_fail_closed(&p, "cancelled", false);
    play_is(&p, ENDED);
    play_done(&p);
}

static void a_restart_marks_what_came_before_as_void(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one"));
    play_end(&p, TRANSPORT_TRUNCATED);
    answer = play_route(&p, ACTION_FALLBACK, "r2");
    answer->decision.restart_output = true;
    play_answer(&p, answer);
    assert_int_equal(p.sends, 2);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("two") DONE);
    play_complete(&p);
    assert_slice(buf_slice(&p.client),
                 CHUNK("one") ": signalbox restart attempt=2\n\n" CHUNK(
                     "two") ": signalbox disposition=primary_success\n\n" DONE);
    assert_true(p.clean);
    play_done(&p);
}

static void a_providers_own_4xx_keeps_status_and_body(void **state)
{
    static const char body[] =
        "{\"error\":{\"message\":\"bad\",\"type\":\"invalid_request_error\"}}";
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_provider(&p, 422, body);
    play_fail_closed(&p, "invalid_request", true);
    assert_int_equal(p.response.status, 422);
    assert_slice(p.response.body, body);
    assert_slice(play_header(&p, "x-should-retry"), "false");
    assert_slice(play_header(&p, "x-signalbox-disposition"), "fail_closed");
    play_done(&p);
}

static void what_cannot_be_sent_is_reported_with_its_code(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    p.refuse_send = "credential_not_bound";
    play_start(&p, PLAY_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_is(&p, REPORTING);
    assert_int_equal(p.question.report.transport, TRANSPORT_CONNECT_REFUSED);
    assert_slice(p.question.report.error_code, "credential_not_bound");
    assert_false(p.question.report.body_sent);
    play_fail_closed(&p, "provider_auth_error", false);
    assert_int_equal(p.response.status, 502);
    play_done(&p);
}

static void tool_calls_are_reported_as_the_caller_said(void **state)
{
    static const char calls[] = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"c1\","
                                "\"function\":{\"name\":\"f\"}}]}}]}\n\n";
    static const struct {
        enum side_effect said, reported;
    } rows[] = {
        {SIDE_EFFECT_UNSPECIFIED, SIDE_EFFECT_POSSIBLE},
        {SIDE_EFFECT_NO_EFFECT, SIDE_EFFECT_NO_EFFECT},
        {SIDE_EFFECT_IDEMPOTENT, SIDE_EFFECT_IDEMPOTENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct play p;

        play_init(&p);
        play_start(&p, PLAY_STREAM_BODY, 0);
        p.fixture.request.facts.tool_effects = rows[i].said;
        play_send_to(&p, ACTION_SEND, "r1");
        play_head(&p, 200, "text/event-stream");
        play_bytes(&p, calls);
        play_end(&p, TRANSPORT_TRUNCATED);
        assert_int_equal(p.question.report.tool_calls.count, 1);
        assert_slice(p.question.report.tool_calls.items[0].name, "f");
        assert_int_equal(p.question.report.tool_calls.items[0].side_effect, rows[i].reported);
        play_fail_closed(&p, "partial_stream", false);
        play_done(&p);
    }
}

static void a_default_response_needs_no_attempt(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    answer = play_next_answer(&p);
    answer->decision.action = ACTION_COMPLETE;
    answer->decision.disposition = DISPOSITION_FALLBACK_SUCCESS;
    answer->decision.reason = REASON_DEFAULT_RESPONSE;
    answer->decision.default_response = SLICE_LITERAL("{\"choices\":[]}");
    play_answer(&p, answer);
    assert_int_equal(p.response.status, 200);
    assert_slice(p.response.body, "{\"choices\":[]}");
    assert_slice(play_header(&p, "x-signalbox-disposition"), "fallback_success");
    assert_slice(play_header(&p, "x-signalbox-attempts"), "0");
    play_done(&p);
}

static void a_default_text_becomes_a_completion_or_a_stream(void **state)
{
    static const char *const bodies[] = {PLAY_BODY, PLAY_STREAM_BODY};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct play p;
        struct answer *answer;

        play_init(&p);
        play_start(&p, bodies[i & 1], 0);
        answer = play_next_answer(&p);
        answer->decision.action = ACTION_COMPLETE;
        answer->decision.disposition = DISPOSITION_FALLBACK_SUCCESS;
        answer->decision.default_response =
            i & 2 ? SLICE_LITERAL("{\"choices\":[{\"message\":{\"content\":\"be \\\"back\\\"\"}}]}")
                  : SLICE_LITERAL("\"be \\\"back\\\"\"");
        play_answer(&p, answer);
        play_is(&p, ENDED);
        if (i & 1) {
            assert_true(play_client_has(&p, "\"delta\":{\"role\":\"assistant\",\"content\":\"be "
                                            "\\\"back\\\"\""));
            assert_true(play_client_has(&p, "disposition=fallback_success\n\n" DONE));
            assert_true(p.clean);
        } else {
            assert_true(fixture_inspect(&p.fixture, slice_of(PLAY_BODY)));
            assert_non_null(memmem(p.response.body.ptr, p.response.body.len,
                                   "\"content\":\"be \\\"back\\\"\"", 23));
        }
        play_done(&p);
    }
}

static void queued_is_refused_with_the_time_to_come_back(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    answer = play_next_answer(&p);
    answer->decision.action = ACTION_QUEUE;
    answer->decision.disposition = DISPOSITION_QUEUED;
    answer->decision.ticket.not_before_unix_ms = p.now.unix_ms + 90000;
    play_answer(&p, answer);
    assert_int_equal(p.response.status, 503);
    assert_slice(play_header(&p, "x-should-retry"), "true");
    assert_slice(play_header(&p, "retry-after"), "60");
    assert_slice(play_header(&p, "x-signalbox-disposition"), "queued");
    play_done(&p);
}

static void the_error_names_the_gate_and_whom_to_ask(void **state)
{
    static const char *const bodies[] = {PLAY_BODY, PLAY_STREAM_BODY};
    static const char expected[] = "It failed. Gate cost, check cost_owner: found none; needed "
                                   "\\\"approval\\\"; ask finance.";

    (void)state;
    for (unsigned stream = 0; stream < 2; stream++) {
        struct answer *answer;
        struct play p;

        play_init(&p);
        play_start(&p, bodies[stream], 0);
        play_send_to(&p, ACTION_SEND, "r1");
        if (stream) {
            play_head(&p, 200, "text/event-stream");
            play_bytes(&p, CHUNK("one"));
            play_end(&p, TRANSPORT_TRUNCATED);
        } else {
            play_provider(&p, 503, "{}");
        }
        answer = play_next_answer(&p);
        answer->decision.action = ACTION_FAIL_CLOSED;
        answer->decision.reason = REASON_NO_ELIGIBLE_ROUTE;
        answer->decision.error = (struct client_error){.http_status = 502,
                                                       .type = SLICE_LITERAL("server_error"),
                                                       .code = SLICE_LITERAL("server_error"),
                                                       .message = SLICE_LITERAL("It failed.")};
        answer->decision.has_blocked = true;
        answer->decision.blocked =
            (struct trace_item){.gate = GATE_COST,
                                .check = SLICE_LITERAL("cost_owner"),
                                .found = {TRACE_TEXT, 0, SLICE_LITERAL("none")},
                                .needed = {TRACE_TEXT, 0, SLICE_LITERAL("\"approval\"")},
                                .owner = SLICE_LITERAL("finance")};
        play_answer(&p, answer);
        if (stream)
            assert_true(play_client_has(&p, expected));
        else
            assert_non_null(
                memmem(p.response.body.ptr, p.response.body.len, expected, sizeof expected - 1));
        play_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_sends_reports_and_delivers),
        cmocka_unit_test(an_error_status_is_a_failed_attempt_and_the_fallback_serves),
        cmocka_unit_test(a_stream_begins_with_the_first_output),
        cmocka_unit_test(the_usage_chunk_stays_when_it_was_asked_for),
        cmocka_unit_test(nothing_of_a_failed_attempt_reaches_the_client),
        cmocka_unit_test(a_stream_that_breaks_ends_with_an_error_and_a_cut),
        cmocka_unit_test(the_error_names_the_gate_and_whom_to_ask),
        cmocka_unit_test(a_route_after_visible_output_is_not_spliced),
        cmocka_unit_test(a_restart_marks_what_came_before_as_void),
        cmocka_unit_test(a_providers_own_4xx_keeps_status_and_body),
        cmocka_unit_test(what_cannot_be_sent_is_reported_with_its_code),
        cmocka_unit_test(tool_calls_are_reported_as_the_caller_said),
        cmocka_unit_test(a_default_response_needs_no_attempt),
        cmocka_unit_test(a_default_text_becomes_a_completion_or_a_stream),
        cmocka_unit_test(queued_is_refused_with_the_time_to_come_back),
    };

    return cmocka_run_group_tests_name("edge/exchange", tests, NULL, NULL);
}
