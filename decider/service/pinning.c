/* The calls on pins. A pin goes to an entry that its checklist lets go, and acts after its commit,
 * as does taking it away: until then decisions are made as before. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/checklist.h"
#include "service/change.h"
#include "service/control.h"
#include "service/live.h"

#define CALL_TEXT_BYTES 4096
#define PIN_MS_MAX      (INT64_C(30) * 24 * 3600 * 1000)

struct pinning {
    struct errand errand;
    struct pin_record record;
    struct audit_record audit;
    struct idempotent repeat;
    bool has_etag;
    uint32_t etag;
    uint32_t version;      /* of the change; 0: there is none */
    struct pin_state *pin; /* to be put */
    struct arena arena;
    char memory[CALL_TEXT_BYTES];
};

/* ---- on the owner thread ---- */

static void put_rows(struct pinning *pinning)
{
    struct rows *rows = &pinning->errand.rows;
    struct store_key key = layout_pin(pinning->record.policy_id);
    const struct change_answer answer = {pinning->pin ? pinning->version : 0, pinning->record.at_ms,
                                         pinning->record.by};
    char text[CHANGE_ANSWER_BYTES];

    if (pinning->pin) {
        pin_record_encode(&pinning->pin->record, rows_bytes(rows));
        rows_put(rows, STORE_TABLE_PIN, store_key_slice(&key));
    } else if (pinning->version) {
        rows_delete(rows, STORE_TABLE_PIN, pinning->record.policy_id);
    }
    if (pinning->version) {
        switches_put_version(pinning->version, rows);
        rows_audit(rows, &pinning->audit);
    }
    rows_repeat(rows, &pinning->repeat, change_put_answer(&answer, text));
}

static enum result begin_pinning(struct service *service, struct errand *errand)
{
    struct pinning *pinning = CONTAINER_OF(errand, struct pinning, errand);
    struct switches *switches = &service->owner.switches;
    const struct pin_state *before = switches_pin_of(switches, pinning->record.policy_id);

    bool pinned = before && before->record.expires_ms > pinning->record.at_ms;

    if (pinning->has_etag && pinning->etag != (pinned ? before->record.version : 0))
        return RESULT_PRECONDITION;
    if (pinning->record.entry.len) {
        pinning->record.version = switches->version + 1;
        pinning->pin = switches_make_pin(switches, &pinning->record);
        if (!pinning->pin)
            return RESULT_NO_MEMORY;
    }
    if (pinning->pin || before)
        pinning->version = switches_next_version(switches);
    put_rows(pinning);
    return RESULT_OK;
}

static void end_pinning(struct service *service, struct errand *errand)
{
    struct pinning *pinning = CONTAINER_OF(errand, struct pinning, errand);
    struct switches *switches = &service->owner.switches;

    if (errand->result || !pinning->version)
        return;
    if (pinning->pin)
        switches_put_pin(switches, pinning->pin);
    else
        switches_remove_pin(switches, pinning->record.policy_id);
    pinning->pin = NULL;
}

static void free_pinning(struct errand *errand)
{
    struct pinning *pinning = CONTAINER_OF(errand, struct pinning, errand);

    pin_state_free(pinning->pin);
    idempotent_done(&pinning->repeat);
    arena_done(&pinning->arena);
    free(pinning);
}

/* ---- on the admin thread ---- */

static enum result check_request(struct admin_call *call, const struct pin_request *request)
{
    if (!change_is_name(request->policy_id, NAME_BYTES_MAX))
        return admin_fail(call, RESULT_INVALID, "A pin needs the policy's id.");
    if (request->entry.len && !change_is_name(request->entry, POLICY_ENTRY_NAME_BYTES_MAX))
        return admin_fail(call, RESULT_INVALID, "The entry's name is too long or has a NUL.");
    return change_check_texts(call, request->reason, request->write_id);
}

static enum result check_expiry(struct admin_call *call, const struct pin_request *request)
{
    if (request->entry.len && request->expires_unix_ms <= call->now_ms)
        return admin_fail(call, RESULT_PRECONDITION, "A pin expires in the future.");
    if (request->entry.len && request->expires_unix_ms - call->now_ms > PIN_MS_MAX)
        return admin_fail(call, RESULT_PRECONDITION, "A pin expires within 30 days.");
    return RESULT_OK;
}

static enum result not_go(struct admin_call *call, const struct checklist *list, unsigned entry)
{
    for (unsigned i = 0; i < list->rows_count; i++) {
        const struct checklist_row *row = &list->rows[i];

        if (row->entry != entry || row->verdict != VERDICT_BLOCK)
            continue;
        call->message = arena_format(
            call->arena, "The entry's checklist is not go: check %s of gate %s does not pass.",
            check_row(row->check)->name, signalbox_gate_name(check_row(row->check)->gate));
        return RESULT_PRECONDITION;
    }
    return admin_fail(call, RESULT_PRECONDITION, "The entry's checklist is not go.");
}

/* The entry may go by the same gates that a request meets. */
static enum result check_go(struct service *service,
                            struct admin_call *call,
                            struct compiled *compiled,
                            struct slice name)
{
    unsigned entry = (unsigned)switches_entry_index(compiled->policy, name);
    struct checklist list;
    struct view view;
    enum result result =
        live_view_for_admin(service, compiled, REASON_UNSPECIFIED, call->now_ms, &view);

    if (result == RESULT_TIMEOUT)
        return admin_fail(call, result, "The thread that decides does not answer.");
    if (result == RESULT_OK)
        result = checklist_make(compiled->policy, &view, call->now_ms, call->arena, &list);
    if (result)
        return result;
    for (unsigned i = 0; i < list.entries_count; i++)
        if (list.entries[i].entry == entry && list.entries[i].go)
            return RESULT_OK;
    return not_go(call, &list, entry);
}

static void fill_audit(struct pinning *pinning, const struct policy *policy)
{
    const struct pin_record *record = &pinning->record;
    struct arena *arena = &pinning->arena;
    bool pins = record->entry.len > 0;

    pinning->audit = (struct audit_record){
        .action = pins ? AUDIT_ACTION_PIN : AUDIT_ACTION_UNPIN,
        .at_ms = record->at_ms,
        .by = record->by,
        .policy_id = record->policy_id,
        .subject = record->entry,
        .detail = pins ? arena_format(arena, "pinned for %lld s",
                                      (long long)(record->expires_ms - record->at_ms) / 1000)
                       : SLICE_LITERAL("pin taken away"),
        .reason = record->reason,
    };
    if (!policy)
        return;
    pinning->audit.version = policy->version;
    pinning->audit.workload = arena_copy(arena, policy_text(policy, policy->workload));
    pinning->audit.environment = arena_copy(arena, policy_text(policy, policy->environment));
}

static struct pinning *make_pinning(const struct admin_call *call,
                                    const struct pin_request *request)
{
    struct pinning *pinning = calloc(1, sizeof *pinning);
    struct arena *arena;
    char expires[24];

    if (!pinning)
        return NULL;
    arena = &pinning->arena;
    arena_init(arena, pinning->memory, sizeof pinning->memory, sizeof pinning->memory);
    pinning->errand.begin = begin_pinning;
    pinning->errand.end = end_pinning;
    pinning->errand.free = free_pinning;
    errand_init(&pinning->errand);
    pinning->record = (struct pin_record){
        .policy_id = arena_copy(arena, request->policy_id),
        .entry = arena_copy(arena, request->entry),
        .at_ms = call->now_ms,
        .expires_ms = request->entry.len ? request->expires_unix_ms : 0,
        .by = arena_copy(arena, change_caller(call)),
        .reason = arena_copy(arena, request->reason),
    };
    snprintf(expires, sizeof expires, "%lld", (long long)pinning->record.expires_ms);
    idempotent_init(&pinning->repeat, call, "set_pin", arena_copy(arena, request->write_id),
                    (const struct slice[]){request->policy_id, request->entry, slice_of(expires),
                                           request->reason, request->etag},
                    5);
    return pinning;
}

/* Everything before the owner is asked; *ret_answer: that of a call that was carried out before. */
static enum result prepare(struct service *service,
                           struct admin_call *call,
                           const struct pin_request *request,
                           struct pinning *pinning,
                           struct slice *ret_answer)
{
    struct compiled *compiled = NULL;
    enum result result = admin_begin(service);

    if (result)
        return result;
    result = idempotent_find(service, call, &pinning->repeat, ret_answer);
    /* What was pinned once need not be possible any more. */
    if (result == RESULT_OK && !ret_answer->len)
        result = check_expiry(call, request);
    if (result == RESULT_OK &&
        !(ret_answer->len && change_is_visible(service, call, request->policy_id)))
        result = change_find_policy(service, call, request->policy_id, request->entry, &compiled);
    if (result == RESULT_OK && !ret_answer->len) {
        fill_audit(pinning, compiled ? compiled->policy : NULL);
        if (pinning->arena.failed)
            result = RESULT_NO_MEMORY;
        else if (request->entry.len && compiled)
            result = check_go(service, call, compiled, request->entry);
    }
    compiled_unref(compiled);
    admin_end(service);
    return result;
}

static enum result tell(struct admin_call *call,
                        const struct pin_request *request,
                        const struct change_answer *answer,
                        struct pin_record *ret_record)
{
    struct arena *arena = call->arena;

    *ret_record = (struct pin_record){.policy_id = arena_copy(arena, request->policy_id)};
    if (request->entry.len) {
        ret_record->entry = arena_copy(arena, request->entry);
        ret_record->version = answer->version;
        ret_record->at_ms = answer->at_ms;
        ret_record->expires_ms = request->expires_unix_ms;
        ret_record->by = arena_copy(arena, answer->by);
        ret_record->reason = arena_copy(arena, request->reason);
    }
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result service_set_pin(struct service *service,
                            struct admin_call *call,
                            const struct pin_request *request,
                            struct pin_record *ret_record)
{
    struct change_answer answer;
    struct pinning *pinning;
    struct slice again;
    enum result result = check_request(call, request);

    if (result)
        return result;
    pinning = make_pinning(call, request);
    if (!pinning)
        return RESULT_NO_MEMORY;
    result = change_parse_etag(call, request->etag, &pinning->has_etag, &pinning->etag);
    if (result == RESULT_OK)
        result = prepare(service, call, request, pinning, &again);
    if (result == RESULT_OK && again.len) {
        result = change_take_answer(again, &answer);
    } else if (result == RESULT_OK) {
        if (!change_carry_out(service, call, &pinning->errand, &result))
            return result;
        answer = (struct change_answer){pinning->version, call->now_ms, change_caller(call)};
    }
    if (result == RESULT_OK)
        result = tell(call, request, &answer, ret_record);
    errand_free(&pinning->errand);
    return result;
}

/* ---- the list ---- */

/* A pin that has expired is none. */
static enum result read_row(struct service *service,
                            struct admin_call *call,
                            struct slice value,
                            void *ret_record,
                            bool *ret_shown)
{
    struct pin_record *record = ret_record;
    enum result result = pin_record_decode(value, record);

    *ret_shown = result == RESULT_OK && record->expires_ms > call->now_ms &&
                 change_is_visible(service, call, record->policy_id);
    return result;
}

/* NOLINTNEXTLINE(readability-function-size): parameters as service/control.h has them */
enum result service_list_pins(struct service *service,
                              struct admin_call *call,
                              struct slice page_token,
                              unsigned rows_max,
                              struct pin_record **ret_records,
                              unsigned *ret_count,
                              struct slice *ret_next)
{
    static const struct change_rows rows = {STORE_TABLE_PIN, sizeof **ret_records, read_row};
    struct change_page page;
    enum result result = change_list(service, call, &rows, page_token, rows_max, &page);

    if (result)
        return result;
    *ret_records = page.records;
    *ret_count = page.count;
    *ret_next = page.next;
    return RESULT_OK;
}
