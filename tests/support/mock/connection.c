/* See connection.h. */
#include "connection.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "memory.h"

#define MAGIC        0x434f4e4eU
#define EVENTS_BATCH 256

static atomic_uint_least64_t numbers;

static void on_close(void *self)
{
    struct connection *connection = self;
    must(connection->magic == MAGIC);
    /* The descriptor is closed by now, which took it out of the epoll set. */
    connection->magic = 0;
    free(connection);
}

void connection_attach(h2o_socket_t *socket, int watch_fd)
{
    struct connection *connection = memory_new(sizeof *connection);
    connection->magic = MAGIC;
    connection->number = atomic_fetch_add(&numbers, 1) + 1;
    connection->fd = h2o_socket_get_fd(socket);
    socket->on_close.cb = on_close;
    socket->on_close.data = connection;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    must(epoll_ctl(watch_fd, EPOLL_CTL_ADD, connection->fd, &event) == 0);
}

struct connection *connection_of(h2o_req_t *request)
{
    h2o_socket_t *socket = request->conn->callbacks->get_socket(request->conn);
    struct connection *connection = socket->on_close.data;
    must(connection->magic == MAGIC);
    return connection;
}

void connection_watch(struct connection *connection, void (*on_left)(void *), void *watcher)
{
    must(connection->watcher == NULL);
    connection->on_left = on_left;
    connection->watcher = watcher;
}

void connection_unwatch(struct connection *connection, const void *watcher)
{
    if (connection->watcher != watcher)
        return;
    connection->on_left = NULL;
    connection->watcher = NULL;
}

/* One event at a time: a watcher may close its connection, and a batch read before could still
 * name it. */
void connection_on_events(h2o_socket_t *set, const char *error)
{
    struct epoll_event event;
    int fd = h2o_socket_get_fd(set);
    if (error)
        return;
    for (int i = 0; i < EVENTS_BATCH && epoll_wait(fd, &event, 1, 0) == 1; i++) {
        struct connection *connection = event.data.ptr;
        must(connection->magic == MAGIC);
        connection->left = true;
        if (connection->watcher)
            connection->on_left(connection->watcher);
    }
}

void connection_drop(struct connection *connection, bool reset)
{
    /* Disconnecting a TCP socket is the one way to send RST and keep the descriptor, which is
     * h2o's to close. */
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (reset && connect(connection->fd, &nobody, sizeof nobody) == 0)
        return;
    shutdown(connection->fd, SHUT_RDWR);
}
