/* kill -9 at any moment: what was acknowledged is there, and what is there is a prefix of what was
 * submitted. A copy of this program writes numbered records and acknowledges each through a pipe.
 */
#include <signal.h>

#include "base/list.h"
#include "base/random.h"
#include "store/kill_point.h"
#include "unit/store/fixture.h"

#define ROUNDS    20
#define IN_FLIGHT 24

struct numbered {
    struct store_write write;
    struct store *store;
    uint8_t key[4]; /* big-endian: in the order of submission */
    char value[200];
    uint32_t number;
};

static void fill_numbered(struct numbered *numbered, uint32_t number)
{
    const uint8_t key[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                            (uint8_t)(number >> 8), (uint8_t)number};

    numbered->number = number;
    memcpy(numbered->key, key, sizeof key);
    memset(numbered->value, (int)(number * 7), sizeof numbered->value);
}

static uint32_t next_number; /* the writer thread's after the start */

static void on_numbered_done(struct store_write *submitted, enum result result)
{
    struct numbered *numbered = CONTAINER_OF(submitted, struct numbered, write);

    if (result || write(STDOUT_FILENO, &numbered->number, 4) != 4)
        _exit(1);
    fill_numbered(numbered, next_number++);
    store_submit(numbered->store, &numbered->write);
}

/* Writes until it is killed: write <directory> <first number>. */
static int write_numbers(char **arguments)
{
    static struct numbered numbers[IN_FLIGHT];
    struct fixture fixture = {.parent = ""};

    snprintf(fixture.directory, sizeof fixture.directory, "%s", arguments[2]);
    fixture_open(&fixture, MAP_BYTES);
    next_number = (uint32_t)strtoul(arguments[3], NULL, 10) + IN_FLIGHT;
    for (uint32_t i = 0; i < IN_FLIGHT; i++) {
        numbers[i].store = fixture.store;
        fill_numbered(&numbers[i], next_number - IN_FLIGHT + i);
        numbers[i].write = (struct store_write){
            .done = on_numbered_done,
            .ops = {{STORE_OP_PUT,
                     STORE_TABLE_HISTORY,
                     {(const char *)numbers[i].key, sizeof numbers[i].key},
                     {numbers[i].value, sizeof numbers[i].value}}},
            .ops_count = 1,
        };
    }
    for (uint32_t i = 0; i < IN_FLIGHT; i++)
        store_submit(fixture.store, &numbers[i].write);
    pause();
    return 0;
}

static int prepare(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture_prepare(fixture);
    *state = fixture;
    return 0;
}

static int tidy(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

/* Reads acknowledgements until the writer has ended: the first number that was not acknowledged.
 * They come in order, from `first` on. */
static uint32_t read_acknowledged(int out, uint32_t first)
{
    uint32_t next = first, number;

    while (read(out, &number, sizeof number) == (ssize_t)sizeof number) {
        assert_int_equal(number, next);
        next++;
    }
    return next;
}

static bool has_number(struct fixture *fixture, uint32_t number)
{
    struct numbered expected;
    struct slice value;

    fill_numbered(&expected, number);
    if (fixture_get(fixture, STORE_TABLE_HISTORY,
                    (struct slice){(const char *)expected.key, sizeof expected.key}, &value))
        return false;
    assert_true(slice_equal(value, (struct slice){expected.value, sizeof expected.value}));
    return true;
}

/* All below `acknowledged` are there, and no number is there without those before it. Returns the
 * first that is not there. */
static uint32_t check_numbers(struct fixture *fixture, uint32_t acknowledged)
{
    uint32_t next = 0;

    fixture_open(fixture, MAP_BYTES);
    while (has_number(fixture, next))
        next++;
    assert_true(next >= acknowledged);
    for (uint32_t i = 0; i < 2 * WRITE_BATCH_MAX; i++)
        assert_false(has_number(fixture, next + i));
    fixture_close(fixture);
    return next;
}

static pid_t start(struct fixture *fixture, uint32_t first, const char *environment, int *ret_out)
{
    char number[16];
    const char *arguments[3] = {"write", fixture->directory, number};

    snprintf(number, sizeof number, "%u", (unsigned)first);
    return fixture_spawn(arguments, environment, ret_out);
}

static void keeps_every_acknowledged_write_when_it_is_killed_at_random(void **state)
{
    struct fixture *fixture = *state;
    uint32_t first = 0;
    uint64_t seed;

    random_bytes(&seed, sizeof seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t acknowledged;
        int out, status;
        char text[4];
        pid_t pid = start(fixture, first, NULL, &out);

        assert_int_equal(read(out, text, sizeof text), sizeof text);
        usleep((useconds_t)(random_next(&seed) % 30000));
        kill(pid, SIGKILL);
        acknowledged = read_acknowledged(out, first + 1);
        status = fixture_wait(pid, out, text, sizeof text);
        assert_true(WIFSIGNALED(status));
        first = check_numbers(fixture, acknowledged);
    }
    print_message("%u records over %d kills\n", (unsigned)first, ROUNDS);
}

/* At each point in turn; `untold` is how many durable writes may be there that nobody was told of.
 */
static void keeps_every_acknowledged_write_when_it_is_killed_at_a_kill_point(void **state)
{
    static const struct {
        const char *environment;
        uint32_t untold_min, untold_max;
    } rows[] = {
        {"SIGNALBOX_KILL_POINT=before_begin:5", 0, 0},
        {"SIGNALBOX_KILL_POINT=between_puts:5", 0, 0},
        {"SIGNALBOX_KILL_POINT=before_commit:5", 0, 0},
        {"SIGNALBOX_KILL_POINT=after_commit:5", 1, IN_FLIGHT},
        {"SIGNALBOX_KILL_POINT=between_done:35", 0, IN_FLIGHT},
    };
    struct fixture *fixture = *state;
    uint32_t first = 0;

    assert_int_equal(sizeof rows / sizeof *rows, STORE_KILL_POINT_END);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t acknowledged;
        int out, status;
        char text[4];
        pid_t pid = start(fixture, first, rows[i].environment, &out);

        acknowledged = read_acknowledged(out, first);
        status = fixture_wait(pid, out, text, sizeof text);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_true(acknowledged > first);
        first = check_numbers(fixture, acknowledged);
        assert_in_range(first - acknowledged, rows[i].untold_min, rows[i].untold_max);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_every_acknowledged_write_when_it_is_killed_at_random,
                                        prepare, tidy),
        cmocka_unit_test_setup_teardown(
            keeps_every_acknowledged_write_when_it_is_killed_at_a_kill_point, prepare, tidy),
    };

    return argc == 4 ? write_numbers(argv) : cmocka_run_group_tests(tests, NULL, NULL);
}
