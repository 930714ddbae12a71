/* getrandom(2) for what must be unguessable; SplitMix64 for the rest, whose whole state is one
 * number and which has no bad seeds. */
#include "base/random.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/random.h>

#include "base/invariant.h"
#include "base/mix.h"

void random_bytes(void *ret_bytes, size_t len)
{
    unsigned char *bytes = ret_bytes;

    while (len > 0) {
        ssize_t got = getrandom(bytes, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        invariant(got > 0);
        bytes += got;
        len -= (size_t)got;
    }
}

uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mix_u64(*state);
}

uint64_t random_u64(void)
{
    static _Thread_local uint64_t state;
    static _Thread_local bool seeded;

    if (!seeded) {
        random_bytes(&state, sizeof state);
        seeded = true;
    }
    return random_next(&state);
}
