/* Three paths on the same HTTP code as the data port, one loop, one thread. */
#include "admin/admin.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/listener.h"
#include "relay/metrics.h"

#define BODY_BYTES_MAX    1024
#define READ_MS           5000
#define CONNECTIONS_MAX   256
#define METRICS_BYTES_MAX (64 * 1024)

struct admin {
    struct site *site;
    struct loop *loop;
    pthread_t thread;
    bool (*ready)(void *context);
    void *context;
    _Atomic bool stopping;
};

static void answer(struct reply *reply, unsigned status, struct slice body)
{
    const struct response response = {
        .status = status,
        .content_type = SLICE_LITERAL("text/plain; version=0.0.4"),
        .body = body,
    };

    reply_respond(reply, &response);
}

static void answer_metrics(struct reply *reply)
{
    struct buf buf;

    buf_init(&buf, METRICS_BYTES_MAX);
    metrics_write(&buf);
    answer(reply, 200, reply_copy(reply, buf_slice(&buf)));
    buf_done(&buf);
}

static void on_arrival(void *context, struct reply *reply, const struct arrival *arrival)
{
    struct admin *admin = context;

    if (!slice_is(arrival->method, "GET") && !slice_is(arrival->method, "HEAD"))
        answer(reply, 405, SLICE_LITERAL("method not allowed\n"));
    else if (slice_is(arrival->path, "/healthz"))
        answer(reply, 200, SLICE_LITERAL("ok\n"));
    else if (slice_is(arrival->path, "/readyz") && admin->ready(admin->context))
        answer(reply, 200, SLICE_LITERAL("ready\n"));
    else if (slice_is(arrival->path, "/readyz"))
        answer(reply, 503, SLICE_LITERAL("no connection to the decider\n"));
    else if (slice_is(arrival->path, "/metrics"))
        answer_metrics(reply);
    else
        answer(reply, 404, SLICE_LITERAL("not found\n"));
}

static void on_time(void *context)
{
    (void)context;
}

static void *run(void *context)
{
    struct admin *admin = context;

    while (!admin->stopping)
        loop_turn(admin->loop, clock_monotonic_ms(), UINT64_MAX);
    return NULL;
}

static void admin_free(struct admin *admin)
{
    loop_free(admin->loop);
    site_free(admin->site);
    free(admin);
}

struct admin *admin_open(const char *address, bool (*ready)(void *context), void *context)
{
    const struct site_options site = {BODY_BYTES_MAX, READ_MS};
    struct admin *admin = calloc(1, sizeof *admin);
    struct loop_options loop = {
        .context = admin, .connections_max = CONNECTIONS_MAX, .on_time = on_time};
    uint16_t port;

    if (!admin)
        return NULL;
    loop.listener = listener_bind(address, LISTENER_ALONE, &port);
    if (loop.listener < 0) {
        free(admin);
        return NULL;
    }
    admin->ready = ready;
    admin->context = context;
    loop.site = admin->site = site_new(&site, on_arrival);
    admin->loop = admin->site ? loop_new(&loop) : NULL;
    if (!admin->loop || pthread_create(&admin->thread, NULL, run, admin) != 0) {
        if (!admin->loop)
            close(loop.listener);
        admin_free(admin);
        errno = ENOMEM;
        return NULL;
    }
    log_event(LOG_INFO, "admin_listening", log_text("address", address), log_number("port", port));
    return admin;
}

void admin_close(struct admin *admin)
{
    if (!admin)
        return;
    admin->stopping = true;
    loop_wake(admin->loop);
    pthread_join(admin->thread, NULL);
    admin_free(admin);
}
