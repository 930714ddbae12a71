/* A growing byte buffer with a maximum from birth and a sticky failure: write many times, check
 * once. After a failure nothing more is written and buf_failed stays true.
 *
 * A fixed buffer (buf_init_fixed) never allocates. Integers are written little-endian. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdint.h>

#include "signalbox/slice.h"

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t bytes_max;
    bool fixed;
    bool failed;
};

void buf_init(struct buf *buf, size_t bytes_max);
/* Borrows memory until buf_done. */
void buf_init_fixed(struct buf *buf, void *memory, size_t bytes);
void buf_done(struct buf *buf);
/* Empties it and forgets a failure; keeps the memory. */
void buf_clear(struct buf *buf);

void buf_put(struct buf *buf, const void *bytes, size_t len);
void buf_put_slice(struct buf *buf, struct slice text);
void buf_put_text(struct buf *buf, const char *text);
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u32(struct buf *buf, uint32_t value);
void buf_put_u64(struct buf *buf, uint64_t value);
/* Base-128, least significant group first: 1 to 10 bytes. */
void buf_put_varint(struct buf *buf, uint64_t value);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with quotes. Control characters and invalid UTF-8 come out escaped: \u00XX and
 * \ufffd. */
void buf_put_json_string(struct buf *buf, struct slice text);
/* Room for len more bytes at the end, uninitialised, counted in; NULL on failure. */
char *buf_reserve(struct buf *buf, size_t len);

static inline bool buf_failed(const struct buf *buf)
{
    return buf->failed;
}

/* Borrowed until the next write. */
static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->ptr, buf->len};
}

/* Reads what buf_put_* wrote, with a sticky failure on truncated or overlong input. */
struct cursor {
    const char *ptr;
    size_t left;
    bool failed;
};

struct cursor cursor_of(struct slice bytes);
uint8_t cursor_u8(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
uint64_t cursor_varint(struct cursor *cursor);
/* Borrows from the input; the empty slice on failure. */
struct slice cursor_bytes(struct cursor *cursor, size_t len);

#endif
