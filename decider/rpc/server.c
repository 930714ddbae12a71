/* The order of a server's life is gRPC's: register methods and queues, bind, start, request calls,
 * run the loops; then shut down, cancel what is left, destroy, drain the queues. Several steps
 * abort the process when they come in another order. */
#include "rpc/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <grpc/support/log.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "rpc/listen.h"
#include "rpc/state.h"

#define KEEPALIVE_MS         30000 /* a ping to a client that says nothing */
#define KEEPALIVE_TIMEOUT_MS 10000
#define PING_INTERVAL_MS     5000 /* clients may ping this often, also without calls */
#define CONCURRENT_STREAMS   4096
#define TURN_MS_MAX          1000
#define CANCEL_AGAIN_MS      1000
#define DISCONNECT_MS        100
#define IDENTITY_ONLY        1 /* of the compression algorithms */

/* ---- loops ---- */

static void set_flag(struct rpc_server *server, bool *flag)
{
    pthread_mutex_lock(&server->end_lock);
    *flag = true;
    pthread_cond_signal(&server->end_changed);
    pthread_mutex_unlock(&server->end_lock);
}

static uint32_t owner_turn(void *context, int64_t now_ms)
{
    struct rpc_server *server = context;
    uint32_t wait_ms = service_turn(server->service, now_ms);

    if (!server->owner_opened) {
        server->owner_opened = true;
        unary_open(server);
        stream_open(server);
        health_open(server);
        unimplemented_open(server, &server->owner);
    }
    if (server_draining(server) && !server->owner_drained) {
        server->owner_drained = true;
        health_drain(server);
        stream_drain(server);
    }
    stream_flush_all(server);
    if (server->owner_drained && !server->owner.live && !server->owner_idle)
        set_flag(server, &server->owner_idle);
    return wait_ms < TURN_MS_MAX ? wait_ms : TURN_MS_MAX;
}

static uint32_t admin_turn(void *context, int64_t now_ms)
{
    struct rpc_server *server = context;

    (void)now_ms;
    if (!server->admin_opened) {
        server->admin_opened = true;
        reflection_open(server);
        admin_open(server);
        unimplemented_open(server, &server->admin);
    }
    if (server_draining(server) && !server->admin_drained) {
        server->admin_drained = true;
        reflection_drain(server);
    }
    if (server->admin_drained && !server->admin.live && !server->admin_idle)
        set_flag(server, &server->admin_idle);
    return TURN_MS_MAX;
}

static void on_wake(void *context)
{
    loop_ring(&((struct rpc_server *)context)->owner);
}

static void on_grpc_log(gpr_log_func_args *args)
{
    log_event(args->severity == GPR_LOG_SEVERITY_ERROR ? LOG_WARN : LOG_DEBUG, "grpc",
              log_text("message", args->message));
}

static void on_shutdown(struct tag *tag, bool ok)
{
    struct rpc_server *server = CONTAINER_OF(tag, struct rpc_server, shutdown_tag);

    (void)ok;
    set_flag(server, &server->shut);
}

bool server_request(struct rpc_server *server,
                    enum method_id id,
                    grpc_call **ret_call,
                    struct call_head *ret_head,
                    grpc_byte_buffer **ret_payload,
                    struct tag *tag)
{
    grpc_completion_queue *queue =
        method_row(id)->thread == METHOD_THREAD_OWNER ? server->owner.queue : server->admin.queue;

    return grpc_server_request_registered_call(server->core, server->methods[id], ret_call,
                                               &ret_head->deadline, &ret_head->metadata,
                                               ret_payload, queue, queue, tag) == GRPC_CALL_OK;
}

/* ---- open ---- */

static bool reads_messages_itself(enum method_id id)
{
    return id == METHOD_STREAM_DECIDE || id == METHOD_REFLECTION || id == METHOD_REFLECTION_ALPHA;
}

static void create_core(struct rpc_server *server)
{
    static const struct {
        const char *key;
        int value;
    } settings[] = {
        {GRPC_ARG_ALLOW_REUSEPORT, 0}, /* else a second decider could share the port */
        {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, DOCUMENT_MESSAGE_BYTES_MAX},
        {GRPC_ARG_MAX_CONCURRENT_STREAMS, CONCURRENT_STREAMS},
        {GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS},
        {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS},
        {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
        {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_INTERVAL_MS},
        {GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, IDENTITY_ONLY},
    };
    grpc_arg args[sizeof settings / sizeof *settings];
    grpc_channel_args all = {sizeof settings / sizeof *settings, args};

    for (size_t i = 0; i < all.num_args; i++) {
        args[i].type = GRPC_ARG_INTEGER;
        args[i].key = (char *)(uintptr_t)settings[i].key; /* gRPC copies it */
        args[i].value.integer = settings[i].value;
    }
    server->core = grpc_server_create(&all, NULL);
    invariant(server->core);
    for (unsigned id = 0; id < METHOD_END; id++) {
        server->methods[id] = grpc_server_register_method(
            server->core, method_row(id)->path, NULL,
            reads_messages_itself(id) ? GRPC_SRM_PAYLOAD_NONE
                                      : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
            0);
        invariant(server->methods[id]);
    }
    grpc_server_register_completion_queue(server->core, server->owner.queue, NULL);
    grpc_server_register_completion_queue(server->core, server->admin.queue, NULL);
}

static void init_owner_state(struct rpc_server *server)
{
    list_init(&server->streams);
    list_init(&server->flushes);
    list_init(&server->watches);
    list_init(&server->unary_idle);
    list_init(&server->item_idle);
    list_init(&server->reflections);
    arena_init(&server->question, server->question_memory, sizeof server->question_memory,
               MESSAGE_ARENA_BYTES_MAX);
    arena_init(&server->reply, server->reply_memory, sizeof server->reply_memory,
               MESSAGE_ARENA_BYTES_MAX);
    arena_init(&server->handling, NULL, 0, ADMIN_ARENA_BYTES_MAX);
}

static enum result bind_all(struct rpc_server *server,
                            const struct rpc_server_options *options,
                            struct rpc_server_error *reterr_error)
{
    enum result result = RESULT_OK;

    if (options->unix_path)
        result = listen_unix(server->core, options->unix_path, reterr_error);
    if (!result && options->tcp_address)
        result = listen_tcp(server->core, options->tcp_address, &server->tcp_port, reterr_error);
    return result;
}

enum result rpc_server_open(const struct rpc_server_options *options,
                            struct service *service,
                            struct rpc_server **ret_server,
                            struct rpc_server_error *reterr_error)
{
    struct rpc_server *server = calloc(1, sizeof *server);
    enum result result;

    if (!server) {
        snprintf(reterr_error->text, sizeof reterr_error->text, "no memory");
        return RESULT_NO_MEMORY;
    }
    gpr_set_log_function(on_grpc_log);
    grpc_init();
    server->service = service;
    server->shutdown_tag.fn = on_shutdown;
    pthread_mutex_init(&server->end_lock, NULL);
    pthread_cond_init(&server->end_changed, NULL);
    init_owner_state(server);
    loop_open(&server->owner, true);
    loop_open(&server->admin, false);
    server->owner.context = server->admin.context = server;
    server->owner.turn = owner_turn;
    server->admin.turn = admin_turn;
    create_core(server);
    result = reflection_load();
    if (result)
        snprintf(reterr_error->text, sizeof reterr_error->text, "no memory");
    else
        result = bind_all(server, options, reterr_error);
    grpc_server_start(server->core);
    if (result) {
        rpc_server_close(server);
        return result;
    }
    *ret_server = server;
    return RESULT_OK;
}

enum result rpc_server_run(struct rpc_server *server, struct rpc_server_error *reterr_error)
{
    enum result result;

    server->owner.now_ms = server->admin.now_ms = clock_unix_ms();
    service_on_wake(server->service, on_wake, server);
    result = loop_start(&server->admin, "sbx-admin");
    if (!result)
        result = loop_start(&server->owner, "sbx-owner");
    if (result) {
        snprintf(reterr_error->text, sizeof reterr_error->text, "cannot start a thread");
        rpc_server_drain(server, 0);
    }
    return result;
}

unsigned rpc_server_tcp_port(const struct rpc_server *server)
{
    return server->tcp_port;
}

/* ---- drain and close ---- */

/* Waits until no RPC is left, and with shut also no connection. False: not within wait_ms. */
static bool wait_for_end(struct rpc_server *server, bool shut, uint32_t wait_ms)
{
    int64_t until_ms = clock_unix_ms() + wait_ms;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    bool ended = false;
    int rc = 0;

    pthread_mutex_lock(&server->end_lock);
    for (;;) {
        ended = server->owner_idle && server->admin_idle && (server->shut || !shut);
        if (ended || rc == ETIMEDOUT)
            break;
        rc = pthread_cond_timedwait(&server->end_changed, &server->end_lock, &until);
    }
    pthread_mutex_unlock(&server->end_lock);
    return ended;
}

/* A client that has no call may keep its connection for ever; it gets a moment to close it. */
static void wait_for_all(struct rpc_server *server, uint32_t grace_ms)
{
    bool ended = false;

    if (wait_for_end(server, false, grace_ms))
        ended = wait_for_end(server, true, DISCONNECT_MS);
    else
        log_event(LOG_WARN, "drain_cancelled", log_number("grace_ms", grace_ms));
    while (!ended) {
        grpc_server_cancel_all_calls(server->core);
        ended = wait_for_end(server, true, CANCEL_AGAIN_MS);
    }
}

void rpc_server_drain(struct rpc_server *server, uint32_t grace_ms)
{
    if (atomic_exchange(&server->draining, true))
        return;
    grpc_server_shutdown_and_notify(server->core, server->owner.queue, &server->shutdown_tag);
    if (server->owner.running && server->admin.running) {
        loop_ring(&server->owner);
        loop_ring(&server->admin);
        wait_for_all(server, grace_ms);
    }
    loop_halt(&server->owner);
    loop_halt(&server->admin);
}

void rpc_server_close(struct rpc_server *server)
{
    if (!server)
        return;
    rpc_server_drain(server, 0);
    /* A server whose owner never ran has its shutdown's tag still in the queue. */
    grpc_server_destroy(server->core);
    loop_close(&server->owner);
    loop_close(&server->admin);
    unary_close(server);
    stream_close(server);
    arena_done(&server->question);
    arena_done(&server->reply);
    arena_done(&server->handling);
    reflection_unload();
    pthread_cond_destroy(&server->end_changed);
    pthread_mutex_destroy(&server->end_lock);
    free(server);
    grpc_shutdown_blocking();
}
