/* A registered worker: its stream and its questions, and how a question is asked, answered and
 * forgotten. ask and cancel run on any thread, all else on the client's. */
#ifndef CLIENT_WORKER_H
#define CLIENT_WORKER_H

#include "client/client.h"
#include "client/stream.h"

struct signalbox_worker {
    struct signalbox_client *client;
    /* any thread: calls of ask and cancel that are running; the client ends when there are none */
    _Atomic uint32_t calls;
    struct queue_link registered;
    /* the client's thread */
    struct list link;
    struct list waiting; /* asks to be sent, in order */
    struct list sent;    /* asks on the stream, in order */
    struct stream stream;
};

struct signalbox_worker *worker_new(struct signalbox_client *client);
void worker_free(struct signalbox_worker *worker);

/* Takes in what other threads have pushed since. */
void worker_turn(struct signalbox_client *client);
/* The connection is there: every stream may start. */
void worker_connected(struct signalbox_client *client);
/* Answers a waiting or sent question that is still open, and forgets it either way. */
void worker_answer(struct ask *ask, const struct signalbox_answer *answer);
/* Answers every question in list so. */
void worker_answer_all(struct list *list, const struct signalbox_answer *answer);
/* Questions whose answers were lost with the stream go back to the head of the line. */
void worker_ask_again(struct signalbox_worker *worker);
/* The sent question of that id, or NULL: it was answered, cancelled or never asked. */
struct ask *worker_sent_ask(struct signalbox_worker *worker, uint64_t id);

#endif
