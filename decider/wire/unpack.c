/* Scan, then protobuf-c with the arena as its allocator: the arena's bound is what limits how much
 * a small message can blow up to. What is freed goes with the arena. */
#include <stdio.h>

#include "wire/scan.h"

static void *on_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void on_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

enum result wire_unpack_unscanned(const ProtobufCMessageDescriptor *descriptor,
                                  struct slice bytes,
                                  struct arena *arena,
                                  ProtobufCMessage **ret_message,
                                  struct wire_error *reterr_error)
{
    ProtobufCAllocator allocator = {on_alloc, on_free, arena};

    *ret_message =
        protobuf_c_message_unpack(descriptor, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
    if (*ret_message)
        return RESULT_OK;
    reterr_error->field[0] = '\0';
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s",
             arena->failed ? "the message takes too much memory" : "the message is malformed");
    return arena->failed ? RESULT_TOO_LARGE : RESULT_INVALID;
}

enum result wire_unpack(const ProtobufCMessageDescriptor *descriptor,
                        struct slice bytes,
                        struct arena *arena,
                        ProtobufCMessage **ret_message,
                        struct wire_error *reterr_error)
{
    enum result result = scan_message(descriptor, bytes, reterr_error);

    return result ? result
                  : wire_unpack_unscanned(descriptor, bytes, arena, ret_message, reterr_error);
}
