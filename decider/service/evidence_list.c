/* Evidence: get and list. Of one place its own rows are walked; of everything the numbers are,
 * which lead to the places in the order in which pieces were put. */
#include "service/admin.h"
#include "service/evidence_read.h"
#include "service/rights.h"
#include "store/layout.h"

enum result service_get_evidence(struct service *service,
                                 struct admin_call *call,
                                 struct slice id,
                                 struct evidence_summary *ret_item)
{
    struct evidence_row row;
    enum result result = admin_begin(service);

    if (result)
        return result;
    result = evidence_find(service, call, id, &row);
    if (result == RESULT_OK)
        result = evidence_summarize(service, call, &row, ret_item);
    admin_end(service);
    return result;
}

struct listing {
    struct service *service;
    struct admin_call *call;
    const struct evidence_query *query;
    struct evidence_summary *items;
    unsigned count, rows_max, walked;
    uint32_t last; /* number that was looked at */
    bool more;
    enum result result;
};

static bool is_wanted(const struct listing *listing, const struct evidence_row *row)
{
    const struct evidence_query *query = listing->query;

    return !row->record.revokes && (!query->kind || query->kind == row->record.kind) &&
           (query->want_revoked || !row->revoked) &&
           rights_environment(listing->call->caller, row->environment);
}

static bool take(struct listing *listing, uint32_t number)
{
    struct evidence_row row;

    if (listing->count == listing->rows_max || listing->walked == ADMIN_WALK_ROWS_MAX) {
        listing->more = true;
        return false;
    }
    listing->result =
        evidence_read(listing->service->admin.read, number, listing->call->arena, &row);
    if (listing->result == RESULT_NOT_FOUND)
        listing->result = RESULT_CORRUPT;
    listing->walked++;
    listing->last = number;
    if (listing->result == RESULT_OK && is_wanted(listing, &row)) {
        listing->result = evidence_summarize(listing->service, listing->call, &row,
                                             &listing->items[listing->count]);
        listing->count += listing->result == RESULT_OK;
    }
    return listing->result == RESULT_OK;
}

static bool on_place_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct slice workload, environment;
    uint32_t number;

    (void)value;
    if (layout_numbered_parse(key, &workload, &environment, &number))
        return take(listing, number);
    listing->result = RESULT_CORRUPT;
    return false;
}

static bool on_number(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    uint32_t number = 0;

    (void)value;
    for (size_t i = 0; i < key.len; i++)
        number = number << 8 | (uint8_t)key.ptr[i];
    if (key.len == sizeof number)
        return take(listing, number);
    listing->result = RESULT_CORRUPT;
    return false;
}

static enum result walk(struct listing *listing, uint32_t after)
{
    const struct evidence_query *query = listing->query;
    struct store_key prefix = {.len = 0}, from = layout_evidence_id(after + 1);
    struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = UINT32_MAX};

    if (query->workload.len) {
        prefix = layout_numbered_rows(query->workload, query->environment);
        from = layout_numbered(query->workload, query->environment, after + 1);
    }
    walk.prefix = store_key_slice(&prefix);
    walk.from = store_key_slice(&from);
    return store_walk(listing->service->admin.read,
                      query->workload.len ? STORE_TABLE_EVIDENCE : STORE_TABLE_EVIDENCE_ID, &walk,
                      query->workload.len ? on_place_row : on_number, listing);
}

enum result service_list_evidence(struct service *service,
                                  struct admin_call *call,
                                  const struct evidence_query *query,
                                  struct evidence_summary **ret_items,
                                  unsigned *ret_count,
                                  struct slice *ret_next)
{
    struct listing listing = {
        .service = service, .call = call, .query = query, .rows_max = admin_rows(query->rows_max)};
    uint32_t after = 0;
    enum result result;

    if (!query->workload.len != !query->environment.len || query->workload.len > NAME_BYTES_MAX ||
        query->environment.len > NAME_BYTES_MAX)
        return admin_fail(call, RESULT_INVALID, "Name workload and environment, or neither.");
    if (query->page_token.len && !pieces_parse_id(query->page_token, &after))
        return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
    listing.items = arena_calloc(call->arena, listing.rows_max, sizeof *listing.items);
    if (!listing.items)
        return RESULT_NO_MEMORY;
    result = admin_begin(service);
    if (result)
        return result;
    result = walk(&listing, after);
    admin_end(service);
    if (result || listing.result)
        return result ? result : listing.result;
    *ret_items = listing.items;
    *ret_count = listing.count;
    *ret_next = listing.more ? pieces_id(call->arena, listing.last) : SLICE_LITERAL("");
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
