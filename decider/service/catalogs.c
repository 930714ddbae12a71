/* The catalog: publish and get. A new catalog compiles every active policy anew, and is stored with
 * all their blocks in one transaction: either everything serves with it or nothing does. */
#include <stdlib.h>

#include "engine/policy_document.h"
#include "service/admin.h"
#include "service/load.h"
#include "store/policy.h"

#define CATALOG_BYTES_MAX (256 * 1024 * 1024)
#define COMPILE_BYTES_MAX (256 * 1024 * 1024)

/* One active policy's findings, with its name before the pointers. */
static void add_findings(struct admin_call *call,
                         const struct policy_name *name,
                         const struct diagnostics *findings)
{
    for (const struct diagnostic *found = findings->first; found; found = found->next)
        if (diagnostic_is_error(found->code))
            diagnostics_add(&call->diagnostics, found->code,
                            arena_format(call->arena, "%.*s@%u#%.*s", (int)name->policy_id.len,
                                         name->policy_id.ptr, (unsigned)name->version,
                                         (int)found->pointer.len, found->pointer.ptr),
                            found->found, found->expected);
}

static enum result compile_document(struct admin_call *call,
                                    const struct policy_name *name,
                                    struct slice text,
                                    const struct catalog *catalog,
                                    struct buf *block)
{
    struct policy_document *document;
    struct diagnostics findings;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    diagnostics_init(&findings, &arena);
    result = policy_parse(text, &arena, &findings, &document);
    if (result == RESULT_OK)
        result = policy_check(document, catalog, &findings);
    if (result == RESULT_OK)
        result = policy_compile(document, name->version, name->catalog_version, block);
    if (result == RESULT_INVALID)
        add_findings(call, name, &findings);
    arena_done(&arena);
    return result;
}

/* RESULT_INVALID: its findings are in call. */
static enum result compile_again(struct service *service,
                                 struct admin_call *call,
                                 const struct policy *active,
                                 const struct catalog_set *catalog,
                                 struct compiled **ret_compiled)
{
    const struct policy_name name = {policy_text(active, active->id), active->version,
                                     catalog->version, active->evidence_version};
    struct store_key key = layout_policy(name.policy_id, name.version);
    struct policy_record record;
    struct slice value;
    struct buf block;
    enum result result =
        store_get(service->admin.read, STORE_TABLE_POLICY, store_key_slice(&key), &value);

    if (result == RESULT_OK)
        result = policy_record_decode(value, &record);
    if (result)
        return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    buf_init(&block, COMPILED_BYTES_MAX);
    result = compile_document(call, &name, record.document, catalog->catalog, &block);
    if (result == RESULT_OK) {
        *ret_compiled = compiled_new(buf_slice(&block));
        if (!*ret_compiled)
            result = RESULT_NO_MEMORY;
    }
    buf_done(&block);
    return result;
}

/* All active policies; a policy with errors does not keep the others from being looked at. */
static enum result compile_all(struct service *service,
                               struct admin_call *call,
                               const struct catalog_set *catalog,
                               struct policy_set *policies)
{
    const struct map *active = &service->admin.current->policies->active;
    enum result worst = RESULT_OK, result;
    const struct compiled *before;
    struct compiled *compiled;
    size_t position = 0;

    if (!map_reserve(&policies->active, active->count))
        return RESULT_NO_MEMORY;
    while ((before = map_next(active, &position)) != NULL) {
        result = compile_again(service, call, before->policy, catalog, &compiled);
        if (result == RESULT_INVALID) {
            worst = result;
            continue;
        }
        if (result)
            return result;
        if (!map_put(&policies->active, store_key_slice(&compiled->active_key), compiled)) {
            compiled_unref(compiled);
            return RESULT_NO_MEMORY;
        }
    }
    return worst;
}

static struct store_op *block_ops(const struct policy_set *policies)
{
    struct store_op *ops = calloc(policies->active.count + 1, sizeof *ops);
    const struct compiled *compiled;
    size_t position = 0;
    unsigned count = 0;

    while (ops && (compiled = map_next(&policies->active, &position)) != NULL)
        ops[count++] = (struct store_op){STORE_OP_PUT, STORE_TABLE_COMPILED,
                                         store_key_slice(&compiled->version_key),
                                         (struct slice){compiled->bytes, compiled->policy->bytes}};
    return ops;
}

static enum result store_catalog(struct service *service,
                                 struct admin_call *call,
                                 struct slice document,
                                 struct catalog_set *catalog,
                                 struct policy_set *policies)
{
    const struct catalog_record record = {
        .document = document,
        .published_ms = call->now_ms,
        .published_by = call->caller ? call->caller->key_id : SLICE_LITERAL(""),
    };
    struct store_key key = layout_catalog(catalog->version);
    struct store_op *ops = block_ops(policies);
    struct store_write write = {
        .ops_count = 1, .more_ops = ops, .more_ops_count = (unsigned)policies->active.count};
    struct buf bytes;
    enum result result;

    if (!ops)
        return RESULT_NO_MEMORY;
    buf_init(&bytes, ADMIN_RECORD_BYTES_MAX);
    catalog_record_encode(&record, &bytes);
    write.ops[0] = (struct store_op){STORE_OP_PUT, STORE_TABLE_CATALOG, store_key_slice(&key),
                                     buf_slice(&bytes)};
    result = buf_failed(&bytes) ? RESULT_TOO_LARGE
                                : admin_commit(service, &write, policies, NULL, catalog);
    buf_done(&bytes);
    free(ops);
    return result;
}

static void
summarize(const struct catalog_set *set, unsigned policies, struct catalog_summary *ret_catalog)
{
    *ret_catalog = (struct catalog_summary){
        .version = set->version,
        .routes = set->catalog->routes_count,
        .models = set->catalog->models_count,
        .policies = policies,
    };
}

static enum result publish(struct service *service,
                           struct admin_call *call,
                           struct slice document,
                           struct catalog_set *set,
                           struct catalog_summary *ret_catalog)
{
    struct policy_set *policies = NULL;
    enum result result = catalog_parse(document, &set->arena, &call->diagnostics, &set->catalog);

    if (result == RESULT_OK) {
        policies = policy_set_new(NULL, NULL);
        result = policies ? compile_all(service, call, set, policies) : RESULT_NO_MEMORY;
    }
    if (result == RESULT_INVALID && policies)
        call->message = SLICE_LITERAL("Active policies do not compile against this catalog.");
    if (result == RESULT_OK)
        result = store_catalog(service, call, document, set, policies);
    if (result == RESULT_OK)
        summarize(set, (unsigned)policies->active.count, ret_catalog);
    policy_set_unref(policies);
    /* Findings are an answer, not a failure. */
    return result == RESULT_INVALID ? RESULT_OK : result;
}

/* The catalog in service again, when this is its document. */
static bool same_as_current(const struct service *service, struct slice document)
{
    struct store_key key = layout_catalog(service->admin.current->catalog->version);
    struct catalog_record record;
    struct slice value;

    return service->admin.current->catalog->version &&
           !store_get(service->admin.read, STORE_TABLE_CATALOG, store_key_slice(&key), &value) &&
           !catalog_record_decode(value, &record) && slice_equal(record.document, document);
}

enum result service_publish_catalog(struct service *service,
                                    struct admin_call *call,
                                    struct slice document,
                                    struct catalog_summary *ret_catalog)
{
    struct catalog_set *set;
    enum result result;

    *ret_catalog = (struct catalog_summary){.version = 0};
    result = admin_begin(service);
    if (result)
        return result;
    if (same_as_current(service, document)) {
        summarize(service->admin.current->catalog, 0, ret_catalog);
        admin_end(service);
        return RESULT_OK;
    }
    set = catalog_set_new(CATALOG_BYTES_MAX);
    if (set) {
        set->version = service->admin.current->catalog->version + 1;
        result = publish(service, call, document, set, ret_catalog);
        catalog_set_unref(set);
    } else {
        result = RESULT_NO_MEMORY;
    }
    admin_end(service);
    return result;
}

enum result service_get_catalog(struct service *service,
                                struct admin_call *call,
                                uint32_t version,
                                struct catalog_summary *ret_catalog)
{
    struct catalog_record record;
    struct store_key key;
    struct slice value;
    enum result result = admin_begin(service);

    if (result)
        return result;
    if (version == 0)
        version = service->admin.current->catalog->version;
    key = layout_catalog(version);
    result = store_get(service->admin.read, STORE_TABLE_CATALOG, store_key_slice(&key), &value);
    if (result == RESULT_NOT_FOUND)
        admin_fail(call, result, "There is no such version of the catalog.");
    if (result == RESULT_OK)
        result = catalog_record_decode(value, &record);
    if (result == RESULT_OK) {
        *ret_catalog = (struct catalog_summary){
            .version = version, .document = arena_copy(call->arena, record.document)};
        if (version == service->admin.current->catalog->version) {
            ret_catalog->routes = service->admin.current->catalog->catalog->routes_count;
            ret_catalog->models = service->admin.current->catalog->catalog->models_count;
        }
        if (call->arena->failed)
            result = RESULT_NO_MEMORY;
    }
    admin_end(service);
    return result;
}
