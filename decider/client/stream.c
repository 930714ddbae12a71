/* Everything that has arrived when a SEND completes goes into the next message. StreamDecideRequest
 * is nothing but its repeated items, and those were packed by their askers with tag and length, so
 * a message is made by laying them end to end. Replies are read one by one, each in the same arena:
 * a reply that cannot be read harms no other.
 *
 * A stream that was lost has its questions asked again, which idempotency makes safe. A status that
 * says the questions themselves are refused answers them: the sent ones, and where the token or the
 * method is refused those that wait too, since no later stream would fare better. */
#include "client/stream.h"

#include <stdio.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include "base/buf.h"
#include "base/invariant.h"
#include "base/random.h"
#include "client/status.h"
#include "client/worker.h"

static struct signalbox_worker *worker_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct signalbox_worker, stream);
}

static void begin(struct stream *stream, const grpc_op *ops, size_t count, struct event *event)
{
    stream->outstanding++;
    invariant(grpc_call_start_batch(stream->call, ops, count, event, NULL) == GRPC_CALL_OK);
}

static void receive(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    stream->incoming = NULL;
    op.data.recv_message.recv_message = &stream->incoming;
    begin(stream, &op, 1, &stream->received);
}

/* ---- the end ---- */

/* No operation is under way: settles what was asked and arms the next try. */
static void settle(struct stream *stream)
{
    struct signalbox_worker *worker = worker_of(stream);
    struct signalbox_client *client = worker->client;
    struct status_end end = {stream->status, stream->details, &stream->trailing};
    struct wire_status status;
    struct signalbox_answer answer;

    switch (stream->status) {
    case GRPC_STATUS_UNAUTHENTICATED:
    case GRPC_STATUS_PERMISSION_DENIED:
    case GRPC_STATUS_UNIMPLEMENTED:
    case GRPC_STATUS_INVALID_ARGUMENT:
    case GRPC_STATUS_NOT_FOUND:
    case GRPC_STATUS_ALREADY_EXISTS:
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
    case GRPC_STATUS_FAILED_PRECONDITION:
    case GRPC_STATUS_OUT_OF_RANGE:
    case GRPC_STATUS_DATA_LOSS:
        arena_reset(&client->arena);
        status = status_read(&end, &client->arena);
        answer = (struct signalbox_answer){.result = status.result,
                                           .message = status.message,
                                           .reason = status.reason,
                                           .retry_after_ms = status.retry_after_ms};
        worker_answer_all(&worker->sent, &answer);
        if (stream->status == GRPC_STATUS_UNAUTHENTICATED ||
            stream->status == GRPC_STATUS_PERMISSION_DENIED ||
            stream->status == GRPC_STATUS_UNIMPLEMENTED)
            worker_answer_all(&worker->waiting, &answer);
        break;
    case GRPC_STATUS_OK:
    case GRPC_STATUS_CANCELLED:
    case GRPC_STATUS_UNKNOWN:
    case GRPC_STATUS_DEADLINE_EXCEEDED:
    case GRPC_STATUS_ABORTED:
    case GRPC_STATUS_INTERNAL:
    case GRPC_STATUS_UNAVAILABLE:
    case GRPC_STATUS__DO_NOT_USE:
        worker_ask_again(worker);
        break;
    }
}

static void finish(struct stream *stream)
{
    struct signalbox_client *client = worker_of(stream)->client;

    if (stream->outstanding > 0)
        return;
    stream->state = STREAM_STATE_DOWN;
    if (!atomic_load(&client->closing)) {
        settle(stream); /* while the call lives: it lends the trailing metadata */
        timer_arm(&client->timers, &stream->restart,
                  client->now_ms + backoff_next_ms(&stream->backoff));
    }
    grpc_slice_unref(stream->details);
    grpc_metadata_array_destroy(&stream->initial);
    grpc_metadata_array_destroy(&stream->trailing);
    grpc_call_unref(stream->call);
    stream->call = NULL;
}

/* An operation is back. True while the stream lives. */
static bool returned(struct stream *stream)
{
    invariant(stream->outstanding > 0);
    stream->outstanding--;
    if (stream->state == STREAM_STATE_UP)
        return true;
    finish(stream);
    return false;
}

static void on_ended(struct event *event, bool ok)
{
    struct stream *stream = CONTAINER_OF(event, struct stream, ended);

    (void)ok;
    stream->state = STREAM_STATE_ENDING;
    returned(stream);
}

static void on_opened(struct event *event, bool ok)
{
    (void)ok; /* when it is not, the status says why */
    returned(CONTAINER_OF(event, struct stream, opened));
}

/* ---- answers ---- */

static void answer_unreadable(struct ask *ask, const struct wire_error *error)
{
    struct signalbox_answer answer = {.result = RESULT_CORRUPT};
    char text[sizeof error->field + sizeof error->text + 64];

    snprintf(text, sizeof text, "the decider's answer cannot be read: %s: %s", error->field,
             error->text);
    answer.message = slice_of(text);
    worker_answer(ask, &answer);
}

static void
answer_one(struct ask *ask, const Signalbox__V1__StreamDecideReply *reply, struct arena *arena)
{
    struct signalbox_answer answer = {.result = RESULT_CORRUPT};
    struct wire_error error = {"outcome", "missing"};
    struct wire_status status;
    struct decision decision;

    switch (reply->outcome_case) {
    case SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION:
        if (wire_get_decision(reply->decision, arena, &decision, &error) != RESULT_OK)
            break;
        answer.result = RESULT_OK;
        answer.decision = &decision;
        worker_answer(ask, &answer);
        return;
    case SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_ERROR:
        if (wire_get_status(reply->error, arena, &status) != RESULT_OK)
            break;
        answer.result = status.result == RESULT_OK ? RESULT_CORRUPT : status.result;
        answer.message = status.message;
        answer.reason = status.reason;
        answer.retry_after_ms = status.retry_after_ms;
        worker_answer(ask, &answer);
        return;
    case SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME__NOT_SET:
    case _SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME__CASE_IS_INT_SIZE:
        break;
    }
    answer_unreadable(ask, &error);
}

/* The correlation id, without which nobody can be told; it stands first. 0: it does not. */
static uint64_t peek_correlation_id(struct slice bytes)
{
    struct cursor cursor = cursor_of(bytes);
    uint64_t id = cursor_u8(&cursor) == 0x08 ? cursor_varint(&cursor) : 0;

    return cursor.failed ? 0 : id;
}

static bool read_reply(struct signalbox_worker *worker, struct slice bytes)
{
    struct arena *arena = &worker->client->arena;
    ProtobufCMessage *message = NULL;
    struct wire_error error = {"", ""};
    struct ask *ask;

    arena_reset(arena);
    ask = worker_sent_ask(worker, peek_correlation_id(bytes));
    if (ask && wire_unpack_unscanned(&signalbox__v1__stream_decide_reply__descriptor, bytes, arena,
                                     &message, &error) == RESULT_OK)
        answer_one(ask, (const Signalbox__V1__StreamDecideReply *)(void *)message, arena);
    else if (ask)
        answer_unreadable(ask, &error);
    return ask || peek_correlation_id(bytes);
}

/* Walks the repeated items of a StreamDecideResponse. False: it is none. */
static bool read_replies(struct signalbox_worker *worker, struct slice bytes)
{
    struct cursor cursor = cursor_of(bytes);

    while (cursor.left > 0) {
        struct slice item;

        if (cursor_u8(&cursor) != 0x0a)
            return false;
        item = cursor_bytes(&cursor, cursor_varint(&cursor));
        if (cursor.failed || !read_reply(worker, item))
            return false;
    }
    return true;
}

static bool read_message(struct signalbox_worker *worker, grpc_byte_buffer *message)
{
    size_t len = grpc_byte_buffer_length(message);
    grpc_byte_buffer_reader reader;
    grpc_slice *first;
    grpc_slice whole = grpc_empty_slice();
    struct slice bytes = {NULL, 0};
    bool good;

    if (len == 0)
        return true;
    if (!grpc_byte_buffer_reader_init(&reader, message))
        return false;
    if (grpc_byte_buffer_reader_peek(&reader, &first) && GRPC_SLICE_LENGTH(*first) == len) {
        bytes = (struct slice){(const char *)GRPC_SLICE_START_PTR(*first), len};
    } else {
        grpc_byte_buffer_reader_destroy(&reader);
        if (!grpc_byte_buffer_reader_init(&reader, message))
            return false;
        whole = grpc_byte_buffer_reader_readall(&reader);
        bytes = (struct slice){(const char *)GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole)};
    }
    good = read_replies(worker, bytes);
    grpc_slice_unref(whole);
    grpc_byte_buffer_reader_destroy(&reader);
    return good;
}

static void on_received(struct event *event, bool ok)
{
    struct stream *stream = CONTAINER_OF(event, struct stream, received);
    struct signalbox_worker *worker = worker_of(stream);
    grpc_byte_buffer *message = ok ? stream->incoming : NULL;
    bool good = true;

    /* Answers that came before the end are answers. */
    if (message) {
        good = read_message(worker, message);
        grpc_byte_buffer_destroy(message);
        backoff_reset(&stream->backoff);
        connection_prove(&worker->client->connection);
    }
    if (!returned(stream) || !message)
        return; /* without a message the status is on its way */
    if (good)
        receive(stream);
    else
        grpc_call_cancel_with_status(stream->call, GRPC_STATUS_INTERNAL,
                                     "the decider's message cannot be read", NULL);
}

/* ---- questions ---- */

/* The questions that the next message takes: how many bytes; they move from waiting to sent. */
static size_t choose(struct signalbox_worker *worker, struct list *ret_chosen)
{
    size_t bytes = 0;
    unsigned items = 0;

    LIST_EACH(&worker->waiting, link)
    {
        struct ask *ask = CONTAINER_OF(link, struct ask, link);

        if (items == STREAM_ITEMS_MAX || (items > 0 && bytes + ask->bytes_len > STREAM_BYTES_MAX))
            break;
        list_remove(link);
        list_append(ret_chosen, link);
        bytes += ask->bytes_len;
        items++;
    }
    return bytes;
}

static void send_waiting(struct stream *stream)
{
    struct signalbox_worker *worker = worker_of(stream);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    struct list chosen;
    grpc_slice message;
    uint8_t *end;

    list_init(&chosen);
    message = grpc_slice_malloc(choose(worker, &chosen));
    end = GRPC_SLICE_START_PTR(message);
    for (struct list *link; (link = list_pop(&chosen));) {
        struct ask *ask = CONTAINER_OF(link, struct ask, link);

        memcpy(end, ask->bytes, ask->bytes_len);
        end += ask->bytes_len;
        ask->state = ASK_STATE_SENT;
        list_append(&worker->sent, link);
    }
    stream->outgoing = grpc_raw_byte_buffer_create(&message, 1);
    grpc_slice_unref(message);
    op.data.send_message.send_message = stream->outgoing;
    stream->sending = true;
    begin(stream, &op, 1, &stream->sent);
}

static void on_sent(struct event *event, bool ok)
{
    struct stream *stream = CONTAINER_OF(event, struct stream, sent);
    struct signalbox_client *client = worker_of(stream)->client;

    grpc_byte_buffer_destroy(stream->outgoing);
    stream->outgoing = NULL;
    /* A SEND that failed leaves the stream shut for more; its status is on its way. */
    stream->sending = !ok;
    if (returned(stream) && ok && list_empty(&stream->flush))
        list_append(&client->flush, &stream->flush);
}

void stream_flush(struct stream *stream)
{
    if (list_empty(&worker_of(stream)->waiting))
        return;
    if (stream->state == STREAM_STATE_DOWN)
        stream_start(stream);
    if (stream->state == STREAM_STATE_UP && !stream->sending)
        send_waiting(stream);
}

/* ---- the call ---- */

static void on_restart(struct timer *timer)
{
    struct stream *stream = CONTAINER_OF(timer, struct stream, restart);
    struct signalbox_worker *worker = worker_of(stream);

    if (!worker->client->lazy || !list_empty(&worker->waiting))
        stream_start(stream);
}

void stream_init(struct stream *stream)
{
    *stream = (struct stream){.opened = {on_opened},
                              .sent = {on_sent},
                              .received = {on_received},
                              .ended = {on_ended},
                              .restart = {.on_due = on_restart}};
    backoff_init(&stream->backoff, random_u64());
    list_init(&stream->flush);
}

static void open_call(struct stream *stream)
{
    struct signalbox_client *client = worker_of(stream)->client;
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    grpc_metadata metadata;

    stream->call = grpc_channel_create_registered_call(
        client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, client->cq, client->stream_method,
        gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    ops[0].data.send_initial_metadata.count = client_metadata(client, &metadata);
    ops[0].data.send_initial_metadata.metadata = &metadata;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    begin(stream, ops, 2, &stream->opened);
    grpc_slice_unref(metadata.value);
    end.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    end.data.recv_status_on_client.status = &stream->status;
    end.data.recv_status_on_client.status_details = &stream->details;
    begin(stream, &end, 1, &stream->ended);
}

void stream_start(struct stream *stream)
{
    struct signalbox_worker *worker = worker_of(stream);
    struct signalbox_client *client = worker->client;

    if (stream->state != STREAM_STATE_DOWN || stream->restart.place ||
        atomic_load(&client->closing))
        return;
    if (!connection_ready(&client->connection)) {
        connection_want(client);
        return;
    }
    open_call(stream);
    stream->state = STREAM_STATE_UP;
    stream->sending = false;
    receive(stream);
    if (list_empty(&stream->flush))
        list_append(&client->flush, &stream->flush);
}

void stream_stop(struct stream *stream)
{
    timer_disarm(&worker_of(stream)->client->timers, &stream->restart);
    if (stream->call)
        grpc_call_cancel(stream->call, NULL);
}
