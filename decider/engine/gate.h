/* The six gates on one entry of a policy, for one request at one boundary.
 *
 * gate_check_all runs all six, in the order of gate.def, and every check of each: a trace shows all
 * that is missing, not just the first. Each gate has its own file; what it reads is in struct
 * gate_input and nothing else. No gate passes by default: a fact that is not known blocks.
 *
 * The primary (entry 0) passes through the same gates; the checks that speak of approvals for
 * fallbacks are not_required there. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/engine.h"

struct gate_input {
    const struct engine_input *question;
    const struct policy_entry *entry;
    const struct policy_route *route;
    const struct policy_route *primary; /* the primary entry's route */
    unsigned index;                     /* of the entry */
    uint64_t data_classes;              /* of the request, unclassified filled in */
    uint64_t needs;                     /* of the request, streaming filled in */
    uint64_t output_tokens; /* that the attempt may produce; 0: not bounded by caller or policy */
    uint64_t estimate_nusd; /* what the attempt may cost */
    uint64_t charged_nusd;  /* for the attempts before, the one that just ended included */
    bool output_visible;
    struct trace_sink *sink;
    /* The first check that blocked, for the record. */
    enum gate blocking_gate;
    const char *blocking_check;
};

/* True when every check of every gate passes or is not required. */
bool gate_check_all(struct gate_input *input);

bool gate_quality_check(struct gate_input *input);
bool gate_cost_check(struct gate_input *input);
bool gate_tools_check(struct gate_input *input);
bool gate_streaming_check(struct gate_input *input);
bool gate_boundary_check(struct gate_input *input);
bool gate_observability_check(struct gate_input *input);

/* ---- for gate_*.c ---- */

/* One check as it goes into the trace. */
struct gate_finding {
    const char *check;
    enum verdict verdict;
    struct trace_value found;
    struct trace_value needed;
    struct slice owner;
};

/* Traces the finding; false when it blocks. */
bool gate_find(struct gate_input *input, enum gate gate, const struct gate_finding *finding);

/* Whether evidence of this kind is at hand: PASS or BLOCK when required, else NOT_REQUIRED. Traces
 * it under the check's name and returns false when it blocks. */
bool gate_evidence(struct gate_input *input,
                   enum gate gate,
                   const char *check,
                   enum evidence evidence,
                   bool required);

static inline enum verdict gate_verdict(bool passes)
{
    return passes ? VERDICT_PASS : VERDICT_BLOCK;
}

/* True for every entry but the primary. */
static inline bool gate_is_fallback(const struct gate_input *input)
{
    return input->index != 0;
}

static inline struct slice gate_route_text(const struct gate_input *input, struct policy_ref ref)
{
    return policy_text(input->question->policy, ref);
}

static inline struct trace_value trace_number(uint64_t number)
{
    return (struct trace_value){TRACE_NUMBER, number, {NULL, 0}};
}

static inline struct trace_value trace_of(enum trace_kind kind, uint64_t number)
{
    return (struct trace_value){kind, number, {NULL, 0}};
}

static inline struct trace_value trace_text(struct slice text)
{
    return (struct trace_value){TRACE_TEXT, 0, text};
}

static inline struct trace_value trace_word(const char *text)
{
    return trace_text(slice_of(text));
}

void trace_add(struct trace_sink *sink, const struct trace_item *item);

#endif
