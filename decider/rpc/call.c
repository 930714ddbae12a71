#include "rpc/call.h"

#include <stdio.h>

#include "base/invariant.h"

/* ---- batches ---- */

void call_add(struct call_batch *batch, grpc_op_type type)
{
    invariant(batch->count < CALL_OPS_MAX);
    memset(&batch->ops[batch->count], 0, sizeof batch->ops[0]);
    batch->ops[batch->count++].op = type;
}

static grpc_op *last_op(struct call_batch *batch)
{
    return &batch->ops[batch->count - 1];
}

void call_add_message(struct call_batch *batch, grpc_byte_buffer *message, uint32_t flags)
{
    call_add(batch, GRPC_OP_SEND_MESSAGE);
    last_op(batch)->flags = flags;
    last_op(batch)->data.send_message.send_message = message;
}

void call_add_receive(struct call_batch *batch, grpc_byte_buffer **ret_message)
{
    call_add(batch, GRPC_OP_RECV_MESSAGE);
    last_op(batch)->data.recv_message.recv_message = ret_message;
}

void call_add_close(struct call_batch *batch, int *ret_cancelled)
{
    call_add(batch, GRPC_OP_RECV_CLOSE_ON_SERVER);
    last_op(batch)->data.recv_close_on_server.cancelled = ret_cancelled;
}

void call_start(grpc_call *call, const struct call_batch *batch, struct tag *tag)
{
    invariant(grpc_call_start_batch(call, batch->ops, batch->count, tag, NULL) == GRPC_CALL_OK);
}

/* ---- bytes ---- */

void call_buffer_init(grpc_byte_buffer *buffer)
{
    memset(buffer, 0, offsetof(grpc_byte_buffer, data));
    buffer->type = GRPC_BB_RAW;
    buffer->data.raw.compression = GRPC_COMPRESS_NONE;
    grpc_slice_buffer_init(&buffer->data.raw.slice_buffer);
}

void call_buffer_add(grpc_byte_buffer *buffer, grpc_slice bytes)
{
    grpc_slice_buffer_add(&buffer->data.raw.slice_buffer, bytes);
}

void call_buffer_done(grpc_byte_buffer *buffer)
{
    grpc_slice_buffer_destroy(&buffer->data.raw.slice_buffer);
}

static enum result refuse(enum result result, const char *text, struct wire_error *reterr_error)
{
    reterr_error->field[0] = '\0';
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s", text);
    return result;
}

enum result call_bytes(grpc_byte_buffer *buffer,
                       size_t bytes_max,
                       struct arena *arena,
                       struct slice *ret_bytes,
                       struct wire_error *reterr_error)
{
    grpc_slice_buffer *slices;
    char *copy;
    size_t at = 0;

    if (!buffer)
        return refuse(RESULT_INVALID, "the call has no message", reterr_error);
    slices = &buffer->data.raw.slice_buffer;
    if (slices->length > bytes_max)
        return refuse(RESULT_TOO_LARGE, "the message is larger than this method takes",
                      reterr_error);
    if (slices->count == 0 || slices->count == 1) {
        const grpc_slice *first = slices->count ? &slices->slices[0] : NULL;

        *ret_bytes = (struct slice){first ? (const char *)GRPC_SLICE_START_PTR(*first) : NULL,
                                    slices->length};
        return RESULT_OK;
    }
    copy = arena_alloc(arena, slices->length);
    if (!copy)
        return refuse(RESULT_TOO_LARGE, "the message takes too much memory", reterr_error);
    for (size_t i = 0; i < slices->count; i++) {
        memcpy(copy + at, GRPC_SLICE_START_PTR(slices->slices[i]),
               GRPC_SLICE_LENGTH(slices->slices[i]));
        at += GRPC_SLICE_LENGTH(slices->slices[i]);
    }
    *ret_bytes = (struct slice){copy, at};
    return RESULT_OK;
}

grpc_slice call_pack(const ProtobufCMessage *message)
{
    grpc_slice bytes = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(bytes));
    return bytes;
}
