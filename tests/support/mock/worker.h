/* One thread with its event loop, listener and timers.
 *
 * Everything of a request happens on its worker's thread. Workers share the rules, the journal
 * and the options, nothing else. */
#ifndef MOCK_WORKER_H
#define MOCK_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <semaphore.h>

#include "loop.h"

#define WORKER_TIMEOUTS_MAX 256

struct worker {
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_multithread_receiver_t waker;
    h2o_socket_t *listener;
    h2o_socket_t *watch;
    int listen_fd;
    int watch_fd;
    h2o_timeout_t timeouts[WORKER_TIMEOUTS_MAX]; /* one per distinct delay, never taken down */
    size_t timeout_count;
    pthread_t thread;
    atomic_bool stopping;
    sem_t stopped;
};

/* Prepares a worker on a listening descriptor, which it keeps; tls may be NULL. Called before
 * any worker starts. */
void worker_init(struct worker *worker, h2o_globalconf_t *config, SSL_CTX *tls, int listen_fd);

/* Runs the worker on a thread of its own. */
void worker_start(struct worker *worker);

/* Ends its loop after the current turn and returns when it has ended. Connections and thread stay
 * as they are: the process is about to end. */
void worker_stop(struct worker *worker);

/* The worker whose loop carries the request. */
struct worker *worker_of(h2o_req_t *request);

/* Calls entry->cb once after delay_ms, unless unlinked before. */
void worker_arm(struct worker *worker, h2o_timeout_entry_t *entry, uint64_t delay_ms);

/* A listening socket on 127.0.0.1; port 0 lets the kernel choose. shared lets several workers
 * bind the same port. Returns the descriptor, or -1 with errno set; ret_port is what was bound. */
int worker_listen(uint16_t port, bool shared, uint16_t *ret_port);

#endif
