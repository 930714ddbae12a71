/* Reads of an answer what the next question needs, straight from the wire: a load generator that
 * unpacked whole records would measure itself. Slices are lent by the bytes. */
#ifndef TESTS_BENCH_ANSWER_H
#define TESTS_BENCH_ANSWER_H

#include <stdint.h>

#include "signalbox/slice.h"

struct answer {
    uint64_t correlation_id; /* of a reply on a stream */
    bool refused;            /* a google.rpc.Status came instead */
    struct slice message;    /* its text */
    struct slice decision;   /* the packed Decision */
    uint64_t action;
    struct slice route; /* its id */
    struct slice token;
};

/* A packed DecideResponse. False: malformed. */
bool answer_read(struct slice bytes, struct answer *ret_answer);
/* The next reply of a packed StreamDecideResponse, cut off *rest. False: at its end, or malformed,
 * and then *rest is not empty. */
bool answer_next(struct slice *rest, struct answer *ret_answer);

#endif
