/* How long to wait before the next try: uniform between 1 ms and a ceiling that doubles from
 * BACKOFF_FIRST_MS to BACKOFF_MAX_MS with every failure (full jitter). */
#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 10
#define BACKOFF_MAX_MS   1000

struct backoff {
    uint64_t seed;
    uint32_t ceiling_ms;
};

void backoff_init(struct backoff *backoff, uint64_t seed);
/* The wait after one more failure; from 1 to BACKOFF_MAX_MS. */
uint32_t backoff_next_ms(struct backoff *backoff);
/* It worked: the next failure is the first again. */
void backoff_reset(struct backoff *backoff);

#endif
