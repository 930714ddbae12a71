/* Ages and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/when.h"

#define NOW_MS INT64_C(1767323045678) /* 2026-01-02 03:04:05.678 */
#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

static void ages_are_in_the_largest_unit_of_which_two_have_passed(void **state)
{
    static const struct {
        int64_t away_ms;
        const char *text;
    } rows[] = {
        {0, "now"},
        {-999, "now"},
        {999, "in 1 second"},
        {-SECOND, "1 second ago"},
        {119 * SECOND, "in 119 seconds"},
        {-120 * SECOND, "2 minutes ago"},
        {2 * HOUR - 999, "in 2 hours"},
        {2 * HOUR - 1000, "in 119 minutes"},
        {-2 * HOUR, "2 hours ago"},
        {-(2 * DAY - 1), "47 hours ago"},
        {-2 * DAY, "2 days ago"},
        {12 * DAY + 5 * HOUR, "in 12 days"},
        {-1000 * DAY, "1000 days ago"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(slice_is(when_age(NOW_MS + rows[i].away_ms, NOW_MS, &arena), rows[i].text));
    arena_done(&arena);
}

static void a_date_says_how_far_away_it_is(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    assert_true(
        slice_is(when_text(NOW_MS, NOW_MS + 3 * DAY, &arena), "2026-01-02 03:04 UTC, 3 days ago"));
    assert_true(slice_is(when_text(0, NOW_MS, &arena), ""));
    assert_true(slice_is(when_age(0, NOW_MS, &arena), ""));
    assert_true(slice_is(when_text(-5, NOW_MS, &arena), "-5 ms"));
    assert_true(when_text(INT64_MAX, NOW_MS, &arena).len > 0);
    assert_true(when_age(INT64_MIN, NOW_MS, &arena).len > 0);
    arena_done(&arena);
}

static void long_milliseconds_are_told_in_people_s_units(void **state)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"1682430297 ms", "19 days"},
        {"600000 ms", "10 minutes"},
        {"599999 ms", "599999 ms"},
        {"19000 ms", "19000 ms"},
        {"x ms", "x ms"},
        {"600000 ms more", "600000 ms more"},
        {"", ""},
        {"99999999999999999999 ms", "99999999999999999999 ms"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice text = when_readable(rows[i].text, &arena);

        assert_true(slice_is(text, rows[i].wanted));
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_are_in_the_largest_unit_of_which_two_have_passed),
        cmocka_unit_test(long_milliseconds_are_told_in_people_s_units),
        cmocka_unit_test(a_date_says_how_far_away_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
