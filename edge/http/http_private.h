/* What the files of this folder share, and the only place that includes <h2o.h>. */
#ifndef HTTP_HTTP_PRIVATE_H
#define HTTP_HTTP_PRIVATE_H

#ifndef H2O_USE_EPOLL
#define H2O_USE_EPOLL 1 /* without it the header takes the layout of another event library */
#endif
/* The library's headers do not pass our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include <h2o.h>
#pragma GCC diagnostic pop

#include "base/list.h"
#include "http/listener.h"
#include "http/peer.h"

#define REPLY_MAGIC 0x5e91a7u

enum reply_end {
    REPLY_GOES_ON,
    REPLY_CLEAN,
    REPLY_CUT,
};

struct connection {
    struct list link;
    struct loop *loop;
    struct reply *reply; /* the one that is being answered */
    int fd;
    bool left;           /* the client closed its side */
    struct slice client; /* its address, in client_text */
    char client_text[PEER_TEXT_BYTES];
};

struct reply {
    h2o_generator_t generator; /* first: the library hands it back */
    unsigned magic;
    h2o_req_t *req;
    struct loop *loop;
    struct connection *connection;
    const struct reply_owner *owner;
    void *context;
    struct list flush_link;
    h2o_doublebuffer_t sending;
    h2o_buffer_t *pending;
    struct slice body; /* of a whole answer */
    bool whole;
    bool said;    /* respond or begin was called */
    bool started; /* the head was given to the library */
    bool in_flight;
    bool final; /* the last bytes were given to the library */
    enum reply_end end;
};

struct watch {
    struct loop *loop;
    h2o_socket_t *socket;
    void (*on_ready)(void *context);
    void *context;
};

#define WATCHES_MAX 4

struct loop {
    h2o_loop_t *h2o;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_socket_t *listener;
    h2o_multithread_receiver_t receiver;
    h2o_timeout_entry_t due;
    struct loop_options options;
    struct list connections;
    unsigned connections_count;
    struct list flush;
    struct watch watches[WATCHES_MAX];
    unsigned watches_count;
    int hangups; /* epoll of the clients' sockets, for EPOLLRDHUP alone */
    bool draining;
};

struct site {
    h2o_globalconf_t config;
    struct site_options options;
    site_handler handler;
};

/* respond.c */
struct reply *reply_new(struct loop *loop, h2o_req_t *req);
void reply_flush_all(struct loop *loop);
/* The client's side closed. */
void reply_client_left(struct reply *reply);
/* handler.c */
struct loop *loop_of(h2o_req_t *req);

#endif
