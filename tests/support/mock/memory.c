/* See memory.h. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void memory_stop(const char *file, int line, const char *why)
{
    fprintf(stderr, "signalbox-mock: %s:%d: %s\n", file, line, why);
    abort();
}

void *memory_new(size_t bytes)
{
    void *fresh = calloc(1, bytes ? bytes : 1);
    must(fresh != NULL);
    return fresh;
}

void *memory_resize(void *old, size_t bytes)
{
    void *fresh = realloc(old, bytes ? bytes : 1);
    must(fresh != NULL);
    return fresh;
}

char *memory_copy(const char *text)
{
    if (!text)
        return NULL;
    size_t bytes = strlen(text) + 1;
    return memcpy(memory_new(bytes), text, bytes);
}
