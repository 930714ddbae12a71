/* What putting and taking back have in common. Everything is compiled before anything is written:
 * evidence that is stored counts, and what cannot count is not stored. */
#include "service/evidence_write.h"

#include "service/recompile.h"
#include "service/trip.h"

#define PLACE_BYTES_MAX (256 * 1024 * 1024)

struct slice evidence_write_key(const struct admin_call *call)
{
    return call->caller ? call->caller->key_id : SLICE_LITERAL("");
}

struct slice evidence_write_user(const struct admin_call *call)
{
    return call->caller ? call->caller->user : SLICE_LITERAL("");
}

void evidence_write_begin(struct evidence_write *write,
                          struct service *service,
                          struct admin_call *call,
                          struct idempotent *repeat)
{
    *write = (struct evidence_write){.service = service, .call = call, .repeat = repeat};
    rows_init(&write->rows);
}

void evidence_write_done(struct evidence_write *write)
{
    rows_done(&write->rows);
    policy_set_unref(write->policies);
}

/* ---- rows ---- */

void evidence_write_row(struct evidence_write *write, const struct evidence_row *row)
{
    struct store_key key = layout_numbered(row->workload, row->environment, row->number);
    struct store_key place = layout_active(row->workload, row->environment);
    struct rows *rows = &write->rows;

    evidence_record_encode(&row->record, rows_bytes(rows));
    rows_put(rows, STORE_TABLE_EVIDENCE, store_key_slice(&key));
    key = layout_evidence_id(row->number);
    buf_put_slice(rows_bytes(rows), store_key_slice(&place));
    rows_put(rows, STORE_TABLE_EVIDENCE_ID, store_key_slice(&key));
}

void evidence_write_audit(struct evidence_write *write,
                          const struct evidence_row *row,
                          enum audit_action action,
                          struct slice detail)
{
    struct rows *rows = &write->rows;
    uint32_t about = row->record.revokes ? row->record.revokes : row->number;

    rows_audit(rows, &(struct audit_record){
                         .action = action,
                         .at_ms = write->call->now_ms,
                         .by = row->record.by,
                         .workload = row->workload,
                         .environment = row->environment,
                         .subject = pieces_id(&rows->arena, about),
                         .detail = detail,
                         .reason = row->record.reason,
                     });
}

/* ---- places ---- */

static bool same_place(const struct evidence_row *a, const struct evidence_row *b)
{
    return slice_equal(a->workload, b->workload) && slice_equal(a->environment, b->environment);
}

/* What stands in the place of made[first], and what is to be added to it. */
static enum result
gather(struct evidence_write *write, unsigned first, struct arena *arena, struct pieces *ret_pieces)
{
    const struct evidence_row *place = &write->made[first];
    enum result result = pieces_load(write->service->admin.read, place->workload,
                                     place->environment, EVIDENCE_NEWEST, arena, ret_pieces);

    for (unsigned i = first; result == RESULT_OK && i < write->count; i++)
        if (same_place(place, &write->made[i]))
            result = pieces_add(ret_pieces, arena, write->made[i].number, &write->made[i].record);
    if (result == RESULT_TOO_LARGE)
        return admin_fail(write->call, result,
                          "A workload and environment has at most 10000 pieces of evidence.");
    return result;
}

static enum result compile_place(struct evidence_write *write, unsigned first)
{
    const struct evidence_row *place = &write->made[first];
    const struct snapshot *current = write->service->admin.current;
    const struct serving *serving = snapshot_serving(current, place->workload, place->environment);
    struct pieces pieces;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, PLACE_BYTES_MAX);
    result = gather(write, first, &arena, &pieces);
    if (result == RESULT_OK && serving && !write->policies) {
        write->policies = policy_set_new(current->policies);
        result = write->policies ? RESULT_OK : RESULT_NO_MEMORY;
    }
    if (result == RESULT_OK && serving)
        result = recompile_serving(write->service, serving, &pieces, write->policies, &write->rows);
    arena_done(&arena);
    return result;
}

enum result evidence_write_places(struct evidence_write *write)
{
    enum result result = RESULT_OK;

    for (unsigned i = 0; result == RESULT_OK && i < write->count; i++) {
        unsigned first = 0;

        while (!same_place(&write->made[first], &write->made[i]))
            first++;
        if (first == i)
            result = compile_place(write, i);
    }
    return result;
}

enum result evidence_write_commit(struct evidence_write *write)
{
    enum result result = rows_commit(&write->rows, write->service, write->policies, NULL);

    trip_calls_settle(write->service, write->trips,
                      result == RESULT_OK || result == RESULT_TIMEOUT);
    write->trips = NULL;
    if (result == RESULT_TIMEOUT)
        return admin_fail(write->call, result,
                          "Stored; it counts as soon as the owner turns again.");
    return result;
}
