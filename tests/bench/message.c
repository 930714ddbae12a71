#include "message.h"

#include "base/invariant.h"

void message_start(grpc_call *call, const grpc_op *ops, size_t count, struct tag *tag)
{
    invariant(grpc_call_start_batch(call, ops, count, tag, NULL) == GRPC_CALL_OK);
}

void message_put(grpc_byte_buffer *buffer, grpc_slice bytes)
{
    memset(buffer, 0, offsetof(grpc_byte_buffer, data));
    buffer->type = GRPC_BB_RAW;
    buffer->data.raw.compression = GRPC_COMPRESS_NONE;
    grpc_slice_buffer_init(&buffer->data.raw.slice_buffer);
    grpc_slice_buffer_add(&buffer->data.raw.slice_buffer, bytes);
}

void message_done(grpc_byte_buffer *buffer)
{
    grpc_slice_buffer_destroy(&buffer->data.raw.slice_buffer);
}

struct slice message_bytes(grpc_byte_buffer *buffer, struct arena *arena)
{
    grpc_slice_buffer *slices = &buffer->data.raw.slice_buffer;
    size_t used = 0;
    char *copy;

    if (slices->count == 1)
        return (struct slice){(const char *)GRPC_SLICE_START_PTR(slices->slices[0]),
                              slices->length};
    copy = arena_alloc(arena, slices->length + 1);
    invariant(copy);
    for (size_t i = 0; i < slices->count; i++) {
        size_t len = GRPC_SLICE_LENGTH(slices->slices[i]);

        memcpy(copy + used, GRPC_SLICE_START_PTR(slices->slices[i]), len);
        used += len;
    }
    return (struct slice){copy, used};
}

grpc_slice message_pack(const ProtobufCMessage *message)
{
    grpc_slice bytes = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(bytes));
    return bytes;
}

static void *on_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void on_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor,
                                 struct slice bytes,
                                 struct arena *arena)
{
    ProtobufCAllocator allocator = {on_alloc, on_free, arena};

    return protobuf_c_message_unpack(descriptor, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
}

bool message_burst(grpc_completion_queue *queue, gpr_timespec wait_until, unsigned events_max)
{
    for (unsigned events = 0; events < events_max; events++) {
        grpc_event event = grpc_completion_queue_next(queue, wait_until, NULL);
        struct tag *tag = event.tag;

        if (event.type != GRPC_OP_COMPLETE)
            return events > 0;
        tag->fn(tag, event.success);
        wait_until = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    }
    return true;
}
