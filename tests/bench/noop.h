/* The no-op service: the same methods, decoded with protobuf-c, answered with constant Decisions of
 * the size that the decider's have, on one completion queue and one thread. It is the ceiling that
 * the decider is held against.
 *
 * With --commit group each question's record is put by the store's group-commit writer, and the
 * rule of the decider holds: an admission is answered at once, a report after its commit. noop.c is
 * the program, noop_unary.c and noop_stream.c are the methods, noop_commit.c puts records.
 *
 * It answers what it gets, knows no tokens, and ends with its process. */
#ifndef TESTS_BENCH_NOOP_H
#define TESTS_BENCH_NOOP_H

#include <stdatomic.h>

#include "base/list.h"
#include "message.h"
#include "signalbox/v1/decision.pb-c.h"
#include "store/layout.h"
#include "store/store.h"

#define NOOP_RECORD_BYTES_MAX 4096
/* Replies of one stream that wait to be sent. */
#define NOOP_REPLIES_MAX 16384

struct noop_stream;
struct noop_unary;

/* A question being committed. */
struct noop_item {
    struct store_write write;
    struct noop *noop;
    struct noop_item *next;     /* among those that are done, or free */
    struct noop_stream *stream; /* whose report it is; or NULL */
    struct noop_unary *unary;   /* whose report it is; or NULL */
    uint64_t correlation_id;
    struct store_key key;
};

struct noop {
    grpc_server *server;
    grpc_completion_queue *queue;
    void *decide, *stream_decide; /* methods */
    Signalbox__V1__Decision *admission, *completion;
    struct arena arena; /* of the message at hand */
    struct list dirty;  /* streams with something to send */
    /* Group commit; store is NULL without. */
    struct store *store;
    size_t admission_record_bytes, report_record_bytes;
    char record[NOOP_RECORD_BYTES_MAX];
    struct noop_item *free;            /* the queue's thread's */
    _Atomic(struct noop_item *) done;  /* the writer pushes, the queue's thread takes */
    _Atomic(struct noop_item *) spare; /* as done, but nobody waits for them */
    struct tag on_bell;
    grpc_call *bell; /* a call that leads nowhere: how the writer reaches the queue */
    atomic_bool rung;
};

/* The answer to a question of this boundary. */
static inline Signalbox__V1__Decision *noop_answer(const struct noop *noop, uint32_t boundary)
{
    return boundary ? noop->completion : noop->admission;
}

/* Opens the store in directory and makes the bell. */
bool noop_commit_open(struct noop *noop, const char *directory);
/* Puts the question's record. A report's item says whom to tell; NULL for an admission. */
void noop_commit(struct noop *noop,
                 const Signalbox__V1__DecideRequest *request,
                 const struct noop_item *report);
/* Hands the reports that are committed to their streams. */
void noop_commit_turn(struct noop *noop);

void noop_unary_arm(struct noop *noop);
/* Answers a report; on the writer thread, which is faster than to go round by the queue. */
void noop_unary_committed(struct noop_unary *unary);

void noop_stream_arm(struct noop *noop);
void noop_stream_reply(struct noop_stream *stream, uint64_t correlation_id, uint32_t boundary);
/* The report of a stream was committed. */
void noop_stream_committed(struct noop_stream *stream, uint64_t correlation_id);
/* Sends what is to be sent. */
void noop_stream_turn(struct noop *noop);

#endif
