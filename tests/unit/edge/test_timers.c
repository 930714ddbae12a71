#include "base/random.h"
#include "fixture.h"
#include "relay/timers.h"

enum { TIMERS = 1000 };

static struct timer all[TIMERS];
static uint64_t last_ms;
static unsigned fired;

static void on_due(struct timer *timer, uint64_t now_ms)
{
    assert_true(timer->at_ms <= now_ms);
    assert_true(timer->at_ms >= last_ms);
    assert_int_equal(timer->place, 0);
    last_ms = timer->at_ms;
    fired++;
}

static void fires_in_order_and_only_what_is_set(void **state)
{
    struct timers timers;
    uint64_t seed = 7;
    unsigned set = 0;

    (void)state;
    timers_init(&timers);
    assert_true(timers_next_ms(&timers) == UINT64_MAX);
    for (unsigned i = 0; i < TIMERS; i++)
        all[i] = (struct timer){.on_due = on_due};
    for (unsigned i = 0; i < 5 * TIMERS; i++) {
        struct timer *timer = &all[random_next(&seed) % TIMERS];

        if (random_next(&seed) % 4)
            assert_true(timers_set(&timers, timer, 1 + random_next(&seed) % 5000));
        else
            timers_clear(&timers, timer);
    }
    for (unsigned i = 0; i < TIMERS; i++)
        set += all[i].place != 0;
    assert_int_equal(set, timers.count);
    for (uint64_t now = 0; now <= 5000; now += 50) {
        timers_run(&timers, now);
        assert_true(timers_next_ms(&timers) > now);
    }
    assert_int_equal(fired, set);
    timers_done(&timers);
}

static struct timers again;

static void on_due_set_again(struct timer *timer, uint64_t now_ms)
{
    fired++;
    assert_true(timers_set(&again, timer, now_ms));
}

static void what_is_set_again_waits_for_the_next_run(void **state)
{
    struct timer timer = {.on_due = on_due_set_again};

    (void)state;
    fired = 0;
    timers_init(&again);
    assert_true(timers_set(&again, &timer, 10));
    timers_run(&again, 9);
    assert_int_equal(fired, 0);
    timers_run(&again, 10);
    assert_int_equal(fired, 1);
    timers_run(&again, 10);
    assert_int_equal(fired, 2);
    timers_done(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order_and_only_what_is_set),
        cmocka_unit_test(what_is_set_again_waits_for_the_next_run),
    };

    return cmocka_run_group_tests_name("edge/timers", tests, NULL, NULL);
}
