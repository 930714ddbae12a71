/* A block is copied once into an object of its own; whoever decides with it holds a reference, so
 * that a request keeps the policy of its admission whatever is activated meanwhile. The cache keeps
 * what requests from history needed and lets unused blocks go when it has grown. */
#include "service/compiled.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "engine/policy_document.h"
#include "store/policy.h"

#define CACHE_BLOCKS_MAX  256
#define COMPILE_BYTES_MAX (256 * 1024 * 1024)

struct compiled *compiled_new(struct slice block)
{
    struct compiled *compiled =
        aligned_alloc(16, (sizeof *compiled + block.len + 15) & ~(size_t)15);
    const struct policy *policy;

    if (!compiled)
        return NULL;
    memcpy(compiled->bytes, block.ptr, block.len);
    policy = policy_view(compiled->bytes, block.len);
    if (!policy) {
        free(compiled);
        return NULL;
    }
    atomic_init(&compiled->references, 1);
    compiled->policy = policy;
    compiled->active_key = layout_active(policy_text(policy, policy->workload),
                                         policy_text(policy, policy->environment));
    compiled->version_key =
        layout_compiled(policy_text(policy, policy->id), policy->version, policy->catalog_version,
                        policy->evidence_version, POLICY_FORMAT);
    return compiled;
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

/* Compiles a stored document as it was compiled when it was first needed. */
static enum result compile_documents(struct slice document,
                                     struct slice catalog_text,
                                     const struct policy_name *name,
                                     struct buf *block)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct catalog *catalog = NULL;
    struct policy_document *policy;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    result = catalog_parse(catalog_text, &arena, &diagnostics, &catalog);
    if (result)
        goto out;
    result = policy_parse(document, &arena, &diagnostics, &policy);
    if (result)
        goto out;
    result = policy_check(policy, catalog, &diagnostics);
    if (result)
        goto out;
    result = policy_compile(policy, name->version, name->catalog_version, block);
out:
    catalog_done(catalog);
    arena_done(&arena);
    return result == RESULT_INVALID ? RESULT_CORRUPT : result;
}

enum result
compiled_load(struct store_read *read, const struct policy_name *name, struct buf *block)
{
    struct store_key key = layout_compiled(name->policy_id, name->version, name->catalog_version,
                                           name->evidence_version, POLICY_FORMAT);
    struct slice value, catalog_value;
    struct policy_record policy;
    struct catalog_record catalog;
    enum result result;

    result = store_get(read, STORE_TABLE_COMPILED, store_key_slice(&key), &value);
    if (result == RESULT_OK) {
        buf_put_slice(block, value);
        return buf_failed(block) ? RESULT_NO_MEMORY : RESULT_OK;
    }
    if (result != RESULT_NOT_FOUND)
        return result;
    key = layout_policy(name->policy_id, name->version);
    result = store_get(read, STORE_TABLE_POLICY, store_key_slice(&key), &value);
    if (result)
        return result;
    key = layout_catalog(name->catalog_version);
    result = store_get(read, STORE_TABLE_CATALOG, store_key_slice(&key), &catalog_value);
    if (result)
        return result;
    result = policy_record_decode(value, &policy);
    if (result)
        return result;
    result = catalog_record_decode(catalog_value, &catalog);
    if (result)
        return result;
    return compile_documents(policy.document, catalog.document, name, block);
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
                               struct compiled **ret_compiled)
{
    struct store_key key = layout_compiled(name->policy_id, name->version, name->catalog_version,
                                           name->evidence_version, POLICY_FORMAT);
    struct compiled *compiled = map_get(&cache->blocks, store_key_slice(&key));
    struct buf block;
    enum result result;

    if (compiled) {
        *ret_compiled = compiled_ref(compiled);
        return RESULT_OK;
    }
    buf_init(&block, COMPILED_BYTES_MAX);
    result = compiled_load(read, name, &block);
    if (result == RESULT_OK) {
        compiled = compiled_new(buf_slice(&block));
        if (!compiled)
            result = RESULT_CORRUPT;
    }
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
