#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mix.h"

/* SplitMix64's first number for seed 0 is the finaliser of its increment. */
static void the_finaliser_is_the_published_one(void **state)
{
    (void)state;
    assert_true(mix_u64(UINT64_C(0x9e3779b97f4a7c15)) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(mix_u64(0) == 0);
}

static void order_and_value_matter(void **state)
{
    (void)state;
    assert_true(mix_in(mix_in(0, 1), 2) != mix_in(mix_in(0, 2), 1));
    assert_true(mix_in(0, 0) != mix_in(1, 0));
    assert_true(mix_in(0, 0) != 0);
}

static void texts_differ_by_every_byte_and_by_length(void **state)
{
    static const struct slice texts[] = {
        {"", 0},    {"\0", 1},       {"\0\0", 2},       {"a", 1},
        {"a\0", 2}, {"abcdefgh", 8}, {"abcdefgh\0", 9}, {"abcdefghi", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(mix_in_text(7, texts[i]) != mix_in_text(7, texts[k]));
}

static void a_text_is_its_length_and_little_endian_words(void **state)
{
    uint64_t expected = mix_in(mix_in(mix_in(7, 9), UINT64_C(0x6867666564636261)), 0xe9);

    (void)state;
    assert_true(mix_in_text(7, SLICE_LITERAL("abcdefgh\xe9")) == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_finaliser_is_the_published_one),
        cmocka_unit_test(order_and_value_matter),
        cmocka_unit_test(texts_differ_by_every_byte_and_by_length),
        cmocka_unit_test(a_text_is_its_length_and_little_endian_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
