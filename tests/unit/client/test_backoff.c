/* Back-off: bounds, doubling, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/backoff.h"

static void stays_under_a_ceiling_that_doubles(void **state)
{
    static const uint32_t ceilings[] = {10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000};

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct backoff backoff;

        backoff_init(&backoff, seed);
        for (unsigned i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
            uint32_t wait_ms = backoff_next_ms(&backoff);

            assert_in_range(wait_ms, 1, ceilings[i]);
        }
    }
}

static void spreads_over_the_whole_range(void **state)
{
    uint32_t low_ms = BACKOFF_MAX_MS, high_ms = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct backoff backoff;
        uint32_t wait_ms = 0;

        backoff_init(&backoff, seed);
        for (unsigned i = 0; i < 10; i++)
            wait_ms = backoff_next_ms(&backoff);
        low_ms = wait_ms < low_ms ? wait_ms : low_ms;
        high_ms = wait_ms > high_ms ? wait_ms : high_ms;
    }
    assert_in_range(low_ms, 1, 20);
    assert_in_range(high_ms, 980, BACKOFF_MAX_MS);
}

static void starts_over_after_a_reset(void **state)
{
    struct backoff backoff;

    (void)state;
    backoff_init(&backoff, 7);
    for (unsigned i = 0; i < 20; i++)
        backoff_next_ms(&backoff);
    backoff_reset(&backoff);
    assert_in_range(backoff_next_ms(&backoff), 1, BACKOFF_FIRST_MS);
}

static void the_seed_alone_decides(void **state)
{
    struct backoff one, other;

    (void)state;
    backoff_init(&one, 42);
    backoff_init(&other, 42);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(backoff_next_ms(&one), backoff_next_ms(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_under_a_ceiling_that_doubles),
        cmocka_unit_test(spreads_over_the_whole_range),
        cmocka_unit_test(starts_over_after_a_reset),
        cmocka_unit_test(the_seed_alone_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
