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

/* One fact or field of a report that has a shape of its own. */
static const struct {
    const char *what;
    struct slice tool_digest, client_address;
    struct pair extra;
    const char *field; /* "": good */
} shaped[] = {
    {"nothing", {NULL, 0}, {NULL, 0}, {{NULL, 0}, {NULL, 0}}, ""},
    {"a digest", {"0123456789abcdef0123456789abcdef", 32}, {NULL, 0}, {{NULL, 0}, {NULL, 0}}, ""},
    {"a digest in hex",
     {"0123456789abcdef0123456789abcdef00", 34},
     {NULL, 0},
     {{NULL, 0}, {NULL, 0}},
     "admission.tool_digest"},
    {"IPv4", {NULL, 0}, {"192.0.2.7", 9}, {{NULL, 0}, {NULL, 0}}, ""},
    {"IPv6", {NULL, 0}, {"2001:db8::7", 11}, {{NULL, 0}, {NULL, 0}}, ""},
    {"IPv4 in IPv6", {NULL, 0}, {"::ffff:192.0.2.7", 16}, {{NULL, 0}, {NULL, 0}}, ""},
    {"a port behind it",
     {NULL, 0},
     {"192.0.2.7:80", 12},
     {{NULL, 0}, {NULL, 0}},
     "admission.client_address"},
    {"a network",
     {NULL, 0},
     {"192.0.2.0/24", 12},
     {{NULL, 0}, {NULL, 0}},
     "admission.client_address"},
    {"a name", {NULL, 0}, {"localhost", 9}, {{NULL, 0}, {NULL, 0}}, "admission.client_address"},
    {"brackets", {NULL, 0}, {"[::1]", 5}, {{NULL, 0}, {NULL, 0}}, "admission.client_address"},
    {"a count", {NULL, 0}, {NULL, 0}, {{"web_search", 10}, {"3", 1}}, ""},
    {"the largest count",
     {NULL, 0},
     {NULL, 0},
     {{"web_search", 10}, {"18446744073709551615", 20}},
     ""},
    {"a count without a unit", {NULL, 0}, {NULL, 0}, {{NULL, 0}, {"3", 1}}, "report.extra_usage"},
    {"a unit without a count",
     {NULL, 0},
     {NULL, 0},
     {{"web_search", 10}, {NULL, 0}},
     "report.extra_usage"},
    {"a negative count",
     {NULL, 0},
     {NULL, 0},
     {{"web_search", 10}, {"-3", 2}},
     "report.extra_usage"},
    {"half of one", {NULL, 0}, {NULL, 0}, {{"web_search", 10}, {"0.5", 3}}, "report.extra_usage"},
    {"a count beyond 64 bits",
     {NULL, 0},
     {NULL, 0},
     {{"web_search", 10}, {"18446744073709551616", 20}},
     "report.extra_usage"},
    {"a word", {NULL, 0}, {NULL, 0}, {{"web_search", 10}, {"three", 5}}, "report.extra_usage"},
};

static void what_has_a_shape_is_held_to_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shaped / sizeof *shaped; i++) {
        bool extra = shaped[i].extra.key.len || shaped[i].extra.value.len;
        struct question question = {
            .request_id = uuid_make(1), .boundary = 1, .has_facts = true, .has_report = true};
        struct question back;
        struct wire_error error = {"", ""};
        struct arena arena;

        question.facts.tool_digest = shaped[i].tool_digest;
        question.facts.client_address = shaped[i].client_address;
        question.report.extra_usage = (struct pairs){&shaped[i].extra, extra};
        arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
        if (wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error) !=
                (*shaped[i].field ? RESULT_INVALID : RESULT_OK) ||
            strcmp(error.field, shaped[i].field) != 0)
            fail_msg("%s: %s %s", shaped[i].what, error.field, error.text);
        arena_done(&arena);
    }
}

static void more_units_than_the_bound_are_refused(void **state)
{
    struct question question = {.request_id = uuid_make(1), .boundary = 1, .has_report = true};
    struct pair items[LIST_ITEMS_MAX + 1];
    struct question back;
    struct wire_error error = {"", ""};
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
    for (unsigned i = 0; i <= LIST_ITEMS_MAX; i++)
        items[i] = (struct pair){arena_format(&arena, "unit-%u", i), SLICE_LITERAL("1")};
    question.report.extra_usage = (struct pairs){items, LIST_ITEMS_MAX};
    assert_int_equal(wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error),
                     RESULT_OK);
    question.report.extra_usage.count++;
    assert_int_equal(wire_get_question(wire_put_question(&question, &arena), &arena, &back, &error),
                     RESULT_INVALID);
    assert_string_equal(error.field, "report.extra_usage");
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
        cmocka_unit_test(what_has_a_shape_is_held_to_it),
        cmocka_unit_test(more_units_than_the_bound_are_refused),
        cmocka_unit_test(a_boundary_needs_its_parts),
        cmocka_unit_test(an_arena_that_is_full_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
