/* The event loop of a worker, after the recipe that was measured: everything that may call into
 * HTTP runs inside h2o_evloop_run, because a write that completes outside of it is not seen until
 * the next event.
 *
 * The library stops reading while it answers, so it does not see a client leave. A second epoll set
 * watches every client socket for the hang-up alone. */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_private.h"

#define BACKLOG     4096
#define ACCEPTS_MAX 16
#define EVENTS_MAX  128
#define WAIT_MS_MAX 500

/* "127.0.0.1:8080", "[::1]:8080", ":8080" */
static struct addrinfo *resolve(const char *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    const char *colon = strrchr(address, ':');
    struct addrinfo *found = NULL;
    char host[64];
    size_t len;

    if (!colon)
        return NULL;
    len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= sizeof host)
        return NULL;
    memcpy(host, address, len);
    host[len] = 0;
    if (getaddrinfo(len ? host : "127.0.0.1", colon + 1, &hints, &found) != 0)
        return NULL;
    return found;
}

/* The port stands at the same place in both families' addresses. */
static uint16_t port_of(int fd)
{
    struct sockaddr_in6 name = {0};
    socklen_t len = sizeof name;

    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0)
        return 0;
    return ntohs(name.sin6_port);
}

/* Keeps errno. */
static int close_failed(int fd)
{
    int kept = errno;

    close(fd);
    errno = kept;
    return -1;
}

/* A bound socket, or -1. Alone, it cannot be had where anybody listens. */
static int bind_socket(const struct addrinfo *to, bool shared)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) ||
        bind(fd, to->ai_addr, to->ai_addrlen) != 0)
        return close_failed(fd);
    return fd;
}

int listener_bind(const char *address, enum listener_share share, uint16_t *ret_port)
{
    struct addrinfo *found = resolve(address);
    int fd = -1;

    if (!found) {
        errno = EINVAL;
        return -1;
    }
    if (share == LISTENER_FIRST) {
        fd = bind_socket(found, false);
        if (fd >= 0)
            close(fd);
    }
    if (share != LISTENER_FIRST || fd >= 0)
        fd = bind_socket(found, share != LISTENER_ALONE);
    freeaddrinfo(found);
    if (fd >= 0 && listen(fd, BACKLOG) != 0)
        fd = close_failed(fd);
    if (fd >= 0 && ret_port)
        *ret_port = port_of(fd);
    return fd;
}

/* --- Connections -------------------------------------------------------------------------------
 */

static void on_close(void *memory)
{
    struct connection *connection = memory;

    epoll_ctl(connection->loop->hangups, EPOLL_CTL_DEL, connection->fd, NULL);
    if (connection->reply)
        connection->reply->connection = NULL;
    list_remove(&connection->link);
    connection->loop->connections_count--;
    free(connection);
}

/* Asked for once, while the client is there for sure. */
static struct slice client_of(int fd, char text[PEER_TEXT_BYTES])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;

    if (getpeername(fd, (struct sockaddr *)&address, &len) != 0)
        return (struct slice){NULL, 0};
    return peer_text((const struct sockaddr *)&address, text);
}

static void adopt(struct loop *loop, h2o_socket_t *socket)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET};

    if (!connection || loop->connections_count >= loop->options.connections_max) {
        free(connection);
        h2o_socket_close(socket);
        return;
    }
    connection->loop = loop;
    connection->fd = h2o_socket_get_fd(socket);
    connection->client = client_of(connection->fd, connection->client_text);
    list_append(&loop->connections, &connection->link);
    loop->connections_count++;
    socket->on_close.cb = on_close;
    socket->on_close.data = connection;
    event.data.ptr = connection;
    epoll_ctl(loop->hangups, EPOLL_CTL_ADD, connection->fd, &event);
    h2o_accept(&loop->accept, socket);
}

static void on_accept(h2o_socket_t *listener, const char *error)
{
    struct loop *loop = listener->data;
    h2o_socket_t *socket;

    if (error)
        return;
    for (int i = 0; i < ACCEPTS_MAX && (socket = h2o_evloop_socket_accept(listener)); i++)
        adopt(loop, socket);
}

static void on_hangup(void *context)
{
    struct loop *loop = context;
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(loop->hangups, events, EVENTS_MAX, 0);

    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;

        connection->left = true;
        if (connection->reply)
            reply_client_left(connection->reply);
    }
}

/* --- The loop ----------------------------------------------------------------------------------
 */

static void on_readable(h2o_socket_t *socket, const char *error)
{
    struct watch *watch = socket->data;

    (void)error;
    watch->on_ready(watch->context);
    reply_flush_all(watch->loop);
}

bool loop_watch(struct loop *loop, int fd, void (*on_ready)(void *context), void *context)
{
    struct watch *watch = &loop->watches[loop->watches_count];

    int own = loop->watches_count < WATCHES_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

    if (own < 0)
        return false;
    watch->socket = h2o_evloop_socket_create(loop->h2o, own, H2O_SOCKET_FLAG_DONT_READ);
    loop->watches_count++;
    watch->loop = loop;
    watch->on_ready = on_ready;
    watch->context = context;
    watch->socket->data = watch;
    h2o_socket_read_start(watch->socket, on_readable);
    return true;
}

static void on_due(h2o_timeout_entry_t *entry)
{
    struct loop *loop = CONTAINER_OF(entry, struct loop, due);

    loop->options.on_time(loop->options.context);
    reply_flush_all(loop);
}

/* What loop_wake sends is no message: the list is empty. */
static void on_message(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    (void)messages;
}

struct loop *loop_new(const struct loop_options *options)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->options = *options;
    list_init(&loop->connections);
    list_init(&loop->flush);
    loop->hangups = epoll_create1(EPOLL_CLOEXEC);
    if (loop->hangups < 0) {
        free(loop);
        return NULL;
    }
    loop->h2o = h2o_evloop_create();
    h2o_context_init(&loop->context, loop->h2o, &options->site->config);
    loop->accept.ctx = &loop->context;
    loop->accept.hosts = options->site->config.hosts;
    loop->due.cb = on_due;
    h2o_multithread_register_receiver(loop->context.queue, &loop->receiver, on_message);
    loop->listener =
        h2o_evloop_socket_create(loop->h2o, options->listener, H2O_SOCKET_FLAG_DONT_READ);
    loop->listener->data = loop;
    h2o_socket_read_start(loop->listener, on_accept);
    if (!loop_watch(loop, loop->hangups, on_hangup, loop)) {
        h2o_socket_close(loop->listener);
        free(loop);
        return NULL;
    }
    return loop;
}

void loop_turn(struct loop *loop, uint64_t now_ms, uint64_t due_ms)
{
    int32_t wait_ms = WAIT_MS_MAX;

    if (due_ms <= now_ms) {
        wait_ms = 0;
        if (!h2o_timeout_is_linked(&loop->due))
            h2o_timeout_link(loop->h2o, &loop->context.zero_timeout, &loop->due);
    } else if (due_ms - now_ms < WAIT_MS_MAX) {
        wait_ms = (int32_t)(due_ms - now_ms);
    }
    h2o_evloop_run(loop->h2o, wait_ms);
}

void loop_wake(struct loop *loop)
{
    h2o_multithread_send_message(&loop->receiver, NULL);
}

void loop_drain(struct loop *loop)
{
    if (loop->draining)
        return;
    loop->draining = true;
    h2o_socket_close(loop->listener);
    loop->listener = NULL;
    /* What h2o_context_request_shutdown does for HTTP/1, without the timer it leaves for HTTP/2. */
    loop->context.shutdown_requested = 1;
    LIST_EACH(&loop->connections, link)
    {
        struct connection *connection = CONTAINER_OF(link, struct connection, link);

        if (!connection->reply)
            shutdown(connection->fd, SHUT_RD);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->listener)
        h2o_socket_close(loop->listener);
    if (loop->connections_count)
        return;
    for (unsigned i = 0; i < loop->watches_count; i++)
        h2o_socket_close(loop->watches[i].socket);
    if (h2o_timeout_is_linked(&loop->due))
        h2o_timeout_unlink(&loop->due);
    h2o_multithread_unregister_receiver(loop->context.queue, &loop->receiver);
    h2o_context_dispose(&loop->context);
    h2o_evloop_destroy(loop->h2o);
    close(loop->hangups);
    free(loop);
}

unsigned loop_connections(const struct loop *loop)
{
    return loop->connections_count;
}
