/* A stream's life: request, RECV_CLOSE and the first RECV at once, messages, the status, and when
 * the last tag is back, the end. */
#include "rpc/stream.h"

#include <stdlib.h>

#include "base/invariant.h"

#define ARMED_COUNT 4

static void arm(struct rpc_server *server);

static void release(struct stream *stream)
{
    if (stream->tags)
        return;
    invariant(stream->open == 0);
    list_remove(&stream->link);
    list_remove(&stream->flush_link);
    if (stream->ending && !stream->ended)
        call_status_done(&stream->end);
    grpc_slice_buffer_destroy(&stream->queued);
    grpc_slice_unref(stream->chunk);
    grpc_metadata_array_destroy(&stream->head.metadata);
    if (stream->call)
        grpc_call_unref(stream->call);
    stream->server->owner.live--;
    free(stream);
}

/* The call is broken or over: nothing that is open matters to anybody. */
static void die(struct stream *stream)
{
    stream->dead = true;
    stream_forget_items(stream);
}

void stream_end(struct stream *stream, const struct wire_status *status)
{
    if (stream->ending)
        return;
    stream->ending = true;
    if (status) {
        call_status_set(&stream->end, status, &stream->server->reply);
        arena_reset(&stream->server->reply);
    } else {
        call_status_set_ok(&stream->end);
    }
    stream_mark(stream);
}

void stream_read(struct stream *stream)
{
    struct call_batch batch = {.count = 0};

    if (stream->receiving || stream->ending || stream->dead ||
        stream->open + stream->queued_replies >= STREAM_OPEN_MAX ||
        stream->queued.length + stream->chunk_used >= STREAM_QUEUED_BYTES_MAX)
        return;
    stream->receiving = true;
    stream->received = NULL;
    call_add_receive(&batch, &stream->received);
    stream->tags++;
    call_start(stream->call, &batch, &stream->on_receive);
}

/* ---- tags ---- */

static void on_receive(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_receive);
    grpc_byte_buffer *message = stream->received;

    stream->tags--;
    stream->receiving = false;
    if (!ok || !message)
        stream_end(stream, NULL); /* half-closed; if it broke, RECV_CLOSE says so */
    else if (!stream->ending && !stream->dead)
        stream_take_message(stream, message);
    if (message)
        grpc_byte_buffer_destroy(message);
    stream_read(stream);
    release(stream);
}

static void on_send(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_send);

    stream->tags--;
    stream->sending_now = false;
    call_buffer_done(&stream->sending);
    if (!ok)
        die(stream);
    stream_flush(stream);
    release(stream);
}

static void on_status(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_status);

    (void)ok;
    stream->tags--;
    release(stream);
}

static void on_close(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_close);

    (void)ok;
    stream->tags--;
    die(stream);
    release(stream);
}

static void listen_for_close(struct stream *stream)
{
    struct call_batch batch = {.count = 0};

    call_add_close(&batch, &stream->cancelled);
    stream->tags++;
    call_start(stream->call, &batch, &stream->on_close);
}

static void on_request(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_request);
    struct rpc_server *server = stream->server;
    struct wire_status status = {.result = RESULT_UNAVAILABLE};

    stream->tags--;
    if (!ok) {
        stream->call = NULL;
        release(stream);
        return;
    }
    arm(server);
    list_append(&server->streams, &stream->link);
    listen_for_close(stream);
    stream->auth = auth_read(server->service, &stream->head.metadata);
    if (server_draining(server) || !auth_check(server, method_row(METHOD_STREAM_DECIDE),
                                               &stream->auth, server->owner.now_ms, &status))
        stream_end(stream, &status);
    stream_read(stream);
}

/* ---- all streams ---- */

static void arm(struct rpc_server *server)
{
    struct stream *stream = server_draining(server) ? NULL : calloc(1, sizeof *stream);

    if (!stream)
        return;
    server->owner.live++;
    stream->server = server;
    stream->on_request.fn = on_request;
    stream->on_receive.fn = on_receive;
    stream->on_send.fn = on_send;
    stream->on_close.fn = on_close;
    stream->on_status.fn = on_status;
    stream->chunk = grpc_empty_slice();
    list_init(&stream->link);
    list_init(&stream->flush_link);
    list_init(&stream->items);
    grpc_slice_buffer_init(&stream->queued);
    grpc_metadata_array_init(&stream->head.metadata);
    if (server_request(server, METHOD_STREAM_DECIDE, &stream->call, &stream->head, NULL,
                       &stream->on_request))
        stream->tags++;
    else
        release(stream);
}

void stream_open(struct rpc_server *server)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++)
        arm(server);
}

void stream_drain(struct rpc_server *server)
{
    static const struct wire_status status = {.result = RESULT_UNAVAILABLE,
                                              .message = {"the decider is stopping", 23}};

    LIST_EACH(&server->streams, link)
    {
        stream_end(CONTAINER_OF(link, struct stream, link), &status);
    }
}
