/* A stream has chains, numbered, and a ring of those whose next question is to be sent. One SEND
 * and one RECV are outstanding. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "load.h"

/* Tags of decision.proto. */
#define MESSAGE_ITEMS       (1 << 3 | 2)
#define ITEM_CORRELATION_ID (1 << 3)
#define ITEM_REQUEST        (2 << 3 | 2)
#define VARINT_BYTES_MAX    10

struct stream {
    struct load *load;
    struct tag on_start, on_send, on_receive, on_status;
    grpc_call *call;
    grpc_byte_buffer sending;
    grpc_byte_buffer *received;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    bool busy; /* a SEND is out */
    struct chain *chains;
    unsigned chains_count;
    unsigned *ready; /* ring of chains_count places */
    unsigned ready_first, ready_count;
};

static void push(struct stream *stream, unsigned index)
{
    invariant(stream->ready_count < stream->chains_count);
    stream->ready[(stream->ready_first + stream->ready_count++) % stream->chains_count] = index;
}

static unsigned pop(struct stream *stream)
{
    unsigned index = stream->ready[stream->ready_first];

    stream->ready_first = (stream->ready_first + 1) % stream->chains_count;
    stream->ready_count--;
    return index;
}

static size_t varint_bytes(uint64_t value)
{
    size_t bytes = 1;

    for (; value >= 0x80; value >>= 7)
        bytes++;
    return bytes;
}

static void put_item(struct stream *stream, unsigned index, struct buf *message)
{
    struct load *load = stream->load;
    struct chain *chain = &stream->chains[index];
    char memory[8192];
    struct buf question;

    buf_init_fixed(&question, memory, sizeof memory);
    chain_ask(chain, &load->parts, &question);
    load->kinds[chain->boundary].question_bytes = question.len;
    buf_put_varint(message, MESSAGE_ITEMS);
    buf_put_varint(message, 2 + varint_bytes(index) + varint_bytes(question.len) + question.len);
    buf_put_varint(message, ITEM_CORRELATION_ID);
    buf_put_varint(message, index);
    buf_put_varint(message, ITEM_REQUEST);
    buf_put_varint(message, question.len);
    buf_put_slice(message, buf_slice(&question));
    invariant(!buf_failed(&question) && !buf_failed(message));
}

static void send_ready(struct stream *stream)
{
    struct load *load = stream->load;
    unsigned count = stream->ready_count;
    uint64_t now_ns = clock_monotonic_ns();
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    struct buf message;

    if (stream->busy || load->stopping || !count ||
        (load->mode == LOAD_BATCH && count < load->items_max))
        return;
    count = count < load->items_max ? count : load->items_max;
    buf_init_fixed(&message, load->scratch, MESSAGE_BUFFER_BYTES);
    while (count--) {
        unsigned index = pop(stream);

        stream->chains[index].asked_ns = now_ns;
        put_item(stream, index, &message);
    }
    message_put(&stream->sending, grpc_slice_from_copied_buffer(message.ptr, message.len));
    op.data.send_message.send_message = &stream->sending;
    stream->busy = true;
    load->messages_sent++;
    message_start(stream->call, &op, 1, &stream->on_send);
}

static void receive(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    stream->received = NULL;
    op.data.recv_message.recv_message = &stream->received;
    message_start(stream->call, &op, 1, &stream->on_receive);
}

static void take(struct stream *stream)
{
    struct load *load = stream->load;
    struct slice rest = message_bytes(stream->received, &load->arena);
    struct answer answer;

    load->messages_received++;
    while (answer_next(&rest, &answer)) {
        invariant(answer.correlation_id < stream->chains_count);
        load_take(load, &stream->chains[answer.correlation_id], &answer);
        push(stream, (unsigned)answer.correlation_id);
    }
    invariant(rest.len == 0);
    arena_reset(&load->arena);
}

static void on_receive(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_receive);

    if (!ok || !stream->received || stream->load->stopping)
        return;
    take(stream);
    grpc_byte_buffer_destroy(stream->received);
    receive(stream);
    send_ready(stream);
}

static void on_send(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_send);

    message_done(&stream->sending);
    stream->busy = false;
    if (ok)
        send_ready(stream);
}

static void on_start(struct tag *tag, bool ok)
{
    (void)tag;
    (void)ok;
}

static void on_status(struct tag *tag, bool ok)
{
    struct stream *stream = CONTAINER_OF(tag, struct stream, on_status);

    (void)ok;
    if (!stream->load->stopping)
        load_call_failed(stream->load, stream->status, stream->details);
}

static void open_call(struct stream *stream)
{
    struct load *load = stream->load;
    grpc_op start[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                        {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

    stream->call = grpc_channel_create_registered_call(load->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                                       load->queue, load->stream_decide,
                                                       gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    start[0].data.send_initial_metadata.count = load->authorization_count;
    start[0].data.send_initial_metadata.metadata = &load->authorization;
    start[1].data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    message_start(stream->call, start, 2, &stream->on_start);
    status.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    status.data.recv_status_on_client.status = &stream->status;
    status.data.recv_status_on_client.status_details = &stream->details;
    message_start(stream->call, &status, 1, &stream->on_status);
}

static bool open_stream(struct stream *stream, struct load *load)
{
    stream->load = load;
    stream->on_start.fn = on_start;
    stream->on_send.fn = on_send;
    stream->on_receive.fn = on_receive;
    stream->on_status.fn = on_status;
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    stream->chains_count = load->window / load->streams;
    stream->chains = calloc(stream->chains_count, sizeof *stream->chains);
    stream->ready = calloc(stream->chains_count, sizeof *stream->ready);
    if (!stream->chains || !stream->ready)
        return false;
    open_call(stream);
    for (unsigned i = 0; i < stream->chains_count; i++) {
        chain_begin(&stream->chains[i]);
        push(stream, i);
    }
    receive(stream);
    send_ready(stream);
    return true;
}

bool load_stream_start(struct load *load)
{
    struct stream *streams = calloc(load->streams, sizeof *streams); /* until the program ends */

    for (unsigned i = 0; streams && i < load->streams; i++)
        if (!open_stream(&streams[i], load))
            return false;
    return streams != NULL;
}
