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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_read_as_text_with_unit),
        cmocka_unit_test(the_largest_set_has_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
