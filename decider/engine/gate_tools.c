/* Tools and schema: the route can do everything that this request needs, and its context holds it.
 */
#include "engine/gate.h"

static bool check_capabilities(struct gate_input *input)
{
    uint64_t lacking = input->needs & ~input->route->capabilities;

    return gate_find(input, GATE_TOOLS,
                     &(struct gate_finding){
                         .check = "capabilities",
                         .verdict = gate_verdict(!lacking),
                         .found = trace_of(TRACE_NEEDS, input->route->capabilities),
                         .needed = trace_of(TRACE_NEEDS, input->needs),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}

static bool check_context(struct gate_input *input)
{
    uint64_t max = input->route->context_tokens_max;
    uint64_t in = input->question->facts->input_tokens_estimate;
    uint64_t out = input->output_tokens;
    bool fits = in <= max && out <= max - in;

    return gate_find(input, GATE_TOOLS,
                     &(struct gate_finding){
                         .check = "context",
                         .verdict = gate_verdict(max && fits),
                         .found = trace_number(max),
                         .needed = trace_number(in > UINT64_MAX - out ? UINT64_MAX : in + out),
                     });
}

static bool check_output(struct gate_input *input)
{
    uint64_t max = input->route->output_tokens_max;

    return gate_find(input, GATE_TOOLS,
                     &(struct gate_finding){
                         .check = "output_tokens",
                         .verdict = gate_verdict(max && input->output_tokens <= max),
                         .found = trace_number(max),
                         .needed = trace_number(input->output_tokens),
                     });
}

/* After context_length_exceeded only a larger context may follow. */
static bool check_larger_context(struct gate_input *input)
{
    const struct engine_input *question = input->question;
    const struct chain *chain = question->chain;
    bool exceeded = question->classification.failure == FAILURE_CONTEXT_LENGTH_EXCEEDED;
    uint64_t last_max = 0;

    if (exceeded && chain->attempts_count) {
        unsigned last = chain->attempts[chain->attempts_count - 1].entry;
        const struct policy_entry *entry = policy_entry(question->policy, last);

        last_max = policy_route(question->policy, entry->route)->context_tokens_max;
    }
    return gate_find(input, GATE_TOOLS,
                     &(struct gate_finding){
                         .check = "larger_context",
                         .verdict = exceeded
                                        ? gate_verdict(input->route->context_tokens_max > last_max)
                                        : VERDICT_NOT_REQUIRED,
                         .found = trace_number(input->route->context_tokens_max),
                         .needed = trace_number(last_max),
                     });
}

/* Parameters outside the family mean something at the provider they were written for only. */
static bool check_provider_parameters(struct gate_input *input)
{
    const struct texts *parameters = &input->question->facts->provider_parameters;
    bool same = slice_equal(gate_route_text(input, input->route->provider),
                            gate_route_text(input, input->primary->provider));
    bool asked = gate_is_fallback(input) && parameters->count;

    return gate_find(
        input, GATE_TOOLS,
        &(struct gate_finding){
            .check = "provider_parameters",
            .verdict = asked ? gate_verdict(same) : VERDICT_NOT_REQUIRED,
            .found = trace_text(gate_route_text(input, input->route->provider)),
            .needed = asked ? trace_text(gate_route_text(input, input->primary->provider))
                            : trace_word(""),
        });
}

bool gate_tools_check(struct gate_input *input)
{
    const struct policy_entry *entry = input->entry;
    bool other_model = entry->tier == TIER_SAME_FAMILY || entry->tier == TIER_DIFFERENT_FAMILY;
    bool uses_tools = set_has(input->needs, NEED_TOOLS);
    bool passes = check_capabilities(input);

    passes &= check_context(input);
    passes &= check_output(input);
    passes &= check_larger_context(input);
    passes &= check_provider_parameters(input);
    passes &= gate_evidence(input, GATE_TOOLS, "tool_contract", EVIDENCE_TOOL_CONTRACT,
                            gate_is_fallback(input) && ((other_model && uses_tools) ||
                                                        entry->requires_tool_contract_pass));
    return passes;
}
