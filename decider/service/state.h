/* What the service is made of; for the files of this folder alone.
 *
 * Every member says which thread it belongs to. The owner's members are touched by the owner thread
 * only, the admin's by the admin thread only; what both use is immutable or atomic. */
#ifndef SERVICE_STATE_H
#define SERVICE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "service/compiled.h"
#include "service/request.h"
#include "service/service.h"
#include "service/snapshot.h"
#include "service/switches.h"
#include "service/tally.h"
#include "store/store.h"

/* What one answer may take: a record with all its attempts and changes. */
#define SCRATCH_BYTES_MAX (1024 * 1024)

/* Written by the owner, read by anybody. */
struct counters {
    _Atomic uint64_t questions, duplicates, adopted, refused, superseded, unreported;
    _Atomic uint64_t open_requests;
};

/* The owner thread's. */
struct owner {
    struct snapshot *live;
    struct store_read *read; /* renewed by the first look-up after a turn, reset in the turn */
    bool reading;
    struct requests requests;
    struct compiled_cache compiled; /* of requests that came back from history */
    struct switches switches;
    struct tallies tallies;
    unsigned waiting; /* tickets */
    struct sweep {
        struct store_key cursor; /* where in the open table to go on; empty: at its start */
        int64_t next_ms;         /* not before */
        bool orphans;            /* this pass met a request that is not in memory */
        bool finished;
    } sweep;
    /* Of the answer that is being made. */
    struct buf bytes;
    struct arena arena;
    struct engine_output output;
    struct trace_item trace[TRACE_ITEMS_MAX];
    char memory[64 * 1024];
};

/* The admin thread's. */
struct admin {
    struct store_read *read;
    struct snapshot *current; /* the newest; the owner's live one or about to be */
    uint64_t generation;
};

/* Errands of the admin thread (service/errand.h), the last one first. */
struct errands {
    _Atomic(struct errand *) arrived;
    _Atomic(struct errand *) written; /* from the writer thread */
};

/* From the admin thread to the owner. */
struct handover {
    _Atomic(struct snapshot *) next; /* not yet swapped in; NULL: none */
    _Atomic(const void *) owner;     /* which thread turns; NULL: none has yet, itself: one will */
    pthread_mutex_t mutex;
    pthread_cond_t swapped;
    uint64_t generation; /* the newest that is live; under the mutex */
};

struct service {
    struct store *store;
    uint64_t give_up_ms;
    void (*wake)(void *context);
    void *wake_context;
    _Atomic(struct write_slot *)
        done; /* written slots, the last one first; from the writer thread */
    struct counters counters;
    struct handover handover;
    struct errands errands;
    struct admin admin;
    struct owner owner;
};

static inline void counter_add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

#endif
