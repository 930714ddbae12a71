/* A growing run of bytes, always NUL-terminated once anything was added.
 *
 * Zero-initialised is empty. One owner; offsets stay good while it grows, pointers do not. */
#ifndef MOCK_TEXT_H
#define MOCK_TEXT_H

#include <stddef.h>

struct text {
    char *ptr; /* NULL while nothing was added */
    size_t len;
    size_t cap;
};

void text_done(struct text *text);

void text_add(struct text *text, const void *ptr, size_t len);

void text_add_string(struct text *text, const char *string);

__attribute__((format(printf, 2, 3))) void
text_add_format(struct text *text, const char *format, ...);

/* Adds len times the byte. */
void text_add_fill(struct text *text, char byte, size_t len);

/* Gives the bytes as a C string, "" when empty, and leaves the text empty. */
char *text_take(struct text *text);

#endif
