/* Released places form a lock-free stack whose head carries a change count against ABA; places that
 * were never used come from a counter, so that a table for 65,536 questions costs the pages it
 * really uses. A place that was released last is taken first and is still in the cache. */
#include "client/pending.h"

#include <stdlib.h>

#include "base/invariant.h"

#define PLACE_OF(head)    ((uint32_t)(head))
#define CHANGES_OF(head)  ((head) >> 32)
#define HEAD_OF(count, p) ((uint64_t)(count) << 32 | (p))

bool pending_init(struct pending *pending, uint32_t capacity)
{
    invariant(capacity > 0 && capacity < UINT32_MAX / 2);
    pending->capacity = capacity;
    pending->place_bits = 1;
    while (UINT32_C(1) << pending->place_bits < capacity)
        pending->place_bits++;
    atomic_init(&pending->fresh, 0);
    atomic_init(&pending->free, 0);
    pending->places = calloc(capacity, sizeof *pending->places);
    return pending->places;
}

void pending_done(struct pending *pending)
{
    free(pending->places);
    pending->places = NULL;
}

static struct ask *pop_released(struct pending *pending)
{
    uint64_t head = atomic_load_explicit(&pending->free, memory_order_acquire);

    while (PLACE_OF(head)) {
        struct ask *ask = &pending->places[PLACE_OF(head) - 1];
        uint32_t next = atomic_load_explicit(&ask->next_free, memory_order_relaxed);

        if (atomic_compare_exchange_weak_explicit(&pending->free, &head,
                                                  HEAD_OF((uint32_t)(CHANGES_OF(head) + 1), next),
                                                  memory_order_acquire, memory_order_acquire))
            return ask;
    }
    return NULL;
}

static struct ask *take_fresh(struct pending *pending)
{
    uint32_t place = atomic_load_explicit(&pending->fresh, memory_order_relaxed);

    while (place < pending->capacity)
        if (atomic_compare_exchange_weak_explicit(&pending->fresh, &place, place + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
            return &pending->places[place];
    return NULL;
}

struct ask *pending_take(struct pending *pending)
{
    struct ask *ask = pop_released(pending);

    if (!ask)
        ask = take_fresh(pending);
    if (!ask)
        return NULL;
    /* The generation starts at 1: no id is 0. */
    ask->id = ++ask->generation << pending->place_bits | (uint64_t)(ask - pending->places);
    return ask;
}

void pending_open(struct ask *ask)
{
    atomic_store_explicit(&ask->open_id, ask->id, memory_order_release);
}

struct ask *pending_place(const struct pending *pending, uint64_t id)
{
    uint64_t place = id & ((UINT64_C(1) << pending->place_bits) - 1);

    return place < pending->capacity ? &pending->places[place] : NULL;
}

bool pending_claim(struct ask *ask, uint64_t id)
{
    return id && atomic_compare_exchange_strong_explicit(
                     &ask->open_id, &id, 0, memory_order_acq_rel, memory_order_relaxed);
}

void pending_release(struct pending *pending, struct ask *ask)
{
    uint64_t head = atomic_load_explicit(&pending->free, memory_order_relaxed);
    uint32_t place = (uint32_t)(ask - pending->places) + 1;

    do
        atomic_store_explicit(&ask->next_free, PLACE_OF(head), memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pending->free, &head,
                                                  HEAD_OF((uint32_t)(CHANGES_OF(head) + 1), place),
                                                  memory_order_release, memory_order_relaxed));
}
