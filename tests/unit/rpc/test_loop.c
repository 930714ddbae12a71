/* The bell: other threads wake a loop, and no ring is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rpc/loop.h"

#define THREADS 3
#define RINGS   20000

struct work {
    struct loop loop;
    atomic_uint posted;
    atomic_uint taken;
    atomic_uint turns;
};

/* Never wakes by itself: whatever it misses stays missed. */
static uint32_t take_all(void *context, int64_t now_ms)
{
    struct work *work = context;

    (void)now_ms;
    atomic_store(&work->taken, atomic_load(&work->posted));
    atomic_fetch_add(&work->turns, 1);
    return 3600 * 1000;
}

static void *ring_often(void *context)
{
    struct work *work = context;

    for (unsigned i = 0; i < RINGS; i++) {
        atomic_fetch_add(&work->posted, 1);
        loop_ring(&work->loop);
    }
    return NULL;
}

static bool wait_for_taken(struct work *work, unsigned count)
{
    uint64_t until_ms = clock_monotonic_ms() + 10000;

    while (atomic_load(&work->taken) < count)
        if (clock_monotonic_ms() > until_ms)
            return false;
    return true;
}

static void open_work(struct work *work, bool polls)
{
    *work = (struct work){.turns = 0};
    loop_open(&work->loop, polls);
    work->loop.context = work;
    work->loop.turn = take_all;
    assert_int_equal(loop_start(&work->loop, "loop"), RESULT_OK);
}

static void close_work(struct work *work)
{
    loop_halt(&work->loop);
    loop_close(&work->loop);
}

static void rings_of_many_threads_are_all_heard(bool polls)
{
    static struct work work;
    pthread_t threads[THREADS];

    open_work(&work, polls);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ring_often, &work), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(wait_for_taken(&work, THREADS * RINGS));
    close_work(&work);
}

static void a_polling_loop_hears_every_ring(void **state)
{
    (void)state;
    rings_of_many_threads_are_all_heard(true);
}

static void a_loop_that_does_not_poll_hears_every_ring(void **state)
{
    (void)state;
    rings_of_many_threads_are_all_heard(false);
}

static void single_rings_wake_a_sleeping_loop(void **state)
{
    static struct work work;

    (void)state;
    open_work(&work, true);
    for (unsigned i = 1; i <= 1000; i++) {
        atomic_fetch_add(&work.posted, 1);
        loop_ring(&work.loop);
        assert_true(wait_for_taken(&work, i));
    }
    close_work(&work);
}

static void a_loop_that_never_ran_can_be_closed(void **state)
{
    struct loop loop;

    (void)state;
    loop_open(&loop, true);
    loop_ring(&loop);
    loop_halt(&loop);
    loop_close(&loop);
}

static int setup(void **state)
{
    (void)state;
    grpc_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    grpc_shutdown_blocking();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_polling_loop_hears_every_ring),
        cmocka_unit_test(a_loop_that_does_not_poll_hears_every_ring),
        cmocka_unit_test(single_rings_wake_a_sleeping_loop),
        cmocka_unit_test(a_loop_that_never_ran_can_be_closed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
