/* Quality: is the model good enough for this workload, and did somebody show it. */
#include "engine/gate.h"

static enum quality_class floor_of(enum traffic_class traffic_class)
{
    static const enum quality_class floors[TRAFFIC_CLASS_END] = {
#define T(NAME, number, name, sentence, floor) [number] = floor,
#include "signalbox/taxonomy/traffic_class.def"
#undef T
    };

    return floors[traffic_class];
}

static bool check_floor(struct gate_input *input)
{
    const struct engine_input *question = input->question;
    enum quality_class floor = floor_of(engine_traffic_class(question->policy, question->facts));
    uint32_t found = input->route->quality_class;

    return gate_find(input, GATE_QUALITY,
                     &(struct gate_finding){
                         .check = "quality_class",
                         .verdict = gate_verdict(found >= (uint32_t)floor),
                         .found = trace_of(TRACE_QUALITY_CLASS, found),
                         .needed = trace_of(TRACE_QUALITY_CLASS, floor),
                     });
}

/* What the caller tagged, and what the facts show by themselves. */
static uint64_t sensitivity_of(const struct facts *facts)
{
    uint64_t tags = facts->sensitivity_tags;

    if (set_has(facts->needs, NEED_TOOLS) && facts->tool_effects >= SIDE_EFFECT_POSSIBLE)
        tags |= SET_OF(SENSITIVITY_WRITE_TOOLS);
    if (set_has(facts->needs, NEED_LONG_CONTEXT))
        tags |= SET_OF(SENSITIVITY_FULL_RECALL_LONG_CONTEXT);
    return tags;
}

static bool check_sensitivity(struct gate_input *input)
{
    uint64_t tags = sensitivity_of(input->question->facts);
    bool downgrade = input->route->quality_class < input->primary->quality_class;
    enum verdict verdict = downgrade ? gate_verdict(!tags) : VERDICT_NOT_REQUIRED;

    return gate_find(input, GATE_QUALITY,
                     &(struct gate_finding){
                         .check = "sensitivity",
                         .verdict = verdict,
                         .found = trace_of(TRACE_SENSITIVITY, tags),
                         .needed = trace_word(downgrade ? "no sensitive tag on a downgrade" : ""),
                     });
}

bool gate_quality_check(struct gate_input *input)
{
    const struct policy_entry *entry = input->entry;
    bool other_model = entry->tier == TIER_SAME_FAMILY || entry->tier == TIER_DIFFERENT_FAMILY;
    bool passes = check_floor(input);

    passes &= gate_evidence(input, GATE_QUALITY, "parity", EVIDENCE_PARITY, false);
    passes &= gate_evidence(input, GATE_QUALITY, "eval", EVIDENCE_EVAL,
                            gate_is_fallback(input) && (other_model || entry->requires_eval_pass));
    passes &= gate_evidence(input, GATE_QUALITY, "sign_offs", EVIDENCE_SIGN_OFFS,
                            entry->tier == TIER_DIFFERENT_FAMILY);
    passes &= check_sensitivity(input);
    return passes;
}
