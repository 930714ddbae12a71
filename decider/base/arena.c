/* Bump allocation, first from the owner's memory, then from blocks that double up to a size.
 *
 * The bound counts bytes handed out, rounded up to the alignment; a block is never made larger than
 * what the bound still allows, so the heap use stays near it too. Nothing is freed before a reset.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIGNMENT_BYTES   16
#define BLOCK_BYTES_FIRST 4096
#define BLOCK_BYTES_MAX   (256 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t used_bytes;
    size_t capacity_bytes;
    _Alignas(ALIGNMENT_BYTES) char memory[];
};

void arena_init(struct arena *arena, void *memory, size_t memory_bytes, size_t bytes_max)
{
    size_t skip = (ALIGNMENT_BYTES - (uintptr_t)memory % ALIGNMENT_BYTES) % ALIGNMENT_BYTES;

    *arena = (struct arena){.bytes_max = bytes_max};
    if (memory && memory_bytes > skip) {
        arena->memory = (char *)memory + skip;
        arena->memory_bytes = memory_bytes - skip;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    while (block) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
    arena->blocks = NULL;
    arena->used_bytes = 0;
    arena->total_bytes = 0;
    arena->failed = false;
}

void arena_done(struct arena *arena)
{
    if (arena)
        arena_reset(arena);
}

static void *refuse(struct arena *arena)
{
    arena->failed = true;
    return NULL;
}

static struct arena_block *add_block(struct arena *arena, size_t bytes)
{
    size_t allowed = arena->bytes_max - arena->total_bytes;
    size_t capacity = arena->blocks ? arena->blocks->capacity_bytes * 2 : BLOCK_BYTES_FIRST;
    struct arena_block *block;

    if (capacity > BLOCK_BYTES_MAX)
        capacity = BLOCK_BYTES_MAX;
    if (capacity > allowed)
        capacity = allowed;
    if (capacity < bytes)
        capacity = bytes;
    if (capacity > SIZE_MAX - sizeof *block)
        return NULL;
    block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    block->used_bytes = 0;
    block->capacity_bytes = capacity;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    struct arena_block *block = arena->blocks;
    size_t rounded;
    char *memory;

    if (bytes > SIZE_MAX - ALIGNMENT_BYTES)
        return refuse(arena);
    rounded = (bytes + !bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    if (rounded > arena->bytes_max - arena->total_bytes)
        return refuse(arena);
    if (rounded <= arena->memory_bytes - arena->used_bytes) {
        memory = arena->memory + arena->used_bytes;
        arena->used_bytes += rounded;
    } else {
        if (!block || rounded > block->capacity_bytes - block->used_bytes)
            block = add_block(arena, rounded);
        if (!block)
            return refuse(arena);
        memory = block->memory + block->used_bytes;
        block->used_bytes += rounded;
    }
    arena->total_bytes += rounded;
    return memory;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    void *memory;

    if (__builtin_mul_overflow(count, size, &bytes))
        return refuse(arena);
    memory = arena_alloc(arena, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

struct slice arena_copy(struct arena *arena, struct slice text)
{
    char *copy;

    if (text.len == 0)
        return SLICE_LITERAL("");
    if (text.len == SIZE_MAX || !(copy = arena_alloc(arena, text.len + 1))) {
        arena->failed = true;
        return (struct slice){NULL, 0};
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (struct slice){copy, text.len};
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len >= 0)
        text = arena_alloc(arena, (size_t)len + 1);
    if (!text) {
        arena->failed = true;
        return (struct slice){NULL, 0};
    }
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    return (struct slice){text, (size_t)len};
}
