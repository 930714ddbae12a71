/* Walks the tables once, at start. A part that cannot be read ends the start: serving without a
 * policy that an operator activated would be worse than not serving. */
#include "service/load.h"

#include <stdio.h>

#include "service/compile.h"
#include "store/control.h"
#include "store/policy.h"

#define CATALOG_BYTES_MAX   (256 * 1024 * 1024)
#define PRINCIPAL_BYTES_MAX (256 * 1024)

static enum result
fail(struct service_error *reterr_error, enum result result, const char *what, struct slice name)
{
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s %.*s cannot be loaded: %s", what,
             (int)(name.len > 128 ? 128 : name.len), name.len ? name.ptr : "",
             result_row(result)->sentence);
    return result;
}

/* ---- versions ---- */

struct last_row {
    struct slice key;
    bool found;
};

static bool on_last_row(void *context, struct slice key, struct slice value)
{
    struct last_row *last = context;

    (void)value;
    last->key = key;
    last->found = true;
    return false;
}

enum result
load_policy_version(struct store_read *read, struct slice policy_id, uint32_t *ret_version)
{
    struct store_key prefix = layout_policy_versions(policy_id);
    const struct store_walk walk = {
        .prefix = store_key_slice(&prefix), .backwards = true, .rows_max = 1};
    struct last_row last = {.found = false};
    struct slice id;
    enum result result = store_walk(read, STORE_TABLE_POLICY, &walk, on_last_row, &last);

    if (result)
        return result;
    *ret_version = 0;
    if (last.found && !layout_policy_parse(last.key, &id, ret_version))
        return RESULT_CORRUPT;
    return RESULT_OK;
}

enum result load_catalog_version(struct store_read *read, uint32_t *ret_version)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .backwards = true, .rows_max = 1};
    struct last_row last = {.found = false};
    enum result result = store_walk(read, STORE_TABLE_CATALOG, &walk, on_last_row, &last);
    uint32_t version = 0;

    if (result)
        return result;
    if (last.found && last.key.len != sizeof version)
        return RESULT_CORRUPT;
    for (size_t i = 0; last.found && i < sizeof version; i++)
        version = version << 8 | (uint8_t)last.key.ptr[i];
    *ret_version = version;
    return RESULT_OK;
}

/* ---- catalog ---- */

enum result
load_catalog(struct store_read *read, uint32_t version, struct catalog_set **ret_catalog)
{
    struct catalog_set *set = catalog_set_new(CATALOG_BYTES_MAX);
    struct store_key key = layout_catalog(version);
    struct diagnostics diagnostics;
    struct catalog_record record;
    struct slice value;
    enum result result;

    if (!set)
        return RESULT_NO_MEMORY;
    set->version = version;
    if (version == 0) {
        set->catalog = arena_calloc(&set->arena, 1, sizeof *set->catalog);
        *ret_catalog = set;
        return set->catalog ? RESULT_OK : RESULT_NO_MEMORY;
    }
    result = store_get(read, STORE_TABLE_CATALOG, store_key_slice(&key), &value);
    if (result == RESULT_OK)
        result = catalog_record_decode(value, &record);
    if (result == RESULT_OK) {
        diagnostics_init(&diagnostics, &set->arena);
        result = catalog_parse(record.document, &set->arena, &diagnostics, &set->catalog);
    }
    if (result)
        catalog_set_unref(set);
    else
        *ret_catalog = set;
    return result;
}

/* ---- active policies ---- */

struct loading {
    struct store_read *read;
    const struct catalog_set *catalog;
    struct policy_set *policies;
    struct key_set *keys;
    struct service_error *error;
    enum result result;
};

/* A version that was activated once, and that this program would not let pass any more, is told of
 * by what is wrong with it. */
static enum result explain(const struct loading *loading, const struct policy_name *name)
{
    const struct compile_order order = {.name = *name, .catalog = loading->catalog->catalog};
    struct compiled *compiled = NULL;
    struct diagnostics findings;
    struct arena arena;
    const struct diagnostic *found;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    diagnostics_init(&findings, &arena);
    result = compile_new(loading->read, &order, &findings, &compiled);
    compiled_unref(compiled);
    for (found = findings.first; found && !diagnostic_is_error(found->code);)
        found = found->next;
    if (result == RESULT_INVALID && found)
        snprintf(loading->error->text, sizeof loading->error->text,
                 "policy %.*s version %u cannot be loaded: %s at %.*s",
                 (int)(name->policy_id.len > 96 ? 96 : name->policy_id.len), name->policy_id.ptr,
                 (unsigned)name->version, diagnostic_name(found->code),
                 (int)(found->pointer.len > 96 ? 96 : found->pointer.len),
                 found->pointer.len ? found->pointer.ptr : "");
    arena_done(&arena);
    return RESULT_CORRUPT;
}

/* As the current catalog and evidence make it: the stored block, or one that is made now. */
static enum result load_version(struct loading *loading,
                                struct policy_name name,
                                struct slice workload,
                                struct slice environment,
                                struct compiled **ret_compiled)
{
    struct buf block;
    enum result result = pieces_version(loading->read, workload, environment, EVIDENCE_NEWEST,
                                        &name.evidence_version);

    name.catalog_version = loading->catalog->version;
    buf_init(&block, COMPILED_BYTES_MAX);
    if (result == RESULT_OK)
        result = compiled_load(loading->read, &name, loading->catalog, &block);
    if (result == RESULT_OK)
        result = compiled_new(buf_slice(&block), ret_compiled);
    buf_done(&block);
    if (result)
        result = fail(loading->error, result, "policy", name.policy_id);
    return result == RESULT_CORRUPT ? explain(loading, &name) : result;
}

/* Before store format 2 the value was the key of a policy version. The first byte tells: a record
 * begins with its version, a name with something to be seen. */
static bool decode_active(struct slice value, struct active_record *ret_active)
{
    *ret_active = (struct active_record){.version = 0};
    if (value.len && (uint8_t)value.ptr[0] < ' ')
        return active_record_decode(value, ret_active) == RESULT_OK;
    return layout_policy_parse(value, &ret_active->policy_id, &ret_active->version);
}

static enum result load_active(struct loading *loading, struct slice key, struct slice value)
{
    struct active_record active;
    struct compiled *whole = NULL, *canary = NULL;
    struct slice workload, environment;
    enum result result;

    if (!layout_active_parse(key, &workload, &environment) || !decode_active(value, &active))
        return fail(loading->error, RESULT_CORRUPT, "an active policy", key);
    result = load_version(
        loading, (struct policy_name){.policy_id = active.policy_id, .version = active.version},
        workload, environment, &whole);
    if (result == RESULT_OK && active.canary_version)
        result = load_version(loading,
                              (struct policy_name){.policy_id = active.canary_policy_id,
                                                   .version = active.canary_version},
                              workload, environment, &canary);
    if (result == RESULT_OK &&
        !policy_set_serve(loading->policies,
                          &(struct serving){.whole = whole,
                                            .canary = canary,
                                            .canary_percent = active.canary_percent,
                                            .activation = active.activation}))
        result = fail(loading->error, RESULT_NO_MEMORY, "policy", active.policy_id);
    compiled_unref(whole);
    compiled_unref(canary);
    return result;
}

static bool on_active_row(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;

    loading->result = load_active(loading, key, value);
    return loading->result == RESULT_OK;
}

/* ---- keys ---- */

static enum result load_key(struct loading *loading, struct slice mac, struct slice key_id)
{
    struct principal principal;
    struct key *key = NULL;
    struct digest identity;
    struct arena arena;
    struct slice value;
    enum result result;

    if (mac.len != sizeof identity.bytes)
        return fail(loading->error, RESULT_CORRUPT, "key", key_id);
    memcpy(identity.bytes, mac.ptr, mac.len);
    result = store_get(loading->read, STORE_TABLE_KEY, key_id, &value);
    if (result)
        return fail(loading->error, result, "key", key_id);
    arena_init(&arena, NULL, 0, PRINCIPAL_BYTES_MAX);
    result = principal_decode(value, &arena, &principal);
    if (result == RESULT_OK && !(key = key_new(&identity, &principal)))
        result = RESULT_NO_MEMORY;
    arena_done(&arena);
    if (result)
        return fail(loading->error, result, "key", key_id);
    if (map_put(&loading->keys->keys,
                (struct slice){(const char *)key->identity.bytes, DIGEST_BYTES}, key))
        return RESULT_OK;
    key_unref(key);
    return fail(loading->error, RESULT_NO_MEMORY, "key", key_id);
}

static bool on_key_row(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;

    loading->result = load_key(loading, key, value);
    return loading->result == RESULT_OK;
}

static enum result walk_all(struct loading *loading, enum store_table table, store_visit visit)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = UINT32_MAX};
    enum result result = store_walk(loading->read, table, &walk, visit, loading);

    if (result)
        return fail(loading->error, result, "the store", SLICE_LITERAL(""));
    return loading->result;
}

enum result load_snapshot(struct store_read *read,
                          struct snapshot **ret_snapshot,
                          struct service_error *reterr_error)
{
    struct loading loading = {.read = read, .error = reterr_error, .result = RESULT_OK};
    struct catalog_set *catalog = NULL;
    uint32_t catalog_version;
    enum result result = RESULT_NO_MEMORY;

    loading.policies = policy_set_new(NULL);
    loading.keys = key_set_new(NULL, NULL);
    if (!loading.policies || !loading.keys)
        goto out;
    result = load_catalog_version(read, &catalog_version);
    if (result == RESULT_OK)
        result = load_catalog(read, catalog_version, &catalog);
    if (result) {
        result = fail(reterr_error, result, "the catalog", SLICE_LITERAL(""));
        goto out;
    }
    loading.catalog = catalog;
    result = walk_all(&loading, STORE_TABLE_ACTIVE, on_active_row);
    if (result == RESULT_OK)
        result = walk_all(&loading, STORE_TABLE_KEY_SECRET, on_key_row);
    if (result)
        goto out;
    *ret_snapshot = snapshot_new(loading.policies, loading.keys, catalog);
    if (!*ret_snapshot)
        result = fail(reterr_error, RESULT_NO_MEMORY, "the store", SLICE_LITERAL(""));
out:
    policy_set_unref(loading.policies);
    key_set_unref(loading.keys);
    catalog_set_unref(catalog);
    return result;
}

bool load_has_operator(const struct snapshot *snapshot, int64_t now_ms)
{
    size_t position = 0;
    const struct key *key;

    while ((key = map_next(&snapshot->keys->keys, &position)) != NULL)
        if (key->principal.role == ROLE_OPERATOR && !key->principal.revoked_ms &&
            (!key->principal.expires_ms || key->principal.expires_ms > now_ms))
            return true;
    return false;
}
