/* The exchange's ops, carried out by the folders beside this one: ask, upstream, http.
 *
 * Back-pressure goes the other way: a client that does not read fills its reply, a full reply makes
 * the transfer pause, and room in it lets the transfer go on. */
#include "base/clock.h"
#include "relay/metrics.h"
#include "relay/relay_private.h"

#define BACKLOG_BYTES_HIGH (64 * 1024)
#define BACKLOG_BYTES_LOW  (16 * 1024)
/* A client that takes the rest of an answer slower than this has left. */
#define DRAIN_BYTES_PER_MS  16
#define REQUEST_ARENA_EXTRA ((size_t)4 * 1024 * 1024)

/* --- What the exchange wants -------------------------------------------------------------------
 */

static void set_timer(void *context, uint64_t at_ms)
{
    struct relay *relay = context;

    if (at_ms)
        timers_set(&relay->worker->timers, &relay->timer, at_ms);
    else
        timers_clear(&relay->worker->timers, &relay->timer);
}

static void ask(void *context, const struct question *question, uint32_t timeout_ms)
{
    struct relay *relay = context;

    relay->asking = asker_ask(relay->worker->asker, question, timeout_ms, relay);
    relay->unasked = !relay->asking;
    if (relay->unasked)
        set_timer(relay, clock_monotonic_ms());
}

static bool has_room(void *context)
{
    struct relay *relay = context;

    if (!relay->reply || reply_backlog_bytes(relay->reply) < BACKLOG_BYTES_HIGH)
        return true;
    metrics_count(EDGE_METRIC_PAUSES);
    exchange_flow(&relay->exchange, true, worker_now());
    return false;
}

static void on_header(void *context, struct slice name, struct slice value)
{
    exchange_header(&((struct relay *)context)->exchange, name, value);
}

static void on_head(void *context, unsigned status)
{
    exchange_head(&((struct relay *)context)->exchange, status, worker_now());
}

static void on_bytes(void *context, struct slice bytes)
{
    exchange_bytes(&((struct relay *)context)->exchange, bytes, worker_now());
}

static void on_end(void *context, const struct attempt_end *end)
{
    struct relay *relay = context;

    relay->transfer = NULL;
    exchange_upstream_end(&relay->exchange, end, worker_now());
}

static bool send_upstream(void *context, const struct upstream_call *call, const char **reterr_code)
{
    static const struct transfer_owner owner = {has_room, on_header, on_head, on_bytes, on_end};
    struct relay *relay = context;

    relay->transfer = transfer_start(relay->worker->multi, call, &owner, relay, reterr_code);
    if (relay->transfer)
        metrics_count(EDGE_METRIC_ATTEMPTS);
    return relay->transfer != NULL;
}

static bool cancel_upstream(void *context)
{
    struct relay *relay = context;
    struct transfer *transfer = relay->transfer;

    relay->transfer = NULL;
    return transfer && transfer_cancel(transfer);
}

static void let_go_upstream(void *context)
{
    struct relay *relay = context;
    struct transfer *transfer = relay->transfer;

    relay->transfer = NULL;
    if (transfer)
        transfer_let_go(transfer);
}

static void respond(void *context, const struct response *response)
{
    struct relay *relay = context;

    if (relay->reply)
        reply_respond(relay->reply, response);
}

static void begin(void *context, const struct response *head)
{
    struct relay *relay = context;

    if (relay->reply)
        reply_begin(relay->reply, head);
}

static void relay_bytes(void *context, struct slice bytes)
{
    struct relay *relay = context;

    if (relay->reply)
        reply_write(relay->reply, bytes);
}

static void finish(void *context, bool clean)
{
    struct relay *relay = context;

    if (relay->reply)
        reply_finish(relay->reply, clean);
}

static void decided(void *context, const struct answer *answer)
{
    journal_decided(context, answer);
}

static void bury_when_over(struct relay *relay)
{
    if (relay->ended && !relay->reply)
        worker_bury_relay(relay);
}

static void bound_drain(struct relay *relay)
{
    set_timer(relay, clock_monotonic_ms() + relay->worker->settings.stall_ms +
                         reply_backlog_bytes(relay->reply) / DRAIN_BYTES_PER_MS);
}

static void ended(void *context, bool acknowledged)
{
    struct relay *relay = context;

    relay->ended = true;
    if (!acknowledged)
        journal_unacknowledged(relay);
    if (relay->reply && !relay->exchange.responded)
        reply_abort(relay->reply);
    if (relay->reply)
        bound_drain(relay);
    bury_when_over(relay);
}

static const struct exchange_ops ops = {
    .ask = ask,
    .send = send_upstream,
    .cancel = cancel_upstream,
    .let_go = let_go_upstream,
    .respond = respond,
    .begin = begin,
    .relay = relay_bytes,
    .finish = finish,
    .set_timer = set_timer,
    .decided = decided,
    .ended = ended,
};

/* --- What comes in -----------------------------------------------------------------------------
 */

void relay_on_answer(void *owner, struct asking *asking)
{
    struct relay *relay = owner;

    relay->asking = NULL;
    asking_set_next(asking, relay->answers);
    relay->answers = asking;
    if (asking_answer(asking)->result != RESULT_OK)
        metrics_count(EDGE_METRIC_UNANSWERED);
    exchange_answer(&relay->exchange, asking_answer(asking), worker_now());
}

static void on_due(struct timer *timer, uint64_t now_ms)
{
    static const struct answer no_memory = {.result = RESULT_NO_MEMORY};
    struct relay *relay = CONTAINER_OF(timer, struct relay, timer);

    (void)now_ms;
    if (relay->unasked) {
        relay->unasked = false;
        exchange_answer(&relay->exchange, &no_memory, worker_now());
        return;
    }
    if (relay->ended && relay->reply)
        reply_abort(relay->reply);
    else if (!relay->ended)
        exchange_timer(&relay->exchange, worker_now());
}

static void leave(struct relay *relay)
{
    if (relay->ended || relay->exchange.responded)
        return;
    metrics_count(EDGE_METRIC_CLIENTS_LEFT);
    exchange_client_left(&relay->exchange, worker_now());
}

static void on_left(void *context)
{
    struct relay *relay = context;

    leave(relay);
    if (relay->reply)
        reply_abort(relay->reply);
}

static void on_room(void *context)
{
    struct relay *relay = context;

    if (!relay->transfer || reply_backlog_bytes(relay->reply) > BACKLOG_BYTES_LOW)
        return;
    exchange_flow(&relay->exchange, false, worker_now());
    transfer_resume(relay->transfer);
}

static void on_gone(void *context)
{
    struct relay *relay = context;

    relay->reply = NULL;
    if (relay->ended)
        bury_when_over(relay);
    else
        leave(relay);
}

static const struct reply_owner reply_owner = {on_left, on_room, on_gone};

/* --- Life --------------------------------------------------------------------------------------
 */

void relay_init(struct relay *relay, struct worker *worker)
{
    const struct exchange_limits limits = {
        .answer_bytes_max = worker->settings.answer_bytes_max,
        .stall_ms = worker->settings.stall_ms,
        .resend_ms = worker->settings.resend_ms,
    };

    memset(relay, 0, offsetof(struct relay, memory));
    relay->worker = worker;
    list_init(&relay->link);
    relay->timer.on_due = on_due;
    arena_init(&relay->arena, relay->memory, sizeof relay->memory,
               worker->settings.request_bytes_max + REQUEST_ARENA_EXTRA);
    exchange_init(&relay->exchange, &ops, &worker->bench, &limits);
}

void relay_done(struct relay *relay)
{
    exchange_done(&relay->exchange);
    arena_done(&relay->arena);
}

void relay_start(struct relay *relay)
{
    reply_own(relay->reply, &reply_owner, relay);
    exchange_start(&relay->exchange, relay, &relay->request, worker_now());
}

void relay_reset(struct relay *relay)
{
    timers_clear(&relay->worker->timers, &relay->timer);
    if (relay->transfer)
        transfer_cancel(relay->transfer);
    relay->transfer = NULL;
    asking_release(relay->asking);
    relay->asking = NULL;
    while (relay->answers) {
        struct asking *next = asking_next(relay->answers);

        asking_release(relay->answers);
        relay->answers = next;
    }
    arena_reset(&relay->arena);
    relay->unasked = relay->ended = false;
}

void relay_refuse(struct relay *relay)
{
    const struct refusal *refusal = &relay->refusal;
    const struct error_text text = {refusal->message, slice_of(refusal->type), refusal->param,
                                    slice_of(refusal->code)};
    struct response response = {.status = refusal->status,
                                .content_type = SLICE_LITERAL("application/json")};
    const struct standing standing = {.disposition = DISPOSITION_FAIL_CLOSED};
    char memory[4096];
    struct buf body;

    metrics_count(EDGE_METRIC_REFUSED);
    buf_init_fixed(&body, memory, sizeof memory);
    error_chat_write(&body, &text);
    response.body = arena_copy(&relay->arena, buf_slice(&body));
    headers_write_standing(&response, &relay->request, &standing);
    headers_write_retry(&response, &relay->arena, refusal->status >= 500,
                        refusal->status >= 500 ? 1000 : 0);
    reply_own(relay->reply, &reply_owner, relay);
    relay->ended = true;
    reply_respond(relay->reply, &response);
    bound_drain(relay);
}
