#include "core/estimate.h"
#include "fixture.h"

static void four_bytes_are_a_token_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(estimate_tokens(0), 0);
    assert_int_equal(estimate_tokens(1), 1);
    assert_int_equal(estimate_tokens(4), 1);
    assert_int_equal(estimate_tokens(5), 2);
    assert_true(estimate_tokens(UINT64_MAX) == UINT64_MAX / 4 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(four_bytes_are_a_token_rounded_up)};

    return cmocka_run_group_tests_name("edge/estimate", tests, NULL, NULL);
}
