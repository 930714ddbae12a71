/* A decider that decides nothing: a gRPC server in the test's own process that answers, waits,
 * drops streams and goes away as the test tells it.
 *
 * StreamDecide answers every item with FAIL_CLOSED whose attempt is the question's boundary + 1, so
 * that a test can tell whose answer it got. Every other method is unary and answers with its
 * request's own bytes; a method that ends in "Fail" gets INVALID_ARGUMENT with details. The
 * settings may be changed from any thread while it runs. */
#ifndef TESTS_WIRE_FAKE_DECIDER_H
#define TESTS_WIRE_FAKE_DECIDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fake_decider {
    /* settings */
    _Atomic bool silent;         /* takes questions and never answers */
    _Atomic bool deaf;           /* takes no messages after a stream's first */
    _Atomic uint32_t delay_ms;   /* before each answer */
    _Atomic uint32_t drop_every; /* items: then the stream ends UNAVAILABLE, unanswered; 0: never */
    _Atomic bool drop_now;       /* ends every stream once */
    _Atomic int refuse;          /* a status that every stream ends with, and details; 0: none */
    _Atomic bool item_errors;    /* every item gets FAILED_PRECONDITION, ADMISSION_NEEDED */
    /* counters */
    _Atomic uint64_t items, messages, streams, items_in_one_max;
    _Atomic uint64_t
        unordered; /* items whose boundary is below that of the one before on the stream */
    _Atomic bool bearer_seen; /* the last stream came with "Bearer secret" */
    /* its own */
    struct fake_server *server;
};

/* Listens on target ("unix:/..."); false when it cannot. Settings and counters stay as they are. */
bool fake_decider_start(struct fake_decider *fake, const char *target);
/* Cancels what runs and goes; may be started again. */
void fake_decider_stop(struct fake_decider *fake);

#endif
