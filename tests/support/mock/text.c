/* See text.h. Doubles, so that adding byte by byte stays linear. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void reserve(struct text *text, size_t more)
{
    if (text->cap - text->len > more)
        return;
    size_t cap = text->cap ? text->cap : 256;
    while (cap - text->len <= more)
        cap *= 2;
    text->ptr = memory_resize(text->ptr, cap);
    text->cap = cap;
}

void text_done(struct text *text)
{
    free(text->ptr);
    *text = (struct text){0};
}

void text_add(struct text *text, const void *ptr, size_t len)
{
    reserve(text, len);
    if (len)
        memcpy(text->ptr + text->len, ptr, len);
    text->len += len;
    text->ptr[text->len] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    must(len >= 0);
    reserve(text, (size_t)len);
    va_start(args, format);
    vsnprintf(text->ptr + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}

void text_add_fill(struct text *text, char byte, size_t len)
{
    reserve(text, len);
    memset(text->ptr + text->len, byte, len);
    text->len += len;
    text->ptr[text->len] = '\0';
}

char *text_take(struct text *text)
{
    text_add(text, "", 0);
    char *taken = text->ptr;
    *text = (struct text){0};
    return taken;
}
