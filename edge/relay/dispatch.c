/* From an arrival to a request: path and method, headers, body. What the edge itself can refuse is
 * refused here, in the family's shape; everything else becomes a question. */
#include "base/uuid.h"
#include "core/inspect.h"
#include "relay/metrics.h"
#include "relay/relay_private.h"

/* Names and values together. No client needs more, and the library below takes more than 400 KB. */
#define HEADER_BYTES_MAX 65536

static void refuse(struct relay *relay,
                   unsigned status,
                   const char *type,
                   const char *code,
                   const char *message)
{
    relay->refusal = (struct refusal){
        .status = status, .type = type, .code = code, .message = slice_of(message)};
    relay_refuse(relay);
}

/* The one copy of the body: with the padding that reading needs, and alive as long as the request.
 */
static bool copy_body(struct relay *relay, struct slice body, struct slice *ret_copy)
{
    char *copy = arena_alloc(&relay->arena, body.len + JSON_SCAN_PADDING);

    if (!copy)
        return false;
    if (body.len)
        memcpy(copy, body.ptr, body.len);
    memset(copy + body.len, 0, JSON_SCAN_PADDING);
    *ret_copy = (struct slice){copy, body.len};
    return true;
}

static bool read_headers(struct relay *relay, const struct arrival *arrival)
{
    struct slice name, value;
    size_t position = 0, bytes = 0;

    while (arrival_next_header(arrival, &position, &name, &value)) {
        bytes += name.len + value.len;
        if (bytes > HEADER_BYTES_MAX) {
            relay->refusal =
                (struct refusal){.status = 431,
                                 .type = "invalid_request_error",
                                 .code = "headers_too_large",
                                 .message = SLICE_LITERAL(
                                     "The request headers are larger than this gateway takes.")};
            return false;
        }
        if (!headers_read_request(&relay->request, name, value, &relay->refusal))
            return false;
    }
    return true;
}

static void serve_chat(struct relay *relay, const struct arrival *arrival)
{
    struct worker *worker = relay->worker;
    struct slice body;

    if (arrival->too_large) {
        refuse(relay, 413, "invalid_request_error", "payload_too_large",
               "The body is larger than this gateway takes.");
    } else if (!copy_body(relay, arrival->body, &body)) {
        refuse(relay, 503, "server_error", "no_memory", "The gateway has no memory for this now.");
    } else {
        struct uuid id = relay->request.id;

        request_init(&relay->request, &relay->arena, body);
        relay->request.id = id;
        relay->request.facts.client_address = arena_copy(&relay->arena, arrival->client_address);
        if (!read_headers(relay, arrival) ||
            !inspect_chat(&relay->request, worker->bench.scanner, &relay->refusal))
            relay_refuse(relay);
        else if (!relay->request.facts.key_digest.len)
            refuse(relay, 401, "invalid_request_error", "invalid_api_key",
                   "You didn't provide an API key in an Authorization header (Bearer).");
        else
            relay_start(relay);
    }
}

static void put_model(struct buf *body, const char *name)
{
    buf_put_text(body, "{\"id\":");
    buf_put_json_string(body, slice_of(name));
    buf_put_text(body, ",\"object\":\"model\",\"created\":0,\"owned_by\":\"signalbox\"}");
}

/* Only names that the operator configured: which of them a key may use is the decider's to say. */
static void serve_models(struct relay *relay, const struct arrival *arrival)
{
    const struct worker_settings *settings = &relay->worker->settings;
    struct response response = {.status = 200, .content_type = SLICE_LITERAL("application/json")};
    struct buf body;

    (void)arrival;
    buf_init(&body, 64 * 1024);
    buf_put_text(&body, "{\"object\":\"list\",\"data\":[");
    for (unsigned i = 0; i < settings->models_count; i++) {
        if (i)
            buf_put_u8(&body, ',');
        put_model(&body, settings->models[i]);
    }
    buf_put_text(&body, "]}");
    response.body = reply_copy(relay->reply, buf_slice(&body));
    buf_done(&body);
    reply_respond(relay->reply, &response);
    relay->reply = NULL;
    relay->ended = true;
    worker_bury_relay(relay);
}

static const struct path_row {
    const char *path;
    const char *method;
    void (*serve)(struct relay *relay, const struct arrival *arrival);
} paths[] = {
    {"/v1/chat/completions", "POST", serve_chat},
    {"/v1/models", "GET", serve_models},
};

static void serve(struct relay *relay, const struct arrival *arrival)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (!slice_is(arrival->path, paths[i].path))
            continue;
        if (slice_is(arrival->method, paths[i].method)) {
            metrics_count(EDGE_METRIC_REQUESTS);
            paths[i].serve(relay, arrival);
        } else {
            refuse(relay, 405, "invalid_request_error", "method_not_supported",
                   "Not allowed on this endpoint.");
        }
        return;
    }
    refuse(relay, 404, "invalid_request_error", "unknown_url", "Unknown request URL.");
}

void dispatch_arrival(void *context, struct reply *reply, const struct arrival *arrival)
{
    struct worker *worker = context;
    struct relay *relay = worker_take_relay(worker, reply);

    if (!relay) {
        reply_abort(reply);
        return;
    }
    relay->request =
        (struct request){.arena = &relay->arena, .id = uuid_make(worker_now().unix_ms)};
    if (worker->draining)
        refuse(relay, 503, "server_error", "shutting_down", "The gateway is stopping.");
    else
        serve(relay, arrival);
}
