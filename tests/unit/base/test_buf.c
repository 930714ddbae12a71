#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static void assert_holds(const struct buf *buf, struct slice expected)
{
    assert_false(buf_failed(buf));
    assert_int_equal(buf->len, expected.len);
    assert_memory_equal(buf->ptr, expected.ptr, expected.len);
}

static void grows_up_to_its_maximum_and_not_beyond(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    for (int i = 0; i < 1000; i++)
        buf_put_u8(&buf, (uint8_t)i);
    assert_false(buf_failed(&buf));
    assert_int_equal(buf.len, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal((uint8_t)buf.ptr[i], (uint8_t)i);
    buf_put_u8(&buf, 0);
    assert_true(buf_failed(&buf));
    assert_int_equal(buf.len, 1000);
    buf_done(&buf);
}

static void writes_nothing_after_a_failure_until_cleared(void **state)
{
    char memory[4];
    struct buf buf;

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_text(&buf, "abc");
    buf_put_text(&buf, "de");
    buf_put_text(&buf, "f");
    assert_true(buf_failed(&buf));
    assert_int_equal(buf.len, 3);
    assert_null(buf_reserve(&buf, 0));
    buf_clear(&buf);
    buf_put_text(&buf, "wxyz");
    assert_holds(&buf, SLICE_LITERAL("wxyz"));
    buf_done(&buf);
}

static void a_length_that_overflows_is_refused(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, SIZE_MAX);
    buf_put_u8(&buf, 1);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf_failed(&buf));
    buf_done(&buf);
}

static void takes_empty_writes_without_memory(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_put(&buf, NULL, 0);
    buf_put_slice(&buf, (struct slice){NULL, 0});
    assert_non_null(buf_reserve(&buf, 0));
    assert_false(buf_failed(&buf));
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
}

static void integers_are_little_endian(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 64);
    buf_put_u8(&buf, 0xfe);
    buf_put_u32(&buf, 0x01020304);
    buf_put_u64(&buf, UINT64_C(0x1112131415161718));
    assert_holds(&buf, SLICE_LITERAL("\xfe\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11"));
    buf_done(&buf);
}

static void numbers_come_back_as_they_went_in(void **state)
{
    static const uint64_t numbers[] = {
        0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_C(1) << 62, UINT64_C(1) << 63, UINT64_MAX};
    static const size_t varint_bytes[] = {1, 1, 1, 2, 2, 3, 5, 9, 10, 10};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct cursor cursor;
        struct buf buf;

        buf_init(&buf, 64);
        buf_put_varint(&buf, numbers[i]);
        assert_int_equal(buf.len, varint_bytes[i]);
        buf_put_u64(&buf, numbers[i]);
        buf_put_u32(&buf, (uint32_t)numbers[i]);
        buf_put_u8(&buf, (uint8_t)numbers[i]);
        cursor = cursor_of(buf_slice(&buf));
        assert_true(cursor_varint(&cursor) == numbers[i]);
        assert_true(cursor_u64(&cursor) == numbers[i]);
        assert_true(cursor_u32(&cursor) == (uint32_t)numbers[i]);
        assert_true(cursor_u8(&cursor) == (uint8_t)numbers[i]);
        assert_false(cursor.failed);
        assert_int_equal(cursor.left, 0);
        buf_done(&buf);
    }
}

static void a_cursor_refuses_varints_that_are_cut_overlong_or_too_large(void **state)
{
    static const struct slice rows[] = {
        {NULL, 0},
        {"\x80", 1},
        {"\x80\x00", 2},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cursor cursor = cursor_of(rows[i]);

        assert_true(cursor_varint(&cursor) == 0);
        assert_true(cursor.failed);
    }
}

static void a_cursor_stays_failed_and_gives_zeros(void **state)
{
    struct cursor cursor = cursor_of(SLICE_LITERAL("\x01\x02\x03"));

    (void)state;
    assert_int_equal(cursor_u32(&cursor), 0);
    assert_true(cursor.failed);
    assert_int_equal(cursor_u8(&cursor), 0);
    assert_int_equal(cursor_bytes(&cursor, 1).len, 0);
    assert_true(cursor.failed);
}

static void a_cursor_lends_bytes_of_its_input(void **state)
{
    static const char input[] = "abcdef";
    struct cursor cursor = cursor_of(slice_of(input));
    struct slice bytes;

    (void)state;
    bytes = cursor_bytes(&cursor, 2);
    assert_ptr_equal(bytes.ptr, input);
    bytes = cursor_bytes(&cursor, 4);
    assert_ptr_equal(bytes.ptr, input + 2);
    assert_false(cursor.failed);
    cursor_bytes(&cursor, 1);
    assert_true(cursor.failed);
}

static void formats_short_and_long_texts(void **state)
{
    char expected[3001];
    struct buf buf;

    (void)state;
    buf_init(&buf, 3000);
    buf_format(&buf, "%s-%03d;", "ab", 7);
    assert_holds(&buf, SLICE_LITERAL("ab-007;"));
    buf_clear(&buf);
    buf_format(&buf, "%3000s", "x");
    snprintf(expected, sizeof expected, "%3000s", "x");
    assert_holds(&buf, slice_of(expected));
    buf_format(&buf, "%9s", "");
    assert_true(buf_failed(&buf));
    assert_int_equal(buf.len, 3000);
    buf_done(&buf);
}

static void a_fixed_buffer_can_be_filled_to_its_last_byte(void **state)
{
    char memory[6] = "-----!";
    struct buf buf;

    (void)state;
    buf_init_fixed(&buf, memory, 5);
    buf_format(&buf, "%d", 12345);
    assert_holds(&buf, SLICE_LITERAL("12345"));
    assert_int_equal(memory[5], '!');
    buf_done(&buf);
}

static void json_strings_are_always_valid(void **state)
{
    static const struct {
        struct slice in;
        const char *out;
    } rows[] = {
        {{"", 0}, "\"\""},
        {{"plain", 5}, "\"plain\""},
        {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {{"\n\t\0\x1f\x7f", 5}, "\"\\u000a\\u0009\\u0000\\u001f\\u007f\""},
        {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9}, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {{"a\xff"
          "b",
          3},
         "\"a\\ufffdb\""},
        {{"\xe2\x82", 2}, "\"\\ufffd\\ufffd\""},
        {{"\xc0\xaf", 2}, "\"\\ufffd\\ufffd\""},
        {{"\xed\xa0\x80", 3}, "\"\\ufffd\\ufffd\\ufffd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf buf;

        buf_init(&buf, 256);
        buf_put_json_string(&buf, rows[i].in);
        assert_holds(&buf, slice_of(rows[i].out));
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_maximum_and_not_beyond),
        cmocka_unit_test(writes_nothing_after_a_failure_until_cleared),
        cmocka_unit_test(a_length_that_overflows_is_refused),
        cmocka_unit_test(takes_empty_writes_without_memory),
        cmocka_unit_test(integers_are_little_endian),
        cmocka_unit_test(numbers_come_back_as_they_went_in),
        cmocka_unit_test(a_cursor_refuses_varints_that_are_cut_overlong_or_too_large),
        cmocka_unit_test(a_cursor_stays_failed_and_gives_zeros),
        cmocka_unit_test(a_cursor_lends_bytes_of_its_input),
        cmocka_unit_test(formats_short_and_long_texts),
        cmocka_unit_test(a_fixed_buffer_can_be_filled_to_its_last_byte),
        cmocka_unit_test(json_strings_are_always_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
