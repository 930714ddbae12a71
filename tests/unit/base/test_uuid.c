#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/uuid.h"

static void a_new_one_carries_version_variant_and_time(void **state)
{
    static const int64_t times[] = {0, 1, INT64_C(1700000000123), (INT64_C(1) << 48) - 1};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct uuid uuid = uuid_make(times[i]);

        assert_true(uuid_is_v7(uuid));
        assert_true(uuid_unix_ms(uuid) == times[i]);
    }
}

static void later_ones_sort_behind_and_none_is_made_twice(void **state)
{
    struct uuid last = uuid_make(999);

    (void)state;
    for (int64_t ms = 1000; ms < 2000; ms++) {
        struct uuid first = uuid_make(ms), second = uuid_make(ms);

        assert_true(memcmp(last.bytes, first.bytes, 16) < 0);
        assert_memory_not_equal(first.bytes, second.bytes, 16);
        last = memcmp(first.bytes, second.bytes, 16) < 0 ? second : first;
    }
}

static void text_goes_both_ways_in_either_case(void **state)
{
    static const char lower[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    static const char upper[] = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F";
    char text[UUID_TEXT_BYTES + 1];
    struct uuid a, b;

    (void)state;
    assert_true(uuid_parse(slice_of(lower), &a));
    assert_true(uuid_parse(slice_of(upper), &b));
    assert_memory_equal(a.bytes, b.bytes, 16);
    uuid_format(a, text);
    assert_string_equal(text, lower);
    assert_true(uuid_is_v7(a));
    assert_true(uuid_unix_ms(a) == INT64_C(1645557742000));
}

static void other_texts_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct uuid uuid = {{9}};

        assert_false(uuid_parse(slice_of(rows[i]), &uuid));
        assert_int_equal(uuid.bytes[0], 9);
    }
}

static void other_versions_parse_but_are_not_v7(void **state)
{
    static const char *const rows[] = {
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "00000000-0000-0000-0000-000000000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct uuid uuid;

        assert_true(uuid_parse(slice_of(rows[i]), &uuid));
        assert_false(uuid_is_v7(uuid));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_carries_version_variant_and_time),
        cmocka_unit_test(later_ones_sort_behind_and_none_is_made_twice),
        cmocka_unit_test(text_goes_both_ways_in_either_case),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(other_versions_parse_but_are_not_v7),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
