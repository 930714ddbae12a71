/* Trace values as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/wire.h"

static void values_read_as_text_with_unit(void **state)
{
    static const struct {
        struct trace_value value;
        const char *text;
    } rows[] = {
        {{TRACE_NOTHING, 0, {NULL, 0}}, ""},
        {{TRACE_NUMBER, 12, {NULL, 0}}, "12"},
        {{TRACE_MILLISECONDS, 12000, {NULL, 0}}, "12000 ms"},
        {{TRACE_NUSD, 50000000, {NULL, 0}}, "0.05 USD"},
        {{TRACE_TEXT, 0, {"eu-west", 7}}, "eu-west"},
        {{TRACE_NEEDS, SET_OF(NEED_TOOLS) | SET_OF(NEED_VISION), {NULL, 0}}, "tools, vision"},
        {{TRACE_DATA_CLASSES, SET_OF(DATA_CLASS_PII), {NULL, 0}}, "pii"},
        {{TRACE_SENSITIVITY, SET_OF(SENSITIVITY_LEGAL), {NULL, 0}}, "legal"},
        {{TRACE_FAILURES, SET_OF(FAILURE_TIMEOUT), {NULL, 0}}, "timeout"},
        {{TRACE_BOUND_STATE, SET_OF(BOUND_STATE_FILE_IDS), {NULL, 0}}, "file_ids"},
        {{TRACE_SIGN_OFFS, SET_OF(SIGN_OFF_PRODUCT) | SET_OF(SIGN_OFF_POLICY), {NULL, 0}},
         "product, policy"},
        {{TRACE_NEEDS, 0, {NULL, 0}}, "none"},
        {{TRACE_QUALITY_CLASS, QUALITY_CLASS_BALANCED, {NULL, 0}}, "balanced"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct slice text;

        arena_init(&arena, NULL, 0, 1 << 16);
        text = wire_trace_text(&rows[i].value, &arena);
        if (!slice_is(text, rows[i].text))
            fail_msg("'%.*s' is not '%s'", (int)text.len, text.ptr, rows[i].text);
        arena_done(&arena);
    }
}

static void the_largest_set_has_room(void **state)
{
    struct trace_value value = {TRACE_FAILURES, 0, {NULL, 0}};
    struct arena arena;
    struct slice text;

    (void)state;
    for (unsigned i = 1; i < FAILURE_END; i++)
        if (signalbox_failure_known(i))
            value.number |= SET_OF(i);
    arena_init(&arena, NULL, 0, 1 << 16);
    text = wire_trace_text(&value, &arena);
    assert_true(text.len > 400);
    assert_memory_equal(text.ptr + text.len - 21, ", decider_unavailable", 21);
    arena_done(&arena);
}

/* Values go as text, so what comes back is a text; the rest is as it was. */
static void the_check_that_blocked_comes_back(void **state)
{
    struct decision decision = {
        .has_blocked = true,
        .blocked = {.entry = 2,
                    .route = SLICE_LITERAL("backup"),
                    .gate = GATE_COST,
                    .check = SLICE_LITERAL("request_cost"),
                    .verdict = VERDICT_BLOCK,
                    .found = {TRACE_NUSD, 120000000, {NULL, 0}},
                    .needed = {TRACE_NUSD, 50000000, {NULL, 0}},
                    .evidence_id = SLICE_LITERAL("ev-12"),
                    .owner = SLICE_LITERAL("finance")},
    };
    struct wire_error error = {"", ""};
    struct decision back;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    assert_int_equal(wire_get_decision(wire_put_decision(&decision, &arena), &arena, &back, &error),
                     RESULT_OK);
    assert_true(back.has_blocked);
    assert_int_equal(back.blocked.entry, 2);
    assert_true(slice_is(back.blocked.route, "backup"));
    assert_int_equal(back.blocked.gate, GATE_COST);
    assert_true(slice_is(back.blocked.check, "request_cost"));
    assert_int_equal(back.blocked.verdict, VERDICT_BLOCK);
    assert_true(slice_is(back.blocked.found.text, "0.12 USD"));
    assert_true(slice_is(back.blocked.needed.text, "0.05 USD"));
    assert_true(slice_is(back.blocked.evidence_id, "ev-12"));
    assert_true(slice_is(back.blocked.owner, "finance"));
    decision.has_blocked = false;
    assert_int_equal(wire_get_decision(wire_put_decision(&decision, &arena), &arena, &back, &error),
                     RESULT_OK);
    assert_false(back.has_blocked);
    assert_int_equal(back.blocked.check.len, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_read_as_text_with_unit),
        cmocka_unit_test(the_largest_set_has_room),
        cmocka_unit_test(the_check_that_blocked_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
