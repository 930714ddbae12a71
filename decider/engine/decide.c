/* decide() and what follows from its answers: the chain, and a digest to compare answers by. */
#include "base/mix.h"
#include "engine/admission.h"
#include "engine/attempt.h"
#include "engine/engine.h"
#include "engine/money.h"

void decide(const struct engine_input *input,
            struct trace_sink *sink,
            struct engine_output *ret_output)
{
    struct decision *decision = &ret_output->decision;

    *ret_output = (struct engine_output){.entry = 0};
    decision->decision_id = input->seed;
    if (input->policy) {
        decision->policy_id = policy_text(input->policy, input->policy->id);
        decision->policy_version = input->policy->version;
        decision->catalog_version = input->policy->catalog_version;
    }
    if (input->report)
        attempt_decide(input, sink, ret_output);
    else
        admission_decide(input, sink, ret_output);
}

static bool goes_on(enum action action)
{
    return action == ACTION_SEND || action == ACTION_RETRY || action == ACTION_FALLBACK;
}

static void note_report(struct chain *chain,
                        const struct engine_input *input,
                        const struct engine_output *output)
{
    struct chain_attempt *attempt = &chain->attempts[chain->attempts_count - 1];
    enum side_effect effect = attempt_side_effect(input->facts, input->report);

    attempt->failure = (uint8_t)input->classification.failure;
    attempt->cost_nusd = output->charged_nusd;
    chain->charged_nusd = money_sum_nusd(chain->charged_nusd, output->charged_nusd);
    if (effect > chain->side_effect)
        chain->side_effect = effect;
    chain->output_visible |= input->report->output_visible;
    chain->output_reached |= input->report->output_visible;
    chain->schema_retries += input->classification.failure == FAILURE_OUTPUT_SCHEMA_INVALID;
}

void chain_step(struct chain *chain,
                const struct engine_input *input,
                const struct engine_output *output)
{
    if (input->report) {
        note_report(chain, input, output);
    } else {
        chain->admitted_ms = input->now_ms;
        chain->deadline_ms = input->deadline_ms ? input->now_ms + input->deadline_ms : 0;
    }
    if (!goes_on(output->decision.action)) {
        chain->state = CHAIN_STATE_ENDED;
        return;
    }
    chain->state = CHAIN_STATE_SENT;
    chain->attempts[chain->attempts_count++] =
        (struct chain_attempt){.entry = (uint8_t)output->entry, .route = (uint8_t)output->route};
    if (output->decision.restart_output)
        chain->output_visible = false;
}

static uint64_t mix_in_route(uint64_t digest, const struct route *route)
{
    const struct slice texts[] = {route->id,         route->provider, route->account,
                                  route->region,     route->model,    route->base_url,
                                  route->credential, route->overrides};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        digest = mix_in_text(digest, texts[i]);
    return mix_in(digest, (uint64_t)route->family << 8 | (uint64_t)route->tier);
}

static uint64_t mix_in_error(uint64_t digest, const struct client_error *error)
{
    digest = mix_in(digest, (uint64_t)error->http_status << 2 | (uint64_t)error->should_retry << 1 |
                                (uint64_t)error->providers_body);
    digest = mix_in(digest, error->retry_after_ms);
    digest = mix_in_text(digest, error->type);
    digest = mix_in_text(digest, error->code);
    return mix_in_text(digest, error->message);
}

static uint64_t mix_in_timing(uint64_t digest, const struct decision *decision)
{
    const struct timeouts *timeouts = &decision->timeouts;

    digest = mix_in(digest, (uint64_t)decision->attempt << 32 | decision->delay_ms);
    digest = mix_in(digest, (uint64_t)timeouts->connect_ms << 32 | timeouts->first_output_ms);
    digest = mix_in(digest, (uint64_t)timeouts->idle_ms << 32 | timeouts->total_ms);
    return mix_in(digest, (uint64_t)decision->reservation_expires_unix_ms);
}

static uint64_t mix_in_value(uint64_t digest, const struct trace_value *value)
{
    return mix_in_text(mix_in(mix_in(digest, value->kind), value->number), value->text);
}

static uint64_t mix_in_item(uint64_t digest, const struct trace_item *item)
{
    digest = mix_in(digest, (uint64_t)item->entry << 16 | (uint64_t)item->gate << 8 |
                                (uint64_t)item->verdict);
    digest = mix_in_value(digest, &item->found);
    digest = mix_in_value(digest, &item->needed);
    digest = mix_in_text(digest, item->route);
    digest = mix_in_text(digest, item->check);
    digest = mix_in_text(digest, item->evidence_id);
    return mix_in_text(digest, item->owner);
}

uint64_t engine_decision_digest(const struct engine_output *output)
{
    const struct decision *decision = &output->decision;
    const uint64_t numbers[] = {
        decision->action,
        decision->decision_id,
        decision->policy_version,
        decision->catalog_version,
        decision->output_tokens_cap,
        (uint64_t)decision->notice.in_body << 2 | (uint64_t)decision->output_cap_added << 1 |
            (uint64_t)decision->restart_output,
        decision->hold.until,
        decision->hold.amount,
        decision->hold.bytes_max,
        (uint64_t)decision->failure << 32 | (uint64_t)decision->reason,
        (uint64_t)decision->disposition,
        (uint64_t)decision->ticket.not_before_unix_ms,
        (uint64_t)decision->ticket.expires_unix_ms,
        output->entry,
        output->charged_nusd,
        (uint64_t)output->route << 1 | (uint64_t)output->charge_estimated,
        output->intents_count,
    };
    const struct slice texts[] = {decision->policy_id,   decision->default_response,
                                  decision->notice.text, decision->rule,
                                  decision->detail,      decision->ticket.queue};
    uint64_t digest = 0;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        digest = mix_in(digest, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        digest = mix_in_text(digest, texts[i]);
    for (unsigned i = 0; i < output->intents_count; i++) {
        digest =
            mix_in(digest, (uint64_t)output->intents[i].kind << 16 |
                               (uint64_t)output->intents[i].route << 8 | output->intents[i].entry);
        digest = mix_in(digest, output->intents[i].amount_nusd);
    }
    if (decision->has_blocked)
        digest = mix_in_item(digest, &decision->blocked);
    digest = mix_in_timing(digest, decision);
    digest = mix_in_error(digest, &decision->error);
    return mix_in_route(digest, &decision->route);
}
