/* Policies: validate, publish, activate, get, list.
 *
 * A version is a document as it came; versions of one policy id are numbered from 1. What is active
 * is a row per workload and environment, whichever policy it names: a version goes where its own
 * document says, in place of what was there, and other versions of the id stay active elsewhere. */
#include <string.h>

#include "engine/policy_document.h"
#include "service/admin.h"
#include "service/load.h"
#include "service/rights.h"
#include "store/policy.h"

static struct slice copied(struct admin_call *call, struct slice text)
{
    return arena_copy(call->arena, text);
}

static bool is_active(const struct service *service,
                      struct slice policy_id,
                      uint32_t version,
                      const struct policy_record *record,
                      uint32_t *ret_catalog_version)
{
    const struct compiled *active =
        snapshot_policy(service->admin.current, record->workload, record->environment);

    if (!active || active->policy->version != version ||
        !slice_equal(policy_text(active->policy, active->policy->id), policy_id))
        return false;
    *ret_catalog_version = active->policy->catalog_version;
    return true;
}

static enum result summarize(const struct service *service,
                             struct admin_call *call,
                             struct slice policy_id,
                             uint32_t version,
                             const struct policy_record *record,
                             struct policy_summary *ret_policy)
{
    *ret_policy = (struct policy_summary){
        .policy_id = copied(call, policy_id),
        .workload = copied(call, record->workload),
        .environment = copied(call, record->environment),
        .version = version,
        .published_ms = record->published_ms,
        .published_by = copied(call, record->published_by),
    };
    ret_policy->active =
        is_active(service, policy_id, version, record, &ret_policy->catalog_version);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

/* Parses and checks; *ret_document is NULL when there are errors among the diagnostics. */
static enum result check_document(struct service *service,
                                  struct admin_call *call,
                                  struct slice text,
                                  struct policy_document **ret_document)
{
    struct policy_document *document = NULL;
    enum result result = policy_parse(text, call->arena, &call->diagnostics, &document);

    *ret_document = NULL;
    if (result == RESULT_OK) {
        if (!rights_environment(call->caller, document->environment))
            return admin_fail(call, RESULT_DENIED,
                              "The token may not speak for the document's environment.");
        result =
            policy_check(document, service->admin.current->catalog->catalog, &call->diagnostics);
    }
    if (result == RESULT_INVALID)
        return RESULT_OK;
    if (result == RESULT_OK)
        *ret_document = document;
    return result;
}

enum result
service_validate_policy(struct service *service, struct admin_call *call, struct slice document)
{
    struct policy_document *checked;

    return check_document(service, call, document, &checked);
}

static enum result read_policy(struct service *service,
                               struct slice policy_id,
                               uint32_t version,
                               struct policy_record *ret_record)
{
    struct store_key key = layout_policy(policy_id, version);
    struct slice value;
    enum result result =
        store_get(service->admin.read, STORE_TABLE_POLICY, store_key_slice(&key), &value);

    return result ? result : policy_record_decode(value, ret_record);
}

static enum result compile(const struct service *service,
                           const struct policy_document *document,
                           uint32_t version,
                           struct compiled **ret_compiled)
{
    struct buf block;
    enum result result;

    buf_init(&block, COMPILED_BYTES_MAX);
    result = policy_compile(document, version, service->admin.current->catalog->version, &block);
    if (result == RESULT_OK) {
        *ret_compiled = compiled_new(buf_slice(&block));
        if (!*ret_compiled)
            result = RESULT_NO_MEMORY;
    }
    buf_done(&block);
    return result;
}

static struct slice block_of(const struct compiled *compiled)
{
    return (struct slice){compiled->bytes, compiled->policy->bytes};
}

static enum result store_version(struct service *service,
                                 const struct policy_document *document,
                                 uint32_t version,
                                 const struct policy_record *record)
{
    struct store_key key = layout_policy(document->policy_id, version);
    struct compiled *compiled = NULL;
    struct store_write write = {.ops_count = 2};
    struct buf bytes;
    enum result result = compile(service, document, version, &compiled);

    if (result)
        return result;
    buf_init(&bytes, ADMIN_RECORD_BYTES_MAX);
    policy_record_encode(record, &bytes);
    write.ops[0] = (struct store_op){STORE_OP_PUT, STORE_TABLE_POLICY, store_key_slice(&key),
                                     buf_slice(&bytes)};
    write.ops[1] = (struct store_op){STORE_OP_PUT, STORE_TABLE_COMPILED,
                                     store_key_slice(&compiled->version_key), block_of(compiled)};
    result = buf_failed(&bytes) ? RESULT_TOO_LARGE : store_write_wait(service->store, &write);
    buf_done(&bytes);
    compiled_unref(compiled);
    return result;
}

static enum result publish(struct service *service,
                           struct admin_call *call,
                           struct slice text,
                           const struct policy_document *document,
                           struct policy_summary *ret_policy)
{
    struct policy_record record;
    uint32_t version;
    enum result result = load_policy_version(service->admin.read, document->policy_id, &version);

    if (result)
        return result;
    if (version) {
        result = read_policy(service, document->policy_id, version, &record);
        if (result)
            return result;
    }
    if (!version || !slice_equal(record.document, text)) {
        version++;
        record = (struct policy_record){
            .workload = document->workload,
            .environment = document->environment,
            .document = text,
            .published_ms = call->now_ms,
            .published_by = call->caller ? call->caller->key_id : SLICE_LITERAL(""),
        };
        result = store_version(service, document, version, &record);
        if (result)
            return result;
    }
    return summarize(service, call, document->policy_id, version, &record, ret_policy);
}

enum result service_publish_policy(struct service *service,
                                   struct admin_call *call,
                                   struct slice document,
                                   struct policy_summary *ret_policy)
{
    struct policy_document *checked;
    enum result result = check_document(service, call, document, &checked);

    *ret_policy = (struct policy_summary){.version = 0};
    if (result || !checked)
        return result;
    result = admin_begin(service);
    if (result == RESULT_OK) {
        result = publish(service, call, document, checked, ret_policy);
        admin_end(service);
    }
    return result;
}

/* The version asked for, 0: the latest; its record is lent until admin_end. */
static enum result find_policy(struct service *service,
                               struct admin_call *call,
                               struct slice policy_id,
                               uint32_t *version,
                               struct policy_record *ret_record)
{
    enum result result = RESULT_OK;

    if (policy_id.len > NAME_BYTES_MAX)
        return admin_fail(call, RESULT_NOT_FOUND, "There is no policy of that name.");
    if (*version == 0)
        result = load_policy_version(service->admin.read, policy_id, version);
    if (result == RESULT_OK)
        result =
            *version ? read_policy(service, policy_id, *version, ret_record) : RESULT_NOT_FOUND;
    if (result == RESULT_OK && !rights_environment(call->caller, ret_record->environment))
        result = RESULT_NOT_FOUND;
    if (result == RESULT_NOT_FOUND)
        return admin_fail(call, result, "There is no such version of a policy of that name.");
    return result;
}

/* What was active there before, into ret_replaced. */
static enum result note_replaced(struct service *service,
                                 struct admin_call *call,
                                 const struct policy_record *record,
                                 struct policy_summary *ret_replaced)
{
    const struct compiled *active =
        snapshot_policy(service->admin.current, record->workload, record->environment);
    struct policy_record replaced;
    struct slice policy_id;
    enum result result;

    *ret_replaced = (struct policy_summary){.version = 0};
    if (!active)
        return RESULT_OK;
    policy_id = policy_text(active->policy, active->policy->id);
    result = read_policy(service, policy_id, active->policy->version, &replaced);
    if (result)
        return result;
    return summarize(service, call, policy_id, active->policy->version, &replaced, ret_replaced);
}

static enum result activate_compiled(struct service *service, struct compiled *compiled)
{
    const struct policy *policy = compiled->policy;
    struct store_key named = layout_policy(policy_text(policy, policy->id), policy->version);
    struct policy_set *policies = policy_set_new(service->admin.current->policies, compiled);
    struct store_write write = {.ops_count = 2};
    enum result result;

    if (!policies)
        return RESULT_NO_MEMORY;
    write.ops[0] =
        (struct store_op){STORE_OP_PUT, STORE_TABLE_ACTIVE, store_key_slice(&compiled->active_key),
                          store_key_slice(&named)};
    write.ops[1] = (struct store_op){STORE_OP_PUT, STORE_TABLE_COMPILED,
                                     store_key_slice(&compiled->version_key), block_of(compiled)};
    result = admin_commit(service, &write, policies, NULL, NULL);
    policy_set_unref(policies);
    return result;
}

static enum result activate(struct service *service,
                            struct admin_call *call,
                            struct slice policy_id,
                            uint32_t version,
                            struct policy_summary *ret_policy,
                            struct policy_summary *ret_replaced)
{
    struct policy_document *document;
    struct policy_record record;
    struct compiled *compiled = NULL;
    enum result result = find_policy(service, call, policy_id, &version, &record);

    if (result)
        return result;
    result = check_document(service, call, record.document, &document);
    if (result)
        return result;
    if (!document)
        return admin_fail(call, RESULT_PRECONDITION,
                          "The version does not compile against the current catalog.");
    result = note_replaced(service, call, &record, ret_replaced);
    if (result == RESULT_OK)
        result = compile(service, document, version, &compiled);
    if (result)
        return result;
    result = activate_compiled(service, compiled);
    compiled_unref(compiled);
    if (result == RESULT_TIMEOUT)
        return admin_fail(call, result, "Stored; it serves as soon as the owner turns again.");
    return result ? result : summarize(service, call, policy_id, version, &record, ret_policy);
}

enum result service_activate_policy(struct service *service,
                                    struct admin_call *call,
                                    struct slice policy_id,
                                    uint32_t version,
                                    struct policy_summary *ret_policy,
                                    struct policy_summary *ret_replaced)
{
    enum result result = admin_begin(service);

    *ret_policy = *ret_replaced = (struct policy_summary){.version = 0};
    if (result == RESULT_OK) {
        result = activate(service, call, policy_id, version, ret_policy, ret_replaced);
        admin_end(service);
    }
    return result;
}

/* The newest version of the id that is active anywhere; 0: none. */
static uint32_t active_version(const struct service *service, struct slice policy_id)
{
    const struct compiled *compiled;
    size_t position = 0;
    uint32_t version = 0;

    while ((compiled = map_next(&service->admin.current->policies->active, &position)) != NULL)
        if (compiled->policy->version > version &&
            slice_equal(policy_text(compiled->policy, compiled->policy->id), policy_id))
            version = compiled->policy->version;
    return version;
}

enum result service_get_policy(struct service *service,
                               struct admin_call *call,
                               struct slice policy_id,
                               uint32_t version,
                               struct policy_summary *ret_policy)
{
    struct policy_record record = {.published_ms = 0};
    enum result result = admin_begin(service);

    if (result)
        return result;
    if (version == 0)
        version = active_version(service, policy_id);
    result = find_policy(service, call, policy_id, &version, &record);
    if (result == RESULT_OK)
        result = summarize(service, call, policy_id, version, &record, ret_policy);
    if (result == RESULT_OK) {
        ret_policy->document = copied(call, record.document);
        if (call->arena->failed)
            result = RESULT_NO_MEMORY;
    }
    admin_end(service);
    return result;
}

/* ---- lists ---- */

struct listing {
    struct service *service;
    struct admin_call *call;
    struct policy_summary *policies;
    unsigned count, rows_max;
    bool more;
    enum result result;
};

static bool on_policy_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct policy_record record;
    struct slice policy_id;
    uint32_t version;

    if (listing->count == listing->rows_max) {
        listing->more = true;
        return false;
    }
    if (!layout_policy_parse(key, &policy_id, &version))
        listing->result = RESULT_CORRUPT;
    else
        listing->result = policy_record_decode(value, &record);
    if (listing->result)
        return false;
    if (!rights_environment(listing->call->caller, record.environment))
        return true;
    listing->result = summarize(listing->service, listing->call, policy_id, version, &record,
                                &listing->policies[listing->count]);
    listing->count += listing->result == RESULT_OK;
    return listing->result == RESULT_OK;
}

/* A page token is the last row's "id@version"; the key after it, or false when it is none. */
static bool parse_page_token(struct slice token, struct store_key *ret_from)
{
    const char *at = token.len ? memrchr(token.ptr, '@', token.len) : NULL;
    struct slice policy_id = {token.ptr, at ? (size_t)(at - token.ptr) : 0};
    uint64_t version = 0;

    if (!at || at + 1 == token.ptr + token.len || policy_id.len > NAME_BYTES_MAX)
        return false;
    for (const char *digit = at + 1; digit < token.ptr + token.len; digit++) {
        if (*digit < '0' || *digit > '9' || version > UINT32_MAX)
            return false;
        version = version * 10 + (uint64_t)(*digit - '0');
    }
    if (version >= UINT32_MAX)
        return false;
    *ret_from = layout_policy(policy_id, (uint32_t)version + 1);
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): parameters as service.h has them */
enum result service_list_policies(struct service *service,
                                  struct admin_call *call,
                                  struct slice page_token,
                                  unsigned rows_max,
                                  struct policy_summary **ret_policies,
                                  unsigned *ret_count,
                                  struct slice *ret_next)
{
    struct listing listing = {.service = service, .call = call, .rows_max = admin_rows(rows_max)};
    struct store_key from = {.len = 0};
    struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = ADMIN_WALK_ROWS_MAX};
    const struct policy_summary *last;
    enum result result;

    if (page_token.len && !parse_page_token(page_token, &from))
        return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
    listing.policies = arena_calloc(call->arena, listing.rows_max, sizeof *listing.policies);
    if (!listing.policies)
        return RESULT_NO_MEMORY;
    walk.from = store_key_slice(&from);
    result = admin_begin(service);
    if (result)
        return result;
    result = store_walk(service->admin.read, STORE_TABLE_POLICY, &walk, on_policy_row, &listing);
    admin_end(service);
    if (result || listing.result)
        return result ? result : listing.result;
    *ret_policies = listing.policies;
    *ret_count = listing.count;
    *ret_next = SLICE_LITERAL("");
    if (listing.more && listing.count) {
        last = &listing.policies[listing.count - 1];
        *ret_next = arena_format(call->arena, "%.*s@%u", (int)last->policy_id.len,
                                 last->policy_id.ptr, (unsigned)last->version);
    }
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
