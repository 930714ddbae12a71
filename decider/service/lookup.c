/* The owner's read transaction is renewed by the first look-up after a turn: what left memory in a
 * turn had been committed before, so the next transaction sees it. */
#include "service/lookup.h"

#include "base/buf.h"
#include "service/boundary.h"

enum result lookup_begin(struct service *service)
{
    struct owner *owner = &service->owner;
    enum result result;

    if (owner->reading)
        return RESULT_OK;
    result = store_read_renew(owner->read);
    owner->reading = result == RESULT_OK;
    return result;
}

void lookup_end(struct service *service)
{
    if (service->owner.reading)
        store_read_reset(service->owner.read);
    service->owner.reading = false;
}

static bool is_named(const struct compiled *compiled, const struct store_key *key)
{
    return compiled && slice_equal(store_key_slice(&compiled->version_key), store_key_slice(key));
}

enum result lookup_policy(struct service *service,
                          const struct history *history,
                          struct compiled **ret_compiled)
{
    struct owner *owner = &service->owner;
    const struct serving *serving;
    struct store_key key;
    const struct policy_name name = {history->policy_id, history->policy_version,
                                     history->catalog_version, history->evidence_version};

    *ret_compiled = NULL;
    if (!history->policy_id.len)
        return RESULT_OK;
    key = policy_name_key(&name);
    serving = snapshot_serving(owner->live, history->facts.workload, history->facts.environment);
    if (serving && is_named(serving->whole, &key))
        *ret_compiled = compiled_ref(serving->whole);
    else if (serving && is_named(serving->canary, &key))
        *ret_compiled = compiled_ref(serving->canary);
    else
        return compiled_cache_get(&owner->compiled, owner->read, &name, owner->live->catalog,
                                  ret_compiled);
    return RESULT_OK;
}

/* Into memory, where it was left. */
static enum result
load(struct service *service, struct slice key, struct slice record, struct request **ret_request)
{
    struct requests *requests = &service->owner.requests;
    struct request *request;
    struct slice tenant;
    struct uuid id;
    enum result result;

    if (!layout_request_parse(key, &id, &tenant))
        return RESULT_CORRUPT;
    request = request_new(requests, id, tenant);
    if (!request)
        return RESULT_NO_MEMORY;
    result = request_decode(request, record);
    if (result == RESULT_OK)
        result = lookup_policy(service, &request->history, &request->compiled);
    if (result == RESULT_OK)
        result = request_restore(request);
    if (result == RESULT_OK && !request_enter(requests, request))
        result = RESULT_NO_MEMORY;
    if (result) {
        request_free(requests, request);
        /* The record is there; what it needs is not. */
        return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    }
    request->durable = request->history.boundaries_count;
    request->given_up = request->history.unreported_ms != 0;
    if (!request->given_up)
        request_timer(requests, request, boundary_give_up_ms(service, request));
    *ret_request = request;
    return RESULT_OK;
}

struct match {
    struct slice key, record;
    unsigned count;
};

static bool on_match(void *context, struct slice key, struct slice value)
{
    struct match *match = context;

    match->key = key;
    match->record = value;
    match->count++;
    return true;
}

/* The row of whichever tenant has the id. */
static enum result walk(struct store_read *read, struct uuid id, struct match *match)
{
    const struct store_walk walk = {.prefix = {(const char *)id.bytes, sizeof id.bytes},
                                    .rows_max = 2};
    enum result result = store_walk(read, STORE_TABLE_HISTORY, &walk, on_match, match);

    if (result)
        return result;
    return match->count > 1 ? RESULT_INVALID : match->count ? RESULT_OK : RESULT_NOT_FOUND;
}

enum result lookup_request(struct service *service,
                           struct uuid id,
                           struct slice tenant,
                           struct request **ret_request)
{
    struct owner *owner = &service->owner;
    struct match match = {.count = 0};
    struct store_key key;
    bool ambiguous;
    enum result result;

    *ret_request = request_find(&owner->requests, id, tenant, &ambiguous);
    if (ambiguous)
        return RESULT_INVALID;
    if (*ret_request)
        return RESULT_OK;
    result = lookup_begin(service);
    if (result)
        return result;
    if (tenant.len) {
        key = layout_request(id, tenant);
        match.key = store_key_slice(&key);
        result = store_get(owner->read, STORE_TABLE_HISTORY, match.key, &match.record);
    } else {
        result = walk(owner->read, id, &match);
    }
    if (result == RESULT_NOT_FOUND)
        return RESULT_OK;
    return result ? result : load(service, match.key, match.record, ret_request);
}
