/* What the files of this folder share: the worker and one request on it. */
#ifndef RELAY_RELAY_PRIVATE_H
#define RELAY_RELAY_PRIVATE_H

#include <stdatomic.h>

#include "core/exchange.h"
#include "relay/worker.h"
#include "upstream/transfer.h"

#define RELAY_MEMORY_BYTES 16384

/* One request: the exchange and what carries it out. Alive until the exchange has ended and the
 * reply is gone: the reply lends from its arena, and the report may have to be said again. */
struct relay {
    struct list link; /* of the worker's active, dead or free ones */
    struct worker *worker;
    struct exchange exchange;
    struct request request;
    struct refusal refusal;
    struct arena arena;
    struct reply *reply;       /* NULL: gone */
    struct transfer *transfer; /* NULL: none runs */
    struct asking *asking;     /* open */
    struct asking *answers;    /* kept until the end */
    struct timer timer;
    bool unasked; /* there was no memory to ask: answered by the timer */
    bool ended;
    char memory[RELAY_MEMORY_BYTES];
};

struct worker {
    struct worker_settings settings;
    struct loop *loop;
    struct multi *multi;
    struct asker *asker;
    struct timers timers;
    struct bench bench;
    struct list active;
    struct list dead;
    struct list free;
    unsigned free_count;
    _Atomic bool draining;
    bool drained;
};

/* worker.c */
struct moment worker_now(void);
/* A request with its reply; NULL: out of memory. */
struct relay *worker_take_relay(struct worker *worker, struct reply *reply);
/* To be freed at the end of the turn. */
void worker_bury_relay(struct relay *relay);

/* relay.c */
void relay_init(struct relay *relay, struct worker *worker);
void relay_done(struct relay *relay);
void relay_start(struct relay *relay);
/* Answers without asking anybody. */
void relay_refuse(struct relay *relay);
void relay_reset(struct relay *relay);
void relay_on_answer(void *owner, struct asking *asking);

/* dispatch.c */
void dispatch_arrival(void *context, struct reply *reply, const struct arrival *arrival);

/* journal.c */
void journal_decided(const struct relay *relay, const struct answer *answer);
void journal_unacknowledged(const struct relay *relay);

#endif
