/* Allocation that does not fail, and assertions that stay on.
 *
 * A test instrument has nothing better to do without memory than to stop, so these end the
 * process instead of returning NULL; no caller checks. Any thread. */
#ifndef MOCK_MEMORY_H
#define MOCK_MEMORY_H

#include <stddef.h>

/* Stops the process with the place and the text unless condition holds; in every build. */
#define must(condition)                                                                            \
    ((condition) ? (void)0 : memory_stop(__FILE__, __LINE__, "not true: " #condition))

__attribute__((noreturn)) void memory_stop(const char *file, int line, const char *why);

/* Zeroed memory, gives. */
void *memory_new(size_t bytes);

/* Grows or shrinks, as realloc; gives. */
void *memory_resize(void *old, size_t bytes);

/* A NUL-terminated copy, gives; NULL for NULL. */
char *memory_copy(const char *text);

#endif
