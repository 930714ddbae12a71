/* A value below 64 has a bucket of its own; above, the bucket is the power of two and the six bits
 * that follow the highest one. */
#include "histogram.h"

#define STEP_BITS 6

static unsigned bucket_of(uint64_t ns)
{
    unsigned power, bucket;

    if (ns < HISTOGRAM_STEPS)
        return (unsigned)ns;
    power = 63 - (unsigned)__builtin_clzll(ns) - STEP_BITS;
    bucket = (power + 1) * HISTOGRAM_STEPS + (unsigned)((ns >> power) - HISTOGRAM_STEPS);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t start_of(unsigned bucket)
{
    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    return (uint64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << (bucket / HISTOGRAM_STEPS - 1);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->counts[bucket_of(ns)]++;
    histogram->total++;
}

double histogram_quantile_us(const struct histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)(part * (double)histogram->total), seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > wanted)
            return (double)start_of(i) / 1e3;
    }
    return 0;
}
