/* The load generator: chains of questions (chain.h) against anything that serves DecisionService,
 * in one thread with one completion queue. load.c reads options, runs the phases and prints the
 * figures; load_unary.c and load_stream.c ask.
 *
 * Closed loop: `window` questions are open at any time, each of a request of its own. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "base/list.h"
#include "chain.h"
#include "histogram.h"
#include "message.h"

/* How questions travel. */
enum load_mode {
    LOAD_UNARY,
    LOAD_STREAM, /* one item per message */
    LOAD_FORMED, /* what is ready when the stream can send, as the client library does */
    LOAD_BATCH,  /* so many items per message, always */
};

struct load_kind {
    struct histogram latency;
    uint64_t question_bytes, answer_bytes; /* of the last one */
};

struct load {
    enum load_mode mode;
    unsigned window; /* over all streams */
    unsigned streams;
    unsigned items_max; /* of a message */
    struct chain_parts parts;
    grpc_completion_queue *queue;
    grpc_channel *channel;
    void *decide, *stream_decide; /* methods */
    grpc_metadata authorization;
    size_t authorization_count; /* 0 without a token */
    struct arena arena;         /* of the message at hand */
    char *scratch;              /* a message is written here; MESSAGE_BUFFER_BYTES */
    bool measuring;
    bool stopping;
    const char *learn; /* a directory: keep one answer of each kind there; or NULL */
    uint64_t messages_sent, messages_received;
    uint64_t failed;  /* answers that a chain should not get */
    bool call_failed; /* a stream ended */
    struct load_kind kinds[CHAIN_BOUNDARIES];
};

/* Asks until load->stopping; false when there is no memory. */
bool load_unary_start(struct load *load);
bool load_stream_start(struct load *load);

/* Counts an answer and steps its chain. */
void load_take(struct load *load, struct chain *chain, const struct answer *answer);
/* The end of a call that should not have ended, said once. */
void load_call_failed(struct load *load, grpc_status_code status, grpc_slice details);

#endif
