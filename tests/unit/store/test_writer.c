/* Group commit: order, atomicity, many submitters, and what close waits for. */
#include <pthread.h>
#include <stdatomic.h>

#include <semaphore.h>

#include "base/list.h"
#include "unit/store/fixture.h"

#define THREADS           8
#define WRITES_PER_THREAD 10000
#define IN_FLIGHT         64

/* One write of two keys that always hold the same number. */
struct pair_write {
    struct store_write write;
    struct submitter *submitter;
    char keys[2][16];
    uint32_t number;
    atomic_bool free;
};

struct submitter {
    struct store *store;
    struct pair_write writes[IN_FLIGHT];
    sem_t free;
    unsigned id;
    uint32_t done; /* the writer thread's */
    atomic_bool out_of_order;
    atomic_bool failed;
};

static void on_pair_done(struct store_write *write, enum result result)
{
    struct pair_write *pair = CONTAINER_OF(write, struct pair_write, write);
    struct submitter *submitter = pair->submitter;

    if (result)
        atomic_store(&submitter->failed, true);
    if (pair->number != ++submitter->done)
        atomic_store(&submitter->out_of_order, true);
    atomic_store(&pair->free, true);
    sem_post(&submitter->free);
}

/* Each thread has keys of its own and 100 of them, so that values are overwritten all the time. */
static void *submit_pairs(void *context)
{
    struct submitter *submitter = context;

    for (uint32_t number = 1; number <= WRITES_PER_THREAD; number++) {
        struct pair_write *pair = &submitter->writes[number % IN_FLIGHT];

        sem_wait(&submitter->free);
        while (!atomic_load(&pair->free)) /* done in order, so it is next */
            sched_yield();
        atomic_store(&pair->free, false);
        pair->number = number;
        pair->submitter = submitter;
        pair->write = (struct store_write){.done = on_pair_done, .ops_count = 2};
        for (int i = 0; i < 2; i++) {
            int len = snprintf(pair->keys[i], sizeof pair->keys[i], "%c%u.%u", 'a' + i,
                               submitter->id, number % 100);

            pair->write.ops[i] = (struct store_op){STORE_OP_PUT,
                                                   i ? STORE_TABLE_OPEN : STORE_TABLE_HISTORY,
                                                   {pair->keys[i], (size_t)len},
                                                   {(const char *)&pair->number, 4}};
        }
        store_submit(submitter->store, &pair->write);
    }
    for (int i = 0; i < IN_FLIGHT; i++)
        sem_wait(&submitter->free);
    return NULL;
}

struct watcher {
    struct store *store;
    atomic_bool *stop;
    unsigned looked;
    unsigned torn;
};

/* The two halves of a write are never seen apart. */
static void *watch_pairs(void *context)
{
    struct watcher *watcher = context;
    struct store_read *read;

    if (store_read_open(watcher->store, &read))
        return NULL;
    while (!atomic_load(watcher->stop)) {
        if (store_read_renew(read))
            break;
        for (unsigned id = 0; id < THREADS; id++) {
            char keys[2][16];
            struct slice values[2] = {{NULL, 0}, {NULL, 0}};
            unsigned number = watcher->looked % 100;

            snprintf(keys[0], sizeof keys[0], "a%u.%u", id, number);
            snprintf(keys[1], sizeof keys[1], "b%u.%u", id, number);
            if (store_get(read, STORE_TABLE_HISTORY, slice_of(keys[0]), &values[0]))
                values[0].len = 0;
            if (store_get(read, STORE_TABLE_OPEN, slice_of(keys[1]), &values[1]))
                values[1].len = 0;
            watcher->torn += !slice_equal(values[0], values[1]);
        }
        watcher->looked++;
        store_read_reset(read);
    }
    store_read_close(read);
    return NULL;
}

static void takes_ten_thousand_writes_from_each_of_eight_threads(void **state)
{
    static struct submitter submitters[THREADS];
    struct fixture *fixture = *state;
    pthread_t threads[THREADS], watchers[2];
    struct watcher watching[2];
    struct store_stats stats;
    atomic_bool stop = false;

    for (int i = 0; i < 2; i++) {
        watching[i] = (struct watcher){fixture->store, &stop, 0, 0};
        assert_int_equal(pthread_create(&watchers[i], NULL, watch_pairs, &watching[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        submitters[i].store = fixture->store;
        submitters[i].id = i;
        for (int j = 0; j < IN_FLIGHT; j++)
            atomic_store(&submitters[i].writes[j].free, true);
        sem_init(&submitters[i].free, 0, IN_FLIGHT);
        assert_int_equal(pthread_create(&threads[i], NULL, submit_pairs, &submitters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(watchers[i], NULL);
        assert_int_equal(watching[i].torn, 0);
        assert_true(watching[i].looked > 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_false(atomic_load(&submitters[i].failed));
        assert_false(atomic_load(&submitters[i].out_of_order));
        for (uint32_t last = WRITES_PER_THREAD - 99; last <= WRITES_PER_THREAD; last++) {
            char key[16];
            struct slice value;

            snprintf(key, sizeof key, "a%u.%u", i, (unsigned)last % 100);
            assert_int_equal(fixture_get(fixture, STORE_TABLE_HISTORY, slice_of(key), &value),
                             RESULT_OK);
            assert_memory_equal(value.ptr, &last, 4);
        }
        sem_destroy(&submitters[i].free);
    }
    store_stats(fixture->store, &stats);
    assert_int_equal(stats.writes, THREADS * WRITES_PER_THREAD);
    assert_int_equal(stats.failures, 0);
    assert_true(stats.commits >= stats.writes / WRITE_BATCH_MAX);
    assert_true(stats.commits < stats.writes / 4); /* it did group */
    assert_false(store_full(fixture->store));
    print_message("%u writes in %u commits\n", (unsigned)stats.writes, (unsigned)stats.commits);
}

struct plain_write {
    struct store_write write;
    uint32_t number;
    uint32_t *expected; /* the next that should be done */
    atomic_uint *wrong;
};

static void on_plain_done(struct store_write *write, enum result result)
{
    struct plain_write *plain = CONTAINER_OF(write, struct plain_write, write);

    if (result || plain->number != (*plain->expected)++)
        atomic_fetch_add(plain->wrong, 1);
}

static void applies_and_acknowledges_in_the_order_of_submission(void **state)
{
    enum { COUNT = 3 * WRITE_BATCH_MAX + 7 };
    static struct plain_write writes[COUNT];
    struct fixture *fixture = *state;
    uint32_t expected = 0;
    atomic_uint wrong = 0;
    struct slice value;

    for (uint32_t i = 0; i < COUNT; i++) {
        writes[i] = (struct plain_write){.number = i, .expected = &expected, .wrong = &wrong};
        writes[i].write = (struct store_write){
            .done = on_plain_done,
            .ops = {{STORE_OP_PUT,
                     STORE_TABLE_KEY,
                     SLICE_LITERAL("k"),
                     {(const char *)&writes[i].number, 4}}},
            .ops_count = 1,
        };
        store_submit(fixture->store, &writes[i].write);
    }
    assert_int_equal(fixture_delete(fixture, STORE_TABLE_KEY, SLICE_LITERAL("none")), RESULT_OK);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(expected, COUNT);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_KEY, SLICE_LITERAL("k"), &value), RESULT_OK);
    assert_memory_equal(value.ptr, &writes[COUNT - 1].number, 4);
}

static void close_waits_for_every_write(void **state)
{
    enum { COUNT = 1000 };
    static struct plain_write writes[COUNT];
    struct fixture *fixture = *state;
    uint32_t expected = 0;
    atomic_uint wrong = 0;
    struct slice value;

    for (uint32_t i = 0; i < COUNT; i++) {
        writes[i] = (struct plain_write){.number = i, .expected = &expected, .wrong = &wrong};
        writes[i].write = (struct store_write){
            .done = on_plain_done,
            .ops = {{STORE_OP_PUT,
                     STORE_TABLE_KEY,
                     {(const char *)&writes[i].number, 4},
                     SLICE_LITERAL("v")}},
            .ops_count = 1,
        };
        store_submit(fixture->store, &writes[i].write);
    }
    fixture_close(fixture);
    assert_int_equal(expected, COUNT);
    assert_int_equal(atomic_load(&wrong), 0);
    fixture_open(fixture, MAP_BYTES);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(
            fixture_get(fixture, STORE_TABLE_KEY, (struct slice){(const char *)&i, 4}, &value),
            RESULT_OK);
}

struct chain_write {
    struct store_write write;
    struct store *store;
    unsigned left;
    sem_t ended;
};

static void on_chain_done(struct store_write *write, enum result result)
{
    struct chain_write *chain = CONTAINER_OF(write, struct chain_write, write);

    if (result == RESULT_OK && --chain->left)
        store_submit(chain->store, write);
    else
        sem_post(&chain->ended);
}

static void lets_done_submit_the_same_write_again(void **state)
{
    struct fixture *fixture = *state;
    struct chain_write chain = {
        .write = {.done = on_chain_done,
                  .ops = {{STORE_OP_PUT, STORE_TABLE_KEY, SLICE_LITERAL("k"), SLICE_LITERAL("v")}},
                  .ops_count = 1},
        .store = fixture->store,
        .left = 50,
    };

    sem_init(&chain.ended, 0, 0);
    store_submit(fixture->store, &chain.write);
    sem_wait(&chain.ended);
    assert_int_equal(chain.left, 0);
    sem_destroy(&chain.ended);
}

static void applies_further_operations_after_the_first_ones(void **state)
{
    enum { COUNT = 300 };
    static struct store_op ops[COUNT];
    static uint32_t numbers[COUNT];
    struct fixture *fixture = *state;
    struct store_write write = {
        .ops = {{STORE_OP_PUT, STORE_TABLE_KEY, SLICE_LITERAL("gone"), SLICE_LITERAL("v")},
                {STORE_OP_DELETE, STORE_TABLE_KEY, SLICE_LITERAL("never"), {NULL, 0}}},
        .ops_count = 2,
        .more_ops = ops,
        .more_ops_count = COUNT,
    };
    struct store_stats stats;
    struct slice value;

    for (uint32_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        ops[i] = (struct store_op){STORE_OP_PUT,
                                   STORE_TABLE_CATALOG,
                                   {(const char *)&numbers[i], 4},
                                   {(const char *)&numbers[i], 4}};
    }
    ops[COUNT - 1] =
        (struct store_op){STORE_OP_DELETE, STORE_TABLE_KEY, SLICE_LITERAL("gone"), {NULL, 0}};
    assert_int_equal(store_write_wait(fixture->store, &write), RESULT_OK);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_KEY, SLICE_LITERAL("gone"), &value),
                     RESULT_NOT_FOUND);
    for (uint32_t i = 0; i < COUNT - 1; i++)
        assert_int_equal(
            fixture_get(fixture, STORE_TABLE_CATALOG, (struct slice){(const char *)&i, 4}, &value),
            RESULT_OK);
    store_stats(fixture->store, &stats);
    assert_int_equal(stats.commits, 1);
    assert_int_equal(stats.writes, 1);
    assert_int_equal(stats.bytes, 4 + 1 + 5 + (COUNT - 1) * 8 + 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(takes_ten_thousand_writes_from_each_of_eight_threads),
        TEST(applies_and_acknowledges_in_the_order_of_submission),
        TEST(close_waits_for_every_write),
        TEST(lets_done_submit_the_same_write_again),
        TEST(applies_further_operations_after_the_first_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
