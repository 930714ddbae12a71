#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/decimal.h"

static void reads_json_numbers_exactly(void **state)
{
    static const struct {
        const char *text;
        unsigned digits;
        uint64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"0", 9, 0},
        {"0.000", 0, 0},
        {"0e-400", 0, 0},
        {"12", 0, 12},
        {"12", 9, UINT64_C(12000000000)},
        {"0.05", 9, 50000000},
        {"5e-2", 9, 50000000},
        {"50E-3", 9, 50000000},
        {"0.0500000000000000000000000", 9, 50000000},
        {"0.1", 9, 100000000},
        {"0.000000001", 9, 1},
        {"1.0", 0, 1},
        {"1e3", 0, 1000},
        {"1E+3", 0, 1000},
        {"1200e-2", 0, 12},
        {"100000000000000000000000e-22", 0, 10},
        {"0.00000000000000000000000001e26", 0, 1},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073.709551615", 9, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 77;

        if (!decimal_parse(slice_of(rows[i].text), rows[i].digits, &value) ||
            value != rows[i].value)
            fail_msg("%s with %u digits gave %llu", rows[i].text, rows[i].digits,
                     (unsigned long long)value);
    }
}

static void refuses_what_is_no_number_or_does_not_fit(void **state)
{
    static const struct {
        const char *text;
        unsigned digits;
    } rows[] = {
        {"", 0},
        {"-1", 0},
        {"-0", 0},
        {"+1", 0},
        {" 1", 0},
        {"1 ", 0},
        {"01", 0},
        {"00", 0},
        {".5", 1},
        {"5.", 1},
        {"1e", 0},
        {"1e+", 0},
        {"1e1.5", 0},
        {"1.2.3", 9},
        {"0x10", 0},
        {"1,5", 9},
        {"NaN", 0},
        {"Infinity", 0},
        {"0.5", 0},
        {"0.0000000001", 9},
        {"1e-10", 9},
        {"18446744073709551616", 0},
        {"18446744073.709551616", 9},
        {"18446744073709551615", 1},
        {"1e20", 0},
        {"1e999999999999999999999", 0},
        {"1e-999999999999999999999", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 77;

        if (decimal_parse(slice_of(rows[i].text), rows[i].digits, &value))
            fail_msg("%s with %u digits was taken", rows[i].text, rows[i].digits);
        assert_true(value == 77);
    }
}

static void writes_without_trailing_zeros(void **state)
{
    static const struct {
        uint64_t value;
        unsigned digits;
        const char *text;
    } rows[] = {
        {0, 0, "0"},
        {0, 9, "0"},
        {7, 0, "7"},
        {50000000, 9, "0.05"},
        {1, 9, "0.000000001"},
        {12000000000, 9, "12"},
        {1230, 2, "12.3"},
        {100, 0, "100"},
        {UINT64_MAX, 9, "18446744073.709551615"},
        {UINT64_MAX, 0, "18446744073709551615"},
        {1, 29, "0.00000000000000000000000000001"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[32];

        decimal_format(rows[i].value, rows[i].digits, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void what_it_writes_it_reads(void **state)
{
    uint64_t number = 1;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        char text[32];
        uint64_t back;

        number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
        for (unsigned digits = 0; digits <= 12; digits++) {
            decimal_format(number >> (i % 64), digits, text);
            assert_true(decimal_parse(slice_of(text), digits, &back));
            assert_true(back == number >> (i % 64));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_json_numbers_exactly),
        cmocka_unit_test(refuses_what_is_no_number_or_does_not_fit),
        cmocka_unit_test(writes_without_trailing_zeros),
        cmocka_unit_test(what_it_writes_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
