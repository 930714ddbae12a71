/* Replies are packed when they are answered, because a decision is lent only during the call, into
 * the stream's chunk: each as one element of a StreamDecideResponse, so that whatever stands in the
 * chunks between two sends is a message by itself. One allocation serves many replies. */
#include "rpc/stream.h"

#define FLUSH_REPLIES     64
#define MESSAGE_BYTES_AIM (1024 * 1024) /* a client takes 4 MiB unless told otherwise */
#define CHUNK_BYTES       8192
#define TAG_ITEMS         (1 << 3 | 2) /* StreamDecideResponse.items */

/* ---- packing ---- */

static void close_chunk(struct stream *stream)
{
    if (stream->chunk_used)
        grpc_slice_buffer_add(&stream->queued,
                              grpc_slice_split_head(&stream->chunk, stream->chunk_used));
    stream->chunk_used = 0;
}

/* len bytes of one reply; a reply never spans two chunks. */
static uint8_t *reserve(struct stream *stream, size_t len)
{
    uint8_t *bytes;

    if (GRPC_SLICE_LENGTH(stream->chunk) - stream->chunk_used < len) {
        close_chunk(stream);
        grpc_slice_unref(stream->chunk);
        stream->chunk = grpc_slice_malloc_large(len > CHUNK_BYTES ? len : CHUNK_BYTES);
    }
    bytes = GRPC_SLICE_START_PTR(stream->chunk) + stream->chunk_used;
    stream->chunk_used += len;
    return bytes;
}

static void pack(struct stream *stream, const Signalbox__V1__StreamDecideReply *reply)
{
    size_t len = protobuf_c_message_get_packed_size(&reply->base), left = len, header = 2;
    uint8_t *at;

    for (size_t rest = len; rest >= 0x80; rest >>= 7)
        header++;
    at = reserve(stream, header + len);
    *at++ = TAG_ITEMS;
    for (; left >= 0x80; left >>= 7)
        *at++ = (uint8_t)(left | 0x80);
    *at++ = (uint8_t)left;
    protobuf_c_message_pack(&reply->base, at);
    stream->queued_replies++;
}

void stream_reply(struct stream *stream,
                  uint64_t correlation_id,
                  const struct ticket_answer *answer)
{
    struct arena *arena = &stream->server->reply;
    Signalbox__V1__StreamDecideReply reply;

    signalbox__v1__stream_decide_reply__init(&reply);
    reply.correlation_id = correlation_id;
    if (!answer->result) {
        reply.outcome_case = SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION;
        reply.decision = wire_put_decision(answer->decision, arena);
    }
    if (!reply.decision) {
        struct wire_status status = {answer->result, answer->message, answer->reason, answer->field,
                                     answer->retry_after_ms};

        if (!answer->result)
            status.result = RESULT_NO_MEMORY;
        arena_reset(arena);
        reply.outcome_case = SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_ERROR;
        reply.error = wire_put_status(&status, arena);
    }
    pack(stream, &reply);
    arena_reset(arena);
    stream_mark(stream);
    if (stream->queued_replies >= FLUSH_REPLIES)
        stream_flush(stream);
}

/* ---- sending ---- */

void stream_mark(struct stream *stream)
{
    if (list_empty(&stream->flush_link))
        list_append(&stream->server->flushes, &stream->flush_link);
}

/* Moves whole replies from queued to the message that is sent. */
static void fill_message(struct stream *stream)
{
    grpc_slice_buffer *message = &stream->sending.data.raw.slice_buffer;

    close_chunk(stream);
    if (stream->queued.length <= MESSAGE_BYTES_AIM) {
        grpc_slice_buffer_swap(&stream->queued, message);
        stream->queued_replies = 0;
        return;
    }
    do
        grpc_slice_buffer_add(message, grpc_slice_buffer_take_first(&stream->queued));
    while (stream->queued.count &&
           message->length + GRPC_SLICE_LENGTH(stream->queued.slices[0]) <= MESSAGE_BYTES_AIM);
    /* Not counted reply by reply: the rest keeps the stream from reading until it is gone. */
    if (stream->queued.count == 0)
        stream->queued_replies = 0;
}

static void send_status(struct stream *stream)
{
    struct call_batch batch = {.count = 0};

    stream->ended = true;
    if (!stream->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    stream->started = true;
    call_add_status(&batch, &stream->end);
    stream->tags++;
    call_start(stream->call, &batch, &stream->on_status);
    call_status_done(&stream->end);
}

static void send_message(struct stream *stream)
{
    struct call_batch batch = {.count = 0};

    call_buffer_init(&stream->sending);
    fill_message(stream);
    if (!stream->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    stream->started = true;
    call_add_message(&batch, &stream->sending, 0);
    stream->sending_now = true;
    stream->tags++;
    call_start(stream->call, &batch, &stream->on_send);
}

void stream_flush(struct stream *stream)
{
    list_remove(&stream->flush_link);
    if (stream->dead || stream->ended || stream->sending_now)
        return;
    if (stream->queued_replies)
        send_message(stream);
    else if (stream->ending && stream->open == 0)
        send_status(stream);
    stream_read(stream);
}

void stream_flush_all(struct rpc_server *server)
{
    struct list *link;

    while ((link = list_pop(&server->flushes)))
        stream_flush(CONTAINER_OF(link, struct stream, flush_link));
}
