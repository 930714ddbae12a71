/* Names, labels and messages come from others: what is printed may move no cursor and hide no text.
 * The widths follow Unicode's East Asian Width (W and F) and its combining blocks, by ranges that
 * cover what appears in practice. */
#include "ctl/display.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct range {
    uint32_t first, last;
};

static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
static const struct range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};
static const struct range unsafe[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb},
};

#define IN(ranges, c) in_ranges(ranges, sizeof(ranges) / sizeof *(ranges), c)

static bool in_ranges(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* The character at the start of text and its bytes; 0 bytes when it is not UTF-8. */
static unsigned decode(struct slice text, uint32_t *ret_c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.ptr[0];
    unsigned len = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? first : first & (0x7fU >> len);

    if (len == 0 || first > 0xf4 || len > text.len)
        return 0;
    for (unsigned i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.ptr[i];

        if ((next & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (next & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret_c = c;
    return len;
}

void display_put(struct slice text, bool lines, struct buf *buf)
{
    while (text.len > 0) {
        uint32_t c = 0;
        unsigned len = decode(text, &c);
        bool good = len && (!IN(unsafe, c) || (lines && (c == '\n' || c == '\t')));

        if (good)
            buf_put(buf, text.ptr, len);
        else
            buf_put_text(buf, REPLACEMENT);
        len = len ? len : 1;
        text = (struct slice){text.ptr + len, text.len - len};
    }
}

unsigned display_width(struct slice text)
{
    unsigned width = 0;

    while (text.len > 0) {
        uint32_t c = 0;
        unsigned len = decode(text, &c);

        width += !len ? 1 : IN(combining, c) ? 0 : IN(wide, c) ? 2 : 1;
        len = len ? len : 1;
        text = (struct slice){text.ptr + len, text.len - len};
    }
    return width;
}
