/* The turn of a worker: wait, handle, run what is due, bury the dead. Requests are pooled with all
 * their buffers, so that the usual request allocates nothing. */
#include "relay/worker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "relay/metrics.h"
#include "relay/relay_private.h"
#include "signalbox/version.h"

#define FREE_MAX       1024
#define HEAD_BYTES_MAX (64 * 1024)
#define EASY_POOL_MAX  1024

struct moment worker_now(void)
{
    return (struct moment){clock_monotonic_ms(), clock_unix_ms()};
}

struct relay *worker_take_relay(struct worker *worker, struct reply *reply)
{
    struct list *link = list_pop(&worker->free);
    struct relay *relay = link ? CONTAINER_OF(link, struct relay, link) : NULL;

    if (relay) {
        worker->free_count--;
    } else {
        relay = malloc(sizeof *relay);
        if (!relay)
            return NULL;
        relay_init(relay, worker);
    }
    list_append(&worker->active, &relay->link);
    relay->reply = reply;
    metrics_move(EDGE_METRIC_RUNNING, true);
    return relay;
}

void worker_bury_relay(struct relay *relay)
{
    list_remove(&relay->link);
    list_append(&relay->worker->dead, &relay->link);
}

static void reap(struct worker *worker)
{
    LIST_EACH(&worker->dead, link)
    {
        struct relay *relay = CONTAINER_OF(link, struct relay, link);

        list_remove(link);
        relay_reset(relay);
        metrics_move(EDGE_METRIC_RUNNING, false);
        if (worker->free_count >= FREE_MAX) {
            relay_done(relay);
            free(relay);
            continue;
        }
        list_append(&worker->free, &relay->link);
        worker->free_count++;
    }
}

static void on_time(void *context)
{
    struct worker *worker = context;
    uint64_t now_ms = clock_monotonic_ms();

    timers_run(&worker->timers, now_ms);
    multi_run(worker->multi, now_ms);
}

static void on_upstream(void *context)
{
    struct worker *worker = context;

    multi_run(worker->multi, clock_monotonic_ms());
}

/* A new transfer starts at once, not at the next turn. */
static void on_answers(void *context)
{
    struct worker *worker = context;

    asker_run(worker->asker, relay_on_answer);
    if (!multi_due_ms(worker->multi))
        multi_run(worker->multi, clock_monotonic_ms());
}

static bool open_parts(struct worker *worker, int listener)
{
    const struct loop_options loop = {
        .site = worker->settings.site,
        .context = worker,
        .listener = listener,
        .connections_max = worker->settings.connections_max,
        .on_time = on_time,
    };
    const struct multi_options multi = {
        .credentials = worker->settings.credentials,
        .ca_file = worker->settings.ca_file,
        .head_bytes_max = HEAD_BYTES_MAX,
        .pool_max = EASY_POOL_MAX,
        .user_agent = "signalbox-edge/" SIGNALBOX_VERSION,
    };

    worker->bench.scanner = json_scanner_new();
    worker->asker = asker_open(worker->settings.client);
    worker->multi = multi_open(&multi);
    if (!worker->bench.scanner || !worker->asker || !worker->multi)
        return false;
    worker->loop = loop_new(&loop);
    return worker->loop && loop_watch(worker->loop, multi_fd(worker->multi), on_upstream, worker) &&
           loop_watch(worker->loop, asker_fd(worker->asker), on_answers, worker);
}

struct site *worker_site(const struct site_options *options)
{
    return site_new(options, dispatch_arrival);
}

struct worker *worker_open(const struct worker_settings *settings, int listener)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return NULL;
    worker->settings = *settings;
    list_init(&worker->active);
    list_init(&worker->dead);
    list_init(&worker->free);
    timers_init(&worker->timers);
    buf_init(&worker->bench.scratch, SSE_EVENT_BYTES_MAX + JSON_SCAN_PADDING);
    if (open_parts(worker, listener))
        return worker;
    worker_close(worker);
    return NULL;
}

static uint64_t next_due(const struct worker *worker)
{
    uint64_t timer_ms = timers_next_ms(&worker->timers);
    uint64_t multi_ms = multi_due_ms(worker->multi);

    return timer_ms < multi_ms ? timer_ms : multi_ms;
}

void worker_run(struct worker *worker)
{
    uint64_t stop_at_ms = UINT64_MAX;

    for (;;) {
        uint64_t now_ms;

        reap(worker);
        multi_prepare(worker->multi);
        now_ms = clock_monotonic_ms();
        if (worker->draining && !worker->drained) {
            worker->drained = true;
            stop_at_ms = now_ms + worker->settings.grace_ms;
            loop_drain(worker->loop);
        }
        if (worker->drained && ((list_empty(&worker->active) && list_empty(&worker->dead) &&
                                 !loop_connections(worker->loop)) ||
                                now_ms >= stop_at_ms))
            break;
        loop_turn(worker->loop, now_ms, next_due(worker));
    }
    if (!list_empty(&worker->active))
        log_event(LOG_WARN, "grace_over", log_number("grace_ms", worker->settings.grace_ms));
}

void worker_drain(struct worker *worker)
{
    worker->draining = true;
    loop_wake(worker->loop);
}

void worker_close(struct worker *worker)
{
    if (!worker)
        return;
    LIST_EACH(&worker->free, link)
    {
        struct relay *relay = CONTAINER_OF(link, struct relay, link);

        relay_done(relay);
        free(relay);
    }
    loop_free(worker->loop);
    multi_close(worker->multi);
    asker_close(worker->asker);
    timers_done(&worker->timers);
    buf_done(&worker->bench.scratch);
    json_scanner_free(worker->bench.scanner);
    free(worker);
}
