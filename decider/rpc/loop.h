/* A completion queue and the one thread that drains it.
 *
 * What comes out of the queue is a tag, and a tag knows what to do. Between bursts of events, when
 * the queue is empty or BURST_EVENTS_MAX were handled, the loop calls turn: what was answered
 * together goes out together. Time is read once per burst.
 *
 * The owner's loop also does gRPC's I/O for the whole process. The admin's queue is made not to
 * poll: a second polling thread would take turns with the owner's at every event, which costs
 * decisions a third of their throughput. */
#ifndef RPC_LOOP_H
#define RPC_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <grpc/grpc.h>

#include "signalbox/result.h"

struct tag {
    void (*fn)(struct tag *tag, bool ok);
};

struct loop {
    grpc_completion_queue *queue;
    int64_t now_ms; /* of this burst, since 1970 */
    unsigned live;  /* objects of RPCs that wait for tags from this queue; counted by its thread */
    /* Returns how many milliseconds it can wait for its next call; the first call comes at once. */
    uint32_t (*turn)(void *context, int64_t now_ms);
    void *context;
    pthread_t thread;
    bool running;
    atomic_bool halting;
    /* The bell: a call on a channel that leads nowhere, which is there only because an empty batch
     * on a call is how another thread puts a tag into its queue. */
    grpc_channel *bell_channel;
    grpc_call *bell;
    struct tag bell_tag;
    atomic_bool rung;
};

void loop_open(struct loop *loop, bool polls);
/* Starts the thread; turn and context are set. RESULT_NO_MEMORY when there is no thread to be had.
 */
MUST_USE enum result loop_start(struct loop *loop, const char *name);
/* Ends the loop's wait, so that turn is called soon. Any thread, until loop_close; rings in a row
 * become one. */
void loop_ring(struct loop *loop);
/* Joins the thread, once what is in the queue has been handled. Harmless when it does not run. */
void loop_halt(struct loop *loop);
/* The thread must not run any more, and the server be destroyed: drains what is left. */
void loop_close(struct loop *loop);

#endif
