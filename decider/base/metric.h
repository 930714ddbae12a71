/* Counters that many threads add to and one reader prints. A program has one table (X-macro) of
 * names; a counter is relaxed and never goes down. Gauges may be set. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct metric {
    const char *name; /* Prometheus style, with unit: signalbox_decisions_total */
    const char *help;
    bool gauge;
    _Atomic uint64_t value;
};

static inline void metric_add(struct metric *metric, uint64_t count)
{
    atomic_fetch_add_explicit(&metric->value, count, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, uint64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

#endif
