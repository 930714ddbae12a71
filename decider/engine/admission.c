/* Admission: a table of refusals in order, then the first entry that passes. */
#include "engine/admission.h"

#include "engine/answer.h"
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

    if (slice_equal(asked, policy_text(policy, primary_of(input)->model_id)))
        return false;
    for (unsigned i = 0; i < policy->aliases.len; i++)
        if (slice_equal(asked, policy_list_text(policy, policy->aliases, i)))
            return false;
    return true;
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

static bool refuse(const struct engine_input *input, struct engine_output *output)
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
        answer_stop(input, failure, reason, DISPOSITION_FAIL_CLOSED, output);
        return true;
    }
    return false;
}

/* No entry: the gate that blocked the primary is the reason, else its health. */
static void
stop(const struct engine_input *input, bool primary_passes, struct engine_output *output)
{
    enum reason reason = REASON_UNHEALTHY;

    if (!primary_passes)
        reason = slice_is(output->blocking_check, "data_class") ? REASON_DATA_CLASS_NOT_APPROVED
                                                                : REASON_GATE_BLOCKED;
    answer_stop(input, FAILURE_NONE, reason, DISPOSITION_FAIL_CLOSED, output);
}

void admission_decide(const struct engine_input *input,
                      struct trace_sink *sink,
                      struct engine_output *output)
{
    struct candidate candidate;
    enum reason unhealthy;
    bool primary_passes;

    if (refuse(input, output))
        return;
    primary_passes = candidate_check(input, sink, 0, output, &candidate, &unhealthy);
    if (primary_passes && !candidate.found)
        candidate = candidate_for_admission(input, sink, unhealthy, output);
    if (!candidate.found)
        stop(input, primary_passes, output);
    else if (policy_entry(input->policy, candidate.entry)->kind != ENTRY_KIND_ROUTE)
        answer_without_route(input, candidate.entry, output);
    else if (input->view->reserve_refused)
        answer_stop(input, FAILURE_NONE, REASON_BUDGET_IN_FLIGHT, DISPOSITION_FAIL_CLOSED, output);
    else
        answer_route(input, ACTION_SEND, candidate.entry ? unhealthy : REASON_PRIMARY, &candidate,
                     0, output);
}
