/* The tools gate: capabilities, context, the entry's own limits, and what a contract must cover. */
#include "gate_rows.h"

SPOIL(no_vision)
{
    gate_route(f)->capabilities &= ~SET_OF(NEED_VISION);
    f->facts.needs = SET_OF(NEED_VISION);
}
SPOIL(no_stream)
{
    gate_route(f)->capabilities &= ~SET_OF(NEED_STREAMING);
}
SPOIL(context_that_just_fits)
{
    gate_route(f)->context_tokens_max = 1500;
}
SPOIL(small_context)
{
    gate_route(f)->context_tokens_max = 1499;
}
SPOIL(unknown_context)
{
    gate_route(f)->context_tokens_max = 0;
}
SPOIL(output_that_just_fits)
{
    gate_route(f)->output_tokens_max = 500;
}
SPOIL(short_output)
{
    gate_route(f)->output_tokens_max = 499;
}
SPOIL(unknown_output)
{
    gate_route(f)->output_tokens_max = 0;
}
SPOIL(embeddings)
{
    f->facts.family = FAMILY_OPENAI_EMBEDDINGS;
    f->facts.max_output_tokens = 0;
    for (unsigned i = 0; i < 2; i++) {
        f->block.routes[i].family = FAMILY_OPENAI_EMBEDDINGS;
        f->block.routes[i].output_tokens_max = 0;
        f->block.routes[i].context_tokens_max = 1000;
    }
}
SPOIL(exceeded)
{
    f->input.classification.failure = FAILURE_CONTEXT_LENGTH_EXCEEDED;
    gate_entry(f)->allowed |= SET_OF(FAILURE_CONTEXT_LENGTH_EXCEEDED);
}
SPOIL(exceeded_and_larger)
{
    exceeded(f);
    gate_route(f)->context_tokens_max++;
}

SPOIL(input_limit)
{
    gate_entry(f)->limits.input_tokens_max = 1000;
}
SPOIL(input_over)
{
    gate_entry(f)->limits.input_tokens_max = 999;
}
SPOIL(output_over)
{
    input_limit(f);
    gate_entry(f)->limits.output_tokens_max = 499;
}
SPOIL(context_over)
{
    gate_entry(f)->limits.context_tokens_max = 1499;
}
SPOIL(reasoning_over)
{
    f->facts.reasoning_tokens = 11;
    gate_entry(f)->limits.reasoning_tokens_max = 10;
}
SPOIL(nothing_asked_takes_the_entrys_cap)
{
    f->facts.max_output_tokens = 0;
    gate_entry(f)->limits.output_tokens_max = 200;
}

SPOIL(parameters)
{
    static const struct slice names[] = {{"top_k", 5}};

    f->facts.provider_parameters = (struct texts){names, 1};
}
SPOIL(parameters_at_the_same_provider)
{
    parameters(f);
    gate_route(f)->provider = f->block.routes[0].provider;
}
SPOIL(parameters_covered)
{
    parameters(f);
    fixture_piece(f, 1, EVIDENCE_KIND_PARITY)->covers = SET_OF(COVERAGE_PROVIDER_PARAMETERS);
}
SPOIL(parameters_covered_by_a_contract)
{
    parameters(f);
    fixture_piece(f, 1, EVIDENCE_KIND_TOOL_CONTRACT)->covers = SET_OF(COVERAGE_PROVIDER_PARAMETERS);
}
SPOIL(parameters_covered_by_an_eval)
{
    parameters(f);
    fixture_piece(f, 1, EVIDENCE_KIND_EVAL)->covers = SET_OF(COVERAGE_PROVIDER_PARAMETERS);
}
SPOIL(parameters_covered_until_now)
{
    parameters_covered_by_a_contract(f);
    fixture_piece(f, 1, EVIDENCE_KIND_TOOL_CONTRACT)->expires_unix_ms = f->input.now_ms;
}

SPOIL(tools)
{
    f->facts.needs = SET_OF(NEED_TOOLS);
}
SPOIL(no_contract)
{
    gate_route(f)->evidence[EVIDENCE_KIND_TOOL_CONTRACT].len = 0;
}
SPOIL(tools_on_the_same_model)
{
    tools(f);
    no_contract(f);
}
SPOIL(tools_on_another_model)
{
    tools(f);
    gate_entry(f)->tier = TIER_SAME_FAMILY;
}
SPOIL(untested_tools_on_another_model)
{
    tools_on_another_model(f);
    no_contract(f);
}
SPOIL(untested_parallel_tools_on_another_model)
{
    untested_tools_on_another_model(f);
    f->facts.needs = SET_OF(NEED_PARALLEL_TOOLS);
}
/* It stays where it began, and declares no tools this time. */
SPOIL(untested_loop_on_another_model)
{
    untested_tools_on_another_model(f);
    f->facts.needs = 0;
    f->facts.tool_loop = true;
    gate_route(f)->account = f->block.routes[0].account;
    gate_route(f)->provider = f->block.routes[0].provider;
}
SPOIL(another_model_without_tools)
{
    gate_other_family(f);
    no_contract(f);
}
SPOIL(asked_contract)
{
    gate_entry(f)->requires_tool_contract_pass = 1;
    no_contract(f);
}

SPOIL(serial)
{
    gate_route(f)->serial_tool_calls = 1;
    gate_route(f)->capabilities &= ~SET_OF(NEED_PARALLEL_TOOLS);
}
SPOIL(serial_for_tools)
{
    serial(f);
    tools(f);
}
SPOIL(serial_for_parallel)
{
    serial(f);
    f->facts.needs = SET_OF(NEED_TOOLS) | SET_OF(NEED_PARALLEL_TOOLS);
}
SPOIL(serial_and_covered)
{
    serial_for_parallel(f);
    fixture_piece(f, 1, EVIDENCE_KIND_TOOL_CONTRACT)->covers = SET_OF(COVERAGE_SERIAL_TOOL_CALLS);
}
SPOIL(serial_and_covered_by_parity)
{
    serial_for_parallel(f);
    fixture_piece(f, 1, EVIDENCE_KIND_PARITY)->covers = SET_OF(COVERAGE_SERIAL_TOOL_CALLS);
}
SPOIL(serial_as_the_primary)
{
    serial_for_tools(f);
    f->block.routes[0].serial_tool_calls = 1;
}
SPOIL(serial_as_the_primary_but_parallel_asked)
{
    serial_for_parallel(f);
    f->block.routes[0].serial_tool_calls = 1;
}
SPOIL(serial_primary_asked_for_parallel)
{
    f->block.routes[0].serial_tool_calls = 1;
    f->block.routes[0].capabilities &= ~SET_OF(NEED_PARALLEL_TOOLS);
    f->facts.needs = SET_OF(NEED_PARALLEL_TOOLS);
}

static const struct gate_row rows[] = {
    {"all that is needed", tools, CHECK_CAPABILITIES, VERDICT_PASS, NULL, "tools",
     .owner = "owner"},
    {"no vision", no_vision, CHECK_CAPABILITIES, VERDICT_BLOCK, NULL, "vision", .owner = "owner"},
    {"nothing to stream", no_stream, CHECK_CAPABILITIES, VERDICT_PASS, NULL, "", ANY},
    {"parallel calls that the primary makes serial", serial_primary_asked_for_parallel,
     CHECK_CAPABILITIES, VERDICT_BLOCK, NULL, "parallel_tools", .primary = true},

    {"a context that just fits", context_that_just_fits, CHECK_CONTEXT, VERDICT_PASS, "1500",
     "1500", ANY},
    {"a context one token short", small_context, CHECK_CONTEXT, VERDICT_BLOCK, "1499", "1500",
     .owner = "team"},
    {"a context nobody knows", unknown_context, CHECK_CONTEXT, VERDICT_BLOCK, "0", "1500", ANY},
    {"an output that just fits", output_that_just_fits, CHECK_OUTPUT_TOKENS, VERDICT_PASS, "500",
     "500", ANY},
    {"an output one token short", short_output, CHECK_OUTPUT_TOKENS, VERDICT_BLOCK, "499", "500",
     .owner = "team"},
    {"embeddings put nothing out", embeddings, CHECK_OUTPUT_TOKENS, VERDICT_NOT_REQUIRED, "0", "0",
     ANY},
    {"embeddings need room for the input alone", embeddings, CHECK_CONTEXT, VERDICT_PASS, "1000",
     "1000", ANY},
    {"an output nobody knows", unknown_output, CHECK_OUTPUT_TOKENS, VERDICT_BLOCK, "0", "500", ANY},

    {"no context was exceeded", NULL, CHECK_LARGER_CONTEXT, VERDICT_NOT_REQUIRED, "100000", "0",
     ANY},
    {"an equal context", exceeded, CHECK_LARGER_CONTEXT, VERDICT_BLOCK, "100000", "100000",
     .owner = "team"},
    {"a larger context", exceeded_and_larger, CHECK_LARGER_CONTEXT, VERDICT_PASS, "100001",
     "100000", ANY},

    {"an entry without limits", NULL, CHECK_ENTRY_LIMITS, VERDICT_NOT_REQUIRED, NULL, "0", ANY},
    {"input that just fits", input_limit, CHECK_ENTRY_LIMITS, VERDICT_PASS, "1000", "1000", ANY},
    {"input over the entry's limit", input_over, CHECK_ENTRY_LIMITS, VERDICT_BLOCK, "1000", "999",
     .owner = "team"},
    {"output over the entry's limit", output_over, CHECK_ENTRY_LIMITS, VERDICT_BLOCK, "500", "499",
     ANY},
    {"context over the entry's limit", context_over, CHECK_ENTRY_LIMITS, VERDICT_BLOCK, "1500",
     "1499", ANY},
    {"reasoning over the entry's limit", reasoning_over, CHECK_ENTRY_LIMITS, VERDICT_BLOCK, "11",
     "10", ANY},
    {"nothing asked takes the entry's cap", nothing_asked_takes_the_entrys_cap, CHECK_ENTRY_LIMITS,
     VERDICT_PASS, "200", "200", ANY},

    {"no parameters", NULL, CHECK_PROVIDER_PARAMETERS, VERDICT_NOT_REQUIRED, "beta", "", ANY},
    {"parameters at their provider", parameters_at_the_same_provider, CHECK_PROVIDER_PARAMETERS,
     VERDICT_PASS, "alpha", "alpha", ANY},
    {"another provider's parameters", parameters, CHECK_PROVIDER_PARAMETERS, VERDICT_BLOCK, "beta",
     "alpha", .owner = "team"},
    {"the primary's parameters", parameters, CHECK_PROVIDER_PARAMETERS, VERDICT_NOT_REQUIRED,
     "alpha", "", .primary = true},
    {"parameters that parity covers", parameters_covered, CHECK_PROVIDER_PARAMETERS, VERDICT_PASS,
     "beta", "alpha", .evidence_id = "beta-parity", .owner = "reviewer"},
    {"parameters that a contract covers", parameters_covered_by_a_contract,
     CHECK_PROVIDER_PARAMETERS, VERDICT_PASS, "beta", "alpha", .evidence_id = "beta-tool_contract",
     .owner = "reviewer"},
    {"an eval speaks of no parameters", parameters_covered_by_an_eval, CHECK_PROVIDER_PARAMETERS,
     VERDICT_BLOCK, "beta", "alpha", .owner = "team"},
    {"a contract that expires now", parameters_covered_until_now, CHECK_PROVIDER_PARAMETERS,
     VERDICT_BLOCK, "beta", "alpha", .owner = "team"},

    {"the same model's tools", tools_on_the_same_model, CHECK_TOOL_CONTRACT, VERDICT_NOT_REQUIRED,
     "none", "", ANY},
    {"another model without tools", another_model_without_tools, CHECK_TOOL_CONTRACT,
     VERDICT_NOT_REQUIRED, "none", "", ANY},
    {"another model's tools", tools_on_another_model, CHECK_TOOL_CONTRACT, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-tool_contract", .owner = "reviewer"},
    {"tools that nobody tested", untested_tools_on_another_model, CHECK_TOOL_CONTRACT,
     VERDICT_BLOCK, "none", "unexpired evidence", .owner = "team"},
    {"parallel tools that nobody tested", untested_parallel_tools_on_another_model,
     CHECK_TOOL_CONTRACT, VERDICT_BLOCK, "none", "unexpired evidence", .owner = "team"},
    {"a loop that nobody tested", untested_loop_on_another_model, CHECK_TOOL_CONTRACT,
     VERDICT_BLOCK, "none", "unexpired evidence", .owner = "team"},
    {"a contract that the policy asks for", asked_contract, CHECK_TOOL_CONTRACT, VERDICT_BLOCK,
     "none", "unexpired evidence", .owner = "team"},

    {"parallel calls", tools, CHECK_SERIAL_TOOL_CALLS, VERDICT_NOT_REQUIRED, "parallel", "", ANY},
    {"serial without tools", serial, CHECK_SERIAL_TOOL_CALLS, VERDICT_NOT_REQUIRED, "serial", "",
     ANY},
    {"serial for tools", serial_for_tools, CHECK_SERIAL_TOOL_CALLS, VERDICT_BLOCK, "serial",
     "parallel, or covered", .owner = "team"},
    {"serial for parallel tools", serial_for_parallel, CHECK_SERIAL_TOOL_CALLS, VERDICT_BLOCK,
     "serial", "parallel, or covered", .owner = "team"},
    {"serial, and the contract covers it", serial_and_covered, CHECK_SERIAL_TOOL_CALLS,
     VERDICT_PASS, "covered", "parallel, or covered", .evidence_id = "beta-tool_contract",
     .owner = "reviewer"},
    {"parity speaks of no loop", serial_and_covered_by_parity, CHECK_SERIAL_TOOL_CALLS,
     VERDICT_BLOCK, "serial", "parallel, or covered", .owner = "team"},
    {"serial as on the primary", serial_as_the_primary, CHECK_SERIAL_TOOL_CALLS,
     VERDICT_NOT_REQUIRED, "serial", "", ANY},
    {"serial as there, but parallel asked", serial_as_the_primary_but_parallel_asked,
     CHECK_SERIAL_TOOL_CALLS, VERDICT_BLOCK, "serial", "parallel, or covered", .owner = "team"},
};

static void every_check_says_what_it_found_and_needs(void **state)
{
    (void)state;
    gate_rows_run(GATE_TOOLS, rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_says_what_it_found_and_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
