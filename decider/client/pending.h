/* The table of open questions: a fixed number of places, each with a number that is never used
 * twice. The number is the question's correlation id on the wire and its name for cancel; its low
 * bits are the place, so finding a question is one index.
 *
 * The life of a place
 *   pending_take     any thread: a free place gets a new id; NULL when all are taken
 *   pending_open     the asker, last of all before it submits: from here on the id can be cancelled
 *   pending_claim    whoever ends the question: the client's thread to answer it, the asker to
 *                    cancel it; exactly one of them gets true
 *   pending_release  the client's thread once nothing refers to the place (or the asker that took
 *                    it and did not open it)
 *
 * Places live as long as the table, so a late cancel reads a stale id and nothing worse. */
#ifndef CLIENT_PENDING_H
#define CLIENT_PENDING_H

#include <stddef.h>

#include "base/list.h"
#include "client/queue.h"
#include "client/timer.h"
#include "signalbox/client.h"

/* Where a question is, as the client's thread sees it. */
enum ask_state {
    ASK_STATE_AWAY,    /* free, or with its asker, or in the submit queue */
    ASK_STATE_WAITING, /* in its worker's waiting list */
    ASK_STATE_SENT,    /* in its worker's sent list */
};

struct ask {
    /* any thread */
    _Atomic uint64_t open_id;   /* 0: not open, or claimed */
    _Atomic uint32_t next_free; /* place + 1; 0: the last */
    uint64_t generation;        /* of the last id */
    /* the asker, until it is submitted; then the client's thread */
    uint64_t id;
    struct signalbox_worker *worker;
    signalbox_on_answer on_answer;
    void *context;
    char *bytes; /* malloc'ed: the item as it stands in a StreamDecideRequest, tag and length too */
    size_t bytes_len;
    uint64_t due_ms;
    struct queue_link submitted;
    struct queue_link cancelled;
    /* the client's thread */
    enum ask_state state;
    struct list link;
    struct timer timeout;
};

struct pending {
    struct ask *places;
    uint32_t capacity;
    unsigned place_bits;
    _Atomic uint32_t fresh; /* places from here on were never taken */
    _Atomic uint64_t free;  /* stack of released places: a change count above, place + 1 below */
};

/* False: out of memory. The memory is touched as it is used. */
bool pending_init(struct pending *pending, uint32_t capacity);
/* Every place must have been released. */
void pending_done(struct pending *pending);

struct ask *pending_take(struct pending *pending);
void pending_open(struct ask *ask);
/* The place that id names, whatever is in it now; NULL when no id has that form. */
struct ask *pending_place(const struct pending *pending, uint64_t id);
/* True once for each opened id. */
bool pending_claim(struct ask *ask, uint64_t id);
void pending_release(struct pending *pending, struct ask *ask);

#endif
