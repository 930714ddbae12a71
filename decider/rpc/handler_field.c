/* What the fields of requests may hold.
 *
 * wire_unpack has seen to UTF-8 and to the members of enums before; here are the bounds. The first
 * refusal stays, so that a handler can fill the service's request in one expression and ask once
 * whether all of it was good. */
#include <stdio.h>

#include "rpc/handler.h"

/* What the service hands out names a row: two names and numbers, at most in hex. */
#define PAGE_TOKEN_BYTES_MAX 1024

enum result handler_refuse(struct handling *handling, const char *field, const char *text)
{
    if (handling->refused)
        return RESULT_INVALID;
    handling->refused = true;
    snprintf(handling->error.field, sizeof handling->error.field, "%s", field);
    snprintf(handling->error.text, sizeof handling->error.text, "%s", text);
    return RESULT_INVALID;
}

struct slice
handler_text(struct handling *handling, const char *field, const char *text, size_t bytes_max)
{
    struct slice slice = slice_of(text);
    char why[64];

    if (slice.len <= bytes_max)
        return slice;
    snprintf(why, sizeof why, "is longer than %zu bytes", bytes_max);
    (void)handler_refuse(handling, field, why);
    return (struct slice){NULL, 0};
}

struct slice handler_name(struct handling *handling, const char *field, const char *text)
{
    return handler_text(handling, field, text, NAME_BYTES_MAX);
}

struct slice handler_needed(struct handling *handling, const char *field, struct slice text)
{
    if (text.len == 0)
        (void)handler_refuse(handling, field, "is needed");
    return text;
}

struct slice handler_reason(struct handling *handling, const char *text)
{
    return handler_needed(handling, "reason",
                          handler_text(handling, "reason", text, TEXT_BYTES_MAX));
}

struct texts
handler_names(struct handling *handling, const char *field, char *const *texts, size_t count)
{
    struct slice *items = NULL;

    if (count > LIST_ITEMS_MAX)
        (void)handler_refuse(handling, field, "has too many items");
    else if (count)
        items = arena_calloc(handling->admin.arena, count, sizeof *items);
    if (!items)
        return (struct texts){NULL, 0};
    for (size_t i = 0; i < count; i++)
        items[i] = handler_name(handling, field, texts[i]);
    return (struct texts){items, (unsigned)count};
}

uint64_t
handler_set(struct handling *handling, const char *field, const unsigned *numbers, size_t count)
{
    uint64_t set = 0;

    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == 0 || numbers[i] >= 64) {
            (void)handler_refuse(handling, field, "holds what is not a value of its enum");
            return 0;
        }
        set |= SET_OF(numbers[i]);
    }
    return set;
}

unsigned handler_page_rows(struct handling *handling, uint32_t page_size)
{
    if (page_size > PAGE_ROWS_MAX)
        (void)handler_refuse(handling, "page_size", "is more than 1000");
    return page_size ? page_size : PAGE_ROWS_DEFAULT;
}

struct slice handler_page_token(struct handling *handling, const char *page_token)
{
    return handler_text(handling, "page_token", page_token, PAGE_TOKEN_BYTES_MAX);
}
