/* A worker's event loop: its listening socket, its connections, and other descriptors it watches.
 *
 * One thread owns a loop; only loop_wake may be called from others. Every callback runs inside the
 * loop's turn, and what they said to replies is flushed right behind them. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/handler.h"

struct loop;

/* Whether an address is shared with the other loops of this process (SO_REUSEPORT). The kernel
 * would let another process share it too and split its clients between strangers, so the first
 * socket is bound only where nobody listens yet. */
enum listener_share {
    LISTENER_ALONE,
    LISTENER_FIRST,
    LISTENER_FURTHER,
};

/* A listening socket on "address:port" or "[address]:port". -1: errno says why. *ret_port, when not
 * NULL, gets the port (for port 0). */
int listener_bind(const char *address, enum listener_share share, uint16_t *ret_port);

struct loop_options {
    struct site *site;
    void *context; /* given to the site's handler */
    int listener;  /* from listener_bind; kept */
    uint32_t connections_max;
    /* Called when the time asked for by loop_turn has come, and after loop_wake. */
    void (*on_time)(void *context);
};

/* NULL: out of memory or descriptors. */
struct loop *loop_new(const struct loop_options *options);
/* Frees a loop whose connections have ended; one that still has any is left to the process's end.
 * Takes NULL. */
void loop_free(struct loop *loop);
/* on_ready is called while fd is readable; fd stays the caller's. False: not watched. */
bool loop_watch(struct loop *loop, int fd, void (*on_ready)(void *context), void *context);

/* Waits for events until due_ms (monotonic; UINT64_MAX: none) and handles them. */
void loop_turn(struct loop *loop, uint64_t now_ms, uint64_t due_ms);
/* Any thread: ends the wait. */
void loop_wake(struct loop *loop);
/* Closes the listener and idle connections; running answers go on. */
void loop_drain(struct loop *loop);
unsigned loop_connections(const struct loop *loop);

#endif
