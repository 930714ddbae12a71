/* Random bytes from the kernel, and a small generator for what must be reproducible. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills from getrandom(2); ends the process if the kernel refuses (nothing safe can follow). */
void random_bytes(void *ret_bytes, size_t len);
/* A generator (SplitMix64), seeded once per thread from the kernel. For ids and jitter, not for
 * secrets. */
uint64_t random_u64(void);
/* The next number of a sequence that depends on *state alone (SplitMix64, Steele et al. 2014). */
uint64_t random_next(uint64_t *state);

#endif
