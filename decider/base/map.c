/* Linear probing at three quarters full at most. The hash folds 64x64-bit products of the key with
 * two secret numbers; who does not know them cannot find keys that collide. A removal moves later
 * entries of the run back, so that runs never hold tombstones. */
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/random.h"

#define CAPACITY_FIRST 16

static pthread_once_t secrets_once = PTHREAD_ONCE_INIT;
static uint64_t secrets[2];

static void make_secrets(void)
{
    random_bytes(secrets, sizeof secrets);
    secrets[0] |= 1;
    secrets[1] |= 1;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(struct slice key)
{
    uint64_t hash, words[2];

    pthread_once(&secrets_once, make_secrets);
    hash = secrets[1] ^ key.len;
    while (key.len > 0) {
        size_t len = key.len < sizeof words ? key.len : sizeof words;

        words[0] = words[1] = 0;
        memcpy(words, key.ptr, len);
        hash = fold(words[0] ^ secrets[0], words[1] ^ hash);
        key.ptr += len;
        key.len -= len;
    }
    return fold(hash ^ secrets[0], secrets[1]);
}

void map_init(struct map *map)
{
    *map = (struct map){0};
}

void map_done(struct map *map)
{
    if (!map)
        return;
    free(map->slots);
    *map = (struct map){0};
}

static size_t limit_of(size_t capacity)
{
    return capacity / 4 * 3;
}

/* The slot of key, or the empty one where it belongs. The map has an empty slot. */
static struct map_slot *find(const struct map *map, struct slice key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;

    while (map->slots[i].value &&
           (map->slots[i].hash != hash || !slice_equal(map->slots[i].key, key)))
        i = (i + 1) & mask;
    return &map->slots[i];
}

bool map_reserve(struct map *map, size_t count)
{
    size_t capacity = map->capacity ? map->capacity : CAPACITY_FIRST;
    struct map larger = {NULL, 0, map->count};

    while (limit_of(capacity) < count) {
        if (capacity > SIZE_MAX / 2)
            return false;
        capacity *= 2;
    }
    if (capacity == map->capacity)
        return true;
    larger.capacity = capacity;
    larger.slots = calloc(capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].value)
            *find(&larger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    free(map->slots);
    *map = larger;
    return true;
}

void *map_get(const struct map *map, struct slice key)
{
    return map->count ? find(map, key, hash_of(key))->value : NULL;
}

bool map_put(struct map *map, struct slice key, void *value)
{
    uint64_t hash = hash_of(key);
    struct map_slot *slot;

    invariant(value);
    slot = map->count ? find(map, key, hash) : NULL;
    if (!slot || !slot->value) {
        if (!map_reserve(map, map->count + 1))
            return false;
        slot = find(map, key, hash);
        map->count++;
    }
    *slot = (struct map_slot){key, value, hash};
    return true;
}

void *map_remove(struct map *map, struct slice key)
{
    size_t mask = map->capacity - 1, hole, i;
    void *value;

    if (map->count == 0)
        return NULL;
    hole = (size_t)(find(map, key, hash_of(key)) - map->slots);
    value = map->slots[hole].value;
    if (!value)
        return NULL;
    for (i = (hole + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
        size_t probed = (i - map->slots[i].hash) & mask;

        if (probed < ((i - hole) & mask))
            continue;
        map->slots[hole] = map->slots[i];
        hole = i;
    }
    map->slots[hole] = (struct map_slot){0};
    map->count--;
    return value;
}

void *map_next(const struct map *map, size_t *position)
{
    while (*position < map->capacity) {
        const struct map_slot *slot = &map->slots[(*position)++];

        if (slot->value)
            return slot->value;
    }
    return NULL;
}
