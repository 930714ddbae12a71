/* What an attempt's outcome says to each rule. Which rules a class of outcome speaks to is a table;
 * a class without a row says nothing about the entry. Windows are in rollback_window.c. */
#include "engine/rollback.h"

typedef unsigned __int128 wide;

/* The provider was reached, or should have been, and the gateway told what came of it. */
#define REPORTED                                                                                   \
    (SET_OF(ROLLBACK_RULE_BOUNDARY_ERROR) | SET_OF(ROLLBACK_RULE_MISSING_REPORTS) |                \
     SET_OF(ROLLBACK_RULE_MODEL_MISMATCH))
/* An answer came, such as it is. */
#define ANSWERED                                                                                   \
    (REPORTED | SET_OF(ROLLBACK_RULE_SCHEMA_FAILURES) | SET_OF(ROLLBACK_RULE_COST_SPIKE) |         \
     SET_OF(ROLLBACK_RULE_REFUSAL_RATE))

/* Not here: what follows the request to every route, what the caller ended, and what is our own. */
static const uint64_t speaks_to[FAILURE_END] = {
    [FAILURE_NONE] = ANSWERED,
    [FAILURE_OUTPUT_SCHEMA_INVALID] = ANSWERED,
    [FAILURE_CONTENT_FILTERED_MIDSTREAM] = ANSWERED,
    [FAILURE_TIMEOUT] = REPORTED,
    [FAILURE_NETWORK_ERROR] = REPORTED,
    [FAILURE_RATE_LIMITED] = REPORTED,
    [FAILURE_OVERLOADED] = REPORTED,
    [FAILURE_TEMPORARY_5XX] = REPORTED,
    [FAILURE_UNAVAILABLE] = REPORTED,
    [FAILURE_STREAM_DROPPED_BEFORE_OUTPUT] = REPORTED,
    [FAILURE_MALFORMED_RESPONSE] = REPORTED,
    [FAILURE_EMPTY_RESPONSE] = REPORTED,
    [FAILURE_PERMISSION_DENIED] = REPORTED,
    [FAILURE_PROVIDER_QUOTA_EXHAUSTED] = REPORTED,
    [FAILURE_MODEL_NOT_FOUND] = REPORTED,
    [FAILURE_AUTH_ERROR] = REPORTED,
    [FAILURE_REGION_UNSUPPORTED] = REPORTED,
    [FAILURE_PARTIAL_STREAM] = REPORTED,
};

static uint64_t rules_of(const struct engine_input *input, const struct engine_output *output)
{
    const struct classification *class = &input->classification;

    if (output->decision.reason == REASON_CALLER_LEFT ||
        output->decision.reason == REASON_CALLER_DEADLINE)
        return 0;
    /* Delivered as an answer; as an error it is the request's own. */
    if (class->failure == FAILURE_SAFETY_BLOCK)
        return class->refusal ? ANSWERED : 0;
    return speaks_to[class->failure];
}

/* ---- what an outcome says ---- */

struct outcome {
    const struct engine_input *input;
    const struct engine_output *output;
    const struct rollback_policy *state;
    const struct policy_route *route;
};

static struct rollback_sample sample(bool seen, bool bad)
{
    return (struct rollback_sample){.seen = seen, .bad = seen && bad};
}

/* A text that the caller's own cap cut short proves nothing. */
static struct rollback_sample schema_failures(const struct outcome *outcome)
{
    const struct report *report = outcome->input->report;
    bool cut = report->finish == FINISH_LENGTH && outcome->input->facts->max_output_tokens;
    bool failed = report->schema_validation == SCHEMA_VALIDATION_FAILED;

    return sample((failed || report->schema_validation == SCHEMA_VALIDATION_PASSED) && !cut,
                  failed);
}

/* The settled costs that are still in the window; returns how many. */
static uint64_t costs_within(const struct rollback_policy *state,
                             const struct policy_rollback *rule,
                             int64_t now_ms,
                             wide *ret_sum_nusd)
{
    int64_t passed =
        now_ms > state->begin_ms ? (now_ms - state->begin_ms) / rollback_part_ms(rule) : 0;
    uint64_t count = 0;

    *ret_sum_nusd = 0;
    for (unsigned i = 0; (int64_t)i + passed < ROLLBACK_PARTS; i++) {
        *ret_sum_nusd += state->cost_nusd[i];
        count += state->costs[i];
    }
    return count;
}

/* Compared by products: the mean itself is not made. */
static struct rollback_sample cost_spike(const struct outcome *outcome)
{
    const struct policy_rollback *rule =
        &outcome->input->policy->rollback[ROLLBACK_RULE_COST_SPIKE];
    uint64_t cost_nusd = rollback_cost(outcome->input, outcome->output);
    wide sum_nusd;
    uint64_t count = costs_within(outcome->state, rule, outcome->input->now_ms, &sum_nusd);

    if (cost_nusd == ROLLBACK_NO_COST || !rule->multiple || !count || count < rule->samples_min)
        return sample(false, false);
    return sample(true, (wide)cost_nusd * count * 10 > sum_nusd * rule->multiple);
}

static bool is_other(const struct outcome *outcome, struct slice reported, struct policy_ref own)
{
    return reported.len && own.len &&
           !slice_equal(reported, policy_text(outcome->input->policy, own));
}

static struct rollback_sample boundary_error(const struct outcome *outcome)
{
    const struct report *report = outcome->input->report;

    return sample(true, outcome->input->classification.failure == FAILURE_REGION_UNSUPPORTED ||
                            is_other(outcome, report->reported_region, outcome->route->region) ||
                            is_other(outcome, report->reported_account, outcome->route->account));
}

static struct rollback_sample refusal_rate(const struct outcome *outcome)
{
    enum failure failure = outcome->input->classification.failure;

    return sample(true,
                  failure == FAILURE_SAFETY_BLOCK || failure == FAILURE_CONTENT_FILTERED_MIDSTREAM);
}

static bool has_usage(const struct report *report)
{
    uint64_t reported = report->extra_usage.count;

    for (unsigned unit = 0; unit < UNIT_END; unit++)
        reported |= report->usage.amounts[unit];
    return reported != 0;
}

static struct rollback_sample missing_reports(const struct outcome *outcome)
{
    return sample(true, outcome->input->classification.failure == FAILURE_NONE &&
                            !has_usage(outcome->input->report));
}

static struct rollback_sample model_mismatch(const struct outcome *outcome)
{
    struct slice reported = outcome->input->report->reported_model;

    return sample(reported.len > 0, !policy_list_has(outcome->input->policy,
                                                     outcome->route->reported_models, reported));
}

/* Without a row: the rule does not read reports. */
static struct rollback_sample (*const judges[ROLLBACK_RULE_END])(const struct outcome *outcome) = {
    [ROLLBACK_RULE_SCHEMA_FAILURES] = schema_failures,
    [ROLLBACK_RULE_COST_SPIKE] = cost_spike,
    [ROLLBACK_RULE_BOUNDARY_ERROR] = boundary_error,
    [ROLLBACK_RULE_REFUSAL_RATE] = refusal_rate,
    [ROLLBACK_RULE_MISSING_REPORTS] = missing_reports,
    [ROLLBACK_RULE_MODEL_MISMATCH] = model_mismatch,
};

void rollback_outcome(const struct engine_input *input,
                      const struct engine_output *output,
                      const struct rollback_policy *state,
                      struct rollback_sample ret_samples[ROLLBACK_RULE_END])
{
    const struct chain *chain = input->chain;
    const struct outcome outcome = {
        input, output, state,
        policy_route(input->policy, chain->attempts[chain->attempts_count - 1].route)};
    uint64_t rules = rules_of(input, output);

    for (unsigned rule = 0; rule < ROLLBACK_RULE_END; rule++)
        ret_samples[rule] =
            judges[rule] && set_has(rules, rule) ? judges[rule](&outcome) : sample(false, false);
}

uint64_t rollback_cost(const struct engine_input *input, const struct engine_output *output)
{
    bool settled = set_has(rules_of(input, output), ROLLBACK_RULE_COST_SPIKE) &&
                   !output->charge_estimated && has_usage(input->report);

    return settled ? output->charged_nusd : ROLLBACK_NO_COST;
}
