/* Observability: a switch that nobody could reconstruct does not happen. */
#include "engine/gate.h"

static bool check_recorded(struct gate_input *input, const char *check, bool recorded)
{
    bool required = gate_is_fallback(input);

    return gate_find(input, GATE_OBSERVABILITY,
                     &(struct gate_finding){
                         .check = check,
                         .verdict = required ? gate_verdict(recorded) : VERDICT_NOT_REQUIRED,
                         .found = trace_word(recorded ? "recorded" : "not recorded"),
                         .needed = trace_word(required ? "recorded" : ""),
                     });
}

bool gate_observability_check(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    bool passes = check_recorded(input, "attempt_chain", policy->record_attempt_chain);

    passes &= check_recorded(input, "models", policy->record_models);
    passes &= check_recorded(input, "error_class", policy->record_error_class);
    passes &= check_recorded(input, "usage_and_cost", policy->record_usage_and_cost);
    return passes;
}
