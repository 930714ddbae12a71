/* The calls on switches. What can be checked without live state is checked here; the etag is asked
 * on the owner thread, where nothing can come between it and the change.
 *
 * A call that is repeated with its idempotency id is answered from its own request: only version
 * and key of the first one are stored. */
#include <stdlib.h>

#include "service/change.h"
#include "service/control.h"

#define CALL_TEXT_BYTES 4096
#define DETAIL_BYTES    512

struct turning {
    struct errand errand;
    struct switch_record record; /* to be made, or turned on */
    struct audit_record audit;
    struct idempotent repeat;
    struct store_key key;
    bool on, has_etag;
    uint32_t etag;
    uint32_t version; /* of the change; 0: it was on */
    struct arena arena;
    char memory[CALL_TEXT_BYTES];
};

/* ---- on the owner thread ---- */

static void put_answer(struct turning *turning)
{
    const struct change_answer answer = {turning->on ? 0 : turning->version, turning->record.at_ms,
                                         turning->record.by};
    char text[CHANGE_ANSWER_BYTES];

    rows_repeat(&turning->errand.rows, &turning->repeat, change_put_answer(&answer, text));
}

static enum result turn_on(struct owner *owner, struct turning *turning, struct switch_state *state)
{
    if (state) {
        /* What happens on it from now on counts anew. */
        tally_forget(&owner->tallies, turning->record.policy_id, turning->record.name);
        turning->version = switches_begin_on(&owner->switches, state);
        switches_rows(NULL, &turning->key, turning->version, &turning->audit,
                      &turning->errand.rows);
    }
    put_answer(turning);
    return RESULT_OK;
}

static enum result turn_off(struct owner *owner, struct turning *turning)
{
    struct switch_state *state;
    enum result result =
        switches_turn_off(&owner->switches, &turning->record, &turning->audit, &state);

    if (result)
        return result;
    turning->version = state->record.version;
    switches_rows(state, &turning->key, turning->version, &turning->audit, &turning->errand.rows);
    put_answer(turning);
    return RESULT_OK;
}

static enum result begin_turning(struct service *service, struct errand *errand)
{
    struct turning *turning = CONTAINER_OF(errand, struct turning, errand);
    struct owner *owner = &service->owner;
    const struct switch_record *record = &turning->record;
    struct switch_state *state =
        switches_find(&owner->switches, record->scope, record->policy_id, record->name);

    if (turning->has_etag && turning->etag != (state ? state->record.version : 0))
        return RESULT_PRECONDITION;
    return turning->on ? turn_on(owner, turning, state) : turn_off(owner, turning);
}

static void end_turning(struct service *service, struct errand *errand)
{
    struct turning *turning = CONTAINER_OF(errand, struct turning, errand);
    struct switches *switches = &service->owner.switches;
    bool stored = errand->result == RESULT_OK;

    if (turning->version && turning->on)
        switches_end_on(switches, &turning->key, turning->version, stored);
    else if (turning->version)
        switches_note_stored(switches, &turning->key, turning->version, stored);
}

static void free_turning(struct errand *errand)
{
    struct turning *turning = CONTAINER_OF(errand, struct turning, errand);

    idempotent_done(&turning->repeat);
    arena_done(&turning->arena);
    free(turning);
}

/* ---- on the admin thread ---- */

static enum result check_request(struct admin_call *call, const struct switch_request *request)
{
    bool of_policy = request->scope == SWITCH_SCOPE_POLICY || request->scope == SWITCH_SCOPE_ENTRY;
    bool named = request->scope != SWITCH_SCOPE_POLICY;

    if (!signalbox_switch_scope_known((unsigned)request->scope))
        return admin_fail(call, RESULT_INVALID, "A switch needs a scope.");
    if (of_policy ? !change_is_name(request->policy_id, NAME_BYTES_MAX) : request->policy_id.len)
        return admin_fail(call, RESULT_INVALID,
                          "Scopes policy and entry name a policy, the others none.");
    if (named ? !change_is_name(request->name, POLICY_ENTRY_NAME_BYTES_MAX) : request->name.len)
        return admin_fail(call, RESULT_INVALID,
                          "Scopes other than policy need the name of what is switched.");
    return change_check_texts(call, request->reason, request->write_id);
}

static bool is_off_in_store(struct service *service, const struct store_key *key)
{
    struct slice value;

    return store_get(service->admin.read, STORE_TABLE_SWITCH, store_key_slice(key), &value) ==
           RESULT_OK;
}

/* What does not exist any more can still be turned on. */
static enum result find_target(struct service *service,
                               struct admin_call *call,
                               const struct switch_request *request,
                               struct compiled **ret_compiled)
{
    struct store_key key = layout_switch(request->scope, request->policy_id, request->name);
    enum result result;

    *ret_compiled = NULL;
    if (request->policy_id.len)
        result = change_find_policy(service, call, request->policy_id, request->name, ret_compiled);
    else
        result = change_find_place(service, call, request->scope, request->name);
    if ((result == RESULT_NOT_FOUND || result == RESULT_PRECONDITION) && request->on &&
        is_off_in_store(service, &key) && change_is_visible(service, call, request->policy_id)) {
        call->message = SLICE_LITERAL("");
        return RESULT_OK;
    }
    return result;
}

static void fill_audit(struct turning *turning, const struct policy *policy)
{
    const struct switch_record *record = &turning->record;
    struct arena *arena = &turning->arena;
    const char *scope = signalbox_switch_scope_name(record->scope);

    turning->audit = (struct audit_record){
        .action = turning->on ? AUDIT_ACTION_SWITCH_ON : AUDIT_ACTION_SWITCH_OFF,
        .at_ms = record->at_ms,
        .by = record->by,
        .policy_id = record->policy_id,
        .subject = record->name,
        .detail = arena_format(arena, "%s turned %s", scope, turning->on ? "on" : "off"),
        .reason = record->reason,
    };
    if (!policy)
        return;
    turning->audit.version = policy->version;
    turning->audit.workload = arena_copy(arena, policy_text(policy, policy->workload));
    turning->audit.environment = arena_copy(arena, policy_text(policy, policy->environment));
}

static struct turning *make_turning(const struct admin_call *call,
                                    const struct switch_request *request,
                                    const char *method)
{
    struct turning *turning = calloc(1, sizeof *turning);
    struct arena *arena;

    if (!turning)
        return NULL;
    arena = &turning->arena;
    arena_init(arena, turning->memory, sizeof turning->memory, sizeof turning->memory);
    turning->errand.begin = begin_turning;
    turning->errand.end = end_turning;
    turning->errand.free = free_turning;
    errand_init(&turning->errand);
    turning->on = request->on;
    turning->key = layout_switch(request->scope, request->policy_id, request->name);
    turning->record = (struct switch_record){
        .scope = request->scope,
        .policy_id = arena_copy(arena, request->policy_id),
        .name = arena_copy(arena, request->name),
        .at_ms = call->now_ms,
        .by = arena_copy(arena, change_caller(call)),
        .reason = arena_copy(arena, request->reason),
    };
    idempotent_init(&turning->repeat, call, method, arena_copy(arena, request->write_id),
                    (const struct slice[]){slice_of(signalbox_switch_scope_name(request->scope)),
                                           request->policy_id, request->name, request->reason,
                                           request->etag},
                    5);
    return turning;
}

/* How it stands after the change, as the request says it. */
static enum result tell(struct admin_call *call,
                        const struct switch_request *request,
                        const struct change_answer *answer,
                        struct switch_record *ret_record)
{
    struct arena *arena = call->arena;

    *ret_record = (struct switch_record){
        .scope = request->scope,
        .policy_id = arena_copy(arena, request->policy_id),
        .name = arena_copy(arena, request->name),
    };
    if (!request->on) {
        ret_record->version = answer->version;
        ret_record->at_ms = answer->at_ms;
        ret_record->by = arena_copy(arena, answer->by);
        ret_record->reason = arena_copy(arena, request->reason);
    }
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

/* Everything before the owner is asked; *ret_answer: that of a call that was carried out before. */
static enum result prepare(struct service *service,
                           struct admin_call *call,
                           const struct switch_request *request,
                           struct turning *turning,
                           struct slice *ret_answer)
{
    struct compiled *compiled = NULL;
    enum result result = admin_begin(service);

    if (result)
        return result;
    result = idempotent_find(service, call, &turning->repeat, ret_answer);
    if (result == RESULT_OK &&
        !(ret_answer->len && change_is_visible(service, call, request->policy_id)))
        result = find_target(service, call, request, &compiled);
    if (result == RESULT_OK && !ret_answer->len) {
        fill_audit(turning, compiled ? compiled->policy : NULL);
        if (turning->arena.failed)
            result = RESULT_NO_MEMORY;
    }
    compiled_unref(compiled);
    admin_end(service);
    return result;
}

enum result service_set_switch(struct service *service,
                               struct admin_call *call,
                               const struct switch_request *request,
                               struct switch_record *ret_record)
{
    struct change_answer answer;
    struct turning *turning;
    struct slice again;
    enum result result = check_request(call, request);

    if (result)
        return result;
    turning = make_turning(call, request, request->on ? "switch_on" : "switch_off");
    if (!turning)
        return RESULT_NO_MEMORY;
    result = change_parse_etag(call, request->etag, &turning->has_etag, &turning->etag);
    if (result == RESULT_OK)
        result = prepare(service, call, request, turning, &again);
    if (result == RESULT_OK && again.len)
        result = change_take_answer(again, &answer);
    else if (result == RESULT_OK) {
        if (!change_carry_out(service, call, &turning->errand, &result))
            return result;
        answer = (struct change_answer){turning->version, call->now_ms, change_caller(call)};
    }
    if (result == RESULT_OK)
        result = tell(call, request, &answer, ret_record);
    errand_free(&turning->errand);
    return result;
}

/* ---- the list ---- */

static enum result read_row(struct service *service,
                            struct admin_call *call,
                            struct slice value,
                            void *ret_record,
                            bool *ret_shown)
{
    struct switch_record *record = ret_record;
    enum result result = switch_record_decode(value, record);

    *ret_shown = result == RESULT_OK &&
                 (!record->policy_id.len || change_is_visible(service, call, record->policy_id));
    return result;
}

/* NOLINTNEXTLINE(readability-function-size): parameters as service/control.h has them */
enum result service_list_switches(struct service *service,
                                  struct admin_call *call,
                                  struct slice page_token,
                                  unsigned rows_max,
                                  struct switch_record **ret_records,
                                  unsigned *ret_count,
                                  struct slice *ret_next)
{
    static const struct change_rows rows = {STORE_TABLE_SWITCH, sizeof **ret_records, read_row};
    struct change_page page;
    enum result result = change_list(service, call, &rows, page_token, rows_max, &page);

    if (result)
        return result;
    *ret_records = page.records;
    *ret_count = page.count;
    *ret_next = page.next;
    return RESULT_OK;
}
