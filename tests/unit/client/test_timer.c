/* The timer heap: order, disarming anywhere, and a long random history against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "client/timer.h"

#define TIMERS 200

static void comes_out_in_order_of_due_time(void **state)
{
    static const uint64_t due[] = {50, 10, 40, 10, 30, 20};
    struct timer timers[6] = {0};
    struct timer_heap heap;
    uint64_t last_ms = 0, due_ms = 0;

    (void)state;
    assert_true(timer_heap_init(&heap, 6));
    assert_false(timer_nearest(&heap, &due_ms));
    for (unsigned i = 0; i < 6; i++)
        timer_arm(&heap, &timers[i], due[i]);
    assert_true(timer_nearest(&heap, &due_ms));
    assert_int_equal(due_ms, 10);
    for (unsigned i = 0; i < 6; i++) {
        struct timer *timer = timer_expire(&heap, 1000);

        assert_non_null(timer);
        assert_int_equal(timer->place, 0);
        assert_true(timer->due_ms >= last_ms);
        last_ms = timer->due_ms;
    }
    assert_null(timer_expire(&heap, 1000));
    timer_heap_done(&heap);
}

static void expires_nothing_early(void **state)
{
    struct timer timer = {0};
    struct timer_heap heap;

    (void)state;
    assert_true(timer_heap_init(&heap, 1));
    timer_arm(&heap, &timer, 100);
    assert_null(timer_expire(&heap, 99));
    assert_ptr_equal(timer_expire(&heap, 100), &timer);
    timer_heap_done(&heap);
}

static void arming_again_moves(void **state)
{
    struct timer timers[2] = {0};
    struct timer_heap heap;

    (void)state;
    assert_true(timer_heap_init(&heap, 2));
    timer_arm(&heap, &timers[0], 10);
    timer_arm(&heap, &timers[1], 20);
    timer_arm(&heap, &timers[0], 30);
    assert_ptr_equal(timer_expire(&heap, 100), &timers[1]);
    assert_ptr_equal(timer_expire(&heap, 100), &timers[0]);
    timer_disarm(&heap, &timers[0]);
    assert_int_equal(heap.count, 0);
    timer_heap_done(&heap);
}

/* What the heap must say is next: the least due time among the armed. */
static bool least_due(const struct timer *timers, uint64_t *ret_due_ms)
{
    bool found = false;

    for (unsigned i = 0; i < TIMERS; i++)
        if (timers[i].place && (!found || timers[i].due_ms < *ret_due_ms)) {
            *ret_due_ms = timers[i].due_ms;
            found = true;
        }
    return found;
}

static void agrees_with_a_plain_search(void **state)
{
    static struct timer timers[TIMERS];
    struct timer_heap heap;
    uint64_t seed = 12345;

    (void)state;
    assert_true(timer_heap_init(&heap, TIMERS));
    for (unsigned step = 0; step < 20000; step++) {
        struct timer *timer = &timers[random_next(&seed) % TIMERS];
        uint64_t nearest_ms = 0, least_ms = 0;

        if (random_next(&seed) % 3)
            timer_arm(&heap, timer, random_next(&seed) % 1000);
        else
            timer_disarm(&heap, timer);
        assert_int_equal(timer_nearest(&heap, &nearest_ms), least_due(timers, &least_ms));
        assert_int_equal(nearest_ms, least_ms);
        if (heap.count && random_next(&seed) % 8 == 0)
            assert_int_equal(timer_expire(&heap, 1000)->due_ms, least_ms);
    }
    timer_heap_done(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_out_in_order_of_due_time),
        cmocka_unit_test(expires_nothing_early),
        cmocka_unit_test(arming_again_moves),
        cmocka_unit_test(agrees_with_a_plain_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
