#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/metric.h"

static struct metric counter = {.name = "test_total", .help = "Counts."};

static void *count_a_thousand(void *unused)
{
    for (int i = 0; i < 1000; i++)
        metric_add(&counter, 2);
    return unused;
}

static void no_addition_of_any_thread_is_lost(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_a_thousand, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter.value, 8000);
}

static void a_gauge_takes_the_last_value(void **state)
{
    struct metric gauge = {.name = "test_bytes", .help = "Holds.", .gauge = true};

    (void)state;
    metric_set(&gauge, 7);
    metric_set(&gauge, 3);
    assert_int_equal(gauge.value, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_addition_of_any_thread_is_lost),
        cmocka_unit_test(a_gauge_takes_the_last_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
