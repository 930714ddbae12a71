/* The bell's flag is cleared when its tag comes out of the queue, before turn looks at what there
 * is to do; so a ring is never lost between the two. */
#include "rpc/loop.h"

#include <limits.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/list.h"

#define BURST_EVENTS_MAX 256

static void on_bell(struct tag *tag, bool ok)
{
    struct loop *loop = CONTAINER_OF(tag, struct loop, bell_tag);

    (void)ok;
    /* Before turn looks: a ring that comes from now on is a new one. */
    atomic_store_explicit(&loop->rung, false, memory_order_seq_cst);
}

void loop_open(struct loop *loop, bool polls)
{
    grpc_completion_queue_attributes attributes = {
        .version = GRPC_CQ_CURRENT_VERSION,
        .cq_completion_type = GRPC_CQ_NEXT,
        .cq_polling_type = polls ? GRPC_CQ_DEFAULT_POLLING : GRPC_CQ_NON_POLLING,
    };

    *loop = (struct loop){.bell_tag = {on_bell}};
    loop->queue = grpc_completion_queue_create(grpc_completion_queue_factory_lookup(&attributes),
                                               &attributes, NULL);
    invariant(loop->queue);
    loop->bell_channel = grpc_lame_client_channel_create("bell", GRPC_STATUS_UNAVAILABLE, "bell");
    loop->bell = grpc_channel_create_call(loop->bell_channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                          loop->queue, grpc_slice_from_static_string("/bell"), NULL,
                                          gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    invariant(loop->bell);
}

void loop_ring(struct loop *loop)
{
    if (!atomic_exchange_explicit(&loop->rung, true, memory_order_seq_cst))
        invariant(grpc_call_start_batch(loop->bell, NULL, 0, &loop->bell_tag, NULL) ==
                  GRPC_CALL_OK);
}

/* Handles what has come, at most BURST_EVENTS_MAX events. False: the queue has shut down. */
static bool drain_burst(struct loop *loop, gpr_timespec wait_until)
{
    gpr_timespec deadline = wait_until;

    for (unsigned events = 0; events < BURST_EVENTS_MAX; events++) {
        grpc_event event = grpc_completion_queue_next(loop->queue, deadline, NULL);
        struct tag *tag = event.tag;

        if (events == 0)
            loop->now_ms = clock_unix_ms();
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return false;
        if (event.type == GRPC_QUEUE_TIMEOUT)
            return true;
        tag->fn(tag, event.success);
        deadline = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    }
    return true;
}

static void *run(void *context)
{
    struct loop *loop = context;
    gpr_timespec wait_until = gpr_inf_past(GPR_CLOCK_MONOTONIC);

    while (drain_burst(loop, wait_until)) {
        uint32_t wait_ms = loop->turn(loop->context, loop->now_ms);

        if (atomic_load(&loop->halting))
            break;
        wait_until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                  gpr_time_from_millis((int64_t)wait_ms, GPR_TIMESPAN));
    }
    return NULL;
}

enum result loop_start(struct loop *loop, const char *name)
{
    if (pthread_create(&loop->thread, NULL, run, loop) != 0)
        return RESULT_NO_MEMORY;
    pthread_setname_np(loop->thread, name);
    loop->running = true;
    return RESULT_OK;
}

void loop_halt(struct loop *loop)
{
    if (!loop->running)
        return;
    atomic_store(&loop->halting, true);
    loop_ring(loop);
    pthread_join(loop->thread, NULL);
    loop->running = false;
}

void loop_close(struct loop *loop)
{
    invariant(!loop->running);
    grpc_call_unref(loop->bell);
    grpc_channel_destroy(loop->bell_channel);
    grpc_completion_queue_shutdown(loop->queue);
    while (drain_burst(loop, gpr_inf_future(GPR_CLOCK_MONOTONIC)))
        continue;
    grpc_completion_queue_destroy(loop->queue);
}
