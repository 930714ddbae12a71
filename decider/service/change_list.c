/* Lists of switches and pins: rows of a table in the order of their keys, those that the caller may
 * see. Page tokens are keys in hex, because switch keys hold bytes that no text may have. */
#include "base/digest.h"
#include "service/change.h"

struct listing {
    struct service *service;
    struct admin_call *call;
    const struct change_rows *rows;
    struct change_page page;
    struct slice last; /* key of the last row that was looked at */
    unsigned rows_max, walked;
    bool more;
    enum result result;
};

/* A token is the last row's key; with a NUL behind it, it sorts right after that row. */
static enum result
take_token(struct admin_call *call, struct slice token, struct store_key *ret_from)
{
    size_t len = token.len / 2;

    *ret_from = (struct store_key){.len = 0};
    if (token.len == 0)
        return RESULT_OK;
    if (len >= sizeof ret_from->bytes || !digest_from_hex(token, ret_from->bytes, len))
        return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
    ret_from->bytes[len] = '\0';
    ret_from->len = len + 1;
    return RESULT_OK;
}

static struct slice make_token(struct admin_call *call, struct slice last_key)
{
    char text[2 * sizeof((struct store_key *)NULL)->bytes + 1];

    digest_hex(last_key.ptr, last_key.len, text);
    return arena_copy(call->arena, (struct slice){text, 2 * last_key.len});
}

static bool on_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct arena *arena = listing->call->arena;
    struct change_page *page = &listing->page;
    bool shown = false;
    void *record;

    if (page->count == listing->rows_max) {
        listing->more = true;
        return false;
    }
    record = (char *)page->records + page->count * listing->rows->record_bytes;
    listing->result = listing->rows->read(listing->service, listing->call, arena_copy(arena, value),
                                          record, &shown);
    page->count += listing->result == RESULT_OK && shown;
    listing->last = arena_copy(arena, key);
    listing->more = ++listing->walked == ADMIN_WALK_ROWS_MAX;
    if (arena->failed)
        listing->result = RESULT_NO_MEMORY;
    return listing->result == RESULT_OK;
}

enum result change_list(struct service *service,
                        struct admin_call *call,
                        const struct change_rows *rows,
                        struct slice page_token,
                        unsigned rows_max,
                        struct change_page *ret_page)
{
    struct listing listing = {
        .service = service, .call = call, .rows = rows, .rows_max = admin_rows(rows_max)};
    struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = ADMIN_WALK_ROWS_MAX};
    struct store_key from;
    enum result result = take_token(call, page_token, &from);

    if (result)
        return result;
    listing.page.records = arena_calloc(call->arena, listing.rows_max, rows->record_bytes);
    if (!listing.page.records)
        return RESULT_NO_MEMORY;
    walk.from = store_key_slice(&from);
    result = admin_begin(service);
    if (result)
        return result;
    result = store_walk(service->admin.read, rows->table, &walk, on_row, &listing);
    admin_end(service);
    if (result || listing.result)
        return result ? result : listing.result;
    listing.page.next = listing.more ? make_token(call, listing.last) : SLICE_LITERAL("");
    *ret_page = listing.page;
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
