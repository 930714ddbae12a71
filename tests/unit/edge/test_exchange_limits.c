#include "exchange_moves.h"

static void start_stream(struct play *p)
{
    play_start(p, PLAY_STREAM_BODY, 0);
    play_send_to(p, ACTION_SEND, "r1");
}

static void without_first_output_in_time_the_attempt_ends(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    p.body_sent = true;
    start_stream(&p);
    play_pass(&p, 1500);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, ROLE_CHUNK);
    play_pass(&p, 1499);
    play_is(&p, SENDING);
    play_pass(&p, 1);
    play_is(&p, REPORTING);
    assert_int_equal(p.cancels, 1);
    assert_int_equal(p.question.report.transport, TRANSPORT_TIMED_OUT);
    assert_int_equal(p.question.report.timeout_phase, PHASE_FIRST_OUTPUT);
    assert_true(p.question.report.body_sent);
    play_fail_closed(&p, "timeout", false);
    play_done(&p);
}

static void silence_in_a_stream_ends_it(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_head(&p, 200, "text/event-stream");
    for (unsigned i = 0; i < 8; i++) {
        play_bytes(&p, CHUNK("x"));
        play_pass(&p, 1900);
        play_is(&p, RELAYING);
    }
    play_pass(&p, 100);
    play_is(&p, REPORTING);
    assert_int_equal(p.question.report.timeout_phase, PHASE_IDLE);
    play_fail_closed(&p, "user_retry_required", false);
    assert_false(p.clean);
    play_done(&p);
}

static void the_whole_attempt_is_bounded(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_head(&p, 200, "text/event-stream");
    for (unsigned i = 0; i < 40 && p.exchange.state != EXCHANGE_REPORTING; i++) {
        play_bytes(&p, CHUNK("x"));
        play_pass(&p, 1000);
    }
    assert_int_equal(p.question.report.timeout_phase, PHASE_TOTAL);
    assert_int_equal(p.question.report.elapsed_ms, 20000);
    play_fail_closed(&p, "timeout", false);
    play_done(&p);
}

static void a_slow_client_is_not_the_providers_silence(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("x"));
    exchange_flow(&p.exchange, true, p.now);
    play_pass(&p, 4000);
    play_is(&p, RELAYING);
    exchange_flow(&p.exchange, false, p.now);
    play_pass(&p, 1900);
    play_is(&p, RELAYING);
    exchange_flow(&p.exchange, true, p.now);
    play_pass(&p, 5000);
    play_is(&p, REPORTING);
    assert_true(p.question.report.caller_gone);
    play_fail_closed(&p, "cancelled", false);
    play_done(&p);
}

static void the_callers_deadline_ends_everything(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 2500);
    assert_int_equal(p.question.deadline_ms, 2500);
    play_wait(&p, 500);
    play_send_to(&p, ACTION_SEND, "r1");
    play_pass(&p, 2000);
    play_is(&p, REPORTING);
    assert_true(p.question.report.caller_deadline_passed);
    assert_int_equal(p.question.deadline_ms, 1);
    play_send_to(&p, ACTION_FALLBACK, "r2");
    assert_int_equal(p.sends, 1);
    assert_true(p.question.report.caller_deadline_passed);
    play_fail_closed(&p, "deadline_exceeded", false);
    assert_int_equal(p.responses, 1);
    play_done(&p);
}

static void a_retry_waits_for_its_delay(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_provider(&p, 500, "{}");
    answer = play_route(&p, ACTION_RETRY, "r1");
    answer->decision.delay_ms = 700;
    play_answer(&p, answer);
    play_is(&p, DELAYING);
    play_pass(&p, 699);
    assert_int_equal(p.sends, 1);
    play_pass(&p, 1);
    assert_int_equal(p.sends, 2);
    play_is(&p, SENDING);
    exchange_client_left(&p.exchange, p.now);
    play_fail_closed(&p, "cancelled", false);
    play_done(&p);
}

static void a_client_that_leaves_cancels_at_once(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    exchange_client_left(&p.exchange, p.now);
    assert_int_equal(p.cancels, 1);
    assert_true(p.question.report.caller_gone);
    assert_int_equal(p.question.report.transport, TRANSPORT_CLIENT_LEFT);
    play_fail_closed(&p, "cancelled", false);
    play_is(&p, ENDED);
    assert_int_equal(p.responses + p.begins, 0);
    assert_true(p.acknowledged);
    play_done(&p);
}

static void a_client_that_left_while_the_decider_thought_is_settled(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    exchange_client_left(&p.exchange, p.now);
    play_is(&p, ADMITTING);
    play_send_to(&p, ACTION_SEND, "r1");
    assert_int_equal(p.sends, 0);
    assert_int_equal(p.question.boundary, 1);
    assert_slice(p.question.report.route, "r1");
    assert_true(p.question.report.caller_gone);
    play_fail_closed(&p, "cancelled", false);
    play_is(&p, ENDED);
    play_done(&p);
}

static void a_client_that_leaves_during_a_delay_is_settled(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    answer = play_route(&p, ACTION_SEND, "r1");
    answer->decision.delay_ms = 100;
    play_answer(&p, answer);
    exchange_client_left(&p.exchange, p.now);
    assert_int_equal(p.sends, 0);
    assert_true(p.question.report.caller_gone);
    play_fail_closed(&p, "cancelled", false);
    play_done(&p);
}

static void without_a_decider_it_fails_closed(void **state)
{
    static const struct {
        enum result result;
        unsigned status;
        const char *should_retry;
    } rows[] = {
        {RESULT_TIMEOUT, 503, "true"},       {RESULT_UNAVAILABLE, 503, "true"},
        {RESULT_FULL, 503, "true"},          {RESULT_DENIED, 503, "true"},
        {RESULT_INVALID, 400, "false"},      {RESULT_TOO_LARGE, 413, "false"},
        {RESULT_PRECONDITION, 500, "false"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct play p;

        play_init(&p);
        play_start(&p, PLAY_BODY, 0);
        play_no_answer(&p, rows[i].result);
        play_is(&p, ENDED);
        assert_int_equal(p.response.status, rows[i].status);
        assert_slice(play_header(&p, "x-should-retry"), rows[i].should_retry);
        assert_slice(play_header(&p, "x-signalbox-disposition"), "fail_closed");
        assert_int_equal(p.sends, 0);
        play_done(&p);
    }
}

static void a_good_answer_does_not_wait_for_a_decider_that_is_away(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_provider(&p, 200, ANSWER);
    play_no_answer(&p, RESULT_TIMEOUT);
    play_is(&p, RESENDING);
    assert_int_equal(p.response.status, 200);
    assert_slice(play_header(&p, "x-signalbox-disposition"), "pending");
    assert_int_equal(p.ends, 0);
    assert_int_equal(p.asks, 2);
    play_pass(&p, 500);
    assert_int_equal(p.asks, 3);
    assert_int_equal(p.question.boundary, 1);
    play_no_answer(&p, RESULT_UNAVAILABLE);
    play_pass(&p, 999);
    assert_int_equal(p.asks, 3);
    play_pass(&p, 1);
    assert_int_equal(p.asks, 4);
    play_complete(&p);
    play_is(&p, ENDED);
    assert_true(p.acknowledged);
    assert_int_equal(p.responses, 1);
    play_done(&p);
}

static void a_stream_is_finished_while_the_decider_is_away(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one") DONE);
    play_no_answer(&p, RESULT_TIMEOUT);
    assert_true(p.clean);
    assert_true(play_client_has(&p, ": signalbox disposition=pending\n\n" DONE));
    play_pass(&p, 500);
    play_no_answer(&p, RESULT_INVALID);
    play_is(&p, ENDED);
    assert_false(p.acknowledged);
    play_done(&p);
}

static void repeating_a_report_ends_some_time(void **state)
{
    struct play p;
    unsigned seconds = 0;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_provider(&p, 500, "{}");
    play_no_answer(&p, RESULT_TIMEOUT);
    assert_int_equal(p.response.status, 503);
    while (p.exchange.state == EXCHANGE_RESENDING && seconds++ < 100) {
        play_pass(&p, 1000);
        if (p.exchange.asking)
            play_no_answer(&p, RESULT_TIMEOUT);
    }
    play_is(&p, ENDED);
    assert_in_range(p.asks, 7, 10);
    assert_in_range(seconds, 30, 62);
    assert_false(p.acknowledged);
    play_done(&p);
}

static void a_route_offered_to_a_served_client_is_declined(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_provider(&p, 500, "{}");
    play_no_answer(&p, RESULT_UNAVAILABLE);
    play_pass(&p, 500);
    play_send_to(&p, ACTION_FALLBACK, "r2");
    assert_int_equal(p.sends, 1);
    assert_int_equal(p.question.boundary, 2);
    assert_true(p.question.report.caller_gone);
    play_fail_closed(&p, "cancelled", false);
    play_is(&p, ENDED);
    play_done(&p);
}

static void says_the_admission_again_when_asked(void **state)
{
    struct play p;

    (void)state;
    play_init(&p);
    start_stream(&p);
    play_provider(&p, 500, "{}");
    assert_false(p.question.has_facts);
    play_no_answer(&p, RESULT_ADMISSION_NEEDED);
    play_is(&p, REPORTING);
    assert_true(p.question.has_facts);
    assert_true(p.question.has_report);
    assert_slice(p.question.facts.requested_model, "asked");
    play_no_answer(&p, RESULT_ADMISSION_NEEDED);
    play_is(&p, ENDED);
    assert_int_equal(p.response.status, 500);
    play_done(&p);
}

static void holds_output_as_the_decision_says(void **state)
{
    static const struct {
        struct hold hold;
        unsigned chunks; /* of 8 bytes of text, after which the client sees something */
    } rows[] = {
        {{HOLD_OUTPUT_UNTIL_FIRST, 0, 0}, 1},
        {{HOLD_OUTPUT_TOKENS, 6, 0}, 3},
        {{HOLD_OUTPUT_WHOLE, 0, 300}, 5},
        {{HOLD_OUTPUT_TOKENS, 1000, 150}, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct play p;
        struct answer *answer;
        unsigned chunks = 0;

        play_init(&p);
        play_start(&p, PLAY_STREAM_BODY, 0);
        answer = play_route(&p, ACTION_SEND, "r1");
        answer->decision.hold = rows[i].hold;
        play_answer(&p, answer);
        play_head(&p, 200, "text/event-stream");
        while (!p.begins && chunks < 20) {
            play_bytes(&p, CHUNK("12345678"));
            chunks++;
        }
        if (chunks != rows[i].chunks)
            fail_msg("%zu: %u", i, chunks);
        play_bytes(&p, DONE);
        play_complete(&p);
        play_done(&p);
    }
}

static void holds_output_for_a_time_or_to_the_end(void **state)
{
    struct play p;
    struct answer *answer;

    (void)state;
    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    answer = play_route(&p, ACTION_SEND, "r1");
    answer->decision.hold = (struct hold){HOLD_OUTPUT_MILLISECONDS, 400, 0};
    play_answer(&p, answer);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one"));
    play_pass(&p, 399);
    assert_int_equal(p.begins, 0);
    play_pass(&p, 1);
    assert_int_equal(p.begins, 1);
    assert_true(play_client_has(&p, CHUNK("one")));
    play_bytes(&p, DONE);
    play_complete(&p);
    play_done(&p);

    play_init(&p);
    play_start(&p, PLAY_STREAM_BODY, 0);
    answer = play_route(&p, ACTION_SEND, "r1");
    answer->decision.hold = (struct hold){HOLD_OUTPUT_WHOLE, 0, 0};
    play_answer(&p, answer);
    play_head(&p, 200, "text/event-stream");
    play_bytes(&p, CHUNK("one") CHUNK("two") DONE);
    assert_int_equal(p.begins, 0);
    assert_false(p.question.report.output_visible);
    play_complete(&p);
    assert_true(p.clean);
    assert_slice(play_header(&p, "x-signalbox-disposition"), "primary_success");
    assert_true(play_client_has(&p, CHUNK("one") CHUNK("two")));
    play_done(&p);
}

static void an_answer_beyond_the_bound_is_a_failed_attempt(void **state)
{
    char body[5000];
    struct play p;

    (void)state;
    memset(body, ' ', sizeof body - 1);
    body[sizeof body - 1] = 0;
    play_init(&p);
    play_start(&p, PLAY_BODY, 0);
    play_send_to(&p, ACTION_SEND, "r1");
    play_head(&p, 200, "application/json");
    play_bytes(&p, body);
    play_is(&p, REPORTING);
    assert_int_equal(p.question.report.body_state, BODY_STATE_MALFORMED);
    assert_slice(p.question.report.error_code, "body_too_large");
    play_fail_closed(&p, "malformed_response", false);
    play_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_first_output_in_time_the_attempt_ends),
        cmocka_unit_test(silence_in_a_stream_ends_it),
        cmocka_unit_test(the_whole_attempt_is_bounded),
        cmocka_unit_test(a_slow_client_is_not_the_providers_silence),
        cmocka_unit_test(the_callers_deadline_ends_everything),
        cmocka_unit_test(a_retry_waits_for_its_delay),
        cmocka_unit_test(a_client_that_leaves_cancels_at_once),
        cmocka_unit_test(a_client_that_left_while_the_decider_thought_is_settled),
        cmocka_unit_test(a_client_that_leaves_during_a_delay_is_settled),
        cmocka_unit_test(without_a_decider_it_fails_closed),
        cmocka_unit_test(a_good_answer_does_not_wait_for_a_decider_that_is_away),
        cmocka_unit_test(a_stream_is_finished_while_the_decider_is_away),
        cmocka_unit_test(repeating_a_report_ends_some_time),
        cmocka_unit_test(a_route_offered_to_a_served_client_is_declined),
        cmocka_unit_test(says_the_admission_again_when_asked),
        cmocka_unit_test(holds_output_as_the_decision_says),
        cmocka_unit_test(holds_output_for_a_time_or_to_the_end),
        cmocka_unit_test(an_answer_beyond_the_bound_is_a_failed_attempt),
    };

    return cmocka_run_group_tests_name("edge/exchange_limits", tests, NULL, NULL);
}
