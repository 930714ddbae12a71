/* Look-ups, snapshots and walks. */
#include "unit/store/fixture.h"

static void finds_what_was_put_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    char long_key[600];
    struct slice value;

    memset(long_key, 'k', sizeof long_key);
    assert_int_equal(fixture_put(fixture, STORE_TABLE_KEY, SLICE_LITERAL("a"), SLICE_LITERAL("1")),
                     RESULT_OK);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_KEY, SLICE_LITERAL("a"), &value), RESULT_OK);
    assert_slice(value, "1");

    const struct {
        enum store_table table;
        struct slice key;
    } absent[] = {
        {STORE_TABLE_KEY, SLICE_LITERAL("b")},          {STORE_TABLE_KEY, SLICE_LITERAL("aa")},
        {STORE_TABLE_POLICY, SLICE_LITERAL("a")},       {STORE_TABLE_KEY, {NULL, 0}},
        {STORE_TABLE_KEY, {long_key, sizeof long_key}},
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(store_get(fixture->read, absent[i].table, absent[i].key, &value),
                         RESULT_NOT_FOUND);
}

static void keeps_an_empty_value_and_a_large_one(void **state)
{
    struct fixture *fixture = *state;
    size_t len = 5 * 1024 * 1024;
    char *large = malloc(len);
    struct slice value;

    assert_non_null(large);
    for (size_t i = 0; i < len; i++)
        large[i] = (char)(i * 31 >> 3);
    assert_int_equal(
        fixture_put(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("empty"), (struct slice){NULL, 0}),
        RESULT_OK);
    assert_int_equal(fixture_put(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"),
                                 (struct slice){large, len}),
                     RESULT_OK);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("empty"), &value),
                     RESULT_OK);
    assert_int_equal(value.len, 0);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("large"), &value),
                     RESULT_OK);
    assert_true(slice_equal(value, (struct slice){large, len}));
    free(large);
}

static void sees_one_snapshot_until_it_is_reset(void **state)
{
    struct fixture *fixture = *state;
    struct slice key = SLICE_LITERAL("k"), value;

    assert_int_equal(fixture_put(fixture, STORE_TABLE_KEY, key, SLICE_LITERAL("old")), RESULT_OK);
    assert_int_equal(fixture_get(fixture, STORE_TABLE_KEY, key, &value), RESULT_OK);
    for (int i = 0; i < 50; i++)
        assert_int_equal(fixture_put(fixture, STORE_TABLE_KEY, key, SLICE_LITERAL("new")),
                         RESULT_OK);
    assert_slice(value, "old");
    assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
    assert_int_equal(store_get(fixture->read, STORE_TABLE_KEY, key, &value), RESULT_OK);
    assert_slice(value, "old");
    store_read_reset(fixture->read);
    store_read_reset(fixture->read);
    assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
    assert_int_equal(store_get(fixture->read, STORE_TABLE_KEY, key, &value), RESULT_OK);
    assert_slice(value, "new");
}

static void lets_one_thread_keep_several_readers(void **state)
{
    struct fixture *fixture = *state;
    struct store_read *reads[20];
    struct slice value;

    assert_int_equal(fixture_put(fixture, STORE_TABLE_KEY, SLICE_LITERAL("a"), SLICE_LITERAL("1")),
                     RESULT_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(store_read_open(fixture->store, &reads[i]), RESULT_OK);
        assert_int_equal(store_read_renew(reads[i]), RESULT_OK);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(store_get(reads[i], STORE_TABLE_KEY, SLICE_LITERAL("a"), &value),
                         RESULT_OK);
        store_read_close(reads[i]);
    }
    store_read_close(NULL);
}

static void says_that_there_are_too_many_readers(void **state)
{
    struct fixture *fixture = *state;
    struct store_read *reads[64];
    enum result result = RESULT_OK;
    unsigned count = 0;

    while (count < 64 && !(result = store_read_open(fixture->store, &reads[count])))
        count++;
    assert_int_equal(result, RESULT_FULL);
    assert_int_equal(count, 31); /* and the fixture's own */
    while (count)
        store_read_close(reads[--count]);
}

struct seen {
    char text[128];
    unsigned stop_after;
    unsigned count;
};

static bool on_row(void *context, struct slice key, struct slice value)
{
    struct seen *seen = context;
    size_t len = strlen(seen->text);

    assert_true(slice_equal(key, value));
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] == '\xff')
            seen->text[len++] = '!';
        else
            seen->text[len++] = key.ptr[i];
    seen->text[len++] = ' ';
    seen->text[len] = '\0';
    return ++seen->count != seen->stop_after;
}

static void walks_a_prefix_either_way_from_any_place(void **state)
{
    static const char *const keys[] = {"a", "b",    "b1",       "b2",          "b3",
                                       "c", "\xff", "\xff\xff", "\xff\xff\xff"};
    static const struct {
        const char *prefix, *from;
        bool backwards;
        unsigned rows_max, stop_after;
        const char *expected;
    } rows[] = {
        {"", "", false, 99, 0, "a b b1 b2 b3 c ! !! !!! "},
        {"", "", true, 99, 0, "!!! !! ! c b3 b2 b1 b a "},
        {"b", "", false, 99, 0, "b b1 b2 b3 "},
        {"b", "", true, 99, 0, "b3 b2 b1 b "},
        {"b", "b2", false, 99, 0, "b2 b3 "},
        {"b", "b2", true, 99, 0, "b2 b1 b "},
        {"b", "b15", false, 99, 0, "b2 b3 "},
        {"b", "b15", true, 99, 0, "b1 b "},
        {"b", "b9", false, 99, 0, ""},
        {"b", "b9", true, 99, 0, "b3 b2 b1 b "},
        {"b", "a", false, 99, 0, "b b1 b2 b3 "},
        {"b", "a", true, 99, 0, ""},
        {"b", "c", false, 99, 0, ""},
        {"b", "c", true, 99, 0, "b3 b2 b1 b "},
        {"\xff", "", true, 99, 0, "!!! !! ! "},
        {"\xff\xff", "", true, 99, 0, "!!! !! "},
        {"\xff\xff", "\xff\xff", true, 99, 0, "!! "},
        {"c", "", true, 99, 0, "c "},
        {"d", "", false, 99, 0, ""},
        {"d", "", true, 99, 0, ""},
        {"", "b2", true, 2, 0, "b2 b1 "},
        {"", "b2", false, 2, 0, "b2 b3 "},
        {"b", "", false, 0, 0, ""},
        {"b", "", false, 99, 2, "b b1 "},
        {"b", "", true, 99, 1, "b3 "},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(
            fixture_put(fixture, STORE_TABLE_HISTORY, slice_of(keys[i]), slice_of(keys[i])),
            RESULT_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct store_walk walk = {slice_of(rows[i].prefix), slice_of(rows[i].from),
                                        rows[i].backwards, rows[i].rows_max};
        struct seen seen = {.stop_after = rows[i].stop_after};

        store_read_reset(fixture->read);
        assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
        assert_int_equal(store_walk(fixture->read, STORE_TABLE_HISTORY, &walk, on_row, &seen),
                         RESULT_OK);
        if (strcmp(seen.text, rows[i].expected) != 0)
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, seen.text, rows[i].expected);
    }
}

/* Under UBSan no comparison is made with a pointer that is not there. */
static void walks_everything_without_a_prefix(void **state)
{
    struct fixture *fixture = *state;
    struct store_walk walk = {.rows_max = 9};

    for (const char *key = "abc"; *key; key++)
        assert_int_equal(fixture_put(fixture, STORE_TABLE_HISTORY, (struct slice){key, 1},
                                     (struct slice){key, 1}),
                         RESULT_OK);
    assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
    for (int backwards = 0; backwards < 2; backwards++) {
        struct seen seen = {.count = 0};

        walk.backwards = backwards;
        assert_int_equal(store_walk(fixture->read, STORE_TABLE_HISTORY, &walk, on_row, &seen),
                         RESULT_OK);
        assert_string_equal(seen.text, backwards ? "c b a " : "a b c ");
    }
}

static void walks_an_empty_table_without_a_row(void **state)
{
    struct fixture *fixture = *state;
    struct store_walk walk = {.rows_max = 9};
    struct seen seen = {.count = 0};

    assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
    for (int backwards = 0; backwards < 2; backwards++) {
        walk.backwards = backwards;
        assert_int_equal(store_walk(fixture->read, STORE_TABLE_OPEN, &walk, on_row, &seen),
                         RESULT_OK);
    }
    assert_int_equal(seen.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(finds_what_was_put_and_nothing_else),  TEST(keeps_an_empty_value_and_a_large_one),
        TEST(sees_one_snapshot_until_it_is_reset),  TEST(lets_one_thread_keep_several_readers),
        TEST(says_that_there_are_too_many_readers), TEST(walks_a_prefix_either_way_from_any_place),
        TEST(walks_everything_without_a_prefix),    TEST(walks_an_empty_table_without_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
