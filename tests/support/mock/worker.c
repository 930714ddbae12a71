/* See worker.h. h2o links timers into lists of one delay each, so a worker keeps a list for
 * every delay it was ever asked for. */
#include "worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "memory.h"

#define ACCEPT_BATCH 64
#define BACKLOG      4096
#define TURN_MS_MAX  1000

static void on_accept(h2o_socket_t *listener, const char *error)
{
    struct worker *worker = listener->data;
    if (error)
        return;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
        if (!socket)
            return;
        connection_attach(socket, worker->watch_fd);
        h2o_accept(&worker->accept, socket);
    }
}

/* Nothing is sent between threads but the wish to wake up. */
static void on_wake(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    (void)messages;
}

void worker_init(struct worker *worker, h2o_globalconf_t *config, SSL_CTX *tls, int listen_fd)
{
    *worker = (struct worker){.listen_fd = listen_fd};
    h2o_context_init(&worker->context, h2o_evloop_create(), config);
    worker->accept.ctx = &worker->context;
    worker->accept.hosts = config->hosts;
    worker->accept.ssl_ctx = tls;
    h2o_multithread_register_receiver(worker->context.queue, &worker->waker, on_wake);
    must(sem_init(&worker->stopped, 0, 0) == 0);
    worker->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    must(worker->watch_fd >= 0);
}

static __attribute__((noreturn)) void *run(void *self)
{
    struct worker *worker = self;
    h2o_loop_t *loop = worker->context.loop;
    worker->watch = h2o_evloop_socket_create(loop, worker->watch_fd, H2O_SOCKET_FLAG_DONT_READ);
    h2o_socket_read_start(worker->watch, connection_on_events);
    worker->listener = h2o_evloop_socket_create(loop, worker->listen_fd, H2O_SOCKET_FLAG_DONT_READ);
    worker->listener->data = worker;
    h2o_socket_read_start(worker->listener, on_accept);
    while (!atomic_load(&worker->stopping))
        h2o_evloop_run(loop, TURN_MS_MAX);
    sem_post(&worker->stopped);
    /* h2o keeps free lists in thread-local memory, which a leak checker would miss after the
     * thread's end; so the thread waits for the process to end. */
    for (;;)
        pause();
}

void worker_start(struct worker *worker)
{
    must(pthread_create(&worker->thread, NULL, run, worker) == 0);
}

void worker_stop(struct worker *worker)
{
    atomic_store(&worker->stopping, true);
    h2o_multithread_send_message(&worker->waker, NULL);
    sem_wait(&worker->stopped);
}

struct worker *worker_of(h2o_req_t *request)
{
    return H2O_STRUCT_FROM_MEMBER(struct worker, context, request->conn->ctx);
}

/* The list for the delay; when there is no room for another, the longest not above it. */
static h2o_timeout_t *timeout_for(struct worker *worker, uint64_t delay_ms)
{
    h2o_timeout_t *nearest = &worker->timeouts[0];
    for (size_t i = 0; i < worker->timeout_count; i++) {
        h2o_timeout_t *timeout = &worker->timeouts[i];
        if (timeout->timeout == delay_ms)
            return timeout;
        if (timeout->timeout < delay_ms && timeout->timeout > nearest->timeout)
            nearest = timeout;
    }
    if (worker->timeout_count == WORKER_TIMEOUTS_MAX)
        return nearest;
    h2o_timeout_t *fresh = &worker->timeouts[worker->timeout_count++];
    h2o_timeout_init(worker->context.loop, fresh, delay_ms);
    return fresh;
}

void worker_arm(struct worker *worker, h2o_timeout_entry_t *entry, uint64_t delay_ms)
{
    must(!h2o_timeout_is_linked(entry));
    h2o_timeout_link(worker->context.loop, timeout_for(worker, delay_ms), entry);
}

int worker_listen(uint16_t port, bool shared, uint16_t *ret_port)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &len)) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}
