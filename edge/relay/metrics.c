/* One table for the process: counters are relaxed atomics, so workers share them. */
#include "relay/metrics.h"

static struct metric metrics[] = {
#define C(NAME, name, gauge, help) [EDGE_METRIC_##NAME] = {name, help, gauge, 0},
#include "relay/metric.def"
#undef C
};

void metrics_count(enum edge_metric metric)
{
    metric_add(&metrics[metric], 1);
}

void metrics_set(enum edge_metric metric, uint64_t value)
{
    metric_set(&metrics[metric], value);
}

void metrics_move(enum edge_metric metric, bool up)
{
    metric_add(&metrics[metric], up ? 1 : UINT64_MAX);
}

void metrics_write(struct buf *buf)
{
    for (unsigned i = 0; i < EDGE_METRIC_END; i++) {
        const struct metric *metric = &metrics[i];

        buf_format(buf, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", metric->name, metric->help,
                   metric->name, metric->gauge ? "gauge" : "counter", metric->name,
                   (unsigned long long)atomic_load_explicit(&metric->value, memory_order_relaxed));
    }
}
