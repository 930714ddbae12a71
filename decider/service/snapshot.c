/* Copies are shallow: a new set has its own map and shares keys and blocks by reference, so that
 * one change among thousands costs a copy of pointers. */
#include "service/snapshot.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "engine/spread.h"
#include "service/copy.h"

#define TEXT_ALIGN_BYTES 16

static void take(_Atomic unsigned *references)
{
    atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

/* True when that was the last reference. */
static bool give(_Atomic unsigned *references)
{
    unsigned before = atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel);

    invariant(before > 0);
    return before == 1;
}

/* ---- keys ---- */

static size_t text_bytes(struct slice text)
{
    return text.len ? (text.len + TEXT_ALIGN_BYTES) / TEXT_ALIGN_BYTES * TEXT_ALIGN_BYTES : 0;
}

static size_t texts_bytes(struct texts texts)
{
    size_t bytes = texts.count * sizeof *texts.items;

    for (unsigned i = 0; i < texts.count; i++)
        bytes += text_bytes(texts.items[i]);
    return bytes;
}

static size_t principal_bytes(const struct principal *principal)
{
    return text_bytes(principal->key_id) + text_bytes(principal->tenant) +
           text_bytes(principal->team) + text_bytes(principal->user) + text_bytes(principal->app) +
           texts_bytes(principal->workloads) + texts_bytes(principal->environments) +
           texts_bytes(principal->tenants) + text_bytes(principal->default_workload) +
           text_bytes(principal->default_environment) + text_bytes(principal->label);
}

struct key *key_new(const struct digest *identity, const struct principal *principal)
{
    size_t bytes = principal_bytes(principal) + TEXT_ALIGN_BYTES;
    struct key *key = aligned_alloc(TEXT_ALIGN_BYTES, (sizeof *key + bytes + TEXT_ALIGN_BYTES - 1) /
                                                          TEXT_ALIGN_BYTES * TEXT_ALIGN_BYTES);
    struct arena arena;
    bool copied;

    if (!key)
        return NULL;
    atomic_init(&key->references, 1);
    key->identity = *identity;
    /* Exactly as much as the texts take: the arena never needs a block of its own. */
    arena_init(&arena, key->memory, bytes, bytes);
    copied = copy_principal(&arena, principal, &key->principal);
    invariant(copied && !arena.blocks);
    return key;
}

void key_unref(struct key *key)
{
    if (key && give(&key->references))
        free(key);
}

static struct slice identity_slice(const struct digest *identity)
{
    return (struct slice){(const char *)identity->bytes, DIGEST_BYTES};
}

struct key_set *key_set_new(const struct key_set *base, struct key *change)
{
    struct key_set *set = calloc(1, sizeof *set);
    size_t position = 0;
    struct key *key, *replaced;

    if (!set)
        return NULL;
    atomic_init(&set->references, 1);
    map_init(&set->keys);
    if (!map_reserve(&set->keys, (base ? base->keys.count : 0) + 1)) {
        free(set);
        return NULL;
    }
    while (base && (key = map_next(&base->keys, &position)) != NULL) {
        take(&key->references);
        invariant(map_put(&set->keys, identity_slice(&key->identity), key));
    }
    if (change) {
        replaced = map_remove(&set->keys, identity_slice(&change->identity));
        key_unref(replaced);
        take(&change->references);
        invariant(map_put(&set->keys, identity_slice(&change->identity), change));
    }
    return set;
}

void key_set_unref(struct key_set *keys)
{
    size_t position = 0;
    struct key *key;

    if (!keys || !give(&keys->references))
        return;
    while ((key = map_next(&keys->keys, &position)) != NULL)
        key_unref(key);
    map_done(&keys->keys);
    free(keys);
}

/* ---- policies ---- */

static struct serving *serving_new(const struct serving *wanted)
{
    struct serving *serving = calloc(1, sizeof *serving);

    if (!serving)
        return NULL;
    atomic_init(&serving->references, 1);
    serving->whole = compiled_ref(wanted->whole);
    serving->canary = compiled_ref(wanted->canary);
    serving->canary_percent = wanted->canary ? wanted->canary_percent : 0;
    serving->activation = wanted->activation;
    return serving;
}

static void serving_unref(struct serving *serving)
{
    if (!serving || !give(&serving->references))
        return;
    compiled_unref(serving->whole);
    compiled_unref(serving->canary);
    free(serving);
}

struct policy_set *policy_set_new(const struct policy_set *base)
{
    struct policy_set *set = calloc(1, sizeof *set);
    size_t position = 0;
    struct serving *serving;

    if (!set)
        return NULL;
    atomic_init(&set->references, 1);
    map_init(&set->active);
    if (!map_reserve(&set->active, (base ? base->active.count : 0) + 1)) {
        free(set);
        return NULL;
    }
    while (base && (serving = map_next(&base->active, &position)) != NULL) {
        take(&serving->references);
        invariant(map_put(&set->active, store_key_slice(&serving->whole->active_key), serving));
    }
    return set;
}

bool policy_set_serve(struct policy_set *set, const struct serving *wanted)
{
    struct serving *serving = serving_new(wanted);
    struct slice key;

    if (!serving)
        return false;
    key = store_key_slice(&serving->whole->active_key);
    /* The key is lent by what is replaced, so that goes first. */
    serving_unref(map_remove(&set->active, key));
    if (map_put(&set->active, key, serving))
        return true;
    serving_unref(serving);
    return false;
}

void policy_set_unref(struct policy_set *policies)
{
    size_t position = 0;
    struct serving *serving;

    if (!policies || !give(&policies->references))
        return;
    while ((serving = map_next(&policies->active, &position)) != NULL)
        serving_unref(serving);
    map_done(&policies->active);
    free(policies);
}

/* ---- catalog ---- */

struct catalog_set *catalog_set_new(size_t bytes_max)
{
    struct catalog_set *set = calloc(1, sizeof *set);

    if (!set)
        return NULL;
    atomic_init(&set->references, 1);
    arena_init(&set->arena, NULL, 0, bytes_max);
    return set;
}

void catalog_set_unref(struct catalog_set *catalog)
{
    if (!catalog || !give(&catalog->references))
        return;
    catalog_done(catalog->catalog);
    arena_done(&catalog->arena);
    free(catalog);
}

/* ---- the whole ---- */

struct snapshot *
snapshot_new(struct policy_set *policies, struct key_set *keys, struct catalog_set *catalog)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);

    if (!snapshot)
        return NULL;
    atomic_init(&snapshot->references, 1);
    take(&policies->references);
    take(&keys->references);
    take(&catalog->references);
    snapshot->policies = policies;
    snapshot->keys = keys;
    snapshot->catalog = catalog;
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    take(&snapshot->references);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot || !give(&snapshot->references))
        return;
    policy_set_unref(snapshot->policies);
    key_set_unref(snapshot->keys);
    catalog_set_unref(snapshot->catalog);
    free(snapshot);
}

const struct serving *
snapshot_serving(const struct snapshot *snapshot, struct slice workload, struct slice environment)
{
    struct store_key key;

    if (workload.len > NAME_BYTES_MAX || environment.len > NAME_BYTES_MAX)
        return NULL;
    key = layout_active(workload, environment);
    return map_get(&snapshot->policies->active, store_key_slice(&key));
}

struct compiled *snapshot_policy(const struct snapshot *snapshot,
                                 struct slice workload,
                                 struct slice environment,
                                 uint64_t request_hash)
{
    const struct serving *serving = snapshot_serving(snapshot, workload, environment);

    if (!serving)
        return NULL;
    return serving->canary && spread_percent(request_hash) < serving->canary_percent
               ? serving->canary
               : serving->whole;
}

const struct principal *snapshot_principal(const struct snapshot *snapshot,
                                           const struct digest *identity)
{
    const struct key *key = map_get(&snapshot->keys->keys, identity_slice(identity));

    return key ? &key->principal : NULL;
}

enum reason principal_refusal(const struct principal *principal, int64_t now_ms)
{
    if (principal->revoked_ms)
        return REASON_KEY_REVOKED;
    if (principal->expires_ms && principal->expires_ms <= now_ms)
        return REASON_KEY_EXPIRED;
    return REASON_UNSPECIFIED;
}
