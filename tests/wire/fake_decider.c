/* One thread, one completion queue, one generic slot that accepts every method. The loop ticks
 * every millisecond for delays and drops; it is a test's, and need not be clever. */
#include "wire/fake_decider.h"

#include <pthread.h>
#include <stdlib.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/list.h"
#include "client/event.h"
#include "google/rpc/status.pb-c.h"
#include "wire/wire.h"

#define STREAM_METHOD "/signalbox.v1.DecisionService/StreamDecide"

struct fake_server {
    struct fake_decider *fake;
    grpc_server *server;
    grpc_completion_queue *cq;
    pthread_t thread;
    struct list talks;
    struct event accepted;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    struct event shut;
    bool stopped;
};

/* One call. */
struct talk {
    struct fake_server *server;
    struct list link;
    grpc_call *call;
    struct event received, sent, closed;
    unsigned outstanding;
    bool stream, fails, sending, greeted, over;
    unsigned items;
    uint32_t boundary; /* of the last item */
    grpc_byte_buffer *incoming, *outgoing;
    int cancelled;
    struct buf replies; /* packed, waiting */
    uint64_t due_ms;    /* of what waits */
};

static bool slice_ends(grpc_slice slice, const char *text)
{
    size_t len = strlen(text);

    return GRPC_SLICE_LENGTH(slice) >= len &&
           memcmp(GRPC_SLICE_END_PTR(slice) - len, text, len) == 0;
}

static void begin(struct talk *talk, const grpc_op *ops, size_t count, struct event *event)
{
    talk->outstanding++;
    invariant(grpc_call_start_batch(talk->call, ops, count, event, NULL) == GRPC_CALL_OK);
}

static void release(struct talk *talk)
{
    if (talk->outstanding > 0)
        return;
    list_remove(&talk->link);
    grpc_call_unref(talk->call);
    buf_done(&talk->replies);
    free(talk);
}

static void receive(struct talk *talk)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    talk->incoming = NULL;
    op.data.recv_message.recv_message = &talk->incoming;
    begin(talk, &op, 1, &talk->received);
}

static void end(struct talk *talk, grpc_status_code code, const char *text)
{
    grpc_slice details = grpc_slice_from_copied_string(text);
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_SEND_INITIAL_METADATA}};

    talk->over = true;
    talk->sending = true;
    ops[0].data.send_status_from_server.status = code;
    ops[0].data.send_status_from_server.status_details = &details;
    begin(talk, ops, talk->greeted ? 1 : 2, &talk->sent);
    grpc_slice_unref(details);
}

static void send_bytes(struct talk *talk, struct slice bytes)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes.ptr, bytes.len);
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_MESSAGE}, {.op = GRPC_OP_SEND_INITIAL_METADATA}};

    talk->outgoing = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    ops[0].data.send_message.send_message = talk->outgoing;
    talk->sending = true;
    begin(talk, ops, talk->greeted ? 1 : 2, &talk->sent);
    talk->greeted = true;
}

static void flush(struct talk *talk, uint64_t now_ms)
{
    if (!talk->stream || talk->over || talk->sending || talk->replies.len == 0 ||
        talk->due_ms > now_ms)
        return;
    send_bytes(talk, buf_slice(&talk->replies));
    buf_clear(&talk->replies);
}

static void on_sent(struct event *event, bool ok)
{
    struct talk *talk = CONTAINER_OF(event, struct talk, sent);

    grpc_byte_buffer_destroy(talk->outgoing);
    talk->outgoing = NULL;
    talk->sending = !ok || talk->over;
    talk->outstanding--;
    if (ok && talk->stream)
        flush(talk, clock_monotonic_ms());
    else if (ok && !talk->over)
        end(talk, GRPC_STATUS_OK, "");
    release(talk);
}

static void on_closed(struct event *event, bool ok)
{
    struct talk *talk = CONTAINER_OF(event, struct talk, closed);

    (void)ok;
    talk->over = true;
    talk->outstanding--;
    release(talk);
}

/* ---- questions ---- */

static void put_reply(struct talk *talk, uint64_t id, uint32_t boundary)
{
    _Alignas(16) char memory[2048];
    struct arena arena;
    struct decision decision = {.action = ACTION_FAIL_CLOSED, .attempt = boundary + 1};
    struct wire_status status = {.result = RESULT_ADMISSION_NEEDED,
                                 .message = SLICE_LITERAL("not known here"),
                                 .reason = SLICE_LITERAL("ADMISSION_NEEDED")};
    Signalbox__V1__StreamDecideReply reply = SIGNALBOX__V1__STREAM_DECIDE_REPLY__INIT;
    size_t len;

    arena_init(&arena, memory, sizeof memory, 65536);
    reply.correlation_id = id;
    if (talk->server->fake->item_errors) {
        reply.outcome_case = SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_ERROR;
        reply.error = wire_put_status(&status, &arena);
    } else {
        reply.outcome_case = SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION;
        reply.decision = wire_put_decision(&decision, &arena);
    }
    len = protobuf_c_message_get_packed_size(&reply.base);
    buf_put_u8(&talk->replies, 0x0a);
    buf_put_varint(&talk->replies, len);
    protobuf_c_message_pack(&reply.base, (uint8_t *)buf_reserve(&talk->replies, len));
    arena_done(&arena);
}

static void take_questions(struct talk *talk, struct slice bytes)
{
    static _Thread_local char memory[256 * 1024];
    struct fake_decider *fake = talk->server->fake;
    struct arena arena;
    ProtobufCMessage *message;
    struct wire_error error;
    const Signalbox__V1__StreamDecideRequest *request;

    arena_init(&arena, memory, sizeof memory, MESSAGE_ARENA_BYTES_MAX);
    invariant(wire_unpack(&signalbox__v1__stream_decide_request__descriptor, bytes, &arena,
                          &message, &error) == RESULT_OK);
    request = (const Signalbox__V1__StreamDecideRequest *)(void *)message;
    fake->messages++;
    fake->items += request->n_items;
    if (request->n_items > fake->items_in_one_max)
        fake->items_in_one_max = request->n_items;
    invariant(request->n_items <= STREAM_ITEMS_MAX);
    talk->items += (unsigned)request->n_items;
    for (size_t i = 0; i < request->n_items; i++) {
        fake->unordered += request->items[i]->request->boundary < talk->boundary;
        talk->boundary = request->items[i]->request->boundary;
    }
    if (fake->drop_every && talk->items >= fake->drop_every) {
        grpc_call_cancel_with_status(talk->call, GRPC_STATUS_UNAVAILABLE, "dropped", NULL);
    } else if (!fake->silent) {
        talk->due_ms = clock_monotonic_ms() + fake->delay_ms;
        for (size_t i = 0; i < request->n_items; i++)
            put_reply(talk, request->items[i]->correlation_id,
                      request->items[i]->request->boundary);
    }
    arena_done(&arena);
}

/* Ends the call with google.rpc details: reason NEVER, field document. */
static void fail(struct talk *talk, grpc_status_code code, const char *why)
{
    struct arena arena;
    struct wire_status status = {.result = RESULT_INVALID,
                                 .message = slice_of(why),
                                 .reason = SLICE_LITERAL("NEVER"),
                                 .field = SLICE_LITERAL("document")};
    Google__Rpc__Status *message;
    grpc_slice packed, text = grpc_slice_from_copied_string(why);
    grpc_metadata metadata = {.key = grpc_slice_from_static_string("grpc-status-details-bin")};
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_SEND_INITIAL_METADATA}};

    arena_init(&arena, NULL, 0, 65536);
    message = wire_put_status(&status, &arena);
    packed = grpc_slice_malloc(protobuf_c_message_get_packed_size(&message->base));
    protobuf_c_message_pack(&message->base, GRPC_SLICE_START_PTR(packed));
    metadata.value = packed;
    talk->over = true;
    talk->sending = true;
    ops[0].data.send_status_from_server.status = code;
    ops[0].data.send_status_from_server.status_details = &text;
    ops[0].data.send_status_from_server.trailing_metadata_count = 1;
    ops[0].data.send_status_from_server.trailing_metadata = &metadata;
    begin(talk, ops, 2, &talk->sent);
    grpc_slice_unref(packed);
    grpc_slice_unref(text);
    arena_done(&arena);
}

static void on_received(struct event *event, bool ok)
{
    struct talk *talk = CONTAINER_OF(event, struct talk, received);
    grpc_byte_buffer *message = ok ? talk->incoming : NULL;
    grpc_byte_buffer_reader reader;
    grpc_slice bytes;

    talk->outstanding--;
    if (message) {
        invariant(grpc_byte_buffer_reader_init(&reader, message));
        bytes = grpc_byte_buffer_reader_readall(&reader);
        grpc_byte_buffer_reader_destroy(&reader);
        if (talk->stream)
            take_questions(talk, (struct slice){(const char *)GRPC_SLICE_START_PTR(bytes),
                                                GRPC_SLICE_LENGTH(bytes)});
        else if (talk->fails)
            fail(talk, GRPC_STATUS_INVALID_ARGUMENT, "this never works");
        else if (!talk->server->fake->silent)
            send_bytes(talk, (struct slice){(const char *)GRPC_SLICE_START_PTR(bytes),
                                            GRPC_SLICE_LENGTH(bytes)});
        grpc_slice_unref(bytes);
        if (talk->stream && !talk->server->fake->deaf)
            receive(talk);
        flush(talk, clock_monotonic_ms());
    } else if (talk->stream && !talk->over && !talk->sending) {
        end(talk, GRPC_STATUS_OK, "");
    }
    grpc_byte_buffer_destroy(message);
    release(talk);
}

/* ---- the server ---- */

static void request(struct fake_server *server)
{
    grpc_call_details_init(&server->details);
    grpc_metadata_array_init(&server->metadata);
    invariant(grpc_server_request_call(server->server, &server->call, &server->details,
                                       &server->metadata, server->cq, server->cq,
                                       &server->accepted) == GRPC_CALL_OK);
}

static void accept_call(struct fake_server *server)
{
    struct talk *talk = calloc(1, sizeof *talk);
    struct fake_decider *fake = server->fake;
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};

    invariant(talk);
    *talk = (struct talk){.server = server,
                          .call = server->call,
                          .received = {on_received},
                          .sent = {on_sent},
                          .closed = {on_closed},
                          .stream = slice_ends(server->details.method, STREAM_METHOD),
                          .fails = slice_ends(server->details.method, "Fail")};
    buf_init(&talk->replies, 64 << 20);
    list_append(&server->talks, &talk->link);
    close.data.recv_close_on_server.cancelled = &talk->cancelled;
    begin(talk, &close, 1, &talk->closed);
    fake->streams += talk->stream;
    fake->bearer_seen = false;
    for (size_t i = 0; i < server->metadata.count; i++)
        if (slice_ends(server->metadata.metadata[i].key, "authorization") &&
            slice_ends(server->metadata.metadata[i].value, "Bearer secret"))
            fake->bearer_seen = true;
    if (talk->stream && fake->refuse)
        fail(talk, (grpc_status_code)(int)fake->refuse, "not you");
    else
        receive(talk);
}

static void on_accepted(struct event *event, bool ok)
{
    struct fake_server *server = CONTAINER_OF(event, struct fake_server, accepted);

    if (ok)
        accept_call(server);
    grpc_call_details_destroy(&server->details);
    grpc_metadata_array_destroy(&server->metadata);
    if (ok)
        request(server);
}

static void on_shut(struct event *event, bool ok)
{
    (void)ok;
    CONTAINER_OF(event, struct fake_server, shut)->stopped = true;
}

static void tick(struct fake_server *server)
{
    uint64_t now_ms = clock_monotonic_ms();
    bool drop = atomic_exchange(&server->fake->drop_now, false);

    LIST_EACH(&server->talks, link)
    {
        struct talk *talk = CONTAINER_OF(link, struct talk, link);

        if (drop)
            grpc_call_cancel_with_status(talk->call, GRPC_STATUS_UNAVAILABLE, "dropped", NULL);
        flush(talk, now_ms);
    }
}

static void *run(void *context)
{
    struct fake_server *server = context;
    uint64_t ticked_ms = 0;

    for (;;) {
        gpr_timespec until =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(1, GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(server->cq, until, NULL);

        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_OP_COMPLETE)
            ((struct event *)event.tag)->on_done(event.tag, event.success);
        if (server->stopped && list_empty(&server->talks)) {
            grpc_completion_queue_shutdown(server->cq);
            server->stopped = false;
        }
        if (clock_monotonic_ms() != ticked_ms) {
            ticked_ms = clock_monotonic_ms();
            tick(server);
        }
    }
}

bool fake_decider_start(struct fake_decider *fake, const char *target)
{
    struct fake_server *server = calloc(1, sizeof *server);
    grpc_server_credentials *plain;
    int port;

    invariant(server);
    server->fake = fake;
    server->accepted.on_done = on_accepted;
    server->shut.on_done = on_shut;
    list_init(&server->talks);
    grpc_init();
    server->server = grpc_server_create(NULL, NULL);
    server->cq = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->server, server->cq, NULL);
    plain = grpc_insecure_server_credentials_create();
    port = grpc_server_add_http2_port(server->server, target, plain);
    grpc_server_credentials_release(plain);
    if (!port)
        return false;
    grpc_server_start(server->server);
    request(server);
    fake->server = server;
    return pthread_create(&server->thread, NULL, run, server) == 0;
}

void fake_decider_stop(struct fake_decider *fake)
{
    struct fake_server *server = fake->server;

    if (!server)
        return;
    fake->server = NULL;
    grpc_server_shutdown_and_notify(server->server, server->cq, &server->shut);
    grpc_server_cancel_all_calls(server->server);
    pthread_join(server->thread, NULL);
    grpc_server_destroy(server->server);
    grpc_completion_queue_destroy(server->cq);
    grpc_shutdown_blocking();
    free(server);
}
