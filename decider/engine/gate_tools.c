/* Tools and schema: the route can do everything that this request needs, its context holds it, and
 * where tools are at stake somebody tested the whole loop on the model. */
#include "engine/gate.h"
#include "engine/money.h"

/* Parallel calls that a fallback's overrides make serial are the contract's matter, below. */
static bool forces_serial(const struct gate_input *input)
{
    return gate_is_fallback(input) && input->route->serial_tool_calls;
}

/* Whether it streams is the streaming gate's question. */
static bool check_capabilities(struct gate_input *input)
{
    uint64_t needs = input->needs & ~SET_OF(NEED_STREAMING);
    uint64_t lacking = needs & ~input->route->capabilities;

    if (forces_serial(input))
        lacking &= ~SET_OF(NEED_PARALLEL_TOOLS);
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_CAPABILITIES,
                                .verdict = gate_verdict(!lacking),
                                .found = trace_of(TRACE_NEEDS, input->route->capabilities),
                                .needed = trace_of(TRACE_NEEDS, needs),
                                .owner = gate_route_text(input, input->route->account_owner),
                            });
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t context_needed(const struct gate_input *input)
{
    return sum(input->question->facts->input_tokens_estimate, input->output_tokens);
}

/* At most max; a maximum that nobody knows holds nothing. */
static bool check_context(struct gate_input *input)
{
    uint64_t max = input->route->context_tokens_max, asked = context_needed(input);

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_CONTEXT,
                                .verdict = gate_verdict(max && asked <= max),
                                .found = trace_number(max),
                                .needed = trace_number(asked),
                            });
}

static bool check_output_tokens(struct gate_input *input)
{
    bool required = money_puts_out(input->question->facts);
    uint64_t max = input->route->output_tokens_max, asked = input->output_tokens;

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_OUTPUT_TOKENS,
                                .verdict = gate_verdict_if(required, max && asked <= max),
                                .found = trace_number(max),
                                .needed = trace_number(asked),
                            });
}

/* After context_length_exceeded only a larger context may follow. */
static bool check_larger_context(struct gate_input *input)
{
    const struct engine_input *question = input->question;
    const struct chain *chain = question->chain;
    bool exceeded = question->classification.failure == FAILURE_CONTEXT_LENGTH_EXCEEDED;
    uint64_t found = input->route->context_tokens_max, last_max = 0;

    if (exceeded && chain->attempts_count) {
        unsigned last = chain->attempts[chain->attempts_count - 1].route;

        last_max = policy_route(question->policy, last)->context_tokens_max;
    }
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_LARGER_CONTEXT,
                                .verdict = gate_verdict_if(exceeded, found > last_max),
                                .found = trace_number(found),
                                .needed = trace_number(last_max),
                            });
}

/* The first of the entry's own limits that the request is over, else the first that it has. */
static bool check_entry_limits(struct gate_input *input)
{
    const struct facts *facts = input->question->facts;
    const struct policy_entry_limits *limits = &input->entry->limits;
    const struct {
        uint64_t asked, max;
    } rows[] = {
        {facts->input_tokens_estimate, limits->input_tokens_max},
        {input->output_tokens, limits->output_tokens_max},
        {context_needed(input), limits->context_tokens_max},
        {facts->reasoning_tokens, limits->reasoning_tokens_max},
    };
    size_t shown = 0;
    bool over = false;

    for (size_t i = 0; i < sizeof rows / sizeof *rows && !over; i++) {
        over = rows[i].max && rows[i].asked > rows[i].max;
        if (over || !rows[shown].max)
            shown = i;
    }
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_ENTRY_LIMITS,
                                .verdict = gate_verdict_if(rows[shown].max, !over),
                                .found = trace_number(rows[shown].asked),
                                .needed = trace_number(rows[shown].max),
                            });
}

/* Parameters outside the family mean something at the provider that they were written for, and
 * where somebody showed that they do. */
static bool check_provider_parameters(struct gate_input *input)
{
    bool asked = gate_is_fallback(input) && input->question->facts->provider_parameters.count;
    bool same = GATE_SAME(input, provider);
    const struct policy_evidence *piece =
        asked && !same
            ? gate_coverage_find(input,
                                 SET_OF(EVIDENCE_KIND_PARITY) | SET_OF(EVIDENCE_KIND_TOOL_CONTRACT),
                                 COVERAGE_PROVIDER_PARAMETERS)
            : NULL;

    return gate_find(
        input, &(struct gate_finding){
                   .check = CHECK_PROVIDER_PARAMETERS,
                   .verdict = gate_verdict_if(asked, same || piece),
                   .found = trace_text(gate_route_text(input, input->route->provider)),
                   .needed = asked ? trace_text(gate_route_text(input, input->primary->provider))
                                   : trace_word(""),
                   .evidence_id = gate_piece_id(input, piece),
                   .owner = gate_piece_owner(input, piece),
               });
}

/* Where the primary's calls come one by one too, nothing changes for who did not ask for parallel
 * ones. */
static bool check_serial_tool_calls(struct gate_input *input)
{
    bool parallel = set_has(input->needs, NEED_PARALLEL_TOOLS);
    bool changes = set_has(input->needs, NEED_TOOLS) && !input->primary->serial_tool_calls;
    bool required = forces_serial(input) && (parallel || changes);
    const struct policy_evidence *piece =
        required ? gate_coverage_find(input, SET_OF(EVIDENCE_KIND_TOOL_CONTRACT),
                                      COVERAGE_SERIAL_TOOL_CALLS)
                 : NULL;

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_SERIAL_TOOL_CALLS,
                                .verdict = gate_verdict_if(required, piece != NULL),
                                .found = trace_word(!input->route->serial_tool_calls ? "parallel"
                                                    : piece                          ? "covered"
                                                                                     : "serial"),
                                .needed = trace_word(required ? "parallel, or covered" : ""),
                                .evidence_id = gate_piece_id(input, piece),
                                .owner = gate_piece_owner(input, piece),
                            });
}

bool gate_tools_check(struct gate_input *input)
{
    bool passes = check_capabilities(input);

    passes &= check_context(input);
    passes &= check_output_tokens(input);
    passes &= check_larger_context(input);
    passes &= check_entry_limits(input);
    passes &= check_provider_parameters(input);
    passes &= gate_evidence(input, CHECK_TOOL_CONTRACT, EVIDENCE_KIND_TOOL_CONTRACT,
                            set_has(input->demands, EVIDENCE_KIND_TOOL_CONTRACT));
    passes &= check_serial_tool_calls(input);
    return passes;
}
