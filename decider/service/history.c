/* The record of a stored request, and its decisions made again with their traces. */
#include "service/record.h"
#include "service/retrace.h"
#include "service/stored.h"

static enum result
make_decisions(const struct stored *stored, struct arena *arena, struct decision **ret_decisions)
{
    const struct history *history = &stored->history;
    struct decision *decisions = arena_calloc(arena, history->boundaries_count, sizeof *decisions);
    struct engine_output output;
    struct rebuild rebuild;
    enum result result;

    if (!decisions)
        return RESULT_NO_MEMORY;
    rebuild_begin(&rebuild, history, stored->policy);
    for (unsigned i = 0; i < history->boundaries_count; i++) {
        result = retrace_step(&rebuild, arena, &output);
        if (result)
            return result;
        if (history->boundaries[i].adopted)
            continue;
        decisions[i] = output.decision;
        decisions[i].durable = true;
    }
    *ret_decisions = decisions;
    return RESULT_OK;
}

enum result service_get_request(struct service *service,
                                struct admin_call *call,
                                const struct request_query *query,
                                struct record *ret_record,
                                struct decision **ret_decisions,
                                unsigned *ret_count)
{
    struct outcome *outcomes = arena_calloc(call->arena, ATTEMPTS_MAX + 1, sizeof *outcomes);
    struct record_input input;
    struct stored *stored;
    enum result result;

    if (!outcomes)
        return RESULT_NO_MEMORY;
    result = stored_read(service, call, query, &stored);
    if (result)
        return result;
    input = (struct record_input){
        .history = &stored->history,
        .policy = stored->policy,
        .outcomes = outcomes,
        .boundaries = rebuild_outcomes(&stored->history, stored->policy, outcomes),
    };
    if (input.boundaries != stored->history.boundaries_count)
        return RESULT_CORRUPT;
    result = record_make(&input, call->arena, ret_record);
    if (result || !query->want_decisions)
        return result;
    *ret_count = stored->history.boundaries_count;
    return make_decisions(stored, call->arena, ret_decisions);
}
