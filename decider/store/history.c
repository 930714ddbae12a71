/* The request record through two field tables, head and boundary. After the version come the head
 * and then one value per boundary, each with its length, until the seal; the number of boundaries
 * needs no field of its own. */
#include "store/history.h"

#include "store/field.h"

static const struct field head_fields[] = {
    FIELD_BOUNDED(history, 1, FIXED, sizeof(struct uuid), request_id),
    FIELD(history, 2, TEXT, policy_id),
    FIELD(history, 3, U32, policy_version),
    FIELD(history, 4, U32, catalog_version),
    FIELD(history, 5, U32, evidence_version),
    FIELD(history, 6, U32, switches_version),
    FIELD(history, 7, TEXT, engine_version),
    FIELD(history, 8, TEXT, key_id),
    FIELD_NESTED(history, 9, &codec_facts_table, facts),
    FIELD(history, 10, I64, unreported_ms),
};
static const struct field_table head_table = FIELD_TABLE(head_fields);

static const struct field boundary_fields[] = {
    FIELD(history_boundary, 1, I64, now_ms),
    FIELD(history_boundary, 2, U64, seed),
    FIELD(history_boundary, 3, U32, deadline_ms),
    FIELD_BOUNDED(history_boundary, 4, FIXED, DIGEST_BYTES, question),
    FIELD_NESTED(history_boundary, 5, &codec_report_table, report),
    FIELD_MEMBER(history_boundary, 6, ENUM, failure, failure),
    FIELD(history_boundary, 7, TEXT, rule),
    FIELD(history_boundary, 8, TEXT, detail),
    FIELD(history_boundary, 9, BOOL, refusal),
    FIELD(history_boundary, 10, BYTES, view),
    FIELD_MEMBER(history_boundary, 11, ENUM8, action, action),
    FIELD_MEMBER(history_boundary, 12, ENUM8, reason, reason),
    FIELD_MEMBER(history_boundary, 13, ENUM8, disposition, disposition),
    FIELD(history_boundary, 14, U8, entry),
    FIELD(history_boundary, 15, U64, charged_nusd),
    FIELD(history_boundary, 16, U64, decision_digest),
    FIELD(history_boundary, 17, U64, trace_digest),
    FIELD(history_boundary, 18, BOOL, adopted),
};
static const struct field_table boundary_table = FIELD_TABLE(boundary_fields);

void history_encode(const struct history *history, struct buf *buf)
{
    size_t record = record_begin(buf, HISTORY_VERSION);
    size_t begun = field_put_begin(buf);

    field_put(buf, &head_table, history, CODEC_SCOPE_STORED);
    field_put_end(buf, begun);
    for (unsigned i = 0; i < history->boundaries_count; i++) {
        begun = field_put_begin(buf);
        field_put(buf, &boundary_table, &history->boundaries[i], CODEC_SCOPE_STORED);
        field_put_end(buf, begun);
    }
    record_seal(buf, record);
}

static enum result
get_boundaries(struct cursor *cursor, struct arena *arena, struct history *ret_history)
{
    while (cursor->left) {
        struct slice bytes = field_get_value(cursor);
        enum result result;

        if (cursor->failed || ret_history->boundaries_count > ATTEMPTS_MAX)
            return RESULT_CORRUPT;
        result = field_get(bytes, arena, &boundary_table,
                           &ret_history->boundaries[ret_history->boundaries_count++]);
        if (result)
            return result;
    }
    return RESULT_OK;
}

enum result history_decode(struct slice bytes, struct arena *arena, struct history *ret_history)
{
    struct slice body, head;
    struct cursor cursor;
    enum result result = record_unseal(bytes, HISTORY_VERSION, &body);

    if (result)
        return result;
    memset(ret_history, 0, sizeof *ret_history);
    cursor = cursor_of(body);
    head = field_get_value(&cursor);
    if (cursor.failed)
        return RESULT_CORRUPT;
    result = field_get(head, arena, &head_table, ret_history);
    return result ? result : get_boundaries(&cursor, arena, ret_history);
}
