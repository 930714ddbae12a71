/* Deadlines of one worker, the soonest first: a binary heap of timers that live in their owners.
 *
 * No clock: the owner says what time it is. Not thread-safe. */
#ifndef RELAY_TIMERS_H
#define RELAY_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    uint64_t at_ms;
    size_t place; /* in the heap, from 1; 0: not set */
    void (*on_due)(struct timer *timer, uint64_t now_ms);
};

struct timers {
    struct timer **heap;
    size_t count;
    size_t capacity;
};

void timers_init(struct timers *timers);
void timers_done(struct timers *timers);
/* Sets or moves. False: out of memory, the timer is as it was. */
bool timers_set(struct timers *timers, struct timer *timer, uint64_t at_ms);
/* Harmless on a timer that is not set. */
void timers_clear(struct timers *timers, struct timer *timer);
/* When the next is due; UINT64_MAX: never. */
uint64_t timers_next_ms(const struct timers *timers);
/* Calls everything that is due at now_ms, each at most once; callbacks may set and clear. */
void timers_run(struct timers *timers, uint64_t now_ms);

#endif
