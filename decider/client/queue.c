/* A stack that producers push onto with one compare-and-swap and the consumer empties with one
 * exchange, turning it round. Taking everything leaves no room for the ABA problem: nobody ever
 * pops a single link. */
#include "client/queue.h"

#include <stddef.h>

void queue_init(struct queue *queue)
{
    atomic_init(&queue->newest, NULL);
}

void queue_push(struct queue *queue, struct queue_link *link)
{
    struct queue_link *newest = atomic_load_explicit(&queue->newest, memory_order_relaxed);

    do
        link->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&queue->newest, &newest, link,
                                                  memory_order_release, memory_order_relaxed));
}

struct queue_link *queue_take(struct queue *queue)
{
    struct queue_link *link = atomic_exchange_explicit(&queue->newest, NULL, memory_order_acquire);
    struct queue_link *oldest = NULL;

    while (link) {
        struct queue_link *next = link->next;

        link->next = oldest;
        oldest = link;
        link = next;
    }
    return oldest;
}

bool queue_empty(const struct queue *queue)
{
    return !atomic_load_explicit(&queue->newest, memory_order_relaxed);
}
