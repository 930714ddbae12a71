/* Messages from any bytes. What wire_unpack lets through must convert or be refused, and what
 * converts must come back from its own bytes; items are cut as the stream does it. The first byte
 * chooses the message. */
#include <stdlib.h>

#include "base/invariant.h"
#include "google/rpc/status.pb-c.h"
#include "signalbox/limits.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct slice pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, len);

    invariant(bytes);
    protobuf_c_message_pack(message, bytes);
    return (struct slice){(const char *)bytes, len};
}

static void check_question(struct slice bytes, struct arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = &signalbox__v1__decide_request__descriptor;
    Signalbox__V1__DecideRequest *again;
    ProtobufCMessage *message;
    struct question question;
    struct wire_error error;

    if (wire_unpack(descriptor, bytes, arena, &message, &error) != RESULT_OK ||
        wire_get_question((const void *)message, arena, &question, &error) != RESULT_OK)
        return;
    again = wire_put_question(&question, arena);
    invariant(again);
    bytes = pack(&again->base, arena);
    invariant(wire_unpack(descriptor, bytes, arena, &message, &error) == RESULT_OK);
    invariant(wire_get_question((const void *)message, arena, &question, &error) == RESULT_OK);
    invariant(slice_equal(pack(&wire_put_question(&question, arena)->base, arena), bytes));
}

static void check_decision(struct slice bytes, struct arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = &signalbox__v1__decision__descriptor;
    Signalbox__V1__Decision *again;
    ProtobufCMessage *message;
    struct decision decision;
    struct wire_error error;

    if (wire_unpack(descriptor, bytes, arena, &message, &error) != RESULT_OK ||
        wire_get_decision((const void *)message, arena, &decision, &error) != RESULT_OK)
        return;
    again = wire_put_decision(&decision, arena);
    invariant(again);
    bytes = pack(&again->base, arena);
    invariant(wire_unpack(descriptor, bytes, arena, &message, &error) == RESULT_OK);
    invariant(wire_get_decision((const void *)message, arena, &decision, &error) == RESULT_OK);
}

static void check_items(struct slice bytes, struct arena *arena)
{
    struct wire_item item;

    while (wire_next_item(&bytes, &item) == RESULT_OK)
        check_question(item.request, arena);
}

static void check_status(struct slice bytes, struct arena *arena)
{
    ProtobufCMessage *message;
    struct wire_status status;
    struct wire_error error;

    if (wire_unpack(&google__rpc__status__descriptor, bytes, arena, &message, &error) == RESULT_OK)
        (void)!wire_get_status((const void *)message, arena, &status);
}

/* Requests of the administrative methods: the first byte chooses which. */
static void check_request(struct slice bytes, struct arena *arena)
{
    const ProtobufCServiceDescriptor *service = &signalbox__v1__policy_service__descriptor;
    const ProtobufCMessageDescriptor *descriptor;
    ProtobufCMessage *message;
    struct wire_error error;

    if (bytes.len == 0)
        return;
    descriptor = service->methods[(uint8_t)bytes.ptr[0] % service->n_methods].input;
    bytes = (struct slice){bytes.ptr + 1, bytes.len - 1};
    if (wire_unpack(descriptor, bytes, arena, &message, &error) != RESULT_OK)
        return;
    bytes = pack(message, arena);
    invariant(wire_unpack(descriptor, bytes, arena, &message, &error) == RESULT_OK);
    invariant(slice_equal(pack(message, arena), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice message = {(const char *)bytes + 1, len - 1};
    struct arena arena;

    if (len == 0)
        return 0;
    arena_init(&arena, NULL, 0, 4 * MESSAGE_ARENA_BYTES_MAX);
    switch (bytes[0] % 5) {
    case 0:
        check_question(message, &arena);
        break;
    case 1:
        check_decision(message, &arena);
        break;
    case 2:
        check_items(message, &arena);
        break;
    case 3:
        check_status(message, &arena);
        break;
    default:
        check_request(message, &arena);
        break;
    }
    arena_done(&arena);
    return 0;
}
