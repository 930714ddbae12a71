/* A list of the texts that are kept, so that none is forgotten when the struct grows: every slice
 * of struct decision outside record and trace stands in it. */
#include "core/answer.h"

#include "base/buf.h"

#define CHAIN_BYTES_MAX 1024

static void keep(struct arena *arena, struct slice *text)
{
    *text = arena_copy(arena, *text);
}

static void keep_route(struct arena *arena, struct route *route)
{
    keep(arena, &route->id);
    keep(arena, &route->provider);
    keep(arena, &route->account);
    keep(arena, &route->region);
    keep(arena, &route->model);
    keep(arena, &route->base_url);
    keep(arena, &route->credential);
    keep(arena, &route->overrides);
}

/* Values come as texts from the wire. */
static void keep_blocked(struct arena *arena, struct trace_item *blocked)
{
    keep(arena, &blocked->route);
    keep(arena, &blocked->check);
    keep(arena, &blocked->found.text);
    keep(arena, &blocked->needed.text);
    keep(arena, &blocked->evidence_id);
    keep(arena, &blocked->owner);
}

static void keep_decision(struct arena *arena, struct decision *decision)
{
    keep(arena, &decision->policy_id);
    keep_route(arena, &decision->route);
    keep(arena, &decision->default_response);
    keep(arena, &decision->notice.text);
    keep(arena, &decision->rule);
    keep(arena, &decision->detail);
    keep(arena, &decision->error.type);
    keep(arena, &decision->error.code);
    keep(arena, &decision->error.message);
    keep(arena, &decision->ticket.queue);
    keep(arena, &decision->resume_token);
    keep_blocked(arena, &decision->blocked);
    decision->has_trace = false;
    decision->trace = (struct trace){0};
}

static const char *outcome_of(const struct record_attempt *attempt)
{
    return attempt->failure ? signalbox_failure_name(attempt->failure) : "success";
}

static struct slice copy_chain(struct arena *arena, const struct record *record)
{
    char memory[CHAIN_BYTES_MAX];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    for (unsigned i = 0; i < record->attempts_count; i++) {
        const struct record_attempt *attempt = &record->attempts[i];
        size_t before = buf.len;

        buf_format(&buf, "%s%.*s:%s", i ? " " : "", (int)attempt->route.len, attempt->route.ptr,
                   outcome_of(attempt));
        if (buf_failed(&buf)) {
            buf.len = before;
            break;
        }
    }
    return arena_copy(arena, (struct slice){memory, buf.len});
}

static void keep_record(struct arena *arena, struct record *record)
{
    struct record kept = {
        .request_id = record->request_id,
        .tier = record->tier,
        .primary_model = arena_copy(arena, record->primary_model),
        .selected_route = arena_copy(arena, record->selected_route),
        .selected_provider = arena_copy(arena, record->selected_provider),
        .selected_model = arena_copy(arena, record->selected_model),
        .model_mismatch = record->model_mismatch,
        .cost_delta_nusd = record->cost_delta_nusd,
        .boundary_crossed = record->boundary_crossed,
        .usage = record->usage,
        .cost_nusd = record->cost_nusd,
        .disposition = record->disposition,
        .stop_reason = record->stop_reason,
        .failure = record->failure,
        .degraded = record->degraded,
        .adopted = record->adopted,
    };

    *record = kept;
}

void answer_copy(const struct signalbox_answer *answer,
                 struct arena *arena,
                 struct answer *ret_answer)
{
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_answer->result = answer->result;
    ret_answer->message = arena_copy(arena, answer->message);
    ret_answer->reason = arena_copy(arena, answer->reason);
    ret_answer->retry_after_ms = answer->retry_after_ms;
    if (answer->result == RESULT_OK) {
        ret_answer->decision = *answer->decision;
        keep_decision(arena, &ret_answer->decision);
        if (answer->decision->has_record)
            ret_answer->chain = copy_chain(arena, &answer->decision->record);
        keep_record(arena, &ret_answer->decision.record);
    }
    if (arena->failed)
        *ret_answer = (struct answer){.result = RESULT_NO_MEMORY};
}
