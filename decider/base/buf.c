/* One growth function that every write goes through, so that the maximum and the sticky failure are
 * decided in one place. A growing buffer doubles; a fixed one has all its room from the start. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#define CAPACITY_FIRST   256
#define VARINT_BYTES_MAX 10

void buf_init(struct buf *buf, size_t bytes_max)
{
    *buf = (struct buf){.bytes_max = bytes_max};
}

void buf_init_fixed(struct buf *buf, void *memory, size_t bytes)
{
    *buf = (struct buf){.ptr = memory, .capacity = bytes, .bytes_max = bytes, .fixed = true};
}

void buf_done(struct buf *buf)
{
    if (!buf)
        return;
    if (!buf->fixed)
        free(buf->ptr);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

/* Room for len more bytes and, in a growing buffer, spare ones that never count. */
static bool grow(struct buf *buf, size_t len, size_t spare)
{
    size_t wanted, capacity;
    char *larger;

    if (buf->failed || len > buf->bytes_max - buf->len ||
        __builtin_add_overflow(buf->len + len, spare, &wanted))
        return false;
    if (wanted <= buf->capacity)
        return true;
    if (buf->fixed)
        return false;
    capacity = buf->capacity ? buf->capacity : CAPACITY_FIRST;
    while (capacity < wanted)
        capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
    if (capacity > buf->bytes_max)
        capacity = wanted > buf->bytes_max ? wanted : buf->bytes_max;
    larger = realloc(buf->ptr, capacity);
    if (!larger)
        return false;
    buf->ptr = larger;
    buf->capacity = capacity;
    return true;
}

char *buf_reserve(struct buf *buf, size_t len)
{
    static char nothing[1];
    char *room;

    if (!grow(buf, len, 0)) {
        buf->failed = true;
        return NULL;
    }
    if (len == 0)
        return buf->ptr ? buf->ptr + buf->len : nothing;
    room = buf->ptr + buf->len;
    buf->len += len;
    return room;
}

void buf_put(struct buf *buf, const void *bytes, size_t len)
{
    char *room = buf_reserve(buf, len);

    if (room && len)
        memcpy(room, bytes, len);
}

void buf_put_slice(struct buf *buf, struct slice text)
{
    buf_put(buf, text.ptr, text.len);
}

void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
    buf_put(buf, &value, 1);
}

static void put_little_endian(struct buf *buf, uint64_t value, size_t len)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    buf_put(buf, bytes, len);
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
    put_little_endian(buf, value, 4);
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
    put_little_endian(buf, value, 8);
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
    unsigned char bytes[VARINT_BYTES_MAX];
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (unsigned char)(value | 0x80);
    bytes[len++] = (unsigned char)value;
    buf_put(buf, bytes, len);
}

/* vsnprintf wants room for a NUL that the buffer does not count. Short texts take the way over the
 * stack, so that a fixed buffer can be filled to its last byte. */
void buf_format(struct buf *buf, const char *format, ...)
{
    char text[256];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len >= 0 && (size_t)len < sizeof text) {
        buf_put(buf, text, (size_t)len);
        return;
    }
    if (len < 0 || !grow(buf, (size_t)len, 1)) {
        buf->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    buf->len += (size_t)len;
}

/* Bytes of the character at the start of text, or 0 when it is not UTF-8. */
static size_t character_bytes(struct slice text)
{
    unsigned char lead = (unsigned char)text.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    return len <= text.len && utf8_valid((struct slice){text.ptr, len}) ? len : 0;
}

void buf_put_json_string(struct buf *buf, struct slice text)
{
    size_t i = 0;

    buf_put_u8(buf, '"');
    while (i < text.len) {
        size_t len = character_bytes((struct slice){text.ptr + i, text.len - i});
        unsigned char c = (unsigned char)text.ptr[i];

        if (len == 0) {
            buf_put_text(buf, "\\ufffd");
            len = 1;
        } else if (c < 0x20 || c == 0x7f) {
            buf_format(buf, "\\u%04x", c);
        } else {
            if (c == '"' || c == '\\')
                buf_put_u8(buf, '\\');
            buf_put(buf, text.ptr + i, len);
        }
        i += len;
    }
    buf_put_u8(buf, '"');
}

struct cursor cursor_of(struct slice bytes)
{
    return (struct cursor){bytes.ptr, bytes.len, false};
}

struct slice cursor_bytes(struct cursor *cursor, size_t len)
{
    struct slice bytes = {cursor->ptr, len};

    if (cursor->failed || len > cursor->left) {
        cursor->failed = true;
        return (struct slice){NULL, 0};
    }
    if (len) {
        cursor->ptr += len;
        cursor->left -= len;
    }
    return bytes;
}

static uint64_t little_endian(struct cursor *cursor, size_t len)
{
    struct slice bytes = cursor_bytes(cursor, len);
    uint64_t value = 0;

    for (size_t i = bytes.len; i > 0; i--)
        value = value << 8 | (unsigned char)bytes.ptr[i - 1];
    return value;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    return (uint8_t)little_endian(cursor, 1);
}

uint32_t cursor_u32(struct cursor *cursor)
{
    return (uint32_t)little_endian(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor)
{
    return little_endian(cursor, 8);
}

/* Only the shortest form is taken, so that equal values have equal bytes. */
uint64_t cursor_varint(struct cursor *cursor)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        uint8_t byte = cursor_u8(cursor);

        if (cursor->failed)
            return 0;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            if ((i > 0 && byte == 0) || (i == VARINT_BYTES_MAX - 1 && byte > 1))
                break;
            return value;
        }
    }
    cursor->failed = true;
    return 0;
}
