/* A trace is as long as it is: there is no bound to guess, and deciding costs microseconds. */
#include "service/retrace.h"

static enum result make_sink(struct arena *arena, unsigned count, struct trace_sink *ret_sink)
{
    struct trace_item *items = arena_calloc(arena, count, sizeof *items);

    if (!items)
        return RESULT_NO_MEMORY;
    trace_sink_init(ret_sink, items, count);
    return RESULT_OK;
}

static void set_trace(struct engine_output *output, const struct trace_sink *sink)
{
    output->decision.has_trace = true;
    output->decision.trace = (struct trace){sink->items, sink->count, sink->digest};
}

enum result
retrace_step(struct rebuild *rebuild, struct arena *arena, struct engine_output *ret_output)
{
    struct rebuild probe = *rebuild;
    struct trace_sink sink;
    enum result result;

    trace_sink_init(&sink, NULL, 0);
    if (!rebuild_step(&probe, &sink, ret_output))
        return RESULT_CORRUPT;
    result = make_sink(arena, sink.count, &sink);
    if (result)
        return result;
    if (!rebuild_step(rebuild, &sink, ret_output))
        return RESULT_CORRUPT;
    set_trace(ret_output, &sink);
    return RESULT_OK;
}

enum result retrace_decide(const struct engine_input *input,
                           struct arena *arena,
                           struct engine_output *ret_output)
{
    struct trace_sink sink;
    enum result result;

    trace_sink_init(&sink, NULL, 0);
    decide(input, &sink, ret_output);
    result = make_sink(arena, sink.count, &sink);
    if (result)
        return result;
    decide(input, &sink, ret_output);
    set_trace(ret_output, &sink);
    return RESULT_OK;
}
