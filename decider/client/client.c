/* Open, the one thread, close.
 *
 * The thread sleeps in the completion queue until an operation is back, the nearest timer is due,
 * or a worker rings. The bell is a call on a channel that goes nowhere: starting an empty batch on
 * it puts its tag on the completion queue at once, the one public way to wake a thread that waits
 * there. A worker rings only when nobody has since the last turn. */
#include "client/client.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <grpc/grpc_security.h>
#include <grpc/slice.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/invariant.h"
#include "client/worker.h"

#define OPEN_MAX_DEFAULT   65536
#define OPEN_MAX_LIMIT     (16 * 1024 * 1024)
#define ARENA_MEMORY_BYTES (64 * 1024)
/* A unix socket's path, NUL included, in sockaddr_un. */
#define SOCKET_PATH_BYTES_MAX 108
#define KEEPALIVE_MS          30000
#define KEEPALIVE_TIMEOUT_MS  5000
/* gRPC takes no less; connection.c cuts it short. */
#define RECONNECT_MS   100
#define CALL_BYTES_MAX (DOCUMENT_BYTES_MAX + MESSAGE_BYTES_MAX)
#define STREAM_METHOD  "/signalbox.v1.DecisionService/StreamDecide"

/* ---- the bell ---- */

void client_ring(struct signalbox_client *client)
{
    if (atomic_exchange_explicit(&client->rung, true, memory_order_acq_rel))
        return;
    invariant(grpc_call_start_batch(client->bell, NULL, 0, &client->bell_event, NULL) ==
              GRPC_CALL_OK);
}

static void on_bell(struct event *event, bool ok)
{
    struct signalbox_client *client = CONTAINER_OF(event, struct signalbox_client, bell_event);

    (void)ok;
    /* Before the queues are read, and an exchange: what was pushed before a ring that was left out
     * is visible after this. */
    atomic_exchange_explicit(&client->rung, false, memory_order_acq_rel);
}

static bool make_bell(struct signalbox_client *client)
{
    grpc_channel *nowhere =
        grpc_lame_client_channel_create("bell", GRPC_STATUS_UNAVAILABLE, "a bell goes nowhere");
    grpc_slice path = grpc_slice_from_static_string("/bell");

    client->bell_event.on_done = on_bell;
    client->bell = grpc_channel_create_call(nowhere, NULL, GRPC_PROPAGATE_DEFAULTS, client->cq,
                                            path, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_channel_destroy(nowhere); /* the call keeps it */
    return client->bell;
}

/* ---- the thread ---- */

size_t client_metadata(const struct signalbox_client *client, grpc_metadata *ret_metadata)
{
    *ret_metadata = (grpc_metadata){.key = grpc_slice_from_static_string("authorization"),
                                    .value = grpc_empty_slice()};
    if (!client->authorization)
        return 0;
    ret_metadata->value = grpc_slice_from_copied_string(client->authorization);
    return 1;
}

/* Waits for one event, no longer than until the nearest timer is due. False: none came. */
static bool wait_event(struct signalbox_client *client)
{
    gpr_timespec until = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    grpc_event back;
    uint64_t due_ms;
    bool closing = atomic_load(&client->closing);

    if (closing || timer_nearest(&client->timers, &due_ms)) {
        uint64_t now_ms = clock_monotonic_ms();
        /* While closing, askers that are just leaving ring no bell. */
        uint64_t left_ms = closing ? 1 : due_ms > now_ms ? due_ms - now_ms : 0;

        until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                             gpr_time_from_millis((int64_t)left_ms, GPR_TIMESPAN));
    }
    back = grpc_completion_queue_next(client->cq, until, NULL);
    client->now_ms = clock_monotonic_ms();
    if (back.type != GRPC_OP_COMPLETE)
        return false;
    ((struct event *)back.tag)->on_done(back.tag, back.success);
    return true;
}

static void answer_open(struct signalbox_client *client)
{
    static const struct signalbox_answer closing = {
        .result = RESULT_UNAVAILABLE,
        .message = SLICE_LITERAL("the client is closing"),
    };

    LIST_EACH(&client->workers, link)
    {
        struct signalbox_worker *worker = CONTAINER_OF(link, struct signalbox_worker, link);

        worker_answer_all(&worker->waiting, &closing);
        worker_answer_all(&worker->sent, &closing);
    }
}

/* True when no other thread is inside ask or cancel, and no stream has an operation under way. */
static bool at_rest(const struct signalbox_client *client)
{
    if (client->connection.watching || atomic_load(&client->rung))
        return false;
    for (const struct list *link = client->workers.next; link != &client->workers;
         link = link->next) {
        const struct signalbox_worker *worker =
            (const struct signalbox_worker *)((const char *)link -
                                              offsetof(struct signalbox_worker, link));

        if (worker->stream.call || atomic_load(&worker->calls))
            return false;
    }
    return queue_empty(&client->submitted) && queue_empty(&client->cancelled) &&
           queue_empty(&client->registered);
}

static void stop(struct signalbox_client *client)
{
    timer_disarm(&client->timers, &client->connection.retry);
    LIST_EACH(&client->workers, link)
    stream_stop(&CONTAINER_OF(link, struct signalbox_worker, link)->stream);
    grpc_channel_destroy(client->channel); /* ends the connection's watch */
    client->channel = NULL;
}

static void *run(void *context)
{
    struct signalbox_client *client = context;
    bool stopped = false;

    client->now_ms = clock_monotonic_ms();
    if (!client->lazy)
        connection_want(client);
    while (!stopped || !at_rest(client)) {
        wait_event(client);
        for (struct timer *timer; (timer = timer_expire(&client->timers, client->now_ms));)
            timer->on_due(timer);
        worker_turn(client); /* after all that may make streams ready to send */
        if (atomic_load(&client->closing)) {
            if (!stopped)
                stop(client);
            stopped = true;
            answer_open(client);
        }
    }
    return NULL;
}

static bool start_thread(struct signalbox_client *client)
{
    sigset_t all, before;
    bool started;

    /* Signals are the program's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&client->thread, NULL, run, client) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* ---- open and close ---- */

static bool is_port(struct slice text)
{
    uint64_t port;

    return decimal_parse(text, 0, &port) && port >= 1 && port <= 65535;
}

/* Loopback only: the client speaks without TLS and sends a secret. */
static bool is_target(const char *target)
{
    static const char *const hosts[] = {"localhost:", "[::1]:", "127."};
    const char *colon;

    if (strncmp(target, "unix:", 5) == 0)
        return target[5] && strlen(target + 5) < SOCKET_PATH_BYTES_MAX;
    colon = strrchr(target, ':');
    if (!colon || !is_port(slice_of(colon + 1)))
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (strncmp(target, hosts[i], strlen(hosts[i])) == 0)
            return target + strlen(hosts[i]) == colon + 1;
    return strncmp(target, hosts[2], 4) == 0 &&
           strspn(target, "0123456789.") == (size_t)(colon - target);
}

static bool is_token(const char *token)
{
    for (const char *p = token; *p; p++)
        if (!isgraph((unsigned char)*p))
            return false;
    return *token;
}

static grpc_channel *make_channel(const char *target)
{
#define INTEGER(name, number)                                                                      \
    {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)(name), .value.integer = (number)}
    grpc_arg rows[] = {
        INTEGER(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        INTEGER(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        INTEGER(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        INTEGER(GRPC_ARG_ENABLE_RETRIES, 0),
        INTEGER(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        INTEGER(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        INTEGER(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_MS),
        INTEGER(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, BACKOFF_MAX_MS),
        INTEGER(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, BACKOFF_MAX_MS),
        INTEGER(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, CALL_BYTES_MAX),
        INTEGER(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, CALL_BYTES_MAX),
    };
#undef INTEGER
    grpc_channel_args args = {sizeof rows / sizeof *rows, rows};
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, plain, &args);

    grpc_channel_credentials_release(plain);
    return channel;
}

/* All of it may be there or not. */
static void release(struct signalbox_client *client)
{
    LIST_EACH(&client->workers, link)
    worker_free(CONTAINER_OF(link, struct signalbox_worker, link));
    if (client->bell)
        grpc_call_unref(client->bell);
    if (client->channel)
        grpc_channel_destroy(client->channel);
    grpc_completion_queue_shutdown(client->cq);
    while (grpc_completion_queue_next(client->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(client->cq);
    grpc_shutdown_blocking();
    pending_done(&client->pending);
    timer_heap_done(&client->timers);
    arena_done(&client->arena);
    free(client->arena_memory);
    free(client->authorization);
    free(client);
}

static bool copy_token(struct signalbox_client *client, const char *token)
{
    return !token || asprintf(&client->authorization, "Bearer %s", token) >= 0;
}

static enum result set_up(struct signalbox_client *client,
                          const struct signalbox_client_options *options)
{
    uint32_t open_max = options->open_max ? options->open_max : OPEN_MAX_DEFAULT;

    client->lazy = options->lazy;
    queue_init(&client->submitted);
    queue_init(&client->cancelled);
    queue_init(&client->registered);
    list_init(&client->workers);
    list_init(&client->flush);
    connection_init(&client->connection);
    grpc_init();
    client->cq = grpc_completion_queue_create_for_next(NULL);
    client->arena_memory = malloc(ARENA_MEMORY_BYTES);
    arena_init(&client->arena, client->arena_memory, ARENA_MEMORY_BYTES, MESSAGE_ARENA_BYTES_MAX);
    if (!client->arena_memory || !pending_init(&client->pending, open_max) ||
        !timer_heap_init(&client->timers, open_max + CLIENT_WORKERS_MAX + 1) ||
        !copy_token(client, options->token))
        return RESULT_NO_MEMORY;
    client->channel = make_channel(options->target);
    client->stream_method = grpc_channel_register_call(client->channel, STREAM_METHOD, NULL, NULL);
    return make_bell(client) && start_thread(client) ? RESULT_OK : RESULT_NO_MEMORY;
}

enum result signalbox_client_open(const struct signalbox_client_options *options,
                                  struct signalbox_client **ret_client,
                                  struct signalbox_client_error *reterr_error)
{
    struct signalbox_client *client;
    enum result result = RESULT_INVALID;
    const char *wrong = NULL;

    if (!options->target || !is_target(options->target))
        wrong = "the target is neither unix:/path nor 127.0.0.1:port (loopback only)";
    else if (options->token && !is_token(options->token))
        wrong = "the token holds characters that no token has";
    else if (options->open_max > OPEN_MAX_LIMIT)
        wrong = "open_max is beyond 16777216";
    if (!wrong) {
        client = calloc(1, sizeof *client);
        result = client ? set_up(client, options) : RESULT_NO_MEMORY;
        if (result == RESULT_OK) {
            *ret_client = client;
            return RESULT_OK;
        }
        if (client)
            release(client);
        wrong = result_row(result)->sentence;
    }
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s", wrong);
    return result;
}

void signalbox_client_close(struct signalbox_client *client)
{
    if (!client)
        return;
    invariant(!pthread_equal(client->thread, pthread_self()));
    atomic_store(&client->closing, true);
    client_ring(client);
    pthread_join(client->thread, NULL);
    release(client);
}

enum result signalbox_client_register(struct signalbox_client *client,
                                      struct signalbox_worker **ret_worker)
{
    struct signalbox_worker *worker;

    if (atomic_fetch_add(&client->workers_count, 1) >= CLIENT_WORKERS_MAX) {
        atomic_fetch_sub(&client->workers_count, 1);
        return RESULT_FULL;
    }
    worker = worker_new(client);
    if (!worker) {
        atomic_fetch_sub(&client->workers_count, 1);
        return RESULT_NO_MEMORY;
    }
    *ret_worker = worker;
    queue_push(&client->registered, &worker->registered);
    client_ring(client);
    return RESULT_OK;
}

bool signalbox_client_connected(const struct signalbox_client *client)
{
    return connection_ready(&client->connection);
}
