/* Policies: find, tell, get, list. What serves is asked of the admin thread's snapshot; versions
 * and documents are asked of the store. */
#include "service/policies.h"

#include <string.h>

#include "service/compile.h"
#include "service/load.h"
#include "service/rights.h"

static struct slice copied(struct admin_call *call, struct slice text)
{
    return arena_copy(call->arena, text);
}

struct slice policies_name(struct arena *arena, struct slice policy_id, uint32_t version)
{
    return arena_format(arena, "%.*s@%u", (int)policy_id.len, policy_id.len ? policy_id.ptr : "",
                        (unsigned)version);
}

bool policies_parse_name(struct slice name, struct slice *ret_policy_id, uint32_t *ret_version)
{
    const char *at = name.len ? memrchr(name.ptr, '@', name.len) : NULL;
    struct slice policy_id = {name.ptr, at ? (size_t)(at - name.ptr) : 0};
    uint64_t version = 0;

    if (!at || at + 1 == name.ptr + name.len || policy_id.len > NAME_BYTES_MAX)
        return false;
    for (const char *digit = at + 1; digit < name.ptr + name.len; digit++) {
        if (*digit < '0' || *digit > '9' || version > UINT32_MAX)
            return false;
        version = version * 10 + (uint64_t)(*digit - '0');
    }
    if (version >= UINT32_MAX)
        return false;
    *ret_policy_id = policy_id;
    *ret_version = (uint32_t)version;
    return true;
}

/* Where it serves, and how many of the requests. */
static void put_service(const struct service *service, struct policy_summary *policy)
{
    const struct serving *serving =
        snapshot_serving(service->admin.current, policy->workload, policy->environment);
    const struct compiled *compiled = NULL;

    if (!serving)
        return;
    if (compiled_is_version(serving->whole, policy->policy_id, policy->version)) {
        compiled = serving->whole;
        policy->percent = 100 - serving->canary_percent;
    } else if (compiled_is_version(serving->canary, policy->policy_id, policy->version)) {
        compiled = serving->canary;
        policy->percent = serving->canary_percent;
    }
    if (!compiled)
        return;
    policy->active = true;
    policy->catalog_version = compiled->policy->catalog_version;
}

enum result policies_summarize(const struct service *service,
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
    put_service(service, ret_policy);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result policies_summarize_compiled(const struct service *service,
                                        struct admin_call *call,
                                        const struct compiled *compiled,
                                        struct policy_summary *ret_policy)
{
    const struct policy *policy = compiled ? compiled->policy : NULL;
    struct policy_record record;
    enum result result;

    *ret_policy = (struct policy_summary){.version = 0};
    if (!policy)
        return RESULT_OK;
    result = compile_read(service->admin.read, policy_text(policy, policy->id), policy->version,
                          &record);
    if (result)
        return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    return policies_summarize(service, call, policy_text(policy, policy->id), policy->version,
                              &record, ret_policy);
}

enum result policies_check(struct service *service,
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

enum result policies_find(struct service *service,
                          struct admin_call *call,
                          struct slice policy_id,
                          uint32_t *version,
                          struct policy_record *ret_record)
{
    enum result result = RESULT_OK;

    if (policy_id.len == 0 || policy_id.len > NAME_BYTES_MAX)
        return admin_fail(call, RESULT_NOT_FOUND, "There is no policy of that name.");
    if (*version == 0)
        result = load_policy_version(service->admin.read, policy_id, version);
    if (result == RESULT_OK)
        result = *version ? compile_read(service->admin.read, policy_id, *version, ret_record)
                          : RESULT_NOT_FOUND;
    if (result == RESULT_OK && !rights_environment(call->caller, ret_record->environment))
        result = RESULT_NOT_FOUND;
    if (result == RESULT_NOT_FOUND)
        return admin_fail(call, result, "There is no such version of a policy of that name.");
    return result;
}

uint32_t policies_active(const struct service *service, struct slice policy_id)
{
    const struct serving *serving;
    uint32_t whole = 0, canary = 0;
    size_t position = 0;

    while ((serving = map_next(&service->admin.current->policies->active, &position)) != NULL) {
        if (compiled_is_of(serving->whole, policy_id) && serving->whole->policy->version > whole)
            whole = serving->whole->policy->version;
        if (compiled_is_of(serving->canary, policy_id) && serving->canary->policy->version > canary)
            canary = serving->canary->policy->version;
    }
    return whole ? whole : canary;
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
        version = policies_active(service, policy_id);
    result = policies_find(service, call, policy_id, &version, &record);
    if (result == RESULT_OK)
        result = policies_summarize(service, call, policy_id, version, &record, ret_policy);
    if (result == RESULT_OK) {
        ret_policy->document = copied(call, record.document);
        if (call->arena->failed)
            result = RESULT_NO_MEMORY;
    }
    admin_end(service);
    return result;
}

enum result service_canonical_policy(struct admin_call *call,
                                     const struct policy_summary *policy,
                                     struct slice *ret_canonical)
{
    struct policy_document *document = NULL;
    struct diagnostics findings;
    struct buf text;
    enum result result;

    diagnostics_init(&findings, call->arena);
    result = policy_parse(policy->document, call->arena, &findings, &document);
    if (result)
        return result == RESULT_INVALID ? RESULT_CORRUPT : result;
    buf_init(&text, DOCUMENT_BYTES_MAX);
    result = policy_dump(document, &text);
    if (result == RESULT_OK)
        *ret_canonical = copied(call, buf_slice(&text));
    buf_done(&text);
    return result == RESULT_OK && call->arena->failed ? RESULT_NO_MEMORY : result;
}

/* ---- lists ---- */

struct listing {
    struct service *service;
    struct admin_call *call;
    struct policy_summary *policies;
    unsigned count, rows_max;
    unsigned walked;
    struct store_key last; /* that was looked at */
    bool more;
    enum result result;
};

static bool on_policy_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct policy_record record;
    struct slice policy_id;
    uint32_t version;

    if (listing->count == listing->rows_max || listing->walked == ADMIN_WALK_ROWS_MAX) {
        listing->more = true;
        return false;
    }
    if (!layout_policy_parse(key, &policy_id, &version))
        listing->result = RESULT_CORRUPT;
    else
        listing->result = policy_record_decode(value, &record);
    if (listing->result)
        return false;
    listing->walked++;
    listing->last = layout_policy(policy_id, version);
    if (!rights_environment(listing->call->caller, record.environment))
        return true;
    listing->result = policies_summarize(listing->service, listing->call, policy_id, version,
                                         &record, &listing->policies[listing->count]);
    listing->count += listing->result == RESULT_OK;
    return listing->result == RESULT_OK;
}

/* A page token is the name of the version that was looked at last. */
static struct slice next_page(struct admin_call *call, const struct listing *listing)
{
    struct slice policy_id;
    uint32_t version;

    if (!listing->more ||
        !layout_policy_parse(store_key_slice(&listing->last), &policy_id, &version))
        return SLICE_LITERAL("");
    return policies_name(call->arena, policy_id, version);
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
    struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = ADMIN_WALK_ROWS_MAX + 1};
    struct store_key from = {.len = 0};
    struct slice policy_id;
    uint32_t version;
    enum result result;

    if (page_token.len) {
        if (!policies_parse_name(page_token, &policy_id, &version))
            return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
        from = layout_policy(policy_id, version + 1);
    }
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
    *ret_next = next_page(call, &listing);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
