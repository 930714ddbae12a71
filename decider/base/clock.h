/* The one place that reads clocks. Time rides inside events, stamped once where they come in. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970 (UTC). May jump. */
int64_t clock_unix_ms(void);
/* Nanoseconds on a clock that never goes back. */
uint64_t clock_monotonic_ns(void);
static inline uint64_t clock_monotonic_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

#endif
