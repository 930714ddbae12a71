/* The six gates on one route of an entry, for one request at one boundary.
 *
 * gate_check_all runs all six, in the order of gate.def, and every check of each: a trace shows all
 * that is missing, not just the first. Each gate has its own files; what it reads is in struct
 * gate_input and nothing else. No gate passes by default: a fact that is not known blocks.
 *
 * The primary (entry 0) passes through the same gates; the checks that speak of approvals for
 * fallbacks are not_required there. An entry without a route (a queue, a default response) is asked
 * by gate_check_entry: whom it serves, what they must be shown, and whether output is visible. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/engine.h"

/* Every check by name (check.def). */
enum check {
#define C(GATE, NAME, name, passes, stops) CHECK_##NAME,
#include "engine/check.def"
#undef C
    CHECK_END
};

struct check_row {
    enum gate gate; /* unspecified: around the gates */
    const char *name;
    const char *passes;
    const char *stops;
};

const struct check_row *check_row(enum check check);

struct gate_input {
    const struct engine_input *question;
    const struct policy_entry *entry;
    const struct policy_route *route;   /* NULL: the entry has none */
    const struct policy_route *primary; /* the primary entry's first route */
    unsigned index;                     /* of the entry */
    unsigned attempts;                  /* already made on the entry */
    uint64_t sensitivity;               /* of the request and its policy */
    uint64_t data_classes;              /* of the request, unclassified filled in */
    uint64_t needs;                     /* of the request, streaming filled in */
    uint64_t demands;                   /* set of enum evidence_kind that must be at hand */
    uint64_t sign_offs;                 /* set of enum sign_off that must be at hand */
    uint64_t output_tokens; /* that the attempt may produce; 0: not bounded by caller or policy */
    uint64_t estimate_nusd; /* what the attempt may cost */
    uint64_t charged_nusd;  /* for the attempts before, the one that just ended included */
    bool output_visible;
    struct trace_sink *sink;
    /* The first check of a gate that blocked, for answer and record. */
    bool blocked;
    struct trace_item blocking;
};

/* Everything from the question, of that route (by the policy's number) of that entry; of an entry
 * without routes the number is ignored. charged_nusd is the chain's: the caller adds the attempt
 * that just ended. */
void gate_input_init(struct gate_input *input,
                     const struct engine_input *question,
                     unsigned entry,
                     unsigned route,
                     struct trace_sink *sink);

/* True when every check of every gate passes or is not required. */
bool gate_check_all(struct gate_input *input);
/* The checks that need no route. gate_check_all has them among the others. */
bool gate_check_entry(struct gate_input *input);

bool gate_quality_check(struct gate_input *input);
bool gate_cost_check(struct gate_input *input);
bool gate_tools_check(struct gate_input *input);
bool gate_streaming_check(struct gate_input *input);
bool gate_boundary_check(struct gate_input *input);
bool gate_observability_check(struct gate_input *input);

/* ---- what is demanded, and what is at hand ---- */

/* What tier, boundaries, policy and request demand of the route (gate_demand.c): kinds of evidence,
 * and roles that must have signed off. Nothing of the primary. */
uint64_t gate_demands(const struct gate_input *input);
uint64_t gate_demanded_sign_offs(const struct gate_input *input);

/* The first piece of the kind on the route that counts for this request now: HELD, not expired, and
 * its scope (prompt version, tools, customer tier, data classes) takes the request in; one that is
 * approved for as many attempts comes before one that is not. NULL: none; *ret_problem says why
 * not, of the piece that comes closest: "none", "expired", a state's name, or the scope it misses;
 * *ret_nearest (may be NULL) is that piece. */
const struct policy_evidence *gate_evidence_find(const struct gate_input *input,
                                                 enum evidence_kind kind,
                                                 const char **ret_problem,
                                                 const struct policy_evidence **ret_nearest);
/* The same of one role's sign-off. */
const struct policy_evidence *gate_sign_off_find(const struct gate_input *input,
                                                 enum sign_off role,
                                                 const char **ret_problem,
                                                 const struct policy_evidence **ret_nearest);
/* A piece of one of the kinds (a set) that counts, for this attempt too, and covers it; NULL: none.
 */
const struct policy_evidence *
gate_coverage_find(const struct gate_input *input, uint64_t kinds, enum coverage coverage);
/* The sensitive tags that the evaluations which count for this attempt cover; *ret_piece (may be
 * NULL after it) is the first of them that covers any. */
uint64_t gate_sensitivity_covered(const struct gate_input *input,
                                  const struct policy_evidence **ret_piece);
/* How many attempts on the entry its own limit and the evidence that it relies on allow; 0: any. */
uint32_t gate_attempts_max(const struct gate_input *input);

/* ---- for gate_*.c ---- */

/* One check as it goes into the trace. */
struct gate_finding {
    enum check check;
    enum verdict verdict;
    struct trace_value found;
    struct trace_value needed;
    struct slice evidence_id;
    struct slice owner; /* empty: the policy's, else the account's */
};

/* Traces the finding; false when it blocks. */
bool gate_find(struct gate_input *input, const struct gate_finding *finding);

/* Evidence as a check: PASS or BLOCK when required, else NOT_REQUIRED. Traces found, needed, the
 * piece's id and owner (of a missing one: the policy's owner, else the account's), and returns
 * false when it blocks. */
bool gate_evidence(struct gate_input *input,
                   enum check check,
                   enum evidence_kind kind,
                   bool required);

/* The parts of a gate that stand in files of their own, and of gate_check_entry. */
bool gate_quality_entry_check(struct gate_input *input);
bool gate_cost_entry_check(struct gate_input *input);
bool gate_streaming_entry_check(struct gate_input *input);
bool gate_cost_owner_check(struct gate_input *input);
bool gate_boundary_place_check(struct gate_input *input);

static inline enum verdict gate_verdict(bool passes)
{
    return passes ? VERDICT_PASS : VERDICT_BLOCK;
}

/* Of a check that is asked only where something requires it. */
static inline enum verdict gate_verdict_if(bool required, bool passes)
{
    return required ? gate_verdict(passes) : VERDICT_NOT_REQUIRED;
}

/* True for every entry but the primary. */
static inline bool gate_is_fallback(const struct gate_input *input)
{
    return input->index != 0;
}

/* It offers tools, in whichever words, or brings the results of some. */
static inline bool gate_has_tools(const struct facts *facts)
{
    const uint64_t needs =
        SET_OF(NEED_TOOLS) | SET_OF(NEED_PARALLEL_TOOLS) | SET_OF(NEED_FORCED_TOOL_CHOICE);

    return facts->needs & needs || facts->tool_loop;
}

static inline struct slice gate_route_text(const struct gate_input *input, struct policy_ref ref)
{
    return policy_text(input->question->policy, ref);
}

/* Of a piece of evidence; empty: there is none. */
static inline struct slice gate_piece_id(const struct gate_input *input,
                                         const struct policy_evidence *piece)
{
    return piece ? gate_route_text(input, piece->id) : (struct slice){NULL, 0};
}

static inline struct slice gate_piece_owner(const struct gate_input *input,
                                            const struct policy_evidence *piece)
{
    return piece ? gate_route_text(input, piece->owner) : (struct slice){NULL, 0};
}

/* The route has the primary's text there: the same account, region, owner. */
#define GATE_SAME(input, field)                                                                    \
    slice_equal(gate_route_text((input), (input)->route->field),                                   \
                gate_route_text((input), (input)->primary->field))

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

/* ---- the trace ---- */

/* What a finding is about. */
struct trace_place {
    const struct policy *policy;
    unsigned entry;
    const struct policy_route *route; /* NULL: of a queue or default response */
};

struct trace_item trace_item_of(const struct trace_place *place,
                                const struct gate_finding *finding);
/* Counts it in, and keeps it where somebody wants the items. */
void trace_add(struct trace_sink *sink,
               const struct trace_place *place,
               const struct gate_finding *finding);

#endif
