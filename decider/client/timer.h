/* Deadlines in a binary heap: the nearest one is known at once, arming and disarming cost log n.
 *
 * Timers are embedded in what they time. The heap's room is fixed at birth, so arming cannot fail.
 * One thread; times are milliseconds on the monotonic clock, given by the caller. */
#ifndef CLIENT_TIMER_H
#define CLIENT_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* Not armed while place is 0; on_due is set before the first arming and called by the heap's owner.
 */
struct timer {
    uint64_t due_ms;
    uint32_t place; /* in the heap, from 1 */
    void (*on_due)(struct timer *timer);
};

struct timer_heap {
    struct timer **slots; /* from 1 */
    uint32_t count;
    uint32_t capacity;
};

/* False: out of memory. */
bool timer_heap_init(struct timer_heap *heap, uint32_t capacity);
/* Forgets what is armed. */
void timer_heap_done(struct timer_heap *heap);

/* Arming an armed timer moves it. More than capacity armed timers are a broken invariant. */
void timer_arm(struct timer_heap *heap, struct timer *timer, uint64_t due_ms);
/* Harmless on a timer that is not armed. */
void timer_disarm(struct timer_heap *heap, struct timer *timer);
/* Disarms and returns the nearest timer that is due at now_ms; NULL when none is. */
struct timer *timer_expire(struct timer_heap *heap, uint64_t now_ms);
/* False: nothing is armed. */
bool timer_nearest(const struct timer_heap *heap, uint64_t *ret_due_ms);

#endif
