/* Bounds of a question, and what each boundary needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/uuid.h"
#include "signalbox/limits.h"
#include "wire/wire.h"

static void a_field_beyond_its_bound_is_refused_by_name(void **state)
{
    struct arena arena;
    struct question question = {.request_id = uuid_make(1), .has_facts = true};
    char text[NAME_BYTES_MAX + 1];
    struct wire_error error = {"", ""};
    struct question back;

    (void)state;
    memset(text, 'x', sizeof text);
    arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
    question.facts.tenant = (struct slice){text, sizeof text};
    assert_int_equal(wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error),
                     RESULT_INVALID);
    assert_string_equal(error.field, "admission.tenant");
    question.facts.tenant.len--;
    assert_int_equal(wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error),
                     RESULT_OK);
    question.facts.body_digest = SLICE_LITERAL("short");
    assert_int_equal(wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error),
                     RESULT_INVALID);
    assert_string_equal(error.field, "admission.body_digest");
    arena_done(&arena);
}

static void a_boundary_needs_its_parts(void **state)
{
    static const struct {
        uint32_t boundary;
        bool facts, report;
        const char *field; /* NULL: good */
    } rows[] = {
        {0, true, false, NULL},        {0, false, false, "admission"}, {0, true, true, "report"},
        {1, false, true, NULL},        {1, true, true, NULL},          {1, true, false, "report"},
        {17, false, true, "boundary"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct question question = {.request_id = uuid_make(1),
                                    .boundary = rows[i].boundary,
                                    .has_facts = rows[i].facts,
                                    .has_report = rows[i].report};
        struct question back;
        struct wire_error error = {"", ""};
        struct arena arena;
        enum result result;

        arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
        result = wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error);
        assert_int_equal(result, rows[i].field ? RESULT_INVALID : RESULT_OK);
        assert_string_equal(error.field, rows[i].field ? rows[i].field : "");
        arena_done(&arena);
    }
}

static void an_arena_that_is_full_gives_nothing(void **state)
{
    struct question question = {.request_id = uuid_make(1), .has_facts = true};

    (void)state;
    question.facts.tenant = SLICE_LITERAL("acme");
    question.facts.allowed_regions = (struct texts){&question.facts.tenant, 1};
    question.facts.needs = SET_OF(1);
    for (size_t bytes_max = 0; bytes_max < 4096; bytes_max += 16) {
        struct arena arena;

        arena_init(&arena, NULL, 0, bytes_max);
        if (wire_put_question(&question, &arena))
            assert_false(arena.failed);
        else
            assert_true(arena.failed);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_beyond_its_bound_is_refused_by_name),
        cmocka_unit_test(a_boundary_needs_its_parts),
        cmocka_unit_test(an_arena_that_is_full_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
