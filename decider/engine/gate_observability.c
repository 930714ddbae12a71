/* Observability: a request that nobody could reconstruct is not sent, to the primary neither. */
#include "engine/gate.h"

static bool check_recorded(struct gate_input *input, enum check check, bool recorded)
{
    return gate_find(input, &(struct gate_finding){
                                .check = check,
                                .verdict = gate_verdict(recorded),
                                .found = trace_word(recorded ? "recorded" : "not recorded"),
                                .needed = trace_word("recorded"),
                            });
}

bool gate_observability_check(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    bool passes = check_recorded(input, CHECK_ATTEMPT_CHAIN, policy->record_attempt_chain);

    passes &= check_recorded(input, CHECK_MODELS, policy->record_models);
    passes &= check_recorded(input, CHECK_ERROR_CLASS, policy->record_error_class);
    passes &= check_recorded(input, CHECK_USAGE_AND_COST, policy->record_usage_and_cost);
    return passes;
}
