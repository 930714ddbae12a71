/* Latencies as a log-linear histogram: 64 steps in every power of two, so that a quantile is less
 * than 2 % off. All-zero is empty. */
#ifndef TESTS_BENCH_HISTOGRAM_H
#define TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS   64
#define HISTOGRAM_BUCKETS (40 * HISTOGRAM_STEPS)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
};

void histogram_add(struct histogram *histogram, uint64_t ns);
/* The value that this part (0 to 1) of all are not above; 0 when it is empty. */
double histogram_quantile_us(const struct histogram *histogram, double part);

#endif
