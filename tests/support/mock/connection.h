/* A client's connection: its number, and the watch for a client that leaves.
 *
 * While an HTTP/1 request is being answered, h2o does not read the socket and cannot see the
 * client go. So every connection is also in a second epoll set with EPOLLRDHUP, and the request
 * being answered asks to be told. HTTP/2 needs no watch: h2o reads on, and disposes the requests.
 * A client that only shuts its sending side down counts as gone.
 *
 * Owned by its socket; one loop's thread. */
#ifndef MOCK_CONNECTION_H
#define MOCK_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

struct connection {
    uint32_t magic;
    bool left;       /* the hang-up was seen */
    uint64_t number; /* from 1, over all threads */
    int fd;
    void (*on_left)(void *watcher);
    void *watcher;
};

/* Attaches a fresh connection to an accepted socket and puts it under watch in the
 * epoll set. */
void connection_attach(h2o_socket_t *socket, int watch_fd);

/* The connection that carries the request. */
struct connection *connection_of(h2o_req_t *request);

/* on_left(watcher) is called once when the client leaves; one watcher at a time. */
void connection_watch(struct connection *connection, void (*on_left)(void *), void *watcher);

/* Takes the watcher away if it is this one. */
void connection_unwatch(struct connection *connection, const void *watcher);

/* Reads the epoll set and calls the watchers of those who left; the read callback of the set's
 * socket. */
void connection_on_events(h2o_socket_t *set, const char *error);

/* Ends the connection at once: with FIN, or with RST. h2o notices by itself on its next read or
 * write. */
void connection_drop(struct connection *connection, bool reset);

#endif
