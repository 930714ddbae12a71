/* The input of a boundary is put together here from what history stores; service/ask.c makes the
 * same input from a question. Where the two differ, replay finds it. */
#include "service/rebuild.h"

#include "engine/spread.h"

void rebuild_begin(struct rebuild *rebuild,
                   const struct history *history,
                   const struct policy *policy)
{
    *rebuild = (struct rebuild){.history = history, .policy = policy};
}

bool rebuild_step(struct rebuild *rebuild,
                  struct trace_sink *sink,
                  struct engine_output *ret_output)
{
    const struct history *history = rebuild->history;
    const struct history_boundary *boundary;
    struct engine_input input;

    if (rebuild->next >= history->boundaries_count)
        return false;
    /* Another engine may end the chain sooner than the one that stored it. */
    if (rebuild->next && rebuild->chain.state != CHAIN_STATE_SENT)
        return false;
    boundary = &history->boundaries[rebuild->next];
    if (!view_decode(boundary->view, &rebuild->view))
        return false;
    input = (struct engine_input){
        .policy = rebuild->policy,
        .facts = &history->facts,
        .view = &rebuild->view,
        .chain = &rebuild->chain,
        .key_id = history->key_id,
        .request_hash = spread_of(history->request_id),
        .report = rebuild->next ? &boundary->report : NULL,
        .classification = {boundary->failure, boundary->rule, boundary->detail, boundary->refusal},
        .now_ms = boundary->now_ms,
        .seed = boundary->seed,
        .deadline_ms = boundary->deadline_ms,
    };
    decide(&input, sink, ret_output);
    chain_step(&rebuild->chain, &input, ret_output);
    rebuild->next++;
    return true;
}

void outcome_of(const struct engine_output *output,
                uint64_t trace_digest,
                struct outcome *ret_outcome)
{
    const struct decision *decision = &output->decision;

    *ret_outcome = (struct outcome){
        .action = decision->action,
        .reason = decision->reason,
        .failure = decision->failure,
        .disposition = decision->disposition,
        .tier = decision->route.tier,
        .has_route = decision->has_route,
        .charge_estimated = output->charge_estimated,
        .notice = decision->notice.text.len > 0,
        .entry = (uint8_t)output->entry,
        .route = (uint8_t)output->route,
        .blocking_gate = decision->blocked.gate,
        .blocking_check = decision->blocked.check,
        .delay_ms = decision->delay_ms,
        .charged_nusd = output->charged_nusd,
        .trace_digest = trace_digest,
    };
}

unsigned rebuild_outcomes(const struct history *history,
                          const struct policy *policy,
                          struct outcome ret_outcomes[ATTEMPTS_MAX + 1])
{
    struct rebuild rebuild;
    struct engine_output output;
    struct trace_sink sink;
    unsigned count = 0;

    rebuild_begin(&rebuild, history, policy);
    for (;;) {
        trace_sink_init(&sink, NULL, 0);
        if (!rebuild_step(&rebuild, &sink, &output))
            return count;
        outcome_of(&output, sink.digest, &ret_outcomes[count++]);
    }
}

const struct policy_route *rebuild_route(const struct policy *policy, unsigned route)
{
    return policy && route < policy->routes.len ? policy_route(policy, route) : NULL;
}
