/* A generator with a double buffer: one write is with the library, the next one collects.
 *
 * h2o_send may only be called when none is in flight, and only inside the loop's turn; so every
 * function notes what is wanted and puts the reply on the loop's flush list. The dispose callback
 * of the request's memory is the one reliable sign that a request is gone. */
#include "http/respond.h"

#include <sys/socket.h>

#include "base/invariant.h"
#include "http/http_private.h"

#define STATUS_CLIENT_LEFT 499

static const char *reason_phrase(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Payload Too Large";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return status < 300 ? "Success" : "Error";
    }
}

static void want_flush(struct reply *reply)
{
    if (reply->flush_link.next == &reply->flush_link)
        list_append(&reply->loop->flush, &reply->flush_link);
}

static void on_dispose(void *memory)
{
    struct reply *reply = memory;

    invariant(reply->magic == REPLY_MAGIC);
    reply->magic = 0;
    list_remove(&reply->flush_link);
    if (reply->connection && reply->connection->reply == reply)
        reply->connection->reply = NULL;
    h2o_doublebuffer_dispose(&reply->sending);
    h2o_buffer_dispose(&reply->pending);
    if (reply->owner)
        reply->owner->on_gone(reply->context);
}

static void flush(struct reply *reply);

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct reply *reply = (struct reply *)generator;

    (void)req;
    invariant(reply->magic == REPLY_MAGIC);
    h2o_doublebuffer_consume(&reply->sending);
    reply->in_flight = false;
    if (reply->owner && !reply->end)
        reply->owner->on_room(reply->context);
    flush(reply);
}

static void on_stop(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)generator;
    (void)req;
}

struct reply *reply_new(struct loop *loop, h2o_req_t *req)
{
    struct reply *reply = h2o_mem_alloc_shared(&req->pool, sizeof *reply, on_dispose);
    h2o_socket_t *socket = req->conn->callbacks->get_socket(req->conn);

    memset(reply, 0, sizeof *reply);
    reply->generator.proceed = on_proceed;
    reply->generator.stop = on_stop;
    reply->magic = REPLY_MAGIC;
    reply->req = req;
    reply->loop = loop;
    list_init(&reply->flush_link);
    h2o_doublebuffer_init(&reply->sending, &h2o_socket_buffer_prototype);
    h2o_buffer_init(&reply->pending, &h2o_socket_buffer_prototype);
    if (socket && socket->on_close.data) {
        reply->connection = socket->on_close.data;
        reply->connection->reply = reply;
    }
    return reply;
}

void reply_own(struct reply *reply, const struct reply_owner *owner, void *context)
{
    reply->owner = owner;
    reply->context = context;
}

static void put_head(struct reply *reply, const struct response *response)
{
    h2o_req_t *req = reply->req;

    req->res.status = (int)response->status;
    req->res.reason = reason_phrase(response->status);
    if (response->content_type.len)
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                       response->content_type.ptr, response->content_type.len);
    for (unsigned i = 0; i < response->headers_count; i++) {
        const struct pair *header = &response->headers[i];

        h2o_add_header_by_str(&req->pool, &req->res.headers, header->key.ptr, header->key.len, 1,
                              NULL, header->value.ptr, header->value.len);
    }
    reply->said = true;
    want_flush(reply);
}

void reply_respond(struct reply *reply, const struct response *response)
{
    if (reply->said)
        return;
    reply->whole = true;
    reply->body = response->body;
    reply->end = REPLY_CLEAN;
    reply->req->res.content_length = response->body.len;
    put_head(reply, response);
}

struct slice reply_copy(struct reply *reply, struct slice text)
{
    h2o_iovec_t copy = h2o_strdup(&reply->req->pool, text.ptr, text.len);

    return (struct slice){copy.base, copy.len};
}

void reply_begin(struct reply *reply, const struct response *head)
{
    if (!reply->said)
        put_head(reply, head);
}

void reply_write(struct reply *reply, struct slice bytes)
{
    h2o_iovec_t room;

    if (reply->end || !bytes.len)
        return;
    room = h2o_buffer_reserve(&reply->pending, bytes.len);
    memcpy(room.base, bytes.ptr, bytes.len);
    reply->pending->size += bytes.len;
    want_flush(reply);
}

void reply_finish(struct reply *reply, bool clean)
{
    if (reply->end)
        return;
    reply->end = clean ? REPLY_CLEAN : REPLY_CUT;
    want_flush(reply);
}

void reply_abort(struct reply *reply)
{
    if (reply->final) {
        if (reply->connection)
            shutdown(reply->connection->fd, SHUT_RDWR);
        return;
    }
    reply->end = REPLY_CUT;
    reply->whole = false;
    h2o_buffer_consume(&reply->pending, reply->pending->size);
    if (!reply->said) {
        reply->req->res.status = STATUS_CLIENT_LEFT;
        reply->req->res.reason = "Client Closed Request";
        reply->said = true;
    }
    reply->req->http1_is_persistent = 0;
    if (reply->in_flight && reply->connection)
        shutdown(reply->connection->fd, SHUT_RDWR);
    want_flush(reply);
}

size_t reply_backlog_bytes(const struct reply *reply)
{
    return reply->pending->size + reply->sending.buf->size + reply->body.len;
}

void reply_client_left(struct reply *reply)
{
    if (reply->end)
        return;
    if (reply->owner)
        reply->owner->on_left(reply->context);
}

static void start(struct reply *reply)
{
    reply->started = true;
    h2o_start_response(reply->req, &reply->generator);
}

static void flush_whole(struct reply *reply)
{
    h2o_iovec_t body = {(char *)(uintptr_t)reply->body.ptr, reply->body.len};

    start(reply);
    reply->final = reply->in_flight = true;
    h2o_send(reply->req, &body, body.len ? 1 : 0, H2O_SEND_STATE_FINAL);
}

static void flush_stream(struct reply *reply)
{
    size_t chunk = reply->req->preferred_chunk_size ? reply->req->preferred_chunk_size : 65536;
    h2o_send_state_t state = H2O_SEND_STATE_IN_PROGRESS;
    h2o_iovec_t bytes;

    if (!reply->started)
        start(reply);
    bytes = h2o_doublebuffer_prepare(&reply->sending, &reply->pending, chunk);
    if (!bytes.len && !reply->end)
        return;
    if (reply->end && bytes.len == reply->sending.buf->size && !reply->pending->size) {
        reply->final = true;
        state = reply->end == REPLY_CLEAN ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_ERROR;
    }
    reply->in_flight = true;
    h2o_send(reply->req, &bytes, bytes.len ? 1 : 0, state);
}

static void flush(struct reply *reply)
{
    if (!reply->said || reply->in_flight || reply->final)
        return;
    if (reply->whole)
        flush_whole(reply);
    else
        flush_stream(reply);
}

void reply_flush_all(struct loop *loop)
{
    struct list *link;

    while ((link = list_pop(&loop->flush)))
        flush(CONTAINER_OF(link, struct reply, flush_link));
}
