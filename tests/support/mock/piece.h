/* How a text is cut into the pieces that a stream sends and the usage counts: the tokens of this
 * provider. A piece is a run of spaces with the word behind it, at most PIECE_BYTES long, and
 * never ends inside a UTF-8 character. */
#ifndef MOCK_PIECE_H
#define MOCK_PIECE_H

#include <stddef.h>

#define PIECE_BYTES 12

/* The length of the piece that begins at text, 0 at its end. */
static inline size_t piece_len(const char *text)
{
    size_t len = 0;
    while (text[len] == ' ' && len < PIECE_BYTES)
        len++;
    while (text[len] && text[len] != ' ' && len < PIECE_BYTES)
        len++;
    while (((unsigned char)text[len] & 0xC0) == 0x80)
        len++;
    return len;
}

static inline size_t piece_count(const char *text)
{
    size_t count = 0;
    for (size_t len; (len = piece_len(text)) > 0; text += len)
        count++;
    return count;
}

/* The bytes that the first count pieces take. */
static inline size_t piece_bytes(const char *text, size_t count)
{
    size_t bytes = 0;
    for (size_t len; count-- > 0 && (len = piece_len(text + bytes)) > 0;)
        bytes += len;
    return bytes;
}

#endif
