#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/random.h"

enum { KEYS = 512 };

static char names[KEYS][24];

static struct slice name_of(size_t i)
{
    return slice_of(names[i]);
}

static int make_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        snprintf(names[i], sizeof names[i], "%.*s%zu", (int)(i % 16), "abcdefghijklmnop", i);
    return 0;
}

static void an_empty_map_has_nothing(void **state)
{
    size_t position = 0;
    struct map map;

    (void)state;
    map_init(&map);
    assert_null(map_get(&map, SLICE_LITERAL("a")));
    assert_null(map_remove(&map, SLICE_LITERAL("a")));
    assert_null(map_next(&map, &position));
    map_done(&map);
    map_done(NULL);
}

static void keys_differ_by_every_byte_and_by_length(void **state)
{
    static const struct slice keys[] = {{NULL, 0}, {"\0", 1},  {"\0\0", 2},
                                        {"a", 1},  {"a\0", 2}, {"b", 1}};
    int values[6];
    struct map map;

    (void)state;
    map_init(&map);
    for (size_t i = 0; i < 6; i++)
        assert_true(map_put(&map, keys[i], &values[i]));
    assert_int_equal(map.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_ptr_equal(map_get(&map, keys[i]), &values[i]);
    map_done(&map);
}

static void a_second_put_replaces_key_and_value(void **state)
{
    char first_key[] = "key", second_key[] = "key";
    int first, second;
    struct map map;

    (void)state;
    map_init(&map);
    assert_true(map_put(&map, slice_of(first_key), &first));
    assert_true(map_put(&map, slice_of(second_key), &second));
    memset(first_key, 'x', 3); /* the first value, and its key with it, may be gone by now */
    assert_int_equal(map.count, 1);
    assert_ptr_equal(map_get(&map, SLICE_LITERAL("key")), &second);
    map_done(&map);
}

static void reserved_room_is_used_without_growing(void **state)
{
    struct map_slot *slots;
    struct map map;

    (void)state;
    map_init(&map);
    assert_true(map_reserve(&map, KEYS));
    slots = map.slots;
    for (size_t i = 0; i < KEYS; i++)
        assert_true(map_put(&map, name_of(i), names[i]));
    assert_ptr_equal(map.slots, slots);
    assert_false(map_reserve(&map, SIZE_MAX));
    assert_int_equal(map.count, KEYS);
    map_done(&map);
}

static void a_walk_meets_every_entry_once(void **state)
{
    bool seen[KEYS] = {false};
    size_t position = 0, count = 0;
    struct map map;
    char *name;

    (void)state;
    map_init(&map);
    for (size_t i = 0; i < KEYS; i++)
        assert_true(map_put(&map, name_of(i), names[i]));
    while ((name = map_next(&map, &position))) {
        size_t i = (size_t)(name - names[0]) / sizeof names[0];

        assert_false(seen[i]);
        seen[i] = true;
        count++;
    }
    assert_int_equal(count, KEYS);
    map_done(&map);
}

/* Against an array that says what must be there; long runs come from a small, full table. */
static void a_random_history_matches_a_plain_array(void **state)
{
    uint64_t seed = random_u64(), sequence = seed;
    bool present[KEYS] = {false};
    size_t count = 0;
    struct map map;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    map_init(&map);
    for (int step = 0; step < 100000; step++) {
        size_t span = step % 20000 < 10000 ? 24 : KEYS;
        size_t i = random_next(&sequence) % span;

        switch (random_next(&sequence) % 3) {
        case 0:
            assert_true(map_put(&map, name_of(i), names[i]));
            count += !present[i];
            present[i] = true;
            break;
        case 1:
            assert_ptr_equal(map_remove(&map, name_of(i)), present[i] ? names[i] : NULL);
            count -= present[i];
            present[i] = false;
            break;
        default:
            assert_ptr_equal(map_get(&map, name_of(i)), present[i] ? names[i] : NULL);
            break;
        }
        assert_int_equal(map.count, count);
        if (step % 97 == 0)
            for (size_t k = 0; k < KEYS; k++)
                assert_ptr_equal(map_get(&map, name_of(k)), present[k] ? names[k] : NULL);
    }
    map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(keys_differ_by_every_byte_and_by_length),
        cmocka_unit_test(a_second_put_replaces_key_and_value),
        cmocka_unit_test(reserved_room_is_used_without_growing),
        cmocka_unit_test(a_walk_meets_every_entry_once),
        cmocka_unit_test(a_random_history_matches_a_plain_array),
    };

    return cmocka_run_group_tests(tests, make_names, NULL);
}
