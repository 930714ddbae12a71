/* StreamDecideRequest cut into items: a bad question stays inside its item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/wire.h"

#define BYTES(text) ((struct slice){(text), sizeof(text) - 1})

static void items_come_in_order(void **state)
{
    /* Two items; the second one's question is no message at all. */
    struct slice rest = BYTES("\x0a\x06\x08\x07\x12\x02\x10\x01"
                              "\x0a\x05\x08\x08\x12\x01\xff");
    struct wire_item item;

    (void)state;
    assert_int_equal(wire_next_item(&rest, &item), RESULT_OK);
    assert_int_equal(item.correlation_id, 7);
    assert_int_equal(item.requests, 1);
    assert_true(slice_equal(item.request, BYTES("\x10\x01")));
    assert_int_equal(wire_next_item(&rest, &item), RESULT_OK);
    assert_int_equal(item.correlation_id, 8);
    assert_true(slice_equal(item.request, BYTES("\xff")));
    assert_int_equal(wire_next_item(&rest, &item), RESULT_NOT_FOUND);
}

static void says_how_often_a_question_is_there(void **state)
{
    struct slice none = BYTES("\x0a\x02\x08\x07"), two = BYTES("\x0a\x04\x12\x00\x12\x00");
    struct wire_item item;

    (void)state;
    assert_int_equal(wire_next_item(&none, &item), RESULT_OK);
    assert_int_equal(item.requests, 0);
    assert_int_equal(wire_next_item(&two, &item), RESULT_OK);
    assert_int_equal(item.requests, 2);
}

static void passes_over_unknown_fields(void **state)
{
    struct slice rest = BYTES("\x10\x01\x0a\x04\x18\x05\x08\x07\x1a\x01x");
    struct wire_item item;

    (void)state;
    assert_int_equal(wire_next_item(&rest, &item), RESULT_OK);
    assert_int_equal(item.correlation_id, 7);
    assert_int_equal(wire_next_item(&rest, &item), RESULT_NOT_FOUND);
}

static void refuses_a_malformed_message(void **state)
{
    static const struct slice rows[] = {
        BYTES("\x0a"),
        BYTES("\x0a\x05\x08"),
        BYTES("\x08\x01"),
        BYTES("\x0b\x0c"),
        BYTES("\x00"),
        BYTES("\x0a\x02\x0a\x00"),
        BYTES("\x0a\x02\x10\x00"),
        BYTES("\x0a\x02\x08\x80"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice rest = rows[i];
        struct wire_item item;

        assert_int_equal(wire_next_item(&rest, &item), RESULT_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order),
        cmocka_unit_test(says_how_often_a_question_is_there),
        cmocka_unit_test(passes_over_unknown_fields),
        cmocka_unit_test(refuses_a_malformed_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
