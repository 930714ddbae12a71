/* No room, and disks that fail: what is refused, what is kept, and what ends the process. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <semaphore.h>

#include "base/list.h"
#include "unit/store/fixture.h"

#define SMALL_MAP_BYTES (UINT64_C(512) << 10)
#define VALUE_BYTES     3000

static int setup_small(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture_prepare(fixture);
    fixture_open(fixture, SMALL_MAP_BYTES);
    *state = fixture;
    return 0;
}

static enum result put_number(struct fixture *fixture, uint32_t number)
{
    char value[VALUE_BYTES];

    memset(value, (int)number, sizeof value);
    return fixture_put(fixture, STORE_TABLE_HISTORY, (struct slice){(const char *)&number, 4},
                       (struct slice){value, sizeof value});
}

static void check_number(struct fixture *fixture, uint32_t number)
{
    char expected[VALUE_BYTES];
    struct slice value;

    memset(expected, (int)number, sizeof expected);
    assert_int_equal(
        fixture_get(fixture, STORE_TABLE_HISTORY, (struct slice){(const char *)&number, 4}, &value),
        RESULT_OK);
    assert_true(slice_equal(value, (struct slice){expected, sizeof expected}));
}

/* Returns how many were taken before the first refusal. */
static uint32_t fill(struct fixture *fixture)
{
    uint32_t count = 0;
    enum result result;

    while (!(result = put_number(fixture, count)))
        count++;
    assert_int_equal(result, RESULT_FULL);
    return count;
}

static void a_full_map_refuses_writes_loses_nothing_and_goes_on_when_it_is_larger(void **state)
{
    struct fixture *fixture = *state;
    uint32_t count = fill(fixture);
    struct store_stats stats;

    assert_true(count > 20);
    assert_true(store_full(fixture->store));
    store_stats(fixture->store, &stats);
    assert_int_equal(stats.failures, 1);
    assert_int_equal(stats.writes, count);
    for (uint32_t i = 0; i < count; i++)
        check_number(fixture, i);
    fixture_close(fixture);

    fixture_open(fixture, SMALL_MAP_BYTES); /* a full store opens */
    for (uint32_t i = 0; i < count; i++)
        check_number(fixture, i);
    fixture_close(fixture);

    fixture_open(fixture, 4 * SMALL_MAP_BYTES);
    assert_false(store_full(fixture->store));
    for (uint32_t i = count; i < 2 * count; i++)
        assert_int_equal(put_number(fixture, i), RESULT_OK);
    for (uint32_t i = 0; i < 2 * count; i++)
        check_number(fixture, i);
}

static void a_full_map_stays_full_by_itself_and_ends_when_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    uint32_t count = fill(fixture);

    usleep(1500 * 1000); /* longer than the writer waits before it tries */
    assert_true(store_full(fixture->store));
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(
            fixture_delete(fixture, STORE_TABLE_HISTORY, (struct slice){(const char *)&i, 4}),
            RESULT_OK);
    assert_false(store_full(fixture->store));
    assert_int_equal(put_number(fixture, 1), RESULT_OK);
}

static void a_value_too_large_for_the_map_is_refused_and_the_store_recovers_unasked(void **state)
{
    struct fixture *fixture = *state;
    char *large = calloc(1, SMALL_MAP_BYTES);
    struct slice value;

    assert_non_null(large);
    assert_int_equal(fixture_put(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"),
                                 (struct slice){large, SMALL_MAP_BYTES}),
                     RESULT_FULL);
    for (int i = 0; i < 100 && store_full(fixture->store); i++)
        usleep(50 * 1000);
    assert_false(store_full(fixture->store));
    assert_int_equal(fixture_get(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"), &value),
                     RESULT_NOT_FOUND);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_META, SLICE_LITERAL("room"), &value),
                     RESULT_NOT_FOUND);
    free(large);
}

struct noted_write {
    struct store_write write;
    enum result result;
    sem_t *done;
};

static void on_noted_done(struct store_write *write, enum result result)
{
    struct noted_write *noted = CONTAINER_OF(write, struct noted_write, write);

    noted->result = result;
    sem_post(noted->done);
}

/* The gate is a write whose done holds the writer until the others have arrived: one batch. */
struct gate_write {
    struct store_write write;
    sem_t open;
};

static void on_gate_done(struct store_write *write, enum result result)
{
    (void)result;
    sem_wait(&CONTAINER_OF(write, struct gate_write, write)->open);
}

static void one_giant_document_does_not_fail_its_neighbours(void **state)
{
    enum { COUNT = 9, GIANT = 4 };
    struct fixture *fixture = *state;
    char *large = calloc(1, SMALL_MAP_BYTES);
    struct gate_write gate = {
        .write = {.done = on_gate_done,
                  .ops = {{STORE_OP_PUT, STORE_TABLE_META, SLICE_LITERAL("gate"), {NULL, 0}}},
                  .ops_count = 1}};
    struct noted_write writes[COUNT];
    char keys[COUNT][2];
    struct slice value;
    sem_t done;

    assert_non_null(large);
    sem_init(&gate.open, 0, 0);
    sem_init(&done, 0, 0);
    store_submit(fixture->store, &gate.write);
    for (int i = 0; i < COUNT; i++) {
        keys[i][0] = (char)('0' + i);
        writes[i] = (struct noted_write){
            .write = {.done = on_noted_done,
                      .ops = {{STORE_OP_PUT,
                               STORE_TABLE_KEY,
                               {keys[i], 1},
                               {large, i == GIANT ? SMALL_MAP_BYTES : 10}}},
                      .ops_count = 1},
            .done = &done,
        };
        store_submit(fixture->store, &writes[i].write);
    }
    sem_post(&gate.open);
    for (int i = 0; i < COUNT; i++)
        sem_wait(&done);
    for (int i = 0; i < COUNT; i++) {
        enum result expected = i == GIANT ? RESULT_FULL : RESULT_OK;
        enum result stored = i == GIANT ? RESULT_NOT_FOUND : RESULT_OK;

        assert_int_equal(writes[i].result, expected);
        assert_int_equal(fixture_get(fixture, STORE_TABLE_KEY, (struct slice){keys[i], 1}, &value),
                         stored);
    }
    assert_false(store_full(fixture->store)); /* the last of them was written */
    sem_destroy(&gate.open);
    sem_destroy(&done);
    free(large);
}

static void an_io_error_from_a_commit_ends_the_process(void **state)
{
    struct fixture *fixture = *state;
    const char *arguments[3] = {"file-limit", fixture->directory, ""};
    char text[1024];
    struct slice value;
    int out, status;
    pid_t pid;

    fixture_close(fixture);
    pid = fixture_spawn(arguments, NULL, &out);
    status = fixture_wait(pid, out, text, sizeof text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), result_row(RESULT_IO)->exit_code);
    assert_non_null(strstr(text, "\"event\":\"store_failed\""));
    assert_non_null(strstr(text, fixture->directory));
    assert_non_null(strstr(text, "\"step\":\"commit\""));
    assert_null(strstr(text, "acknowledged"));
    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("before"), &value),
                     RESULT_OK);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"), &value),
                     RESULT_NOT_FOUND);
}

/* This program as another process, whose data file may grow by one page and a half: the write of a
 * larger value is cut short, which LMDB reports as an I/O error. */
static int write_with_a_file_limit(char *directory)
{
    static char large[64 * 1024];
    struct fixture fixture = {.parent = ""};
    struct rlimit limit;
    struct stat status;
    char path[128];

    dup2(STDOUT_FILENO, STDERR_FILENO);
    signal(SIGXFSZ, SIG_IGN);
    snprintf(fixture.directory, sizeof fixture.directory, "%s", directory);
    snprintf(path, sizeof path, "%s/data.mdb", directory);
    fixture_open(&fixture, MAP_BYTES);
    if (fixture_put(&fixture, STORE_TABLE_POLICY, SLICE_LITERAL("before"), SLICE_LITERAL("v")) ||
        stat(path, &status))
        return 1;
    limit.rlim_cur = limit.rlim_max = (rlim_t)status.st_size + 6 * 1024;
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    if (!fixture_put(&fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"),
                     (struct slice){large, sizeof large}))
        printf("acknowledged\n");
    return 0;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_small, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_full_map_refuses_writes_loses_nothing_and_goes_on_when_it_is_larger),
        TEST(a_full_map_stays_full_by_itself_and_ends_when_there_is_room),
        TEST(a_value_too_large_for_the_map_is_refused_and_the_store_recovers_unasked),
        TEST(one_giant_document_does_not_fail_its_neighbours),
        TEST(an_io_error_from_a_commit_ends_the_process),
    };

    return argc == 4 ? write_with_a_file_limit(argv[2]) : cmocka_run_group_tests(tests, NULL, NULL);
}
