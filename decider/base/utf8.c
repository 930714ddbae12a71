/* Eight bytes at a time as long as all are ASCII, else one character after the other.
 *
 * The table of RFC 3629 section 4 has no more cases than these: the length follows from the lead
 * byte, and only the second byte has a narrower range after four of the leads (E0 and F0 would be
 * overlong below it, ED a surrogate and F4 beyond U+10FFFF above it). */
#include "base/utf8.h"

#include <stdint.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Bytes of the character that starts with the non-ASCII byte s[0], or 0. */
static size_t character_bytes(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t len;

    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (left < len)
        return 0;
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!is_tail(s[i]))
            return 0;
    return len;
}

bool utf8_valid(struct slice text)
{
    const unsigned char *s = (const unsigned char *)text.ptr;
    size_t i = 0;

    while (i < text.len) {
        size_t len = 1;

        if (text.len - i >= 8) {
            uint64_t eight;

            memcpy(&eight, s + i, 8);
            if (!(eight & HIGH_BITS)) {
                i += 8;
                continue;
            }
        }
        if (s[i] >= 0x80)
            len = character_bytes(s + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

bool utf8_valid_text(struct slice text)
{
    return (text.len == 0 || !memchr(text.ptr, '\0', text.len)) && utf8_valid(text);
}
