/* The trace: what every check found and needed, as values. The digest is kept whether or not
 * anybody asked for the items, so that a stored decision can be compared with its replay. */
#include "base/mix.h"
#include "engine/gate.h"

void trace_sink_init(struct trace_sink *sink, struct trace_item *items, unsigned capacity)
{
    *sink = (struct trace_sink){.items = items, .capacity = items ? capacity : 0};
}

static uint64_t mix_in_value(uint64_t digest, const struct trace_value *value)
{
    digest = mix_in(digest, (uint64_t)value->kind);
    return value->kind == TRACE_TEXT ? mix_in_text(digest, value->text)
                                     : mix_in(digest, value->number);
}

void trace_add(struct trace_sink *sink, const struct trace_item *item)
{
    uint64_t digest = mix_in(sink->digest, item->entry);

    digest = mix_in(digest, (uint64_t)item->gate << 8 | (uint64_t)item->verdict);
    digest = mix_in_text(digest, item->check);
    digest = mix_in_value(digest, &item->found);
    sink->digest = mix_in_value(digest, &item->needed);
    if (sink->count < sink->capacity)
        sink->items[sink->count] = *item;
    sink->count++;
}
