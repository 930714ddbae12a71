/* How long to wait before a retry. */
#ifndef ENGINE_BACKOFF_H
#define ENGINE_BACKOFF_H

#include "engine/engine.h"

/* Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015): uniform in
 * 0 .. min(cap, base * 2^retries), from the seed alone; never below what the provider asked for by
 * Retry-After. False: Retry-After is above the policy's cap, so that waiting less would only fail
 * again and waiting longer is not allowed. */
bool backoff_delay(const struct engine_input *input, unsigned retries, uint32_t *ret_delay_ms);

#endif
