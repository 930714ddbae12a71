/* A bump allocator with a hard bound; everything in it is freed at once.
 *
 * One arena per call or per request. The first bytes come from memory that the owner gives (often
 * inside the owner's own object); beyond that, blocks come from malloc until bytes_max is used.
 * Not thread-safe. Memory is 16-byte aligned and not cleared. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "signalbox/slice.h"

struct arena_block;

struct arena {
    char *memory; /* the owner's */
    size_t memory_bytes;
    size_t used_bytes;  /* of memory */
    size_t total_bytes; /* handed out since the last reset */
    size_t bytes_max;
    struct arena_block *blocks;
    bool failed; /* sticky: an allocation was refused since the last reset */
};

/* memory may be NULL with memory_bytes 0; the arena borrows it until arena_done. */
void arena_init(struct arena *arena, void *memory, size_t memory_bytes, size_t bytes_max);
/* Frees every block; the arena can be used again. */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

/* NULL when bytes_max would be passed or malloc fails; then arena->failed is set. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* As arena_alloc for count * size bytes, cleared; an overflowing product is refused. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/* A copy with a NUL behind it (not counted in len); the empty slice for an empty one. On failure
 * the empty slice, and arena->failed. */
struct slice arena_copy(struct arena *arena, struct slice text);
/* printf into the arena. */
struct slice arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
