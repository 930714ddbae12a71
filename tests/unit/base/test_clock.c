#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static uint64_t read_ns(clockid_t id)
{
    struct timespec now;

    assert_int_equal(clock_gettime(id, &now), 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void each_reads_its_clock_in_its_unit(void **state)
{
    uint64_t unix_ns = read_ns(CLOCK_REALTIME), monotonic_ns = read_ns(CLOCK_MONOTONIC);

    uint64_t unix_ms = (uint64_t)clock_unix_ms(), ns = clock_monotonic_ns();

    (void)state;
    assert_in_range(unix_ms, unix_ns / 1000000, read_ns(CLOCK_REALTIME) / 1000000);
    assert_in_range(ns, monotonic_ns, read_ns(CLOCK_MONOTONIC));
}

static void monotonic_clock_never_goes_back(void **state)
{
    uint64_t last = clock_monotonic_ns();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint64_t now = clock_monotonic_ns();

        assert_true(now >= last);
        last = now;
    }
}

static void monotonic_milliseconds_are_those_of_the_nanoseconds(void **state)
{
    uint64_t before = clock_monotonic_ns(), ms = clock_monotonic_ms();

    (void)state;
    assert_true(ms >= before / 1000000);
    assert_true(ms <= clock_monotonic_ns() / 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reads_its_clock_in_its_unit),
        cmocka_unit_test(monotonic_clock_never_goes_back),
        cmocka_unit_test(monotonic_milliseconds_are_those_of_the_nanoseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
