/* The heap knows each timer's place and each timer its own, so that moving one costs log n and no
 * search. timers_run stops at the number it began with: a callback that sets a timer that is due at
 * once waits for the next run. */
#include "relay/timers.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 256

void timers_init(struct timers *timers)
{
    memset(timers, 0, sizeof *timers);
}

void timers_done(struct timers *timers)
{
    free(timers->heap);
    timers_init(timers);
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;

    while (place > 1 && timers->heap[place / 2]->at_ms > timer->at_ms) {
        put(timers, place, timers->heap[place / 2]);
        place /= 2;
    }
    put(timers, place, timer);
}

static void sift_down(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;

    for (;;) {
        size_t child = 2 * place;

        if (child < timers->count && timers->heap[child + 1]->at_ms < timers->heap[child]->at_ms)
            child++;
        if (child > timers->count || timers->heap[child]->at_ms >= timer->at_ms)
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

static bool grow(struct timers *timers)
{
    size_t capacity = timers->capacity ? timers->capacity * 2 : CAPACITY_FIRST;
    struct timer **heap;

    if (timers->count + 1 < timers->capacity)
        return true;
    heap = realloc(timers->heap, capacity * sizeof(struct timer *));
    if (!heap)
        return false;
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

bool timers_set(struct timers *timers, struct timer *timer, uint64_t at_ms)
{
    if (!timer->place) {
        if (!grow(timers))
            return false;
        put(timers, ++timers->count, timer);
    }
    timer->at_ms = at_ms;
    sift_up(timers, timer);
    sift_down(timers, timer);
    return true;
}

void timers_clear(struct timers *timers, struct timer *timer)
{
    struct timer *last;

    if (!timer->place)
        return;
    last = timers->heap[timers->count--];
    if (last != timer) {
        put(timers, timer->place, last);
        sift_up(timers, last);
        sift_down(timers, last);
    }
    timer->place = 0;
}

uint64_t timers_next_ms(const struct timers *timers)
{
    return timers->count ? timers->heap[1]->at_ms : UINT64_MAX;
}

void timers_run(struct timers *timers, uint64_t now_ms)
{
    for (size_t left = timers->count; left && timers_next_ms(timers) <= now_ms; left--) {
        struct timer *timer = timers->heap[1];

        timers_clear(timers, timer);
        timer->on_due(timer, now_ms);
    }
}
