/* Widths, and what a terminal must never be sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/display.h"

static void widths_follow_the_script(void **state)
{
    static const struct {
        const char *text;
        unsigned width;
    } rows[] = {
        {"", 0},
        {"plain", 5},
        {"Zürich", 6},
        {"e\xcc\x81", 1}, /* e and a combining acute */
        {"日本語", 6},
        {"한글", 4},
        {"\xf0\x9f\x9a\x82", 2}, /* a locomotive */
        {"a\xff"
         "b",
         3},             /* not UTF-8: one column a byte */
        {"\xe6\x97", 2}, /* cut off */
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(display_width(slice_of(rows[i].text)), rows[i].width);
}

static void assert_shown(const char *text, bool lines, const char *wanted)
{
    char memory[256];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    display_put(slice_of(text), lines, &buf);
    assert_false(buf_failed(&buf));
    assert_int_equal(buf.len, strlen(wanted));
    assert_memory_equal(buf.ptr, wanted, buf.len);
}

static void what_could_move_the_cursor_is_replaced(void **state)
{
    (void)state;
    assert_shown("plain Zürich 日本", false, "plain Zürich 日本");
    assert_shown("a\x1b[2Jb", false, "a\xef\xbf\xbd[2Jb");
    assert_shown("a\nb\tc", false,
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd"
                 "c");
    assert_shown("a\nb\tc\r", true, "a\nb\tc\xef\xbf\xbd");
    assert_shown("\xc2\x9b"
                 "31m",
                 false,
                 "\xef\xbf\xbd"
                 "31m"); /* CSI in one character */
    assert_shown("\xe2\x80\xae"
                 "abc",
                 false,
                 "\xef\xbf\xbd"
                 "abc"); /* right-to-left override */
    assert_shown("\xff\xc0\x80", false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_shown("\xed\xa0\x80", false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_follow_the_script),
        cmocka_unit_test(what_could_move_the_cursor_is_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
