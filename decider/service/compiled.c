/* A block is copied once into an object of its own; whoever decides with it holds a reference, so
 * that a request keeps the policy of its admission whatever is activated meanwhile. The cache keeps
 * what requests from history needed and lets unused blocks go when it has grown. */
#include "service/compiled.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "service/compile.h"
#include "service/load.h"

#define CACHE_BLOCKS_MAX 256

enum result compiled_new(struct slice block, struct compiled **ret_compiled)
{
    struct compiled *compiled =
        aligned_alloc(16, (sizeof *compiled + block.len + 15) & ~(size_t)15);
    const struct policy *policy;

    if (!compiled)
        return RESULT_NO_MEMORY;
    memcpy(compiled->bytes, block.ptr, block.len);
    policy = policy_view(compiled->bytes, block.len);
    if (!policy) {
        free(compiled);
        return RESULT_CORRUPT;
    }
    atomic_init(&compiled->references, 1);
    compiled->switches = (struct compiled_switches){.generation = 0};
    compiled->policy = policy;
    compiled->active_key = layout_active(policy_text(policy, policy->workload),
                                         policy_text(policy, policy->environment));
    compiled->version_key =
        layout_compiled(policy_text(policy, policy->id), policy->version, policy->catalog_version,
                        policy->evidence_version, POLICY_FORMAT);
    *ret_compiled = compiled;
    return RESULT_OK;
}

struct slice compiled_block(const struct compiled *compiled)
{
    return (struct slice){compiled->bytes, compiled->policy->bytes};
}

struct slice compiled_policy_id(const struct compiled *compiled)
{
    return policy_text(compiled->policy, compiled->policy->id);
}

bool compiled_is_of(const struct compiled *compiled, struct slice policy_id)
{
    return compiled && slice_equal(compiled_policy_id(compiled), policy_id);
}

bool compiled_is_version(const struct compiled *compiled, struct slice policy_id, uint32_t version)
{
    return compiled && compiled->policy->version == version && compiled_is_of(compiled, policy_id);
}

struct store_key policy_name_key(const struct policy_name *name)
{
    return layout_compiled(name->policy_id, name->version, name->catalog_version,
                           name->evidence_version, POLICY_FORMAT);
}

struct compiled *compiled_ref(struct compiled *compiled)
{
    if (compiled)
        atomic_fetch_add_explicit(&compiled->references, 1, memory_order_relaxed);
    return compiled;
}

void compiled_unref(struct compiled *compiled)
{
    unsigned before;

    if (!compiled)
        return;
    before = atomic_fetch_sub_explicit(&compiled->references, 1, memory_order_acq_rel);
    invariant(before > 0);
    if (before == 1)
        free(compiled);
}

static enum result compile_again(struct store_read *read,
                                 const struct policy_name *name,
                                 const struct catalog_set *catalog,
                                 struct buf *block)
{
    const struct compile_order order = {.name = *name, .catalog = catalog->catalog};
    struct diagnostics findings;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    diagnostics_init(&findings, &arena);
    result = compile_stored(read, &order, &findings, block);
    arena_done(&arena);
    /* It was compiled once. */
    return result == RESULT_INVALID ? RESULT_CORRUPT : result;
}

enum result compiled_load(struct store_read *read,
                          const struct policy_name *name,
                          const struct catalog_set *known,
                          struct buf *block)
{
    struct store_key key = policy_name_key(name);
    struct catalog_set *catalog = NULL;
    struct slice value;
    enum result result = store_get(read, STORE_TABLE_COMPILED, store_key_slice(&key), &value);

    if (result == RESULT_OK) {
        buf_put_slice(block, value);
        return buf_failed(block) ? RESULT_NO_MEMORY : RESULT_OK;
    }
    if (result != RESULT_NOT_FOUND)
        return result;
    if (known && known->version == name->catalog_version)
        return compile_again(read, name, known, block);
    result = load_catalog(read, name->catalog_version, &catalog);
    if (result == RESULT_OK)
        result = compile_again(read, name, catalog, block);
    catalog_set_unref(catalog);
    return result == RESULT_INVALID ? RESULT_CORRUPT : result;
}

void compiled_cache_init(struct compiled_cache *cache)
{
    map_init(&cache->blocks);
}

/* Lets go of all blocks, or of those that nobody else holds. */
static void drop_blocks(struct compiled_cache *cache, bool all)
{
    struct map kept;
    size_t position = 0;
    struct compiled *compiled;

    map_init(&kept);
    while ((compiled = map_next(&cache->blocks, &position)) != NULL) {
        bool held = !all && atomic_load(&compiled->references) > 1;

        if (!held || !map_put(&kept, store_key_slice(&compiled->version_key), compiled))
            compiled_unref(compiled);
    }
    map_done(&cache->blocks);
    cache->blocks = kept;
}

void compiled_cache_done(struct compiled_cache *cache)
{
    drop_blocks(cache, true);
    map_done(&cache->blocks);
}

enum result compiled_cache_get(struct compiled_cache *cache,
                               struct store_read *read,
                               const struct policy_name *name,
                               const struct catalog_set *known,
                               struct compiled **ret_compiled)
{
    struct store_key key = policy_name_key(name);
    struct compiled *compiled = map_get(&cache->blocks, store_key_slice(&key));
    struct buf block;
    enum result result;

    if (compiled) {
        *ret_compiled = compiled_ref(compiled);
        return RESULT_OK;
    }
    buf_init(&block, COMPILED_BYTES_MAX);
    result = compiled_load(read, name, known, &block);
    if (result == RESULT_OK)
        result = compiled_new(buf_slice(&block), &compiled);
    buf_done(&block);
    if (result)
        return result;
    if (cache->blocks.count >= CACHE_BLOCKS_MAX)
        drop_blocks(cache, false);
    /* Without room in the map the block simply is not kept. */
    if (map_put(&cache->blocks, store_key_slice(&compiled->version_key), compiled))
        compiled_ref(compiled);
    *ret_compiled = compiled;
    return RESULT_OK;
}
