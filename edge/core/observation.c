/* Two modes behind one door. A stream's events are read as they come, each in a padded copy; a body
 * is collected and read at the end.
 *
 * A stream in all but its content type is read as a stream; one that says JSON or HTML is read
 * whole, because then it is an error or a page. */
#include "core/observation.h"

#include <strings.h>

#include "base/utf8.h"
#include "core/estimate.h"

#define KEPT_BYTES_MAX (64 * 1024)

void observation_init(struct observation *observation, struct bench *bench, size_t body_bytes_max)
{
    memset(observation, 0, sizeof *observation);
    observation->bench = bench;
    observation->body_bytes_max = body_bytes_max;
    sse_parser_init(&observation->parser, SSE_EVENT_BYTES_MAX);
    buf_init(&observation->body, body_bytes_max + JSON_SCAN_PADDING);
}

void observation_done(struct observation *observation)
{
    sse_parser_done(&observation->parser);
    buf_done(&observation->body);
}

static void shrink(struct buf *buf)
{
    size_t bytes_max = buf->bytes_max;

    if (buf->capacity > KEPT_BYTES_MAX) {
        buf_done(buf);
        buf_init(buf, bytes_max);
    }
    buf_clear(buf);
}

void observation_start(struct observation *observation,
                       const struct request *request,
                       uint64_t now_ms,
                       int64_t now_unix_ms)
{
    struct observation *o = observation;

    o->request = request;
    o->arena = request->arena;
    o->state = OBSERVATION_HEAD;
    o->status = 0;
    memset(&o->headers, 0, sizeof o->headers);
    memset(&o->reading, 0, sizeof o->reading);
    o->reading.arena = request->arena;
    o->reading.model_wanted = true;
    o->reading.tool_calls = o->tool_calls;
    sse_parser_reset(&o->parser);
    shrink(&o->parser.held);
    shrink(&o->parser.joined);
    shrink(&o->body);
    o->fault = BODY_STATE_UNSPECIFIED;
    o->fault_code = NULL;
    o->started_ms = o->now_ms = now_ms;
    o->started_unix_ms = now_unix_ms;
    o->first_output_ms = 0;
    o->output_seen = false;
    o->events = o->bytes = 0;
}

void observation_header(struct observation *observation, struct slice name, struct slice value)
{
    headers_read_response(&observation->headers, observation->arena, name, value,
                          observation->started_unix_ms);
}

static bool type_is(struct slice type, const char *prefix)
{
    size_t len = strlen(prefix);

    return type.len >= len && strncasecmp(type.ptr, prefix, len) == 0;
}

static bool is_success(unsigned status)
{
    return status >= 200 && status <= 299;
}

void observation_head(struct observation *observation, unsigned status)
{
    struct slice type = observation->headers.content_type;
    bool stream = observation->request->facts.stream && is_success(status) &&
                  !type_is(type, "application/json") && !type_is(type, "text/html");

    observation->status = status;
    observation->state = stream ? OBSERVATION_STREAM : OBSERVATION_WHOLE;
    observation->reading.whole = !stream;
}

static void fail(struct observation *observation, enum body_state state, const char *code)
{
    observation->state = OBSERVATION_FAULT;
    observation->fault = state;
    observation->fault_code = code;
}

static void note_output(struct observation *observation)
{
    if (observation->output_seen)
        return;
    observation->output_seen = true;
    observation->first_output_ms = observation->now_ms - observation->started_ms;
}

/* The chunk that only holds usage, and that the client did not ask for. */
static bool is_extra_usage(const struct observation *observation, bool usage_before)
{
    const struct chat_reading *reading = &observation->reading;

    return !observation->request->usage_asked && !usage_before && reading->usage_given &&
           reading->choices_given && !reading->choices;
}

static bool pad(struct buf *scratch, struct slice text, struct slice *ret_padded)
{
    static const char zeros[JSON_SCAN_PADDING];

    buf_clear(scratch);
    buf_put_slice(scratch, text);
    buf_put(scratch, zeros, sizeof zeros);
    *ret_padded = (struct slice){scratch->ptr, text.len};
    return !buf_failed(scratch);
}

static void read_chunk(struct observation *observation, const struct sse_event *event)
{
    struct chat_reading *reading = &observation->reading;
    bool usage_before = reading->usage_given;
    uint64_t before = reading->output_bytes;
    bool output_before = reading->output;
    bool output;
    struct slice json;

    if (!pad(&observation->bench->scratch, event->data, &json)) {
        fail(observation, BODY_STATE_MALFORMED, "event_too_long");
        return;
    }
    reading->output = false;
    output_chat_read(reading, observation->bench->scanner, json);
    output = reading->output;
    reading->output = output || output_before;
    if (slice_is(event->name, "error"))
        reading->error.given = true;
    if (reading->error.given) {
        fail(observation, BODY_STATE_FAILURE_BODY, NULL);
    } else if (reading->malformed) {
        reading->output_bytes = before;
        fail(observation, BODY_STATE_MALFORMED, "malformed_event");
    } else if (!is_extra_usage(observation, usage_before)) {
        if (output)
            note_output(observation);
        observation->on_piece(observation->context, output ? PIECE_OUTPUT : PIECE_QUIET,
                              event->raw);
    }
}

static bool on_event(void *context, const struct sse_event *event)
{
    struct observation *observation = context;

    if (event->strange) {
        fail(observation, BODY_STATE_MALFORMED, "not_an_event_stream");
    } else if (!event->has_data) {
        if (observation->output_seen) /* a ping; before output it is for us alone */
            observation->on_piece(observation->context, PIECE_QUIET, event->raw);
    } else if (slice_is(event->data, "[DONE]")) {
        observation->state = OBSERVATION_ENDED;
        observation->on_piece(observation->context, PIECE_END, event->raw);
    } else {
        observation->events++;
        read_chunk(observation, event);
    }
    return observation->state == OBSERVATION_STREAM;
}

static void collect(struct observation *observation, struct slice bytes)
{
    size_t bytes_max =
        is_success(observation->status) ? observation->body_bytes_max : ERROR_BODY_BYTES_MAX;

    if (bytes.len > bytes_max - observation->body.len) {
        if (is_success(observation->status))
            fail(observation, BODY_STATE_MALFORMED, "body_too_large");
        return; /* of an error, the beginning will do */
    }
    buf_put_slice(&observation->body, bytes);
    if (buf_failed(&observation->body))
        fail(observation, BODY_STATE_MALFORMED, "body_too_large");
}

void observation_bytes(struct observation *observation, struct slice bytes, uint64_t now_ms)
{
    observation->now_ms = now_ms;
    observation->bytes += bytes.len;
    if (observation->state == OBSERVATION_WHOLE) {
        collect(observation, bytes);
    } else if (observation->state == OBSERVATION_STREAM) {
        if (sse_parser_feed(&observation->parser, bytes, on_event, observation) ==
            SSE_PARSER_TOO_LONG)
            fail(observation, BODY_STATE_MALFORMED, "event_too_long");
    }
}

struct slice observation_body(const struct observation *observation)
{
    return buf_slice(&observation->body);
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]) || !text.ptr[i])
            return false;
    return true;
}

/* Content, or a finish that says why there is none. */
static bool says_something(const struct chat_reading *reading)
{
    return reading->output || reading->finish == FINISH_CONTENT_FILTER;
}

static enum body_state read_whole(struct observation *observation)
{
    static const char zeros[JSON_SCAN_PADDING];
    struct chat_reading *reading = &observation->reading;
    struct slice json = buf_slice(&observation->body);

    if (is_blank(json))
        return BODY_STATE_NOTHING;
    buf_put(&observation->body, zeros, sizeof zeros);
    if (buf_failed(&observation->body))
        return BODY_STATE_MALFORMED;
    observation->body.len -= sizeof zeros;
    json = buf_slice(&observation->body);
    if (!is_success(observation->status)) {
        error_chat_read_body(&reading->error, observation->arena, observation->bench->scanner,
                             json);
        return BODY_STATE_UNSPECIFIED;
    }
    output_chat_read(reading, observation->bench->scanner, json);
    if (reading->error.given)
        return BODY_STATE_FAILURE_BODY;
    if (reading->malformed || !reading->choices_given || observation->request->facts.stream)
        return BODY_STATE_MALFORMED;
    if (!says_something(reading))
        return BODY_STATE_NOTHING;
    if (reading->output)
        note_output(observation);
    return BODY_STATE_ANSWER;
}

static enum body_state read_stream_end(const struct observation *observation)
{
    const struct sse_parser *parser = &observation->parser;

    if (observation->state == OBSERVATION_ENDED)
        return says_something(&observation->reading) ? BODY_STATE_ANSWER : BODY_STATE_NOTHING;
    if (!observation->events)
        return is_blank(sse_parser_rest(parser)) ? BODY_STATE_NOTHING : BODY_STATE_MALFORMED;
    return BODY_STATE_UNFINISHED;
}

static enum body_state find_body_state(struct observation *observation,
                                       const struct attempt_end *end)
{
    switch (observation->state) {
    case OBSERVATION_FAULT:
        return observation->fault;
    case OBSERVATION_ENDED:
        return read_stream_end(observation);
    case OBSERVATION_STREAM:
        return end->transport == TRANSPORT_COMPLETED ? read_stream_end(observation)
                                                     : BODY_STATE_UNSPECIFIED;
    case OBSERVATION_WHOLE:
        return end->transport == TRANSPORT_COMPLETED ? read_whole(observation)
                                                     : BODY_STATE_UNSPECIFIED;
    case OBSERVATION_HEAD:
        break;
    }
    return BODY_STATE_UNSPECIFIED;
}

static void report_error(const struct observation *observation,
                         const struct attempt_end *end,
                         struct report *report)
{
    const struct provider_error *error = &observation->reading.error;

    report->error_type = error->type;
    report->error_code = error->code;
    report->error_detail = error->detail;
    report->error_param = error->param;
    report->error_message = error->message;
    if (end->code)
        report->error_code = slice_of(end->code);
    else if (observation->fault_code)
        report->error_code = slice_of(observation->fault_code);
}

/* A call that stayed here did nothing; one that left did what the caller says its tools do. */
static void report_tools(struct observation *observation, bool visible, struct report *report)
{
    enum side_effect said = observation->request->facts.tool_effects;
    bool leaves = visible || report->body_state == BODY_STATE_ANSWER;
    enum side_effect effect = !leaves ? SIDE_EFFECT_NO_EFFECT : said ? said : SIDE_EFFECT_POSSIBLE;

    for (unsigned i = 0; i < observation->reading.tool_calls_count; i++)
        observation->tool_calls[i].side_effect = effect;
    report->tool_calls =
        (struct tool_calls){observation->tool_calls, observation->reading.tool_calls_count};
}

void observation_report(struct observation *observation,
                        const struct attempt_end *end,
                        bool visible,
                        uint64_t now_ms,
                        struct report *ret_report)
{
    const struct provider_headers *headers = &observation->headers;
    const struct chat_reading *reading = &observation->reading;
    struct report *report = ret_report;

    memset(report, 0, sizeof *report);
    observation->now_ms = now_ms;
    report->body_state = find_body_state(observation, end);
    report->transport = end->transport;
    report->timeout_phase = end->phase;
    report->http_status = observation->status;
    report_error(observation, end, report);
    report->retry_after_given = headers->retry_after_given;
    report->retry_after_ms = headers->retry_after_ms;
    report->rate_limits = (struct pairs){headers->rate_limits, headers->rate_limits_count};
    report->provider_request_id = headers->request_id;
    report->reported_model = reading->model;
    report->started_unix_ms = (uint64_t)observation->started_unix_ms;
    report->elapsed_ms = now_ms - observation->started_ms;
    report->first_output_ms = observation->first_output_ms;
    report->output_seen = observation->output_seen;
    report->output_visible = visible;
    report->chunks = observation->events;
    report->output_tokens_seen = estimate_tokens(reading->output_bytes);
    report_tools(observation, visible, report);
    report->schema_validation = SCHEMA_VALIDATION_NOT_RUN;
    report->finish = reading->finish;
    report->end_seen =
        observation->state == OBSERVATION_ENDED ||
        (observation->state == OBSERVATION_WHOLE && report->body_state == BODY_STATE_ANSWER);
    report->usage = reading->usage;
    report->body_sent = end->body_sent || observation->status;
    report->caller_gone = end->caller_gone;
    report->caller_deadline_passed = end->caller_deadline_passed;
    report->response_bytes = observation->bytes;
}
