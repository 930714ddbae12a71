/* A number leads to its place by one row, and to the revocation too: that row's value grows by the
 * revocation's number when there is one. */
#include "service/evidence_read.h"

#include "service/admin.h"
#include "service/rights.h"
#include "store/layout.h"

#define PIECE_BYTES_MAX (64 * 1024 * 1024)

static bool parse_place(struct slice value, struct evidence_row *row)
{
    return layout_active_parse(value, &row->workload, &row->environment) ||
           layout_numbered_parse(value, &row->workload, &row->environment, &row->revoked);
}

enum result evidence_read(struct store_read *read,
                          uint32_t number,
                          struct arena *arena,
                          struct evidence_row *ret_row)
{
    struct store_key key = layout_evidence_id(number);
    struct slice value;
    enum result result = store_get(read, STORE_TABLE_EVIDENCE_ID, store_key_slice(&key), &value);

    *ret_row = (struct evidence_row){.number = number};
    if (result)
        return result;
    if (!parse_place(value, ret_row))
        return RESULT_CORRUPT;
    key = layout_numbered(ret_row->workload, ret_row->environment, number);
    result = store_get(read, STORE_TABLE_EVIDENCE, store_key_slice(&key), &value);
    if (result == RESULT_OK)
        result = evidence_record_decode(value, arena, &ret_row->record);
    return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
}

enum result evidence_find(struct service *service,
                          struct admin_call *call,
                          struct slice id,
                          struct evidence_row *ret_row)
{
    uint32_t number;
    enum result result = RESULT_NOT_FOUND;

    if (pieces_parse_id(id, &number))
        result = evidence_read(service->admin.read, number, call->arena, ret_row);
    if (result == RESULT_OK &&
        (ret_row->record.revokes || !rights_environment(call->caller, ret_row->environment)))
        result = RESULT_NOT_FOUND;
    if (result == RESULT_NOT_FOUND)
        return admin_fail(call, result, "There is no evidence of that id.");
    return result;
}

static enum result put_revocation(struct service *service,
                                  struct admin_call *call,
                                  const struct evidence_row *row,
                                  struct evidence_summary *item)
{
    struct evidence_row revocation;
    enum result result;

    if (!row->revoked)
        return RESULT_OK;
    result = evidence_read(service->admin.read, row->revoked, call->arena, &revocation);
    if (result)
        return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    item->revoked = true;
    item->revoked_unix_ms = revocation.record.at_ms;
    item->revoked_by = arena_copy(call->arena, revocation.record.by);
    item->revoke_reason = arena_copy(call->arena, revocation.record.reason);
    return RESULT_OK;
}

/* What only the document says. */
static enum result put_document(struct admin_call *call,
                                const struct evidence_record *record,
                                struct evidence_summary *item)
{
    struct evidence_list list = {.count = 0};
    struct diagnostics findings;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, PIECE_BYTES_MAX);
    diagnostics_init(&findings, &arena);
    result = evidence_parse_stored(record->document, &arena, &findings, &list);
    if (result == RESULT_OK && list.count == 1) {
        item->owner = arena_copy(call->arena, list.items->owner);
        item->passed = list.items->passed;
        item->expires_unix_ms = list.items->expires_unix_ms;
    }
    arena_done(&arena);
    return result == RESULT_INVALID || (result == RESULT_OK && list.count != 1) ? RESULT_CORRUPT
                                                                                : result;
}

static struct pairs copy_pairs(struct arena *arena, struct pairs pairs)
{
    struct pair *items = arena_calloc(arena, pairs.count + 1, sizeof *items);

    for (unsigned i = 0; items && i < pairs.count; i++)
        items[i] = (struct pair){arena_copy(arena, pairs.items[i].key),
                                 arena_copy(arena, pairs.items[i].value)};
    return (struct pairs){items, items ? pairs.count : 0};
}

enum result evidence_summarize(struct service *service,
                               struct admin_call *call,
                               const struct evidence_row *row,
                               struct evidence_summary *ret_item)
{
    const struct evidence_record *record = &row->record;
    struct arena *arena = call->arena;
    enum result result;

    *ret_item = (struct evidence_summary){
        .id = pieces_id(arena, row->number),
        .kind = record->kind,
        .gate = evidence_kind_gate(record->kind),
        .workload = arena_copy(arena, row->workload),
        .environment = arena_copy(arena, row->environment),
        .subject = arena_copy(arena, record->subject),
        .put_unix_ms = record->at_ms,
        .put_by = arena_copy(arena, record->by),
        .document = arena_copy(arena, record->document),
        .bindings = copy_pairs(arena, record->bindings),
    };
    result = put_document(call, record, ret_item);
    if (result == RESULT_OK)
        result = put_revocation(service, call, row, ret_item);
    return result == RESULT_OK && arena->failed ? RESULT_NO_MEMORY : result;
}

struct last {
    uint32_t number;
    bool corrupt;
};

static bool on_last(void *context, struct slice key, struct slice value)
{
    struct last *last = context;

    (void)value;
    last->corrupt = key.len != sizeof last->number;
    for (size_t i = 0; !last->corrupt && i < key.len; i++)
        last->number = last->number << 8 | (uint8_t)key.ptr[i];
    return false;
}

enum result evidence_last(struct store_read *read, uint32_t *ret_number)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .backwards = true, .rows_max = 1};
    struct last last = {.number = 0};
    enum result result = store_walk(read, STORE_TABLE_EVIDENCE_ID, &walk, on_last, &last);

    if (result)
        return result;
    *ret_number = last.number;
    return last.corrupt ? RESULT_CORRUPT : RESULT_OK;
}
