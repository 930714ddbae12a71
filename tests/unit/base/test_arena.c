#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void takes_the_owners_memory_first(void **state)
{
    _Alignas(16) char memory[64];
    struct arena arena;

    (void)state;
    arena_init(&arena, memory, sizeof memory, 1024);
    assert_ptr_equal(arena_alloc(&arena, 16), memory);
    assert_ptr_equal(arena_alloc(&arena, 48), memory + 16);
    assert_null(arena.blocks);
    assert_non_null(arena_alloc(&arena, 1));
    assert_non_null(arena.blocks);
    arena_done(&arena);
}

static void aligns_to_16_bytes_whatever_it_is_given(void **state)
{
    char memory[128];
    struct arena arena;

    (void)state;
    for (size_t shift = 0; shift < 16; shift++) {
        arena_init(&arena, memory + shift, sizeof memory - shift, 4096);
        for (size_t bytes = 0; bytes < 40; bytes++) {
            char *p = arena_alloc(&arena, bytes);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            memset(p, 0x5a, bytes);
        }
        arena_done(&arena);
    }
}

static void never_hands_out_more_than_its_bound(void **state)
{
    struct arena arena;
    size_t got = 0;

    (void)state;
    arena_init(&arena, NULL, 0, 1000);
    while (arena_alloc(&arena, 10))
        got += 16;
    assert_int_equal(got, 992);
    assert_int_equal(arena.total_bytes, got);
    assert_true(arena.failed);
    arena_done(&arena);
}

static void a_refusal_is_remembered_until_the_reset(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 64);
    assert_null(arena_alloc(&arena, 65));
    assert_non_null(arena_alloc(&arena, 64));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    assert_non_null(arena_alloc(&arena, 64));
    arena_done(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    static const struct {
        size_t count, size;
    } rows[] = {
        {SIZE_MAX, 1}, {SIZE_MAX / 2, 3}, {SIZE_MAX / 2 + 1, 2}, {2, SIZE_MAX}, {SIZE_MAX - 15, 1}};
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(arena_calloc(&arena, rows[i].count, rows[i].size));
        assert_true(arena.failed);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static void calloc_clears_what_was_used_before(void **state)
{
    _Alignas(16) char memory[64];
    struct arena arena;
    char *p;

    (void)state;
    memset(memory, 0xff, sizeof memory);
    arena_init(&arena, memory, sizeof memory, 64);
    p = arena_calloc(&arena, 8, 8);
    assert_ptr_equal(p, memory);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    arena_done(&arena);
}

static void a_copy_has_a_nul_behind_it(void **state)
{
    _Alignas(16) char memory[64];
    struct arena arena;
    struct slice copy;

    (void)state;
    memset(memory, 0xff, sizeof memory);
    arena_init(&arena, memory, sizeof memory, 64);
    copy = arena_copy(&arena, (struct slice){"route here", 5});
    assert_int_equal(copy.len, 5);
    assert_string_equal(copy.ptr, "route");
    copy = arena_copy(&arena, (struct slice){NULL, 0});
    assert_int_equal(copy.len, 0);
    assert_false(arena.failed);
    arena_done(&arena);
}

static void a_copy_that_does_not_fit_is_empty(void **state)
{
    struct arena arena;
    struct slice copy;

    (void)state;
    arena_init(&arena, NULL, 0, 16);
    copy = arena_copy(&arena, SLICE_LITERAL("sixteen bytes ..."));
    assert_int_equal(copy.len, 0);
    assert_true(arena.failed);
    arena_done(&arena);
}

static void formats_like_printf(void **state)
{
    struct arena arena;
    struct slice text;

    (void)state;
    arena_init(&arena, NULL, 0, 32);
    text = arena_format(&arena, "/routes/%d/%s", 3, "id");
    assert_string_equal(text.ptr, "/routes/3/id");
    assert_int_equal(text.len, 12);
    text = arena_format(&arena, "%40s", "");
    assert_int_equal(text.len, 0);
    assert_true(arena.failed);
    arena_done(&arena);
}

static void large_and_small_pieces_do_not_overlap(void **state)
{
    enum { PIECES = 400 };
    unsigned char *pieces[PIECES];
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 64 * 1024 * 1024);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i * i);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i & 0xff), i * i);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < i * i; k++)
            if (pieces[i][k] != (i & 0xff))
                fail_msg("piece %zu was overwritten at %zu", i, k);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_owners_memory_first),
        cmocka_unit_test(aligns_to_16_bytes_whatever_it_is_given),
        cmocka_unit_test(never_hands_out_more_than_its_bound),
        cmocka_unit_test(a_refusal_is_remembered_until_the_reset),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(calloc_clears_what_was_used_before),
        cmocka_unit_test(a_copy_has_a_nul_behind_it),
        cmocka_unit_test(a_copy_that_does_not_fit_is_empty),
        cmocka_unit_test(formats_like_printf),
        cmocka_unit_test(large_and_small_pieces_do_not_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
