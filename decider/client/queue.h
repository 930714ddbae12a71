/* A lock-free queue with many producers and one consumer that takes everything at once.
 *
 * Links are intrusive: a link is in one queue at most, from its push until the consumer has taken
 * it. What the producer wrote before its push is seen by the consumer after its take. */
#ifndef CLIENT_QUEUE_H
#define CLIENT_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>

struct queue_link {
    struct queue_link *next;
};

struct queue {
    _Atomic(struct queue_link *) newest;
};

void queue_init(struct queue *queue);
/* Any thread. */
void queue_push(struct queue *queue, struct queue_link *link);
/* The consumer: all links in the order they were pushed, chained by next; NULL when there is none.
 * Read a link's next before handing the link on. */
struct queue_link *queue_take(struct queue *queue);
/* A glance without ordering: false negatives are cured by the producer's bell. */
bool queue_empty(const struct queue *queue);

#endif
