/* A heap and not a wheel: deadlines are exact, the next one is what the completion queue waits for,
 * and at a few thousand open questions log n is a dozen steps. Each timer knows its place, so that
 * an answered question's timer leaves without a search. */
#include "client/timer.h"

#include <stdlib.h>

#include "base/invariant.h"

bool timer_heap_init(struct timer_heap *heap, uint32_t capacity)
{
    *heap = (struct timer_heap){.capacity = capacity};
    heap->slots = malloc(((size_t)capacity + 1) * sizeof(struct timer *));
    return heap->slots;
}

void timer_heap_done(struct timer_heap *heap)
{
    free(heap->slots);
    heap->slots = NULL;
    heap->count = 0;
}

static void put(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    heap->slots[place] = timer;
    timer->place = place;
}

static void sift_up(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    while (place > 1 && heap->slots[place / 2]->due_ms > timer->due_ms) {
        put(heap, place, heap->slots[place / 2]);
        place /= 2;
    }
    put(heap, place, timer);
}

static void sift_down(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    for (;;) {
        uint32_t child = place * 2;

        if (child < heap->count && heap->slots[child + 1]->due_ms < heap->slots[child]->due_ms)
            child++;
        if (child > heap->count || heap->slots[child]->due_ms >= timer->due_ms)
            break;
        put(heap, place, heap->slots[child]);
        place = child;
    }
    put(heap, place, timer);
}

void timer_arm(struct timer_heap *heap, struct timer *timer, uint64_t due_ms)
{
    timer_disarm(heap, timer);
    invariant(heap->count < heap->capacity);
    timer->due_ms = due_ms;
    sift_up(heap, ++heap->count, timer);
}

void timer_disarm(struct timer_heap *heap, struct timer *timer)
{
    uint32_t place = timer->place;
    struct timer *last;

    if (place == 0)
        return;
    invariant(place <= heap->count && heap->slots[place] == timer);
    timer->place = 0;
    last = heap->slots[heap->count--];
    if (last == timer)
        return;
    if (place > 1 && heap->slots[place / 2]->due_ms > last->due_ms)
        sift_up(heap, place, last);
    else
        sift_down(heap, place, last);
}

struct timer *timer_expire(struct timer_heap *heap, uint64_t now_ms)
{
    struct timer *nearest;

    if (heap->count == 0 || heap->slots[1]->due_ms > now_ms)
        return NULL;
    nearest = heap->slots[1];
    timer_disarm(heap, nearest);
    return nearest;
}

bool timer_nearest(const struct timer_heap *heap, uint64_t *ret_due_ms)
{
    if (heap->count == 0)
        return false;
    *ret_due_ms = heap->slots[1]->due_ms;
    return true;
}
