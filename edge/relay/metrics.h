/* The edge's counters, from metric.def. Any thread. */
#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include "base/buf.h"
#include "base/metric.h"

enum edge_metric {
#define C(NAME, name, gauge, help) EDGE_METRIC_##NAME,
#include "relay/metric.def"
#undef C
    EDGE_METRIC_END
};

void metrics_count(enum edge_metric metric);
void metrics_set(enum edge_metric metric, uint64_t value);
/* Moves a gauge by one, up or down. */
void metrics_move(enum edge_metric metric, bool up);
/* All of them in the Prometheus text format. */
void metrics_write(struct buf *buf);

#endif
