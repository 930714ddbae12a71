#include "core/observation.h"
#include "fixture.h"

struct seen {
    struct buf pieces; /* Q, O and E, one for each */
};

static void on_piece(void *context, enum piece piece, struct slice raw)
{
    struct seen *seen = context;

    assert_true(raw.len > 0);
    buf_put_u8(&seen->pieces, (uint8_t) "QOE"[piece]);
}

struct stage {
    struct fixture fixture;
    struct bench bench;
    struct observation observation;
    struct seen seen;
    struct report report;
};

static void stage_init(struct stage *stage, bool stream, const char *type, unsigned status)
{
    memset(stage, 0, sizeof *stage);
    fixture_init(&stage->fixture);
    assert_true(fixture_inspect(
        &stage->fixture,
        stream ? SLICE_LITERAL("{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"u\"}]}")
               : SLICE_LITERAL("{\"model\":\"m\",\"messages\":[{\"role\":\"u\"}]}")));
    stage->bench.scanner = stage->fixture.scanner;
    buf_init(&stage->bench.scratch, 65536);
    buf_init(&stage->seen.pieces, 4096);
    observation_init(&stage->observation, &stage->bench, 1024);
    stage->observation.on_piece = on_piece;
    stage->observation.context = &stage->seen;
    observation_start(&stage->observation, &stage->fixture.request, 100, 5000);
    observation_header(&stage->observation, SLICE_LITERAL("content-type"), slice_of(type));
    observation_head(&stage->observation, status);
}

static void stage_feed(struct stage *stage, const char *text)
{
    observation_bytes(&stage->observation, slice_of(text), 130);
}

static void stage_report(struct stage *stage, enum transport transport)
{
    const struct attempt_end end = {.transport = transport};

    observation_report(&stage->observation, &end, false, 150, &stage->report);
}

static void stage_done(struct stage *stage)
{
    observation_done(&stage->observation);
    buf_done(&stage->bench.scratch);
    buf_done(&stage->seen.pieces);
    fixture_done(&stage->fixture);
}

static void tells_pieces_apart(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, true, "text/event-stream", 200);
    stage_feed(&s,
               ": early ping\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n");
    stage_feed(&s, "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n: ping\n\n");
    stage_feed(&s, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n");
    stage_feed(&s, "data: after the end\n\n");
    assert_slice(buf_slice(&s.seen.pieces), "QOQE");
    assert_int_equal(s.observation.state, OBSERVATION_ENDED);
    stage_report(&s, TRANSPORT_COMPLETED);
    assert_int_equal(s.report.body_state, BODY_STATE_ANSWER);
    assert_int_equal(s.report.first_output_ms, 30);
    assert_int_equal(s.report.elapsed_ms, 50);
    assert_int_equal(s.report.started_unix_ms, 5000);
    assert_int_equal(s.report.output_tokens_seen, 2);
    assert_true(s.report.end_seen);
    assert_true(s.report.body_sent);
    assert_int_equal(s.report.schema_validation, SCHEMA_VALIDATION_NOT_RUN);
    stage_done(&s);
}

static void judges_whole_bodies(void **state)
{
    static const struct {
        const char *body;
        enum body_state body_state;
        enum finish finish;
    } rows[] = {
        {"{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}",
         BODY_STATE_ANSWER, FINISH_STOP},
        {"{\"choices\":[{\"message\":{\"refusal\":\"no\"},\"finish_reason\":\"stop\"}]}",
         BODY_STATE_ANSWER, FINISH_REFUSAL},
        {"{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"content_filter\"}]}",
         BODY_STATE_ANSWER, FINISH_CONTENT_FILTER},
        {"{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}",
         BODY_STATE_NOTHING, FINISH_STOP},
        {"{\"choices\":[]}", BODY_STATE_NOTHING, FINISH_UNSPECIFIED},
        {" \r\n", BODY_STATE_NOTHING, FINISH_UNSPECIFIED},
        {"", BODY_STATE_NOTHING, FINISH_UNSPECIFIED},
        {"{\"id\":\"x\"}", BODY_STATE_MALFORMED, FINISH_UNSPECIFIED},
        {"{\"choices\":[{\"mess", BODY_STATE_MALFORMED, FINISH_UNSPECIFIED},
        {"<html>", BODY_STATE_MALFORMED, FINISH_UNSPECIFIED},
        {"{\"error\":{\"code\":\"x\"}}", BODY_STATE_FAILURE_BODY, FINISH_UNSPECIFIED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, false, "application/json", 200);
        stage_feed(&s, rows[i].body);
        stage_report(&s, TRANSPORT_COMPLETED);
        if (s.report.body_state != rows[i].body_state)
            fail_msg("%s: %s", rows[i].body, signalbox_body_state_name(s.report.body_state));
        assert_int_equal(s.report.finish, rows[i].finish);
        assert_slice(observation_body(&s.observation), rows[i].body);
        stage_done(&s);
    }
}

static void a_broken_transport_says_nothing_of_the_body(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, false, "application/json", 200);
    stage_feed(&s, "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
    stage_report(&s, TRANSPORT_TRUNCATED);
    assert_int_equal(s.report.body_state, BODY_STATE_UNSPECIFIED);
    assert_false(s.report.end_seen);
    stage_done(&s);
}

static void an_error_status_keeps_the_beginning_of_its_body(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, true, "text/event-stream", 503);
    stage_feed(&s, "{\"error\":{\"type\":\"overloaded_error\"}}");
    assert_int_equal(s.observation.state, OBSERVATION_WHOLE);
    stage_report(&s, TRANSPORT_COMPLETED);
    assert_slice(s.report.error_type, "overloaded_error");
    assert_int_equal(s.report.body_state, BODY_STATE_UNSPECIFIED);
    stage_done(&s);
}

static void a_named_error_event_is_a_failure(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, true, "text/event-stream", 200);
    stage_feed(&s, "event: error\ndata: {\"message\":\"x\"}\n\n");
    assert_int_equal(s.observation.state, OBSERVATION_FAULT);
    stage_report(&s, TRANSPORT_COMPLETED);
    assert_int_equal(s.report.body_state, BODY_STATE_FAILURE_BODY);
    stage_done(&s);
}

static void a_stream_is_known_by_its_bytes_when_its_type_is_wrong(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, true, "text/plain", 200);
    stage_feed(&s, "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\ndata: [DONE]\n\n");
    assert_slice(buf_slice(&s.seen.pieces), "OE");
    stage_done(&s);
}

static void forgets_the_attempt_before(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s, true, "text/event-stream", 200);
    stage_feed(
        &s, "data: {\"model\":\"a\",\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\ndata: {");
    stage_report(&s, TRANSPORT_TRUNCATED);
    assert_int_equal(s.report.chunks, 1);
    observation_start(&s.observation, &s.fixture.request, 200, 6000);
    stage_report(&s, TRANSPORT_CONNECT_REFUSED);
    assert_int_equal(s.report.chunks, 0);
    assert_int_equal(s.report.http_status, 0);
    assert_int_equal(s.report.reported_model.len, 0);
    assert_int_equal(s.report.response_bytes, 0);
    assert_false(s.report.output_seen);
    assert_false(s.report.body_sent);
    stage_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_pieces_apart),
        cmocka_unit_test(judges_whole_bodies),
        cmocka_unit_test(a_broken_transport_says_nothing_of_the_body),
        cmocka_unit_test(an_error_status_keeps_the_beginning_of_its_body),
        cmocka_unit_test(a_named_error_event_is_a_failure),
        cmocka_unit_test(a_stream_is_known_by_its_bytes_when_its_type_is_wrong),
        cmocka_unit_test(forgets_the_attempt_before),
    };

    return cmocka_run_group_tests_name("edge/observation", tests, NULL, NULL);
}
