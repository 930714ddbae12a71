/* StreamDecide. One RECV and one SEND are outstanding; replies are kept as numbers and packed, all
 * that are there, when a SEND can start. A stream is freed when its call has ended and no report of
 * it is being committed. */
#include <stdlib.h>

#include "base/invariant.h"
#include "noop.h"

struct reply {
    uint64_t correlation_id;
    uint32_t boundary;
};

struct noop_stream {
    struct noop *noop;
    struct list link; /* of dirty streams */
    struct tag on_request, on_receive, on_send, on_close, on_status;
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *received;
    grpc_byte_buffer sending;
    int cancelled;
    bool started, busy, half_closed, ended;
    unsigned pending; /* tags that are out, and reports being committed */
    unsigned replies_first, replies_count;
    struct reply replies[NOOP_REPLIES_MAX];
};

static void release(struct noop_stream *stream)
{
    if (--stream->pending)
        return;
    list_remove(&stream->link);
    grpc_metadata_array_destroy(&stream->metadata);
    grpc_call_unref(stream->call);
    free(stream);
}

static void start(struct noop_stream *stream, const grpc_op *ops, size_t count, struct tag *tag)
{
    stream->pending++;
    message_start(stream->call, ops, count, tag);
}

static void receive(struct noop_stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    stream->received = NULL;
    op.data.recv_message.recv_message = &stream->received;
    start(stream, &op, 1, &stream->on_receive);
}

/* ---- replies ---- */

static void mark(struct noop_stream *stream)
{
    if (list_empty(&stream->link))
        list_append(&stream->noop->dirty, &stream->link);
}

void noop_stream_reply(struct noop_stream *stream, uint64_t correlation_id, uint32_t boundary)
{
    unsigned at = (stream->replies_first + stream->replies_count++) % NOOP_REPLIES_MAX;

    invariant(stream->replies_count <= NOOP_REPLIES_MAX);
    stream->replies[at] = (struct reply){correlation_id, boundary};
    mark(stream);
}

void noop_stream_committed(struct noop_stream *stream, uint64_t correlation_id)
{
    noop_stream_reply(stream, correlation_id, 1);
    release(stream);
}

static grpc_slice pack_replies(struct noop_stream *stream)
{
    static Signalbox__V1__StreamDecideReply replies[STREAM_ITEMS_MAX];
    static Signalbox__V1__StreamDecideReply *items[STREAM_ITEMS_MAX];
    Signalbox__V1__StreamDecideResponse response = SIGNALBOX__V1__STREAM_DECIDE_RESPONSE__INIT;

    while (stream->replies_count && response.n_items < STREAM_ITEMS_MAX) {
        const struct reply *from = &stream->replies[stream->replies_first];
        Signalbox__V1__StreamDecideReply *to = &replies[response.n_items];

        signalbox__v1__stream_decide_reply__init(to);
        to->correlation_id = from->correlation_id;
        to->outcome_case = SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION;
        to->decision = noop_answer(stream->noop, from->boundary);
        items[response.n_items++] = to;
        stream->replies_first = (stream->replies_first + 1) % NOOP_REPLIES_MAX;
        stream->replies_count--;
    }
    response.items = items;
    return message_pack(&response.base);
}

static void send_replies(struct noop_stream *stream)
{
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_MESSAGE}, {.op = GRPC_OP_SEND_INITIAL_METADATA}};

    message_put(&stream->sending, pack_replies(stream));
    ops[0].data.send_message.send_message = &stream->sending;
    stream->busy = true;
    start(stream, ops, stream->started ? 1 : 2, &stream->on_send);
    stream->started = true;
}

static void send_status(struct noop_stream *stream)
{
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_SEND_INITIAL_METADATA}};

    stream->ended = true;
    start(stream, ops, stream->started ? 1 : 2, &stream->on_status);
}

void noop_stream_turn(struct noop *noop)
{
    struct list *link;

    while ((link = list_pop(&noop->dirty))) {
        struct noop_stream *stream = CONTAINER_OF(link, struct noop_stream, link);

        if (stream->busy || stream->ended)
            continue;
        if (stream->replies_count)
            send_replies(stream);
        else if (stream->half_closed)
            send_status(stream);
    }
}

/* ---- questions ---- */

static void take(struct noop_stream *stream, struct slice bytes)
{
    struct noop *noop = stream->noop;
    const Signalbox__V1__StreamDecideRequest *message = (const void *)message_unpack(
        &signalbox__v1__stream_decide_request__descriptor, bytes, &noop->arena);

    invariant(message);
    for (size_t i = 0; i < message->n_items; i++) {
        const Signalbox__V1__StreamDecideItem *item = message->items[i];
        const struct noop_item report = {.stream = stream, .correlation_id = item->correlation_id};
        bool waits = noop->store && item->request->boundary;

        stream->pending += waits;
        if (noop->store)
            noop_commit(noop, item->request, waits ? &report : NULL);
        if (!waits)
            noop_stream_reply(stream, item->correlation_id, item->request->boundary);
    }
}

static void on_receive(struct tag *tag, bool ok)
{
    struct noop_stream *stream = CONTAINER_OF(tag, struct noop_stream, on_receive);

    if (ok && stream->received) {
        take(stream, message_bytes(stream->received, &stream->noop->arena));
        arena_reset(&stream->noop->arena);
        grpc_byte_buffer_destroy(stream->received);
        receive(stream);
    } else {
        stream->half_closed = true;
        mark(stream);
    }
    release(stream);
}

static void on_send(struct tag *tag, bool ok)
{
    struct noop_stream *stream = CONTAINER_OF(tag, struct noop_stream, on_send);

    message_done(&stream->sending);
    stream->busy = false;
    if (!ok)
        stream->replies_count = 0;
    mark(stream);
    release(stream);
}

static void on_close(struct tag *tag, bool ok)
{
    struct noop_stream *stream = CONTAINER_OF(tag, struct noop_stream, on_close);

    (void)ok;
    stream->ended = true;
    release(stream);
}

static void on_status(struct tag *tag, bool ok)
{
    (void)ok;
    release(CONTAINER_OF(tag, struct noop_stream, on_status));
}

static void on_request(struct tag *tag, bool ok)
{
    struct noop_stream *stream = CONTAINER_OF(tag, struct noop_stream, on_request);
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};

    invariant(ok);
    noop_stream_arm(stream->noop);
    op.data.recv_close_on_server.cancelled = &stream->cancelled;
    start(stream, &op, 1, &stream->on_close);
    receive(stream);
}

void noop_stream_arm(struct noop *noop)
{
    struct noop_stream *stream = calloc(1, sizeof *stream);

    invariant(stream);
    stream->noop = noop;
    stream->on_request.fn = on_request;
    stream->on_receive.fn = on_receive;
    stream->on_send.fn = on_send;
    stream->on_close.fn = on_close;
    stream->on_status.fn = on_status;
    list_init(&stream->link);
    grpc_metadata_array_init(&stream->metadata);
    invariant(grpc_server_request_registered_call(noop->server, noop->stream_decide, &stream->call,
                                                  &stream->deadline, &stream->metadata, NULL,
                                                  noop->queue, noop->queue,
                                                  &stream->on_request) == GRPC_CALL_OK);
}
