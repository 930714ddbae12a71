/* Evidence: put. All pieces of a document are checked, bound to the catalog of the day and compiled
 * into what serves before anything is written.
 *
 * A failed evaluation switches entries off: in memory before it is stored itself, on disk with it.
 */
#include "service/evidence_write.h"
#include "service/rights.h"

#define ANSWER_BYTES_MAX (32 * 1024)
/* Who dates a check may be ahead of UTC. */
#define DATED_AHEAD_MS (24 * 60 * 60 * 1000)

static bool check_dates(struct admin_call *call, const struct evidence *evidence)
{
    struct arena *arena = call->arena;
    unsigned errors = call->diagnostics.errors;

    if (evidence->expires_unix_ms <= call->now_ms)
        diagnostics_add(&call->diagnostics, DIAGNOSTIC_OUT_OF_RANGE,
                        arena_format(arena, "%.*s/expires", (int)evidence->pointer.len,
                                     evidence->pointer.len ? evidence->pointer.ptr : ""),
                        SLICE_LITERAL("a time that has passed"), SLICE_LITERAL("a time to come"));
    if (evidence->dated_unix_ms > call->now_ms + DATED_AHEAD_MS)
        diagnostics_add(&call->diagnostics, DIAGNOSTIC_OUT_OF_RANGE,
                        arena_format(arena, "%.*s/dated", (int)evidence->pointer.len,
                                     evidence->pointer.len ? evidence->pointer.ptr : ""),
                        SLICE_LITERAL("a time to come"), SLICE_LITERAL("a time that has passed"));
    return call->diagnostics.errors == errors;
}

static struct pairs pairs_of(struct arena *arena, const struct evidence_bindings *bindings)
{
    struct pair *items = arena_calloc(arena, bindings->count + 1, sizeof *items);

    for (unsigned i = 0; items && i < bindings->count; i++) {
        char name[EVIDENCE_BOUND_NAME_BYTES_MAX];

        items[i] = (struct pair){arena_copy(arena, evidence_bound_name(&bindings->items[i], name)),
                                 bindings->items[i].value};
    }
    return (struct pairs){items, items ? bindings->count : 0};
}

static struct slice dump(struct arena *arena, const struct evidence *evidence)
{
    struct slice document = SLICE_LITERAL("");
    struct buf bytes;

    buf_init(&bytes, DOCUMENT_BYTES_MAX);
    if (evidence_dump(evidence, &bytes) == RESULT_OK)
        document = arena_copy(arena, buf_slice(&bytes));
    buf_done(&bytes);
    return document;
}

static enum result
make_row(struct evidence_write *write, const struct evidence *evidence, struct evidence_row *row)
{
    struct admin_call *call = write->call;
    struct evidence_bindings bindings;
    bool dated = check_dates(call, evidence);
    enum result result = evidence_bind(evidence, write->service->admin.current->catalog->catalog,
                                       &call->diagnostics, &bindings);

    if (result || !dated)
        return result ? result : RESULT_INVALID;
    row->workload = evidence->workload;
    row->environment = evidence->environment;
    row->record = (struct evidence_record){
        .kind = evidence->kind,
        .document = dump(call->arena, evidence),
        .subject = bindings.subject,
        .bindings = pairs_of(call->arena, &bindings),
        .by = evidence_write_key(call),
        .by_user = evidence_write_user(call),
        .at_ms = call->now_ms,
    };
    return call->arena->failed || !row->record.document.len ? RESULT_NO_MEMORY : RESULT_OK;
}

/* RESULT_INVALID: the findings of all pieces are in the call. */
static enum result make_rows(struct evidence_write *write, const struct evidence_list *list)
{
    enum result worst, result;

    worst = evidence_last(write->service->admin.read, &write->last);
    if (worst)
        return worst;
    if (list->count >= EVIDENCE_NEWEST - write->last)
        return admin_fail(write->call, RESULT_TOO_LARGE, "There are no numbers left for evidence.");
    write->made = arena_calloc(write->call->arena, list->count, sizeof *write->made);
    if (!write->made)
        return RESULT_NO_MEMORY;
    for (write->count = 0; write->count < list->count; write->count++) {
        struct evidence_row *row = &write->made[write->count];

        row->number = ++write->last;
        result = make_row(write, &list->items[write->count], row);
        if (result && result != RESULT_INVALID)
            return result;
        if (result)
            worst = result;
    }
    return worst;
}

static void put_pieces(struct evidence_write *write, const struct evidence_list *list)
{
    struct arena *arena = &write->rows.arena;

    for (unsigned i = 0; i < write->count; i++) {
        const struct evidence_row *row = &write->made[i];

        evidence_write_row(write, row);
        evidence_write_audit(write, row, AUDIT_ACTION_PUT_EVIDENCE,
                             arena_format(arena, "%s of %.*s%s.",
                                          signalbox_evidence_kind_name(row->record.kind),
                                          (int)row->record.subject.len, row->record.subject.ptr,
                                          list->items[i].passed ? "" : ": not passed"));
    }
}

/* "ev-12 ev-13". */
static enum result remember(struct evidence_write *write)
{
    struct buf answer;
    bool failed;

    buf_init(&answer, ANSWER_BYTES_MAX);
    for (unsigned i = 0; i < write->count; i++)
        buf_format(&answer, "%sev-%u", i ? " " : "", (unsigned)write->made[i].number);
    failed = buf_failed(&answer);
    if (!failed)
        rows_repeat(&write->rows, write->repeat, buf_slice(&answer));
    buf_done(&answer);
    return failed ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result tell(struct evidence_write *write, struct evidence_summary *items)
{
    enum result result = RESULT_OK;

    for (unsigned i = 0; result == RESULT_OK && i < write->count; i++)
        result = evidence_summarize(write->service, write->call, &write->made[i], &items[i]);
    return result;
}

static enum result put_list(struct evidence_write *write,
                            const struct evidence_list *list,
                            struct evidence_summary **ret_items,
                            unsigned *ret_count)
{
    struct evidence_summary *items = arena_calloc(write->call->arena, list->count, sizeof *items);
    enum result result = items ? make_rows(write, list) : RESULT_NO_MEMORY;

    if (result)
        return result;
    put_pieces(write, list);
    result = evidence_write_places(write);
    if (result == RESULT_OK)
        result = remember(write);
    /* Told before the write: after it nothing may fail. */
    if (result == RESULT_OK)
        result = tell(write, items);
    if (result == RESULT_OK)
        result = evidence_trip(write, list);
    if (result == RESULT_OK)
        result = evidence_write_commit(write);
    if (result)
        return result;
    *ret_items = items;
    *ret_count = write->count;
    return RESULT_OK;
}

/* The pieces that an earlier call made. */
static enum result put_again(struct service *service,
                             struct admin_call *call,
                             struct slice answer,
                             struct evidence_summary **ret_items,
                             unsigned *ret_count)
{
    struct evidence_summary *items = arena_calloc(call->arena, EVIDENCE_ITEMS_MAX, sizeof *items);
    struct evidence_row row;
    unsigned count = 0;
    enum result result = items ? RESULT_OK : RESULT_NO_MEMORY;

    while (result == RESULT_OK && answer.len && count < EVIDENCE_ITEMS_MAX) {
        result = evidence_find(service, call, idempotent_word(&answer), &row);
        if (result == RESULT_OK)
            result = evidence_summarize(service, call, &row, &items[count]);
        count += result == RESULT_OK;
    }
    *ret_items = items;
    *ret_count = count;
    return result;
}

static enum result check_rights(struct admin_call *call, const struct evidence_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (!rights_environment(call->caller, list->items[i].environment))
            return admin_fail(call, RESULT_DENIED,
                              "The token may not speak for the environment of a piece.");
    return RESULT_OK;
}

enum result service_put_evidence(struct service *service,
                                 struct admin_call *call,
                                 struct slice document,
                                 struct slice write_id,
                                 struct evidence_summary **ret_items,
                                 unsigned *ret_count)
{
    struct evidence_list list = {.count = 0};
    struct idempotent repeat;
    struct evidence_write write;
    struct slice answer;
    enum result result;

    *ret_items = NULL;
    *ret_count = 0;
    result = evidence_parse(document, call->arena, &call->diagnostics, &list);
    if (result == RESULT_OK)
        result = check_rights(call, &list);
    if (result)
        return result == RESULT_INVALID ? RESULT_OK : result;
    result = admin_begin(service);
    if (result)
        return result;
    idempotent_init(&repeat, call, "put_evidence", write_id, &document, 1);
    evidence_write_begin(&write, service, call, &repeat);
    result = idempotent_find(service, call, &repeat, &answer);
    if (result == RESULT_OK && answer.len)
        result = put_again(service, call, answer, ret_items, ret_count);
    else if (result == RESULT_OK) {
        result = put_list(&write, &list, ret_items, ret_count);
        /* Findings are an answer, not a failure. */
        if (result == RESULT_INVALID)
            result = RESULT_OK;
    }
    evidence_write_done(&write);
    idempotent_done(&repeat);
    admin_end(service);
    return result;
}
