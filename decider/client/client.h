/* The inside of struct signalbox_client: what its one thread owns, and what other threads share.
 *
 * Workers push onto the three queues and ring the bell. The client's thread waits on the completion
 * queue; each turn it takes what was pushed, runs what came due and lets every stream with waiting
 * questions send. All else in here belongs to that thread alone. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <pthread.h>

#include <grpc/grpc.h>

#include "base/arena.h"
#include "client/connection.h"
#include "client/event.h"
#include "client/pending.h"
#include "client/queue.h"
#include "client/timer.h"

#define CLIENT_WORKERS_MAX 1024

struct signalbox_client {
    /* any thread */
    struct queue submitted;  /* asks */
    struct queue cancelled;  /* asks, claimed by who cancelled */
    struct queue registered; /* workers */
    struct pending pending;
    grpc_call *bell;
    _Atomic bool rung;
    _Atomic bool closing;
    _Atomic uint32_t workers_count;
    grpc_channel *channel;
    char *authorization; /* "Bearer ..."; NULL: no token */
    pthread_t thread;
    bool lazy;
    /* the client's thread */
    grpc_completion_queue *cq;
    void *stream_method;
    struct event bell_event;
    struct connection connection;
    struct timer_heap timers;
    struct list workers;
    struct list flush; /* of streams that may have something to send */
    uint64_t now_ms;
    struct arena arena; /* for one reply at a time */
    char *arena_memory;
};

/* Makes the client's thread take a turn. Any thread; a burst rings once. */
void client_ring(struct signalbox_client *client);

/* The metadata that carries the token; returns how many (0 or 1). Borrows from the client. */
size_t client_metadata(const struct signalbox_client *client, grpc_metadata *ret_metadata);

#endif
