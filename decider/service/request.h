/* The owner's live requests: a table by request id and tenant, and the timers that give them up.
 *
 * Objects come from a freelist and carry their memory with them, so that the decision path does not
 * call malloc: an arena for texts, two places for writes. What rarely is needed in full (the
 * boundaries beyond the first few) stands last, and a request begins on a page, so that three pages
 * are touched while no more than one attempt has failed, and the others are not.
 *
 * A request is in the table while it is open, while a write of it is under way, and while a ticket
 * waits for it. Then it leaves; history has it. Owner thread only. */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "engine/chain.h"
#include "service/rebuild.h"
#include "store/history.h"
#include "store/layout.h"
#include "store/store.h"

struct compiled;
struct request;
struct service;
struct slab;
struct trip;

/* Enough for some three attempts; what is longer goes to the heap. */
#define REQUEST_RECORD_BYTES 1536
#define REQUEST_TEXT_BYTES   2048
/* What the texts of one request may take: 17 questions, each with its lists at their bounds. */
#define REQUEST_TEXT_BYTES_MAX (8 * 1024 * 1024)
/* At most one boundary is undecided, and one admission may still be on its way to disk before it.
 */
#define REQUEST_WRITES     2
#define REQUEST_PAGE_BYTES 4096

/* A record on its way to disk. Lent to the store from submit to done; then the owner's again. */
struct write_slot {
    struct store_write write;
    struct service *service;
    struct request *request;
    struct write_slot *next; /* done before this one */
    enum result result;      /* of the commit */
    unsigned boundaries;     /* that the record holds */
    bool gives_up;           /* the record says unreported */
    bool busy;
    struct trip *trip;   /* stored with the record, or NULL */
    struct buf overflow; /* the record, where it is longer than record */
    char open_value[8];
    char record[REQUEST_RECORD_BYTES];
};

struct request {
    _Alignas(REQUEST_PAGE_BYTES) struct store_key key; /* layout_request */
    struct uuid id;
    struct slice tenant;         /* in key */
    struct request *same_id;     /* of another tenant */
    struct list timer;           /* in a bucket of the wheel */
    int64_t give_up_ms;          /* 0: no timer */
    struct list tickets;         /* that wait for the last boundary's commit */
    struct compiled *compiled;   /* NULL: no policy was active */
    struct chain chain;          /* after the last boundary */
    unsigned durable;            /* boundaries that are on disk */
    bool waits;                  /* the last boundary's answer waits for its commit */
    bool given_up;               /* the marker is on disk */
    unsigned counted;            /* the last boundary that the rollback rules were told of */
    unsigned missed;             /* the last attempt that they were told nobody reported on */
    struct trip *trip;           /* what goes with the next record, or NULL */
    struct engine_output output; /* of the last boundary */
    struct arena arena;          /* texts of history */
    char memory[REQUEST_TEXT_BYTES];
    struct write_slot writes[REQUEST_WRITES];
    struct outcome outcomes[ATTEMPTS_MAX + 1];
    struct history history; /* last, see above */
};
_Static_assert(offsetof(struct request, history.boundaries[2]) <= 3 * REQUEST_PAGE_BYTES,
               "three pages hold a request with two boundaries");

/* At some 20 KiB each. More open requests than that are refused as a full store is. */
#define REQUESTS_MAX 131072

/* Buckets of one second; a timer that is further away than the wheel is long waits another round.
 */
#define WHEEL_SECONDS 4096

struct requests {
    struct map by_id; /* 16 bytes -> struct request, chained by same_id */
    size_t count;
    struct list free; /* by timer */
    struct slab *slabs;
    struct list wheel[WHEEL_SECONDS];
    int64_t wheel_s; /* the second that was looked at last; 0: none */
    size_t timers;
};

void requests_init(struct requests *requests);
/* Frees every request; no write may be under way. */
void requests_done(struct requests *requests);

/* An empty request that is in no table. NULL: out of memory. */
struct request *request_new(struct requests *requests, struct uuid id, struct slice tenant);
/* Back to the freelist; the request is in no table. */
void request_free(struct requests *requests, struct request *request);
/* Into the table. False: out of memory. */
MUST_USE bool request_enter(struct requests *requests, struct request *request);
void request_leave(struct requests *requests, struct request *request);
/* tenant empty: whichever has the id; *ret_ambiguous tells that two have. NULL: none. */
struct request *request_find(const struct requests *requests,
                             struct uuid id,
                             struct slice tenant,
                             bool *ret_ambiguous);

/* Reads a record into request; request_restore then computes where it stands, with compiled set by
 * the caller in between. RESULT_CORRUPT, RESULT_NO_MEMORY. */
MUST_USE enum result request_decode(struct request *request, struct slice record);
MUST_USE enum result request_restore(struct request *request);

/* A terminal answer was given. */
static inline bool request_ended(const struct request *request)
{
    return request->chain.state == CHAIN_STATE_ENDED;
}
/* Nothing keeps it in memory: it ended or was given up, history has it, nobody waits. */
bool request_settled(const struct request *request);
/* Leaves the table when it is settled. */
void request_retire(struct requests *requests, struct request *request);

/* Sets or moves the timer; give_up_ms 0 stops it. */
void request_timer(struct requests *requests, struct request *request, int64_t give_up_ms);
/* The next request whose time has come, its timer stopped; NULL: none. */
struct request *requests_expired(struct requests *requests, int64_t now_ms);

/* A free place for a write, or NULL. */
struct write_slot *request_slot(struct request *request);
bool request_writing(const struct request *request);

#endif
