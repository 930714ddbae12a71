/* Admission: a table of refusals in order, then the first entry that passes. */
#include "engine/admission.h"

#include "engine/answer.h"
#include "engine/candidate.h"
#include "engine/money.h"

typedef bool guard(const struct engine_input *input);

/* The view's refusal is about who asks, or about live limits; who asks comes first. */
static bool speaks_of_principal(enum reason reason)
{
    return signalbox_reason_row(reason)->failure_class == FAILURE_POLICY_DENIED;
}

static bool refused_principal(const struct engine_input *input)
{
    return input->view->refusal != REASON_UNSPECIFIED && speaks_of_principal(input->view->refusal);
}

static bool refused_live(const struct engine_input *input)
{
    return input->view->refusal != REASON_UNSPECIFIED;
}

static bool no_policy(const struct engine_input *input)
{
    return input->policy == NULL;
}

static bool policy_off(const struct engine_input *input)
{
    return input->view->policy_off.scope;
}

static bool blocked(const struct engine_input *input)
{
    return input->facts->blocks != 0;
}

static const struct policy_route *primary_of(const struct engine_input *input)
{
    return policy_route(input->policy, policy_entry(input->policy, 0)->route);
}

static bool other_family(const struct engine_input *input)
{
    return (uint32_t)input->facts->family != primary_of(input)->family;
}

static bool model_not_allowed(const struct engine_input *input)
{
    const struct policy *policy = input->policy;
    struct slice asked = input->facts->requested_model;

    return !slice_equal(asked, policy_text(policy, primary_of(input)->model_id)) &&
           !policy_list_has(policy, policy->aliases, asked);
}

/* The list is of paid tiers; who asks for none is served by any policy. */
static bool service_tier_not_allowed(const struct engine_input *input)
{
    const struct policy *policy = input->policy;
    struct slice asked = input->facts->service_tier;

    return asked.len && policy->service_tiers.len &&
           !policy_list_has(policy, policy->service_tiers, asked);
}

static bool over(uint64_t found, uint64_t max)
{
    return max && found > max;
}

static bool input_too_long(const struct engine_input *input)
{
    return over(input->facts->input_tokens_estimate, input->policy->input_tokens_max);
}

static bool reasoning_over_cap(const struct engine_input *input)
{
    return over(input->facts->reasoning_tokens, input->policy->reasoning_tokens_max);
}

static bool output_over_cap(const struct engine_input *input)
{
    return over(input->facts->max_output_tokens, input->policy->output_tokens_max);
}

static bool context_too_long(const struct engine_input *input)
{
    uint64_t sum;

    if (__builtin_add_overflow(input->facts->input_tokens_estimate,
                               money_output_tokens(input, primary_of(input)), &sum))
        sum = UINT64_MAX;
    return over(sum, input->policy->context_tokens_max);
}

static const struct {
    enum reason reason;
    guard *refuses;
} refusals[] = {
#define A(REASON, guard) {REASON_##REASON, guard},
#include "engine/admission.def"
#undef A
};

/* The class of the first block that the gateway found. */
static enum failure block_class(uint64_t blocks)
{
    static const enum failure classes[BLOCK_END] = {
#define T(NAME, number, name, sentence, failure_class) [number] = failure_class,
#include "signalbox/taxonomy/block.def"
#undef T
    };

    for (unsigned block = BLOCK_UNSPECIFIED + 1; block < BLOCK_END; block++)
        if (set_has(blocks, block))
            return classes[block];
    return FAILURE_POLICY_DENIED;
}

/* The switch that stops the whole policy is told as the primary's. */
static void trace_policy_off(const struct engine_input *input, struct trace_sink *sink)
{
    const struct gate_finding finding = candidate_switch_finding(input->view->policy_off);

    trace_add(sink, &(struct trace_place){input->policy, 0, primary_of(input)}, &finding);
}

static bool
refuse(const struct engine_input *input, struct trace_sink *sink, struct engine_output *output)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        enum reason reason = refusals[i].reason;
        enum failure failure = FAILURE_NONE;

        if (!refusals[i].refuses(input))
            continue;
        if (refusals[i].refuses == refused_principal || refusals[i].refuses == refused_live)
            reason = input->view->refusal;
        if (reason == REASON_BLOCKED_BY_GATEWAY)
            failure = block_class(input->facts->blocks);
        if (refusals[i].refuses == policy_off)
            trace_policy_off(input, sink);
        answer_stop(input, failure, reason, DISPOSITION_FAIL_CLOSED, output);
        return true;
    }
    return false;
}

static void stop(const struct engine_input *input, enum reason reason, struct engine_output *output)
{
    answer_stop(input, FAILURE_NONE, reason, DISPOSITION_FAIL_CLOSED, output);
}

/* The gate that blocked the primary is the reason, else its health. */
static enum reason why_none(const struct candidate *primary, const struct engine_output *output)
{
    if (primary->passes)
        return REASON_UNHEALTHY;
    return slice_is(output->decision.blocked.check, check_row(CHECK_DATA_CLASS)->name)
               ? REASON_DATA_CLASS_NOT_APPROVED
               : REASON_GATE_BLOCKED;
}

static void go(const struct engine_input *input,
               const struct candidate *candidate,
               enum reason reason,
               struct engine_output *output)
{
    if (policy_entry(input->policy, candidate->entry)->kind != ENTRY_KIND_ROUTE)
        answer_without_route(input, candidate->entry, output);
    else if (input->view->reserve_refused)
        stop(input, REASON_BUDGET_IN_FLIGHT, output);
    else
        answer_route(input, ACTION_SEND, reason, candidate, 0, output);
}

/* An operator's pin is never silently ignored: what cannot go there fails closed. */
static void go_to_pin(const struct engine_input *input,
                      struct trace_sink *sink,
                      unsigned entry,
                      struct engine_output *output)
{
    struct candidate candidate = {.found = false};

    if (entry < input->policy->entries.len)
        candidate = candidate_of_entry(input, sink, entry, output);
    if (candidate.found)
        go(input, &candidate, REASON_PINNED, output);
    else
        stop(input, REASON_PIN_BLOCKED, output);
}

void admission_decide(const struct engine_input *input,
                      struct trace_sink *sink,
                      struct engine_output *output)
{
    struct candidate primary, stand_in = {.found = false};

    if (refuse(input, sink, output))
        return;
    if (input->view->pin) {
        go_to_pin(input, sink, input->view->pin - 1U, output);
        return;
    }
    primary = candidate_of_entry(input, sink, 0, output);
    if (primary.passes && (!primary.found || primary.slow))
        stand_in = candidate_for_admission(input, sink, &primary, output);
    if (stand_in.found)
        go(input, &stand_in, primary.found ? REASON_LATENCY_OVER_TARGET : primary.unhealthy,
           output);
    else if (primary.found)
        go(input, &primary, REASON_PRIMARY, output);
    else
        stop(input, why_none(&primary, output), output);
}
