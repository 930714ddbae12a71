/* Raw outcome to failure class: what the transport says first, then the rows of classify.def, and
 * for success statuses what became of the body.
 *
 * A response that nobody reports properly (no transport, no status, an informational or redirect
 * status) is malformed_response: it did not answer, and another route may. */
#include "engine/classify.h"

#include "engine/classify_rule.h"

static struct classification plain(enum failure failure, const char *rule, const char *detail)
{
    return (struct classification){failure, slice_of(rule), slice_of(detail), false};
}

/* The stream broke, or its end is not worth the name. */
static struct classification broken(const struct report *report, const char *rule)
{
    return plain(report->output_visible ? FAILURE_PARTIAL_STREAM
                                        : FAILURE_STREAM_DROPPED_BEFORE_OUTPUT,
                 rule, "");
}

static struct classification unusable(const struct report *report, const char *rule)
{
    return plain(report->output_visible ? FAILURE_PARTIAL_STREAM : FAILURE_MALFORMED_RESPONSE, rule,
                 "");
}

/* A class that says only that there was no proper answer says less than that output was cut. */
static struct classification after_output(const struct report *report, struct classification made)
{
    if (report->output_visible && made.failure == FAILURE_MALFORMED_RESPONSE)
        made.failure = FAILURE_PARTIAL_STREAM;
    if (!report->output_visible && made.failure == FAILURE_PARTIAL_STREAM)
        made.failure = FAILURE_STREAM_DROPPED_BEFORE_OUTPUT;
    made.refusal = made.failure == FAILURE_SAFETY_BLOCK;
    return made;
}

/* The three digits of a status that came as an error's code inside a success answer; 0: none. */
static unsigned status_in(struct slice code)
{
    unsigned status = 0;

    if (code.len != 3)
        return 0;
    for (size_t i = 0; i < code.len; i++) {
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return 0;
        status = status * 10 + (unsigned)(code.ptr[i] - '0');
    }
    return status >= 400 && status <= 599 ? status : 0;
}

static struct classification by_class_of_status(unsigned status)
{
    if (status >= 500 && status <= 599)
        return plain(FAILURE_TEMPORARY_5XX, "http.5xx", "");
    if (status >= 400 && status <= 499)
        return plain(FAILURE_INVALID_REQUEST, "http.4xx", "");
    return plain(FAILURE_MALFORMED_RESPONSE, "http.other", "");
}

/* An error in place of an answer, or in the middle of one. */
static struct classification classify_error_inside(struct evidence *evidence)
{
    const struct report *report = evidence->report;
    struct classification made;

    evidence->status = status_in(report->error_code);
    if (classify_rule_match(evidence, evidence->status ? RULE_REACH_ALL : RULE_REACH_WORDS, &made))
        return after_output(report, made);
    if (evidence->status)
        return after_output(report, by_class_of_status(evidence->status));
    return unusable(report, "body.error");
}

static struct classification classify_finish(const struct evidence *evidence)
{
    const struct report *report = evidence->report;
    bool filtered = report->finish == FINISH_CONTENT_FILTER;
    struct classification made = {0};
    bool known = classify_rule_match(evidence, RULE_REACH_SUCCESS, &made);

    if (report->finish == FINISH_REFUSAL)
        made = plain(FAILURE_SAFETY_BLOCK, "finish.refusal", "refusal");
    else if (filtered && !(known && made.failure == FAILURE_SAFETY_BLOCK))
        made = plain(FAILURE_SAFETY_BLOCK, "finish.content_filter", "content_filter");
    if (made.failure == FAILURE_SAFETY_BLOCK && report->finish != FINISH_REFUSAL &&
        report->output_visible)
        made.failure = FAILURE_CONTENT_FILTERED_MIDSTREAM;
    return after_output(report, made);
}

static bool is_unfinished(const struct report *report, bool stream)
{
    if (report->body_state == BODY_STATE_UNFINISHED)
        return true;
    return !report->end_seen && report->finish == FINISH_UNSPECIFIED &&
           (stream || report->body_state == BODY_STATE_UNSPECIFIED);
}

static struct classification classify_success(struct evidence *evidence, bool stream)
{
    const struct report *report = evidence->report;
    struct classification made;

    if (report->body_state == BODY_STATE_FAILURE_BODY || report->finish == FINISH_FAILURE)
        return classify_error_inside(evidence);
    made = classify_finish(evidence);
    if (made.failure != FAILURE_NONE)
        return made;
    if (report->transport == TRANSPORT_TRUNCATED)
        return broken(report, "transport.truncated");
    if (report->body_state == BODY_STATE_MALFORMED)
        return unusable(report, "body.malformed");
    if (report->body_state == BODY_STATE_NOTHING)
        return plain(FAILURE_EMPTY_RESPONSE, "body.empty", "");
    if (is_unfinished(report, stream))
        return broken(report, "body.unfinished");
    if (report->body_state == BODY_STATE_UNSPECIFIED && !report->output_seen &&
        !report->output_visible && report->finish == FINISH_UNSPECIFIED)
        return plain(FAILURE_EMPTY_RESPONSE, "body.empty", "");
    if (report->schema_validation == SCHEMA_VALIDATION_FAILED)
        return plain(FAILURE_OUTPUT_SCHEMA_INVALID, "schema.failed", "");
    return (struct classification){0};
}

static struct classification classify_status(struct evidence *evidence, bool stream)
{
    struct classification made;

    if (evidence->success)
        return classify_success(evidence, stream);
    if (evidence->status < 400 || evidence->status > 599)
        return by_class_of_status(evidence->status);
    if (classify_rule_match(evidence, RULE_REACH_ALL, &made))
        return made;
    return by_class_of_status(evidence->status);
}

static struct classification classify_timeout(const struct report *report)
{
    switch (report->timeout_phase) {
    case PHASE_CONNECT:
        return plain(FAILURE_TIMEOUT, "transport.timeout.connect", "connect");
    case PHASE_FIRST_OUTPUT:
        return plain(FAILURE_TIMEOUT, "transport.timeout.first_output", "first_output");
    case PHASE_IDLE:
        return plain(FAILURE_TIMEOUT, "transport.timeout.idle", "idle");
    case PHASE_TOTAL:
        return plain(FAILURE_TIMEOUT, "transport.timeout.total", "total");
    case PHASE_UNSPECIFIED:
    case PHASE_END:
        break;
    }
    return plain(FAILURE_TIMEOUT, "transport.timeout", "");
}

struct classification
classify(const struct report *report, enum family family, struct slice provider, bool stream)
{
    struct evidence evidence = {
        .report = report,
        .status = report->http_status,
        .success = report->http_status >= 200 && report->http_status <= 299,
        .scopes = classify_rule_scopes(family, provider),
    };

    if (report->caller_gone || report->transport == TRANSPORT_CLIENT_LEFT)
        return plain(FAILURE_CANCELLED, "caller.gone", "");
    if (report->caller_deadline_passed)
        return plain(FAILURE_DEADLINE_EXCEEDED, "caller.deadline", "");
    switch (report->transport) {
    case TRANSPORT_CONNECT_REFUSED:
        return plain(FAILURE_NETWORK_ERROR, "transport.connect_refused", "connect_refused");
    case TRANSPORT_DNS:
        return plain(FAILURE_NETWORK_ERROR, "transport.dns", "dns");
    case TRANSPORT_TLS:
        return plain(FAILURE_NETWORK_ERROR, "transport.tls", "tls");
    case TRANSPORT_RESET:
        return plain(FAILURE_NETWORK_ERROR, "transport.reset", "reset");
    case TRANSPORT_TIMED_OUT:
        return classify_timeout(report);
    case TRANSPORT_TRUNCATED:
        if (!report->http_status)
            return broken(report, "transport.truncated");
        return classify_status(&evidence, stream);
    case TRANSPORT_COMPLETED:
        if (!report->http_status)
            return plain(FAILURE_MALFORMED_RESPONSE, "report.no_status", "");
        return classify_status(&evidence, stream);
    case TRANSPORT_CLIENT_LEFT:
    case TRANSPORT_UNSPECIFIED:
    case TRANSPORT_END:
        break;
    }
    return plain(FAILURE_MALFORMED_RESPONSE, "report.no_transport", "");
}
