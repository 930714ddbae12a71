/* Each slot is a chain and the call that its open question is in. */
#include <stdlib.h>

#include "base/clock.h"
#include "load.h"

struct slot {
    struct load *load;
    struct tag on_done;
    struct chain chain;
    grpc_call *call;
    grpc_byte_buffer question;
    grpc_byte_buffer *answer;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
};

static void start(struct slot *slot)
{
    struct load *load = slot->load;
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT},
    };

    ops[0].data.send_initial_metadata.count = load->authorization_count;
    ops[0].data.send_initial_metadata.metadata = &load->authorization;
    ops[1].data.send_message.send_message = &slot->question;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &slot->initial;
    ops[4].data.recv_message.recv_message = &slot->answer;
    ops[5].data.recv_status_on_client.trailing_metadata = &slot->trailing;
    ops[5].data.recv_status_on_client.status = &slot->status;
    ops[5].data.recv_status_on_client.status_details = &slot->details;
    slot->call = grpc_channel_create_registered_call(load->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                                     load->queue, load->decide,
                                                     gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    message_start(slot->call, ops, 6, &slot->on_done);
}

static void ask(struct slot *slot)
{
    struct load *load = slot->load;
    struct buf buf;

    buf_init_fixed(&buf, load->scratch, MESSAGE_BUFFER_BYTES);
    chain_ask(&slot->chain, &load->parts, &buf);
    load->kinds[slot->chain.boundary].question_bytes = buf.len;
    load->messages_sent++;
    message_put(&slot->question, grpc_slice_from_copied_buffer(buf.ptr, buf.len));
    slot->chain.asked_ns = clock_monotonic_ns();
    start(slot);
}

static void take(struct slot *slot)
{
    struct load *load = slot->load;
    struct answer answer = {.refused = true};

    load->messages_received++;
    if (slot->status == GRPC_STATUS_OK && slot->answer)
        answer.refused = !answer_read(message_bytes(slot->answer, &load->arena), &answer);
    else
        answer.message = (struct slice){(const char *)GRPC_SLICE_START_PTR(slot->details),
                                        GRPC_SLICE_LENGTH(slot->details)};
    load_take(load, &slot->chain, &answer);
    arena_reset(&load->arena);
}

static void on_done(struct tag *tag, bool ok)
{
    struct slot *slot = CONTAINER_OF(tag, struct slot, on_done);

    (void)ok;
    if (!slot->load->stopping)
        take(slot);
    message_done(&slot->question);
    if (slot->answer)
        grpc_byte_buffer_destroy(slot->answer);
    slot->answer = NULL;
    slot->initial.count = slot->trailing.count = 0;
    grpc_slice_unref(slot->details);
    grpc_call_unref(slot->call);
    if (!slot->load->stopping)
        ask(slot);
}

bool load_unary_start(struct load *load)
{
    struct slot *slots = calloc(load->window, sizeof *slots); /* until the program ends */

    for (unsigned i = 0; slots && i < load->window; i++) {
        slots[i].load = load;
        slots[i].on_done.fn = on_done;
        grpc_metadata_array_init(&slots[i].initial);
        grpc_metadata_array_init(&slots[i].trailing);
        chain_begin(&slots[i].chain);
        ask(&slots[i]);
    }
    return slots != NULL;
}
