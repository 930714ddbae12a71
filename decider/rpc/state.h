/* The server's own state, for the .c files of this folder.
 *
 * What stands under "the owner thread" is touched by that thread alone, and so for the admin
 * thread; the rest is set before either starts. */
#ifndef RPC_STATE_H
#define RPC_STATE_H

#include "base/list.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "service/service.h"

#define SCRATCH_BYTES (64 * 1024)
/* A document, its copy by protobuf-c, the parsed document and its answer. */
#define ADMIN_ARENA_BYTES_MAX (12 * DOCUMENT_BYTES_MAX)

struct rpc_server {
    struct service *service;
    grpc_server *core;
    void *methods[METHOD_END]; /* gRPC's handles */
    struct loop owner;
    struct loop admin;
    atomic_bool draining;
    unsigned tcp_port;
    struct tag shutdown_tag;
    pthread_mutex_t end_lock;
    pthread_cond_t end_changed;
    bool owner_idle; /* draining, and the loop has no RPC left */
    bool admin_idle;
    bool shut; /* gRPC has closed every connection */

    /* the owner thread */
    struct list streams;    /* struct stream: every open StreamDecide */
    struct list flushes;    /* struct stream: with something to send or to end */
    struct list watches;    /* struct watch: every open health Watch */
    struct list unary_idle; /* struct unary: neither armed nor in use */
    struct list item_idle;  /* struct item */
    unsigned unary_count;   /* of all that exist */
    unsigned unary_armed;   /* of those that wait for a call */
    bool owner_opened;      /* the first requests for calls are out */
    bool owner_drained;     /* the owner has seen draining */
    struct arena question;  /* one question, during service_ask */
    struct arena reply;     /* one reply, while it is packed */

    /* the admin thread */
    struct list reflections; /* struct reflection: every open stream */
    struct arena handling;   /* one admin call */
    bool admin_opened;
    bool admin_drained;

    _Alignas(16) char question_memory[SCRATCH_BYTES];
    _Alignas(16) char reply_memory[SCRATCH_BYTES];
};

static inline bool server_draining(struct rpc_server *server)
{
    return atomic_load_explicit(&server->draining, memory_order_relaxed);
}

/* Asks gRPC for the next call of a method. payload NULL: the method reads its messages itself.
 * False: the server is shutting down. */
bool server_request(struct rpc_server *server,
                    enum method_id id,
                    grpc_call **ret_call,
                    struct call_head *ret_head,
                    grpc_byte_buffer **ret_payload,
                    struct tag *tag);

/* Each puts its first requests for calls into its queue; on the queue's thread. */
void unary_open(struct rpc_server *server);
void stream_open(struct rpc_server *server);
void health_open(struct rpc_server *server);
void reflection_open(struct rpc_server *server);
void admin_open(struct rpc_server *server);
void unimplemented_open(struct rpc_server *server, struct loop *loop);

/* Owner thread, after a burst: sends what was answered. */
void stream_flush_all(struct rpc_server *server);
/* Owner thread, once: answers what is pending, then ends every stream with UNAVAILABLE. */
void stream_drain(struct rpc_server *server);
/* Owner thread, once: NOT_SERVING from here on; ends the watches. */
void health_drain(struct rpc_server *server);
/* Admin thread, once. */
void reflection_drain(struct rpc_server *server);

/* When both loops have halted: frees what is idle. */
void unary_close(struct rpc_server *server);
void stream_close(struct rpc_server *server);

/* The descriptors that reflection answers from; before the first call and after the last. */
MUST_USE enum result reflection_load(void);
void reflection_unload(void);

#endif
