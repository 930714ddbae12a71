/* Full jitter keeps clients that lost one decider at the same moment from coming back at the same
 * moment. The sequence depends on the seed alone, so tests can repeat it. */
#include "client/backoff.h"

#include "base/random.h"

void backoff_init(struct backoff *backoff, uint64_t seed)
{
    backoff->seed = seed;
    backoff_reset(backoff);
}

uint32_t backoff_next_ms(struct backoff *backoff)
{
    uint32_t wait_ms = 1 + (uint32_t)(random_next(&backoff->seed) % backoff->ceiling_ms);

    backoff->ceiling_ms *= 2;
    if (backoff->ceiling_ms > BACKOFF_MAX_MS)
        backoff->ceiling_ms = BACKOFF_MAX_MS;
    return wait_ms;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->ceiling_ms = BACKOFF_FIRST_MS;
}
