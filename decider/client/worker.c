/* The asker does the work that can be done before the question is handed over: it takes a place in
 * the table and packs the question, tag and length included, into one allocation. The client's
 * thread then only copies runs of bytes. Whoever claims a question's id ends it: the client's
 * thread by answering, the worker by cancelling. */
#include "client/worker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/random.h"
#include "wire/wire.h"

#define ENCODE_STACK_BYTES 8192
/* Tag of a length-delimited field 1 (items), and the longest length after it. */
#define ITEM_TAG              0x0a
#define ITEM_HEADER_BYTES_MAX 6

struct signalbox_worker *worker_new(struct signalbox_client *client)
{
    struct signalbox_worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return NULL;
    worker->client = client;
    list_init(&worker->link);
    list_init(&worker->waiting);
    list_init(&worker->sent);
    stream_init(&worker->stream);
    return worker;
}

void worker_free(struct signalbox_worker *worker)
{
    free(worker);
}

/* ---- any thread ---- */

/* Packs the item as it stands in the message: tag, length, bytes. */
static enum result encode(struct ask *ask, const struct question *question)
{
    _Alignas(16) char memory[ENCODE_STACK_BYTES];
    struct arena arena;
    Signalbox__V1__StreamDecideItem item = SIGNALBOX__V1__STREAM_DECIDE_ITEM__INIT;
    enum result result = RESULT_TOO_LARGE;
    struct buf buf;
    size_t len;

    arena_init(&arena, memory, sizeof memory, MESSAGE_ARENA_BYTES_MAX);
    item.correlation_id = ask->id;
    item.request = wire_put_question(question, &arena);
    if (!item.request)
        goto out;
    len = protobuf_c_message_get_packed_size(&item.base);
    if (len > MESSAGE_BYTES_MAX - ITEM_HEADER_BYTES_MAX)
        goto out;
    result = RESULT_NO_MEMORY;
    ask->bytes = malloc(len + ITEM_HEADER_BYTES_MAX);
    if (!ask->bytes)
        goto out;
    buf_init_fixed(&buf, ask->bytes, len + ITEM_HEADER_BYTES_MAX);
    buf_put_u8(&buf, ITEM_TAG);
    buf_put_varint(&buf, len);
    protobuf_c_message_pack(&item.base, (uint8_t *)buf_reserve(&buf, len));
    ask->bytes_len = buf.len;
    result = RESULT_OK;
out:
    arena_done(&arena);
    return result;
}

static enum result submit(struct signalbox_worker *worker,
                          struct ask *ask,
                          const struct question *question,
                          signalbox_ask_id *ret_id)
{
    struct signalbox_client *client = worker->client;
    enum result result = encode(ask, question);

    if (result != RESULT_OK) {
        pending_release(&client->pending, ask);
        return result;
    }
    ask->worker = worker;
    *ret_id = ask->id; /* first: the answer may come before this returns */
    pending_open(ask);
    queue_push(&client->submitted, &ask->submitted);
    client_ring(client);
    return RESULT_OK;
}

enum result signalbox_client_ask(struct signalbox_worker *worker,
                                 const struct question *question,
                                 uint32_t timeout_ms,
                                 signalbox_on_answer on_answer,
                                 void *context,
                                 signalbox_ask_id *ret_id)
{
    struct signalbox_client *client = worker->client;
    enum result result = RESULT_UNAVAILABLE;
    struct ask *ask;

    atomic_fetch_add(&worker->calls, 1);
    if (atomic_load(&client->closing))
        goto out;
    result = RESULT_FULL;
    ask = pending_take(&client->pending);
    if (!ask)
        goto out;
    ask->on_answer = on_answer;
    ask->context = context;
    ask->due_ms = clock_monotonic_ms() + (timeout_ms ? timeout_ms : 1);
    result = submit(worker, ask, question, ret_id);
out:
    atomic_fetch_sub(&worker->calls, 1);
    return result;
}

bool signalbox_client_cancel(struct signalbox_worker *worker, signalbox_ask_id id)
{
    struct signalbox_client *client = worker->client;
    struct ask *ask = pending_place(&client->pending, id);
    bool claimed;

    atomic_fetch_add(&worker->calls, 1);
    claimed = ask && pending_claim(ask, id);
    if (claimed) {
        queue_push(&client->cancelled, &ask->cancelled);
        client_ring(client);
    }
    atomic_fetch_sub(&worker->calls, 1);
    return claimed;
}

/* ---- the client's thread ---- */

static void forget(struct ask *ask)
{
    struct signalbox_client *client = ask->worker->client;

    list_remove(&ask->link);
    timer_disarm(&client->timers, &ask->timeout);
    free(ask->bytes);
    ask->bytes = NULL;
    ask->state = ASK_STATE_AWAY;
    pending_release(&client->pending, ask);
}

void worker_answer(struct ask *ask, const struct signalbox_answer *answer)
{
    signalbox_on_answer on_answer = ask->on_answer;
    void *context = ask->context;

    invariant(ask->state != ASK_STATE_AWAY);
    /* Claimed by a cancel that is still on its way through the queue: that one forgets it. */
    if (!pending_claim(ask, ask->id))
        return;
    /* Before the callback, which may ask again and need the place. */
    forget(ask);
    on_answer(context, answer);
}

void worker_answer_all(struct list *list, const struct signalbox_answer *answer)
{
    struct list all;

    /* Off the list first: callbacks may ask again. */
    list_init(&all);
    for (struct list *link; (link = list_pop(list));)
        list_append(&all, link);
    for (struct list *link; (link = list_pop(&all));)
        worker_answer(CONTAINER_OF(link, struct ask, link), answer);
}

void worker_ask_again(struct signalbox_worker *worker)
{
    while (!list_empty(&worker->sent)) {
        struct ask *ask = CONTAINER_OF(worker->sent.prev, struct ask, link);

        list_remove(&ask->link);
        ask->state = ASK_STATE_WAITING;
        list_append(worker->waiting.next, &ask->link); /* before the first */
    }
}

struct ask *worker_sent_ask(struct signalbox_worker *worker, uint64_t id)
{
    struct ask *ask = pending_place(&worker->client->pending, id);

    return ask && ask->state == ASK_STATE_SENT && ask->id == id && ask->worker == worker ? ask
                                                                                         : NULL;
}

static void take_registered(struct signalbox_client *client)
{
    struct queue_link *link = queue_take(&client->registered);

    while (link) {
        struct signalbox_worker *worker = CONTAINER_OF(link, struct signalbox_worker, registered);

        link = link->next;
        list_append(&client->workers, &worker->link);
        if (!client->lazy)
            stream_start(&worker->stream);
    }
}

static void on_timeout(struct timer *timer)
{
    static const struct signalbox_answer late = {
        .result = RESULT_TIMEOUT,
        .message = SLICE_LITERAL("the decider did not answer in time"),
    };

    worker_answer(CONTAINER_OF(timer, struct ask, timeout), &late);
}

static void take_submitted(struct signalbox_client *client)
{
    struct queue_link *link = queue_take(&client->submitted);

    while (link) {
        struct ask *ask = CONTAINER_OF(link, struct ask, submitted);
        struct stream *stream = &ask->worker->stream;

        link = link->next;
        ask->state = ASK_STATE_WAITING;
        list_init(&ask->link);
        list_append(&ask->worker->waiting, &ask->link);
        ask->timeout.on_due = on_timeout;
        timer_arm(&client->timers, &ask->timeout, ask->due_ms);
        if (list_empty(&stream->flush))
            list_append(&client->flush, &stream->flush);
    }
}

static void take_cancelled(struct queue_link *link)
{
    while (link) {
        struct ask *ask = CONTAINER_OF(link, struct ask, cancelled);

        link = link->next;
        forget(ask);
    }
}

void worker_turn(struct signalbox_client *client)
{
    /* Cancelled first: a question that is among them was submitted before, so the next takes find
     * it. Registered before submitted, for the same reason. */
    struct queue_link *cancelled = NULL;

    if (!queue_empty(&client->cancelled))
        cancelled = queue_take(&client->cancelled);
    if (!queue_empty(&client->registered))
        take_registered(client);
    if (!queue_empty(&client->submitted))
        take_submitted(client);
    take_cancelled(cancelled);
    for (struct list *link; (link = list_pop(&client->flush));)
        stream_flush(CONTAINER_OF(link, struct stream, flush));
}

void worker_connected(struct signalbox_client *client)
{
    LIST_EACH(&client->workers, link)
    {
        struct signalbox_worker *worker = CONTAINER_OF(link, struct signalbox_worker, link);

        if (!client->lazy || !list_empty(&worker->waiting))
            stream_start(&worker->stream);
    }
}
