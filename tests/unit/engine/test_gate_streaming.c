/* The streaming gate and the observability gate: no mixed answers, and no switch in the dark. */
#include "gate_rows.h"

SPOIL(visible)
{
    f->block.policy.restart_after_partial_output = 1;
    gate_entry(f)->allow_after_partial_output = 1;
    f->facts.can_restart = true;
    f->report.output_visible = true;
}
SPOIL(no_stream)
{
    f->facts.stream = true;
    gate_route(f)->capabilities &= ~SET_OF(NEED_STREAMING);
}
SPOIL(stream)
{
    f->facts.stream = true;
}
SPOIL(other_family)
{
    gate_route(f)->family = FAMILY_ANTHROPIC_MESSAGES;
}
SPOIL(no_chain)
{
    f->block.policy.record_attempt_chain = 0;
}
SPOIL(no_models)
{
    f->block.policy.record_models = 0;
}
SPOIL(no_error_class)
{
    f->block.policy.record_error_class = 0;
}
SPOIL(no_usage)
{
    f->block.policy.record_usage_and_cost = 0;
}

static const struct gate_row streaming[] = {
    {"no output", NULL, CHECK_BEFORE_OUTPUT, VERDICT_PASS, "no output", "no output", ANY},
    {"output that may start over", visible, CHECK_BEFORE_OUTPUT, VERDICT_PASS, "output is visible",
     "restart is allowed", ANY},
    {"whole answers", NULL, CHECK_SEMANTICS, VERDICT_PASS, "streams", "answers", ANY},
    {"a stream", stream, CHECK_SEMANTICS, VERDICT_PASS, "streams", "streams", ANY},
    {"a stream from a route without", no_stream, CHECK_SEMANTICS, VERDICT_BLOCK, "does not stream",
     "streams", .owner = "team"},
    {"another endpoint family", other_family, CHECK_SEMANTICS, VERDICT_BLOCK, "anthropic-messages",
     "openai-chat-completions", .owner = "team"},
};

static const struct gate_row observability[] = {
    {"a chain", NULL, CHECK_ATTEMPT_CHAIN, VERDICT_PASS, "recorded", "recorded", .owner = "team"},
    {"no chain", no_chain, CHECK_ATTEMPT_CHAIN, VERDICT_BLOCK, "not recorded", "recorded",
     .owner = "team"},
    {"no chain, on the primary", no_chain, CHECK_ATTEMPT_CHAIN, VERDICT_BLOCK, "not recorded",
     "recorded", .primary = true, .owner = "team"},
    {"models", NULL, CHECK_MODELS, VERDICT_PASS, "recorded", "recorded", ANY},
    {"no models", no_models, CHECK_MODELS, VERDICT_BLOCK, "not recorded", "recorded", ANY},
    {"error classes", NULL, CHECK_ERROR_CLASS, VERDICT_PASS, "recorded", "recorded", ANY},
    {"no error classes", no_error_class, CHECK_ERROR_CLASS, VERDICT_BLOCK, "not recorded",
     "recorded", ANY},
    {"usage", NULL, CHECK_USAGE_AND_COST, VERDICT_PASS, "recorded", "recorded", ANY},
    {"no usage", no_usage, CHECK_USAGE_AND_COST, VERDICT_BLOCK, "not recorded", "recorded", ANY},
};

static void the_switch_is_before_output_and_means_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streaming / sizeof *streaming; i++)
        gate_row_run(&streaming[i]);
}

static void what_is_not_recorded_does_not_happen(void **state)
{
    (void)state;
    gate_rows_run(GATE_OBSERVABILITY, observability, sizeof observability / sizeof *observability);
}

/* The law stops before the gate is asked unless policy and caller allow a restart; then the gate
 * says that the entry does not. */
static void output_that_the_entry_may_not_replace_blocks_it(void **state)
{
    struct fixture f;
    const struct trace_item *item;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 2;
    fixture_fail(&f, FAILURE_TIMEOUT);
    visible(&f);
    f.block.entries[FIXTURE_SAME_MODEL].allow_after_partial_output = 0;
    assert_int_equal(fixture_decide(&f)->disposition, DISPOSITION_USER_RETRY_REQUIRED);
    item = fixture_traced(&f, 1, "before_output");
    assert_non_null(item);
    assert_int_equal(item->verdict, VERDICT_BLOCK);
    assert_true(slice_is(item->found.text, "output is visible"));
    assert_true(slice_is(item->needed.text, "no output"));
    assert_true(slice_is(f.output.decision.blocked.check, "before_output"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_switch_is_before_output_and_means_the_same),
        cmocka_unit_test(what_is_not_recorded_does_not_happen),
        cmocka_unit_test(output_that_the_entry_may_not_replace_blocks_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
