/* What the caller may not see is not there for it: a tenant or environment beyond its rights reads
 * as not found. */
#include "service/stored.h"

#include "service/admin.h"
#include "service/request.h"
#include "service/rights.h"

struct search {
    const struct admin_call *call;
    struct slice tenant;     /* empty: any */
    struct history *history; /* of the row that is looked at */
    struct store_key exact;
    struct slice key, record;
    unsigned found;
    unsigned wanted; /* rows to look for */
};

/* What cannot be read is not hidden: it is told as corrupt. */
static bool environment_hidden(const struct search *search, struct slice record)
{
    const struct principal *caller = search->call->caller;
    struct arena arena;
    bool hidden;

    if (!caller || !caller->environments.count)
        return false;
    arena_init(&arena, NULL, 0, REQUEST_TEXT_BYTES_MAX);
    hidden = history_decode(record, &arena, search->history) == RESULT_OK &&
             !rights_environment(caller, search->history->facts.environment);
    arena_done(&arena);
    return hidden;
}

static bool on_row(void *context, struct slice key, struct slice value)
{
    struct search *search = context;
    struct slice tenant;
    struct uuid id;

    if (!layout_request_parse(key, &id, &tenant) || !rights_tenant(search->call->caller, tenant) ||
        (search->tenant.len && !slice_equal(search->tenant, tenant)) ||
        environment_hidden(search, value))
        return true;
    search->key = key;
    search->record = value;
    return ++search->found < search->wanted;
}

static enum result
find_row(struct service *service, const struct request_query *query, struct search *search)
{
    const struct store_walk newest = {
        .prefix = SLICE_LITERAL(""), .backwards = true, .rows_max = ADMIN_WALK_ROWS_MAX};
    const struct store_walk of_id = {
        .prefix = {(const char *)query->request_id.bytes, sizeof query->request_id.bytes},
        .rows_max = ADMIN_WALK_ROWS_MAX};
    struct slice record;
    enum result result;

    if (query->has_id && query->tenant.len) {
        search->exact = layout_request(query->request_id, query->tenant);
        result = store_get(service->admin.read, STORE_TABLE_HISTORY,
                           store_key_slice(&search->exact), &record);
        if (result == RESULT_OK)
            on_row(search, store_key_slice(&search->exact), record);
    } else {
        search->wanted = query->has_id ? 2 : 1;
        result = store_walk(service->admin.read, STORE_TABLE_HISTORY,
                            query->has_id ? &of_id : &newest, on_row, search);
    }
    if (result)
        return result;
    return search->found == 0 ? RESULT_NOT_FOUND : search->found > 1 ? RESULT_INVALID : RESULT_OK;
}

static enum result
read_policy(struct service *service, struct admin_call *call, struct stored *stored)
{
    const struct history *history = &stored->history;
    const struct policy_name name = {history->policy_id, history->policy_version,
                                     history->catalog_version, history->evidence_version};
    struct buf block;
    char *copy;
    enum result result;

    if (!name.policy_id.len)
        return RESULT_OK;
    buf_init(&block, COMPILED_BYTES_MAX);
    result = compiled_load(service->admin.read, &name, service->admin.current->catalog, &block);
    if (result == RESULT_OK) {
        copy = arena_alloc(call->arena, block.len);
        if (copy) {
            memcpy(copy, block.ptr, block.len);
            stored->policy = policy_view(copy, block.len);
        }
        if (!stored->policy)
            result = copy ? RESULT_CORRUPT : RESULT_NO_MEMORY;
    }
    buf_done(&block);
    if (result == RESULT_NOT_FOUND || result == RESULT_CORRUPT)
        return admin_fail(call, RESULT_CORRUPT,
                          "The policy that the request was decided with cannot be read.");
    return result;
}

static enum result read_row(struct service *service,
                            struct admin_call *call,
                            const struct request_query *query,
                            struct stored *stored)
{
    struct search search = {
        .call = call, .tenant = query->tenant, .history = &stored->history, .wanted = 1};
    struct slice record;
    struct uuid id;
    enum result result = find_row(service, query, &search);

    if (result == RESULT_NOT_FOUND)
        return admin_fail(call, result, "There is no such request in history.");
    if (result == RESULT_INVALID)
        return admin_fail(call, result, "Two tenants used this request id; name one.");
    if (result)
        return result;
    record = arena_copy(call->arena, search.record);
    if (layout_request_parse(search.key, &id, &stored->tenant))
        stored->tenant = arena_copy(call->arena, stored->tenant);
    if (call->arena->failed)
        return RESULT_NO_MEMORY;
    result = history_decode(record, call->arena, &stored->history);
    if (result == RESULT_CORRUPT)
        return admin_fail(call, result, "The stored record fails its checksum.");
    if (result)
        return result;
    if (stored->history.boundaries_count == 0)
        return admin_fail(call, RESULT_CORRUPT, "The stored record has no boundary.");
    return read_policy(service, call, stored);
}

enum result stored_read(struct service *service,
                        struct admin_call *call,
                        const struct request_query *query,
                        struct stored **ret_stored)
{
    struct stored *stored = arena_calloc(call->arena, 1, sizeof *stored);
    enum result result;

    if (!stored)
        return RESULT_NO_MEMORY;
    if (query->tenant.len > NAME_BYTES_MAX)
        return admin_fail(call, RESULT_NOT_FOUND, "There is no such request in history.");
    result = admin_begin(service);
    if (result)
        return result;
    result = read_row(service, call, query, stored);
    admin_end(service);
    if (result == RESULT_OK)
        *ret_stored = stored;
    return result;
}
