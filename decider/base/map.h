/* A hash map from byte strings to pointers: open addressing, grows by doubling, SipHash-free but
 * seeded per process, so that outsiders cannot choose collisions. Borrows its keys: a key must live
 * as long as its entry, usually inside the value. Not thread-safe. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdint.h>

#include "signalbox/slice.h"

struct map_slot {
    struct slice key;
    void *value; /* NULL: empty */
    uint64_t hash;
};

struct map {
    struct map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void map_init(struct map *map);
/* Frees the slots, not the values. */
void map_done(struct map *map);
/* Makes room for count entries, so that puts up to it do not allocate. False: out of memory. */
bool map_reserve(struct map *map, size_t count);
void *map_get(const struct map *map, struct slice key);
/* Replaces what is there. value is not NULL. False: out of memory, the map is unchanged. */
bool map_put(struct map *map, struct slice key, void *value);
/* The removed value, or NULL. Shifts back instead of leaving tombstones. */
void *map_remove(struct map *map, struct slice key);
/* Walks all entries in no order: start with *position = 0; NULL at the end. The map must not change
 * meanwhile. */
void *map_next(const struct map *map, size_t *position);

#endif
