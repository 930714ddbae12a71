/* Which share of requests a request belongs to: canary percentages, weights of equivalent routes.
 * From the request id alone, so that every boundary, every duplicate and every replay agrees. */
#ifndef ENGINE_SPREAD_H
#define ENGINE_SPREAD_H

#include "base/mix.h"
#include "signalbox/uuid.h"

/* Of a request; struct engine_input wants it. */
static inline uint64_t spread_of(struct uuid request_id)
{
    return mix_in_text(0, (struct slice){(const char *)request_id.bytes, sizeof request_id.bytes});
}

/* 0 to 99; which requests a canary takes. */
static inline unsigned spread_percent(uint64_t request_hash)
{
    return (unsigned)(mix_in(request_hash, 1) % 100);
}

/* 0 to total - 1, anew for every round: a pick among weights. */
static inline uint64_t spread_pick(uint64_t request_hash, unsigned round, uint64_t total)
{
    return mix_in(request_hash, 2 + (uint64_t)round) % total;
}

#endif
