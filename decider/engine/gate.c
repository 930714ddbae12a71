/* Puts together what the gates read, runs them, and traces what their checks find. */
#include "engine/gate.h"

#include "engine/money.h"

const struct check_row *check_row(enum check check)
{
    static const struct check_row rows[CHECK_END] = {
#define C(GATE, NAME, name, passes, stops) {GATE_##GATE, name, passes, stops},
#include "engine/check.def"
#undef C
    };

    return &rows[check];
}

/* What caller and policy tag, and what the facts show by themselves. */
static uint64_t sensitivity_of(const struct engine_input *question)
{
    const struct facts *facts = question->facts;
    uint64_t tags = facts->sensitivity_tags | question->policy->sensitivity_tags;

    if (gate_has_tools(facts) && facts->tool_effects >= SIDE_EFFECT_POSSIBLE)
        tags |= SET_OF(SENSITIVITY_WRITE_TOOLS);
    if (set_has(facts->needs, NEED_LONG_CONTEXT))
        tags |= SET_OF(SENSITIVITY_FULL_RECALL_LONG_CONTEXT);
    return tags;
}

static unsigned attempts_on(const struct chain *chain, unsigned entry)
{
    unsigned attempts = 0;

    for (unsigned i = 0; i < chain->attempts_count; i++)
        attempts += chain->attempts[i].entry == entry;
    return attempts;
}

void gate_input_init(struct gate_input *input,
                     const struct engine_input *question,
                     unsigned entry,
                     unsigned route,
                     struct trace_sink *sink)
{
    const struct policy *policy = question->policy;
    const struct facts *facts = question->facts;
    const struct report *report = question->report;
    const struct policy_entry *row = policy_entry(policy, entry);

    *input = (struct gate_input){
        .question = question,
        .entry = row,
        .route = row->kind == ENTRY_KIND_ROUTE ? policy_route(policy, route) : NULL,
        .primary = policy_route(policy, policy_entry(policy, 0)->route),
        .index = entry,
        .attempts = attempts_on(question->chain, entry),
        .sensitivity = sensitivity_of(question),
        .data_classes = facts->data_classes ? facts->data_classes : SET_OF(DATA_CLASS_UNCLASSIFIED),
        .needs = facts->needs | (facts->stream ? SET_OF(NEED_STREAMING) : 0),
        .charged_nusd = question->chain->charged_nusd,
        .output_visible = question->chain->output_visible || (report && report->output_visible),
        .sink = sink,
    };
    if (!input->route)
        return;
    input->output_tokens = money_output_tokens(question, input->route);
    input->estimate_nusd = money_estimate_nusd(question, input->route);
    input->demands = gate_demands(input);
    input->sign_offs = gate_demanded_sign_offs(input);
}

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

bool gate_check_entry(struct gate_input *input)
{
    bool passes = gate_quality_entry_check(input);

    passes &= gate_cost_entry_check(input);
    passes &= gate_streaming_entry_check(input);
    return passes;
}

bool gate_find(struct gate_input *input, const struct gate_finding *finding)
{
    const struct trace_place place = {input->question->policy, input->index, input->route};

    trace_add(input->sink, &place, finding);
    if (finding->verdict != VERDICT_BLOCK)
        return true;
    if (!input->blocked && check_row(finding->check)->gate != GATE_UNSPECIFIED) {
        input->blocked = true;
        input->blocking = trace_item_of(&place, finding);
    }
    return false;
}
