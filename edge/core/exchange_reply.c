/* What the client gets: heads, the end of a stream, errors. Errors are the decision's; the edge has
 * words of its own only for a decider that did not answer.
 *
 * A stream that fails after it has begun ends with an error event and a cut connection: a client
 * that reads to the end must not take it for an answer. */
#include "core/default_chat.h"
#include "core/exchange_private.h"

#define ERROR_BYTES_MAX   4096
#define MESSAGE_BYTES     2048
#define QUEUED_RETRY_MS   5000
#define DEFAULT_BYTES_MAX ((size_t)1024 * 1024)

static const struct slice json_type = {"application/json", 16};

static void start_response(struct exchange *x,
                           struct response *response,
                           unsigned status,
                           const struct answer *last)
{
    const struct standing standing = {
        .sent = x->sent ? &x->sent->decision : NULL,
        .last = last ? &last->decision : NULL,
        .attempts = x->attempts,
        /* Nobody decided and nothing was sent: it is over, and no report will change that. */
        .disposition =
            !last && !x->question.has_report ? DISPOSITION_FAIL_CLOSED : DISPOSITION_UNSPECIFIED,
    };

    memset(response, 0, sizeof *response);
    response->status = status;
    headers_write_standing(response, x->request, &standing);
}

static void begin(struct exchange *x, const struct answer *last)
{
    struct response head;

    start_response(x, &head, 200, last);
    head.content_type = SLICE_LITERAL("text/event-stream; charset=utf-8");
    headers_add(&head, "cache-control", SLICE_LITERAL("no-cache"));
    x->begun = true;
    x->ops->begin(x->context, &head);
}

void exchange_release(struct exchange *x)
{
    if (!x->begun)
        begin(x, x->last);
    x->visible = true;
    if (x->held.len)
        x->ops->relay(x->context, buf_slice(&x->held));
    buf_clear(&x->held);
}

static void relay_text(struct exchange *x, struct slice text)
{
    if (text.len)
        x->ops->relay(x->context, text);
}

void exchange_mark_restart(struct exchange *x)
{
    relay_text(
        x, arena_format(x->request->arena, ": signalbox restart attempt=%u\n\n", x->attempts + 1));
}

static const char *disposition_of(const struct answer *last)
{
    return last && last->decision.disposition
               ? signalbox_disposition_name(last->decision.disposition)
               : "pending";
}

static void end_stream(struct exchange *x, const struct answer *last)
{
    relay_text(x, arena_format(x->request->arena, ": signalbox disposition=%s\n\ndata: [DONE]\n\n",
                               disposition_of(last)));
    x->responded = true;
    x->ops->finish(x->context, true);
}

static void respond(struct exchange *x, struct response *response)
{
    x->responded = true;
    x->ops->respond(x->context, response);
}

/* Without a stream it may be the policy's own body; a bare text, or a stream, is put into shape. */
static void respond_default(struct exchange *x, const struct answer *last)
{
    struct slice body = last->decision.default_response;
    bool stream = x->request->facts.stream;
    struct default_chat made;
    struct response response;
    struct buf text;

    buf_init(&text, DEFAULT_BYTES_MAX);
    if (default_chat_read(&made, x->request->arena, x->bench->scanner, body)) {
        if (stream)
            default_chat_write_stream(&text, x->request, made.content, x->now.unix_ms);
        else if (made.is_text)
            default_chat_write(&text, x->request, made.content, x->now.unix_ms);
    }
    if (stream && text.len && !buf_failed(&text)) {
        begin(x, last);
        relay_text(x, buf_slice(&text));
        end_stream(x, last);
    } else {
        start_response(x, &response, 200, last);
        response.content_type = json_type;
        response.body = text.len ? arena_copy(x->request->arena, buf_slice(&text)) : body;
        respond(x, &response);
    }
    buf_done(&text);
}

/* The head of a whole answer; its type is the provider's where the provider's body is not ours. */
static void respond_body(struct exchange *x, const struct answer *last, unsigned status)
{
    const struct slice type = x->observation.headers.content_type;
    struct response response;

    start_response(x, &response, status, last);
    response.content_type = status < 400 || !type.len ? json_type : type;
    response.body = observation_body(&x->observation);
    if (status >= 400 && last)
        headers_write_retry(&response, x->request->arena, last->decision.error.should_retry,
                            last->decision.error.retry_after_ms);
    respond(x, &response);
}

static void
cut_stream(struct exchange *x, const struct error_text *error, const struct answer *last)
{
    char memory[ERROR_BYTES_MAX];
    struct buf event;

    buf_init_fixed(&event, memory, sizeof memory);
    buf_format(&event, ": signalbox disposition=%s\n\n", disposition_of(last));
    error_chat_write_event(&event, error);
    if (!buf_failed(&event))
        relay_text(x, buf_slice(&event));
    x->responded = true;
    x->ops->finish(x->context, false);
}

void exchange_deliver(struct exchange *x, const struct answer *last)
{
    static const struct error_text unfinished = {
        .message = {"The stream ended without its end mark; the answer is incomplete.", 64},
        .type = {"server_error", 12},
        .code = {"partial_stream", 14},
    };

    if (last && last->decision.default_response.len && !x->begun) {
        respond_default(x, last);
    } else if (x->observation.state == OBSERVATION_ENDED) {
        if (!x->begun)
            begin(x, last);
        exchange_release(x);
        end_stream(x, last);
    } else if (x->begun) {
        cut_stream(x, &unfinished, last);
    } else if (x->in_hand || (last && x->observation.status && x->observation.body.len)) {
        respond_body(x, last, x->observation.status);
    } else {
        exchange_fail(x, last);
    }
}

/* --- Errors ------------------------------------------------------------------------------------
 */

struct failure_words {
    unsigned status;
    const char *type;
    const char *code;
    const char *message;
    bool should_retry;
};

/* What a question without an answer means for the client. */
static const struct failure_words *words_for(enum result result)
{
    static const struct failure_words away = {503, "server_error", "decider_unavailable",
                                              "Nobody can decide now, so nothing was sent.", true};
    static const struct failure_words invalid = {
        400, "invalid_request_error", "invalid_request",
        "The request's facts are not valid; see the message of the gateway's log.", false};
    static const struct failure_words too_large = {
        413, "invalid_request_error", "payload_too_large",
        "The request is beyond a documented bound.", false};
    static const struct failure_words inside = {500, "server_error", "gateway_error",
                                                "The gateway and its decider disagree.", false};

    switch (result) {
    case RESULT_INVALID:
        return &invalid;
    case RESULT_TOO_LARGE:
        return &too_large;
    case RESULT_PRECONDITION:
    case RESULT_EXISTS:
    case RESULT_NOT_FOUND:
    case RESULT_ADMISSION_NEEDED:
        return &inside;
    case RESULT_OK:
    case RESULT_DENIED:
    case RESULT_UNAUTHENTICATED:
    case RESULT_FULL:
    case RESULT_UNAVAILABLE:
    case RESULT_TIMEOUT:
    case RESULT_LOCKED:
    case RESULT_CORRUPT:
    case RESULT_NO_MEMORY:
    case RESULT_IO:
        break;
    }
    return &away;
}

static void put_part(struct buf *buf, const char **before, const char *what, struct slice text)
{
    if (!text.len)
        return;
    buf_format(buf, "%s%s ", *before, what);
    buf_put_slice(buf, text);
    *before = "; ";
}

/* The decision's sentence, and which proof is missing: who reads the error may be who can get it.
 */
static struct slice message_of(struct arena *arena, const struct decision *decision)
{
    const struct trace_item *blocked = headers_blocked(decision);
    const char *before = ": ";
    char memory[MESSAGE_BYTES];
    struct buf buf;

    if (!blocked)
        return decision->error.message;
    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_slice(&buf, decision->error.message);
    buf_format(&buf, " Gate %s, check ", signalbox_gate_name(blocked->gate));
    buf_put_slice(&buf, blocked->check);
    put_part(&buf, &before, "found", blocked->found.text);
    put_part(&buf, &before, "needed", blocked->needed.text);
    put_part(&buf, &before, "ask", blocked->owner);
    buf_put_u8(&buf, '.');
    return buf_failed(&buf) ? decision->error.message : arena_copy(arena, buf_slice(&buf));
}

static void
client_error_of(struct arena *arena, const struct answer *answer, struct client_error *ret_error)
{
    const struct failure_words *words;

    if (answer && answer->result == RESULT_OK && answer->decision.error.http_status) {
        *ret_error = answer->decision.error;
        ret_error->message = message_of(arena, &answer->decision);
        return;
    }
    words = words_for(answer && answer->result != RESULT_OK ? answer->result : RESULT_PRECONDITION);
    *ret_error = (struct client_error){
        .http_status = words->status,
        .type = slice_of(words->type),
        .code = slice_of(words->code),
        .message = slice_of(words->message),
        .should_retry = words->should_retry,
        .retry_after_ms = answer ? answer->retry_after_ms : 0,
    };
    if (words->should_retry && !ret_error->retry_after_ms)
        ret_error->retry_after_ms = 1000;
}

static void
respond_error(struct exchange *x, const struct client_error *error, const struct answer *last)
{
    const struct error_text text = {
        .message = error->message, .type = error->type, .code = error->code};
    char *memory = arena_alloc(x->request->arena, ERROR_BYTES_MAX);
    struct response response;
    struct buf body;

    start_response(x, &response, error->http_status, last);
    response.content_type = json_type;
    headers_write_retry(&response, x->request->arena, error->should_retry, error->retry_after_ms);
    if (memory) {
        buf_init_fixed(&body, memory, ERROR_BYTES_MAX);
        error_chat_write(&body, &text);
        if (!buf_failed(&body))
            response.body = buf_slice(&body);
    }
    respond(x, &response);
}

void exchange_fail(struct exchange *x, const struct answer *answer)
{
    const struct answer *last = answer && answer->result == RESULT_OK ? answer : NULL;
    struct client_error error;

    client_error_of(x->request->arena, answer, &error);
    if (x->begun) {
        const struct error_text text = {
            .message = error.message, .type = error.type, .code = error.code};
        cut_stream(x, &text, last);
    } else if (error.providers_body && x->observation.status >= 400 && x->observation.body.len) {
        respond_body(x, last, x->observation.status);
    } else {
        respond_error(x, &error, last);
    }
}

/* The edge keeps no queue: the client is told when to come back. */
void exchange_fail_queued(struct exchange *x, const struct answer *answer)
{
    const struct queue_ticket *ticket = &answer->decision.ticket;
    int64_t wait_ms = ticket->not_before_unix_ms - x->now.unix_ms;
    const struct client_error error = {
        .http_status = 503,
        .type = SLICE_LITERAL("server_error"),
        .code = SLICE_LITERAL("queued"),
        .message = SLICE_LITERAL("No route can serve this now; come back later."),
        .should_retry = true,
        .retry_after_ms = wait_ms > 0 ? (uint64_t)wait_ms : QUEUED_RETRY_MS,
    };

    respond_error(x, &error, answer);
}
