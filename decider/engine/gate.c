/* Runs the gates of one entry and traces what their checks find. */
#include "engine/gate.h"

bool gate_check_all(struct gate_input *input)
{
    static bool (*const gates[])(struct gate_input *) = {
        [GATE_QUALITY] = gate_quality_check,   [GATE_COST] = gate_cost_check,
        [GATE_TOOLS] = gate_tools_check,       [GATE_STREAMING] = gate_streaming_check,
        [GATE_BOUNDARY] = gate_boundary_check, [GATE_OBSERVABILITY] = gate_observability_check,
    };
    bool passes = true;

    for (unsigned gate = GATE_UNSPECIFIED + 1; gate < GATE_END; gate++)
        passes &= gates[gate](input);
    return passes;
}

bool gate_find(struct gate_input *input, enum gate gate, const struct gate_finding *finding)
{
    const struct trace_item item = {
        .entry = input->index,
        .route = input->route ? gate_route_text(input, input->route->id) : (struct slice){NULL, 0},
        .gate = gate,
        .check = slice_of(finding->check),
        .verdict = finding->verdict,
        .found = finding->found,
        .needed = finding->needed,
        .owner = finding->owner,
    };

    trace_add(input->sink, &item);
    if (finding->verdict != VERDICT_BLOCK)
        return true;
    if (!input->blocking_check) {
        input->blocking_gate = gate;
        input->blocking_check = finding->check;
    }
    return false;
}

bool gate_evidence(struct gate_input *input,
                   enum gate gate,
                   const char *check,
                   enum evidence evidence,
                   bool required)
{
    const struct policy_entry *entry = input->entry;
    bool held = set_has(entry->evidence, evidence);
    bool expired = held && input->question->now_ms >= entry->evidence_expires_unix_ms;
    enum verdict verdict = required ? gate_verdict(held && !expired) : VERDICT_NOT_REQUIRED;

    return gate_find(input, gate,
                     &(struct gate_finding){
                         .check = check,
                         .verdict = verdict,
                         .found = trace_word(expired ? "expired"
                                             : held  ? "evidence"
                                                     : "none"),
                         .needed = trace_word(required ? "unexpired evidence" : ""),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}
