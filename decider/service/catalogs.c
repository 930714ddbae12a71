/* The catalog: review, publish, get. A new catalog compiles every version in service anew, and is
 * stored with all their blocks in one transaction: either everything serves with it or nothing
 * does. A review does the same and stores nothing. */
#include <stdio.h>

#include "service/admin.h"
#include "service/catalog_review.h"
#include "service/compile.h"
#include "service/load.h"
#include "service/rows.h"

#define CATALOG_BYTES_MAX (256 * 1024 * 1024)

struct publishing {
    struct service *service;
    struct admin_call *call;
    struct catalog_set *catalog; /* the new one */
    struct policy_set *policies;
    struct catalog_review review;
    struct rows rows;
    unsigned compiled; /* versions in service compiled anew */
};

/* One version's findings, with its name before the pointers. */
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

struct dropping {
    struct rows *rows;
    struct slice end; /* the first key that stays */
};

static bool on_older_block(void *context, struct slice key, struct slice value)
{
    struct dropping *dropping = context;
    struct slice copy;

    (void)value;
    if (slice_compare(key, dropping->end) >= 0)
        return false;
    copy = arena_copy(&dropping->rows->arena, key);
    dropping->rows->failed |= !copy.len;
    if (copy.len)
        rows_delete(dropping->rows, STORE_TABLE_COMPILED, copy);
    return true;
}

/* The version's blocks of catalogs before the one that serves still go: requests under way may need
 * that one's, and history finds its way back by documents. */
static enum result drop_older_blocks(struct publishing *publishing, const struct policy *policy)
{
    struct slice id = policy_text(policy, policy->id);
    const struct store_key from = layout_compiled(id, policy->version, 0, 0, 0);
    const struct store_key end =
        layout_compiled(id, policy->version, policy->catalog_version, 0, 0);
    const struct store_key versions = layout_policy_versions(id);
    const struct store_walk walk = {.prefix = store_key_slice(&versions),
                                    .from = store_key_slice(&from),
                                    .rows_max = ADMIN_WALK_ROWS_MAX};
    struct dropping dropping = {&publishing->rows, store_key_slice(&end)};

    return store_walk(publishing->service->admin.read, STORE_TABLE_COMPILED, &walk, on_older_block,
                      &dropping);
}

/* RESULT_INVALID: its findings are in call. NULL stays NULL. */
static enum result compile_again(struct publishing *publishing,
                                 const struct compiled *before,
                                 struct compiled **ret_compiled)
{
    const struct policy *policy = before ? before->policy : NULL;
    const struct catalog_set *catalog = publishing->catalog;
    struct compile_order order = {.catalog = catalog->catalog};
    struct diagnostics findings;
    struct arena arena;
    enum result result;

    *ret_compiled = NULL;
    if (!before)
        return RESULT_OK;
    order.name = (struct policy_name){policy_text(policy, policy->id), policy->version,
                                      catalog->version, EVIDENCE_NEWEST};
    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    diagnostics_init(&findings, &arena);
    result = compile_new(publishing->service->admin.read, &order, &findings, ret_compiled);
    if (result == RESULT_INVALID)
        add_findings(publishing->call, &order.name, &findings);
    arena_done(&arena);
    if (result)
        return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    publishing->compiled++;
    rows_lend(&publishing->rows, STORE_TABLE_COMPILED,
              store_key_slice(&(*ret_compiled)->version_key), compiled_block(*ret_compiled));
    result = drop_older_blocks(publishing, policy);
    return result ? result
                  : catalog_review_policy(&publishing->review, policy, (*ret_compiled)->policy);
}

static enum result replace(struct publishing *publishing, const struct serving *before)
{
    struct compiled *whole = NULL, *canary = NULL;
    enum result result = compile_again(publishing, before->whole, &whole);
    enum result other = compile_again(publishing, before->canary, &canary);

    if (result == RESULT_OK || (result == RESULT_INVALID && other))
        result = other;
    if (result == RESULT_OK &&
        !policy_set_serve(publishing->policies,
                          &(struct serving){.whole = whole,
                                            .canary = canary,
                                            .canary_percent = before->canary_percent,
                                            .activation = before->activation}))
        result = RESULT_NO_MEMORY;
    compiled_unref(whole);
    compiled_unref(canary);
    return result;
}

/* Everything in service; a policy with errors does not keep the others from being looked at. */
static enum result compile_all(struct publishing *publishing)
{
    const struct map *active = &publishing->service->admin.current->policies->active;
    enum result worst = RESULT_OK, result;
    const struct serving *before;
    size_t position = 0;

    if (!map_reserve(&publishing->policies->active, active->count))
        return RESULT_NO_MEMORY;
    while ((before = map_next(active, &position)) != NULL) {
        result = replace(publishing, before);
        if (result && result != RESULT_INVALID)
            return result;
        if (result)
            worst = result;
    }
    return worst;
}

static void put_rows(struct publishing *publishing, struct slice document)
{
    const struct admin_call *call = publishing->call;
    struct rows *rows = &publishing->rows;
    struct store_key key = layout_catalog(publishing->catalog->version);
    struct slice by = call->caller ? call->caller->key_id : SLICE_LITERAL("");

    catalog_record_encode(&(struct catalog_record){.document = document,
                                                   .published_ms = call->now_ms,
                                                   .published_by = by},
                          rows_bytes(rows));
    rows_put(rows, STORE_TABLE_CATALOG, store_key_slice(&key));
    rows_audit(rows, &(struct audit_record){
                         .action = AUDIT_ACTION_PUBLISH_CATALOG,
                         .at_ms = call->now_ms,
                         .by = by,
                         .version = publishing->catalog->version,
                         .detail = arena_format(
                             &rows->arena, "%u changes; policies touched: %u; evidence voided: %u.",
                             publishing->review.diff.changes_count, publishing->review.lines_count,
                             (unsigned)publishing->review.voided.count),
                     });
}

static enum result tell(const struct publishing *publishing, struct catalog_summary *ret_catalog)
{
    const struct catalog *catalog = publishing->catalog->catalog;

    *ret_catalog = (struct catalog_summary){
        .routes = catalog->routes_count,
        .models = catalog->models_count,
        .policies = publishing->compiled,
        .compared = publishing->service->admin.current->catalog->version,
    };
    return catalog_review_tell(&publishing->review, ret_catalog);
}

/* Once the document is parsed. The answer is made before the write: after it nothing may fail. */
static enum result carry_out(struct publishing *publishing,
                             const struct catalog_request *request,
                             struct idempotent *repeat,
                             struct catalog_summary *ret_catalog)
{
    struct rows *rows = &publishing->rows;
    uint32_t version = publishing->catalog->version;
    enum result compiled = compile_all(publishing), result;

    if (compiled && compiled != RESULT_INVALID)
        return compiled;
    result = tell(publishing, ret_catalog);
    if (result)
        return result;
    if (compiled == RESULT_INVALID)
        return admin_fail(publishing->call, RESULT_OK,
                          "Active policies do not compile against this catalog.");
    if (request->review_only)
        return RESULT_OK;
    put_rows(publishing, request->document);
    rows_repeat(rows, repeat,
                arena_format(&rows->arena, "%u %u %u %u", (unsigned)version, ret_catalog->routes,
                             ret_catalog->models, ret_catalog->policies));
    result = rows_commit(rows, publishing->service, publishing->policies, publishing->catalog);
    if (result == RESULT_TIMEOUT)
        return admin_fail(publishing->call, result,
                          "Stored; it serves as soon as the owner turns again.");
    if (result == RESULT_OK)
        ret_catalog->version = version;
    return result;
}

static enum result publish(struct service *service,
                           struct admin_call *call,
                           const struct catalog_request *request,
                           struct idempotent *repeat,
                           struct catalog_summary *ret_catalog)
{
    const struct catalog_set *current = service->admin.current->catalog;
    struct publishing publishing = {.service = service,
                                    .call = call,
                                    .catalog = catalog_set_new(CATALOG_BYTES_MAX),
                                    .policies = policy_set_new(NULL)};
    enum result result = RESULT_NO_MEMORY;

    rows_init(&publishing.rows);
    if (publishing.catalog && publishing.policies) {
        publishing.catalog->version = current->version + 1;
        result = catalog_parse(request->document, &publishing.catalog->arena, &call->diagnostics,
                               &publishing.catalog->catalog);
    }
    if (result == RESULT_OK) {
        result =
            catalog_review_begin(&publishing.review, current->version ? current->catalog : NULL,
                                 publishing.catalog->catalog, call->arena);
        if (result == RESULT_OK)
            result = carry_out(&publishing, request, repeat, ret_catalog);
        catalog_review_done(&publishing.review);
    }
    rows_done(&publishing.rows);
    policy_set_unref(publishing.policies);
    catalog_set_unref(publishing.catalog);
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

static struct catalog_summary summary_of(const struct catalog_set *set)
{
    return (struct catalog_summary){
        .version = set->version,
        .routes = set->catalog->routes_count,
        .models = set->catalog->models_count,
        .compared = set->version,
    };
}

/* The numbers of the first answer; what it told of changes is told by a review. */
static enum result answer_again(struct slice answer, struct catalog_summary *ret_catalog)
{
    *ret_catalog = (struct catalog_summary){.version = idempotent_number(&answer)};
    ret_catalog->routes = idempotent_number(&answer);
    ret_catalog->models = idempotent_number(&answer);
    ret_catalog->policies = idempotent_number(&answer);
    return RESULT_OK;
}

static enum result begin_publish(struct service *service,
                                 struct admin_call *call,
                                 const struct catalog_request *request,
                                 struct idempotent *repeat,
                                 struct catalog_summary *ret_catalog)
{
    const struct catalog_set *current = service->admin.current->catalog;
    struct slice answer;
    enum result result = idempotent_find(service, call, repeat, &answer);

    if (result)
        return result;
    if (answer.len)
        return answer_again(answer, ret_catalog);
    if (request->expected_version && request->expected_version != current->version)
        return admin_fail(call, RESULT_PRECONDITION,
                          "Another version of the catalog serves than the one that is expected.");
    if (!same_as_current(service, request->document))
        return publish(service, call, request, repeat, ret_catalog);
    *ret_catalog = summary_of(current);
    if (request->review_only)
        ret_catalog->version = 0;
    return RESULT_OK;
}

enum result service_publish_catalog(struct service *service,
                                    struct admin_call *call,
                                    const struct catalog_request *request,
                                    struct catalog_summary *ret_catalog)
{
    char expected[16];
    struct idempotent repeat;
    enum result result;

    *ret_catalog = (struct catalog_summary){.version = 0};
    snprintf(expected, sizeof expected, "%u", (unsigned)request->expected_version);
    idempotent_init(&repeat, call, "publish_catalog",
                    request->review_only ? SLICE_LITERAL("") : request->write_id,
                    (const struct slice[]){request->document, slice_of(expected)}, 2);
    result = admin_begin(service);
    if (result == RESULT_OK) {
        result = begin_publish(service, call, request, &repeat, ret_catalog);
        admin_end(service);
    }
    idempotent_done(&repeat);
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
