/* One request after another: an admission, then the report that its first attempt succeeded.
 *
 * Questions are made of parts that were packed once; what differs from request to request (id,
 * route, token, start) is put in between. */
#ifndef TESTS_BENCH_CHAIN_H
#define TESTS_BENCH_CHAIN_H

#include "answer.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "signalbox/facts.h"

enum chain_boundary {
    CHAIN_ADMISSION,
    CHAIN_REPORT,
    CHAIN_BOUNDARIES,
};

struct chain {
    char request_id[UUID_TEXT_BYTES + 1];
    enum chain_boundary boundary; /* of the open question */
    uint64_t asked_ns;
    int64_t started_unix_ms;
    char route[NAME_BYTES_MAX];
    size_t route_len;
    char token[RESUME_TOKEN_BYTES_MAX];
    size_t token_len;
};

/* What all questions share; lent by an arena. */
struct chain_parts {
    struct slice admission; /* a packed Admission */
    struct slice report;    /* a packed AttemptReport without route and start */
};

/* facts: who asks. False: out of memory. */
bool chain_parts_init(struct chain_parts *parts, const struct facts *facts, struct arena *arena);

/* Starts the next request. */
void chain_begin(struct chain *chain);
/* Appends the DecideRequest of the open question. */
void chain_ask(const struct chain *chain, const struct chain_parts *parts, struct buf *buf);
/* Goes on to the next question, or to the next request when this one is over. False: this is not
 * the answer that a chain gets; it starts over. */
bool chain_step(struct chain *chain, const struct answer *answer);

#endif
