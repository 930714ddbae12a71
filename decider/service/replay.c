/* Replay: a stored request decided again with the same versions, bit for bit. What differs is named
 * field by field; an adopted boundary was decided by a process that forgot what it read, so it is
 * decided again for the chain's sake and not compared. */
#include "service/rebuild.h"
#include "service/stored.h"

#define DIFFERENCES_MAX 8

static void differ(struct replayed_boundary *boundary,
                   const char *field,
                   struct slice stored,
                   struct slice recomputed)
{
    boundary->same = false;
    boundary->differences[boundary->differences_count++] =
        (struct record_change){slice_of(field), stored, recomputed};
}

static void compare_number(struct replayed_boundary *boundary,
                           struct arena *arena,
                           const char *field,
                           uint64_t stored,
                           uint64_t recomputed)
{
    if (stored != recomputed)
        differ(boundary, field, arena_format(arena, "%llu", (unsigned long long)stored),
               arena_format(arena, "%llu", (unsigned long long)recomputed));
}

static void compare_digest(struct replayed_boundary *boundary,
                           struct arena *arena,
                           const char *field,
                           uint64_t stored,
                           uint64_t recomputed)
{
    if (stored != recomputed)
        differ(boundary, field, arena_format(arena, "%016llx", (unsigned long long)stored),
               arena_format(arena, "%016llx", (unsigned long long)recomputed));
}

static void compare_name(struct replayed_boundary *boundary,
                         const char *field,
                         const char *stored,
                         const char *recomputed)
{
    if (strcmp(stored, recomputed) != 0)
        differ(boundary, field, slice_of(stored), slice_of(recomputed));
}

static void compare(const struct history_boundary *stored,
                    const struct engine_output *output,
                    uint64_t trace_digest,
                    struct arena *arena,
                    struct replayed_boundary *boundary)
{
    const struct decision *decision = &output->decision;

    compare_name(boundary, "action", signalbox_action_name((enum action)stored->action),
                 signalbox_action_name(decision->action));
    compare_name(boundary, "reason", signalbox_reason_name((enum reason)stored->reason),
                 signalbox_reason_name(decision->reason));
    compare_name(boundary, "disposition",
                 signalbox_disposition_name((enum disposition)stored->disposition),
                 signalbox_disposition_name(decision->disposition));
    compare_number(boundary, arena, "entry", stored->entry, output->entry);
    compare_number(boundary, arena, "charged_nusd", stored->charged_nusd, output->charged_nusd);
    compare_digest(boundary, arena, "decision_digest", stored->decision_digest,
                   engine_decision_digest(output));
    compare_digest(boundary, arena, "trace_digest", stored->trace_digest, trace_digest);
}

static enum result
replay(const struct stored *stored, struct arena *arena, struct replay *ret_replay)
{
    const struct history *history = &stored->history;
    struct engine_output output;
    struct rebuild rebuild;
    struct trace_sink sink;

    rebuild_begin(&rebuild, history, stored->policy);
    for (unsigned i = 0; i < history->boundaries_count; i++) {
        struct replayed_boundary *boundary = &ret_replay->boundaries[i];

        trace_sink_init(&sink, NULL, 0);
        if (!rebuild_step(&rebuild, &sink, &output))
            return RESULT_CORRUPT;
        boundary->same = true;
        boundary->skipped = history->boundaries[i].adopted;
        if (boundary->skipped)
            continue;
        boundary->differences = arena_calloc(arena, DIFFERENCES_MAX, sizeof *boundary->differences);
        if (!boundary->differences)
            return RESULT_NO_MEMORY;
        compare(&history->boundaries[i], &output, sink.digest, arena, boundary);
        if (!boundary->same && !slice_is(history->engine_version, ENGINE_VERSION))
            differ(boundary, "engine_version", history->engine_version,
                   SLICE_LITERAL(ENGINE_VERSION));
        ret_replay->same = ret_replay->same && boundary->same;
    }
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result service_replay_request(struct service *service,
                                   struct admin_call *call,
                                   const struct request_query *query,
                                   struct replay *ret_replay)
{
    struct stored *stored;
    enum result result = stored_read(service, call, query, &stored);

    if (result)
        return result;
    *ret_replay = (struct replay){
        .request_id = stored->history.request_id,
        .same = true,
        .boundaries_count = stored->history.boundaries_count,
        .boundaries = arena_calloc(call->arena, stored->history.boundaries_count,
                                   sizeof *ret_replay->boundaries),
    };
    if (!ret_replay->boundaries)
        return RESULT_NO_MEMORY;
    return replay(stored, call->arena, ret_replay);
}
