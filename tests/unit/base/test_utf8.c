#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static const struct {
    struct slice text;
    bool valid;
} rows[] = {
    {{NULL, 0}, true},
    {{"plain ascii, longer than eight", 30}, true},
    {{"\x7f", 1}, true},
    {{"\xc2\x80", 2}, true},
    {{"\xdf\xbf", 2}, true},
    {{"\xe0\xa0\x80", 3}, true},
    {{"\xed\x9f\xbf", 3}, true},
    {{"\xee\x80\x80", 3}, true},
    {{"\xef\xbf\xbf", 3}, true},
    {{"\xf0\x90\x80\x80", 4}, true},
    {{"\xf4\x8f\xbf\xbf", 4}, true},
    {{"\x80", 1}, false},
    {{"\xbf", 1}, false},
    {{"\xc0\x80", 2}, false},
    {{"\xc1\xbf", 2}, false},
    {{"\xc2", 1}, false},
    {{"\xc2\x7f", 2}, false},
    {{"\xc2\xc0", 2}, false},
    {{"\xe0\x9f\xbf", 3}, false},
    {{"\xe2\x82", 2}, false},
    {{"\xe2\x82\x28", 3}, false},
    {{"\xed\xa0\x80", 3}, false},
    {{"\xed\xbf\xbf", 3}, false},
    {{"\xf0\x8f\xbf\xbf", 4}, false},
    {{"\xf0\x9f\x98", 3}, false},
    {{"\xf4\x90\x80\x80", 4}, false},
    {{"\xf5\x80\x80\x80", 4}, false},
    {{"\xff", 1}, false},
};

static void follows_rfc_3629_to_the_edge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (utf8_valid(rows[i].text) != rows[i].valid)
            fail_msg("row %zu", i);
}

static void judges_alike_at_every_place_in_a_longer_text(void **state)
{
    char text[40];

    (void)state;
    for (size_t i = 1; i < sizeof rows / sizeof *rows; i++) {
        for (size_t at = 0; at + rows[i].text.len <= sizeof text; at++) {
            memset(text, 'a', sizeof text);
            memcpy(text + at, rows[i].text.ptr, rows[i].text.len);
            if (utf8_valid((struct slice){text, sizeof text}) != rows[i].valid)
                fail_msg("row %zu at %zu", i, at);
        }
    }
}

/* Encodes every number the way RFC 3629 has it and asks whether it is a character. */
static void takes_exactly_the_characters(void **state)
{
    (void)state;
    for (uint32_t c = 0x800; c <= 0x1fffff; c++) {
        bool character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        char text[4] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                        (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
        struct slice encoded = {text, 4};

        if (c <= 0xffff) {
            text[1] = (char)(0xe0 | c >> 12);
            encoded = (struct slice){text + 1, 3};
        }
        if (utf8_valid(encoded) != character)
            fail_msg("U+%04X", c);
    }
}

static void text_may_not_hold_a_nul(void **state)
{
    (void)state;
    assert_true(utf8_valid((struct slice){"a\0b", 3}));
    assert_false(utf8_valid_text((struct slice){"a\0b", 3}));
    assert_true(utf8_valid_text((struct slice){"ab", 2}));
    assert_true(utf8_valid_text((struct slice){NULL, 0}));
    assert_false(utf8_valid_text((struct slice){"a\xff", 2}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_rfc_3629_to_the_edge),
        cmocka_unit_test(judges_alike_at_every_place_in_a_longer_text),
        cmocka_unit_test(takes_exactly_the_characters),
        cmocka_unit_test(text_may_not_hold_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
