/* The audit trail, from its end. A page token is the key of the row that was looked at last, in
 * hex.
 */
#include "base/digest.h"
#include "service/admin.h"
#include "service/control.h"
#include "service/rights.h"
#include "store/layout.h"

#define KEY_BYTES 16

struct listing {
    struct admin_call *call;
    const struct audit_query *query;
    struct audit_record *records;
    unsigned count, rows_max, walked;
    struct slice after; /* the row that the page before ended with; it is passed over */
    char last[KEY_BYTES];
    bool more;
    enum result result;
};

static bool fits(struct slice wanted, struct slice is)
{
    return wanted.len == 0 || slice_equal(wanted, is);
}

static bool is_wanted(const struct listing *listing, const struct audit_record *record)
{
    const struct audit_query *query = listing->query;

    return fits(query->policy_id, record->policy_id) && fits(query->workload, record->workload) &&
           fits(query->environment, record->environment) &&
           rights_environment(listing->call->caller, record->environment);
}

static struct audit_record copy_record(struct arena *arena, const struct audit_record *from)
{
    struct audit_record record = *from;

    record.by = arena_copy(arena, from->by);
    record.policy_id = arena_copy(arena, from->policy_id);
    record.workload = arena_copy(arena, from->workload);
    record.environment = arena_copy(arena, from->environment);
    record.subject = arena_copy(arena, from->subject);
    record.detail = arena_copy(arena, from->detail);
    record.reason = arena_copy(arena, from->reason);
    return record;
}

static bool on_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct audit_record record;

    if (slice_equal(key, listing->after))
        return true;
    if (listing->count == listing->rows_max || listing->walked == ADMIN_WALK_ROWS_MAX) {
        listing->more = true;
        return false;
    }
    listing->result = key.len == KEY_BYTES ? audit_record_decode(value, &record) : RESULT_CORRUPT;
    if (listing->result)
        return false;
    listing->walked++;
    memcpy(listing->last, key.ptr, KEY_BYTES);
    if (is_wanted(listing, &record))
        listing->records[listing->count++] = copy_record(listing->call->arena, &record);
    return true;
}

static struct slice next_page(struct listing *listing)
{
    char text[2 * KEY_BYTES + 1];

    if (!listing->more)
        return SLICE_LITERAL("");
    digest_hex(listing->last, KEY_BYTES, text);
    return arena_copy(listing->call->arena, slice_of(text));
}

enum result service_list_audit(struct service *service,
                               struct admin_call *call,
                               const struct audit_query *query,
                               struct audit_record **ret_records,
                               unsigned *ret_count,
                               struct slice *ret_next)
{
    struct listing listing = {
        .call = call, .query = query, .rows_max = admin_rows(query->rows_max)};
    struct store_walk walk = {
        .prefix = SLICE_LITERAL(""), .backwards = true, .rows_max = ADMIN_WALK_ROWS_MAX + 2};
    char from[KEY_BYTES];
    enum result result;

    if (query->page_token.len) {
        if (!digest_from_hex(query->page_token, from, sizeof from))
            return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
        walk.from = listing.after = (struct slice){from, sizeof from};
    }
    listing.records = arena_calloc(call->arena, listing.rows_max, sizeof *listing.records);
    if (!listing.records)
        return RESULT_NO_MEMORY;
    result = admin_begin(service);
    if (result)
        return result;
    result = store_walk(service->admin.read, STORE_TABLE_AUDIT, &walk, on_row, &listing);
    admin_end(service);
    if (result || listing.result)
        return result ? result : listing.result;
    *ret_records = listing.records;
    *ret_count = listing.count;
    *ret_next = next_page(&listing);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
