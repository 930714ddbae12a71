/* Evidence: take back. A row of its own says who, when and why; the piece stays as it was put. */
#include "service/evidence_write.h"

static enum result revoke(struct evidence_write *write,
                          const struct evidence_row *piece,
                          struct slice reason,
                          struct evidence_summary *ret_item)
{
    struct evidence_row row = *piece;
    struct admin_call *call = write->call;
    struct store_key key = layout_evidence_id(piece->number), revoking;
    enum result result = evidence_last(write->service->admin.read, &row.number);

    if (result)
        return result;
    if (++row.number == EVIDENCE_NEWEST)
        return admin_fail(call, RESULT_TOO_LARGE, "There are no numbers left for evidence.");
    row.record = (struct evidence_record){
        .revokes = piece->number,
        .kind = piece->record.kind,
        .by = evidence_write_key(call),
        .by_user = evidence_write_user(call),
        .at_ms = call->now_ms,
        .reason = reason,
    };
    write->made = &row;
    write->count = 1;
    evidence_write_row(write, &row);
    revoking = layout_numbered(row.workload, row.environment, row.number);
    buf_put_slice(rows_bytes(&write->rows), store_key_slice(&revoking));
    rows_put(&write->rows, STORE_TABLE_EVIDENCE_ID, store_key_slice(&key));
    evidence_write_audit(write, &row, AUDIT_ACTION_REVOKE_EVIDENCE,
                         arena_format(&write->rows.arena, "%s of %.*s.",
                                      signalbox_evidence_kind_name(piece->record.kind),
                                      (int)piece->record.subject.len, piece->record.subject.ptr));
    rows_repeat(&write->rows, write->repeat, ret_item->id);
    ret_item->revoked = true;
    ret_item->revoked_unix_ms = call->now_ms;
    ret_item->revoked_by = arena_copy(call->arena, row.record.by);
    ret_item->revoke_reason = arena_copy(call->arena, reason);
    result = call->arena->failed ? RESULT_NO_MEMORY : evidence_write_places(write);
    return result ? result : evidence_write_commit(write);
}

static enum result begin_revoke(struct evidence_write *write,
                                struct slice id,
                                struct slice reason,
                                struct evidence_summary *ret_item)
{
    struct admin_call *call = write->call;
    struct evidence_row piece;
    struct slice answer = SLICE_LITERAL("");
    enum result result = evidence_find(write->service, call, id, &piece);

    if (result == RESULT_OK)
        result = idempotent_find(write->service, call, write->repeat, &answer);
    if (result == RESULT_OK && !answer.len && piece.revoked)
        return admin_fail(call, RESULT_PRECONDITION, "It is taken back already.");
    if (result == RESULT_OK)
        result = evidence_summarize(write->service, call, &piece, ret_item);
    if (result == RESULT_OK && !answer.len)
        result = revoke(write, &piece, reason, ret_item);
    return result;
}

enum result service_revoke_evidence(struct service *service,
                                    struct admin_call *call,
                                    struct slice id,
                                    struct slice reason,
                                    struct slice write_id,
                                    struct evidence_summary *ret_item)
{
    struct idempotent repeat;
    struct evidence_write write;
    enum result result;

    if (reason.len == 0 || reason.len > TEXT_BYTES_MAX)
        return admin_fail(call, RESULT_INVALID, "A reason is needed, of at most 512 bytes.");
    result = admin_begin(service);
    if (result)
        return result;
    idempotent_init(&repeat, call, "revoke_evidence", write_id, (const struct slice[]){id, reason},
                    2);
    evidence_write_begin(&write, service, call, &repeat);
    result = begin_revoke(&write, id, reason, ret_item);
    evidence_write_done(&write);
    idempotent_done(&repeat);
    admin_end(service);
    return result;
}
