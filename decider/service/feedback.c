/* A word on an answer: stored under the request, and told to the rule of the entry that answered.
 *
 * The rule and its thresholds are those of the version that serves now; the word counts when it
 * comes, not when the request was made. What a trip writes goes into the same commit. */
#include <stdlib.h>

#include "service/change.h"
#include "service/control.h"
#include "service/stored.h"
#include "service/trip.h"

#define CALL_TEXT_BYTES 2048

struct telling {
    struct errand errand;
    struct compiled *compiled; /* that serves now; NULL: the word is only stored */
    struct trip_feedback feedback;
    struct feedback_record record;
    struct store_key key;
    struct trip trip;
    struct arena arena;
    char memory[CALL_TEXT_BYTES];
};

/* ---- on the owner thread ---- */

static enum result begin_telling(struct service *service, struct errand *errand)
{
    struct telling *telling = CONTAINER_OF(errand, struct telling, errand);
    struct rows *rows = &errand->rows;

    feedback_record_encode(&telling->record, rows_bytes(rows));
    rows_put(rows, STORE_TABLE_FEEDBACK, store_key_slice(&telling->key));
    if (telling->compiled) {
        trip_on_feedback(service, &telling->feedback, &telling->trip);
        trip_lend(&telling->trip, rows);
    }
    return RESULT_OK;
}

static void end_telling(struct service *service, struct errand *errand)
{
    struct telling *telling = CONTAINER_OF(errand, struct telling, errand);
    bool stored = errand->result == RESULT_OK;

    trip_note_stored(service, &telling->trip, stored);
    if (!stored && telling->compiled)
        trip_forget_feedback(service, &telling->feedback);
}

static void free_telling(struct errand *errand)
{
    struct telling *telling = CONTAINER_OF(errand, struct telling, errand);

    compiled_unref(telling->compiled);
    rows_done(&telling->trip.rows);
    arena_done(&telling->arena);
    free(telling);
}

/* ---- on the admin thread ---- */

static enum result check_request(struct admin_call *call, const struct feedback_request *request)
{
    if (call->caller && call->caller->role != ROLE_GATEWAY && call->caller->role != ROLE_OPERATOR)
        return admin_fail(call, RESULT_DENIED, "Feedback is for roles gateway and operator.");
    if (!signalbox_feedback_known((unsigned)request->feedback))
        return admin_fail(call, RESULT_INVALID, "Feedback is positive or negative.");
    if (request->source.len && !change_is_name(request->source, NAME_BYTES_MAX))
        return admin_fail(call, RESULT_INVALID, "A source has at most 128 bytes and no NUL.");
    if (request->comment.len > TEXT_BYTES_MAX)
        return admin_fail(call, RESULT_INVALID, "A comment has at most 512 bytes.");
    return RESULT_OK;
}

/* The entry that answered, by name. RESULT_NOT_FOUND: nothing did. */
static enum result find_entry(struct admin_call *call,
                              const struct stored *stored,
                              char ret_memory[POLICY_ENTRY_NAME_BYTES_MAX],
                              struct slice *ret_name)
{
    struct outcome *outcomes = arena_calloc(call->arena, ATTEMPTS_MAX + 1, sizeof *outcomes);
    const struct outcome *last;
    unsigned count;

    if (!outcomes)
        return RESULT_NO_MEMORY;
    count = rebuild_outcomes(&stored->history, stored->policy, outcomes);
    if (count != stored->history.boundaries_count)
        return RESULT_CORRUPT;
    last = &outcomes[count - 1];
    if (!stored->policy || last->action != ACTION_COMPLETE)
        return admin_fail(call, RESULT_NOT_FOUND, "Nothing answered the request.");
    *ret_name = policy_entry_name(stored->policy, last->entry, ret_memory);
    return RESULT_OK;
}

/* The word before this one, where there is one. */
static enum result find_before(struct service *service, struct telling *telling)
{
    struct trip_feedback *feedback = &telling->feedback;
    struct feedback_record before;
    struct slice value;
    enum result result = admin_begin(service);

    if (result)
        return result;
    result = store_get(service->admin.read, STORE_TABLE_FEEDBACK, store_key_slice(&telling->key),
                       &value);
    if (result == RESULT_OK)
        result = feedback_record_decode(value, &before);
    if (result == RESULT_OK) {
        feedback->before = before.feedback;
        feedback->before_ms = before.at_ms;
    }
    admin_end(service);
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

/* What serves the request's place now, where it is the same policy and still has the entry; of two
 * versions the one that answered. */
static void find_serving(const struct service *service,
                         const struct stored *stored,
                         struct slice entry,
                         struct telling *telling)
{
    const struct history *history = &stored->history;
    const struct serving *serving = snapshot_serving(
        service->admin.current, history->facts.workload, history->facts.environment);
    struct compiled *const versions[] = {serving ? serving->whole : NULL,
                                         serving ? serving->canary : NULL};
    struct compiled *found = NULL;

    for (unsigned i = 0; i < 2; i++) {
        if (versions[i] && compiled_is_of(versions[i], history->policy_id) &&
            switches_entry_index(versions[i]->policy, entry) >= 0 &&
            (!found || versions[i]->policy->version == history->policy_version))
            found = versions[i];
    }
    if (!found)
        return;
    telling->compiled = compiled_ref(found);
    telling->feedback.policy = found->policy;
    telling->feedback.entry = (unsigned)switches_entry_index(found->policy, entry);
}

static struct telling *make_telling(const struct admin_call *call,
                                    const struct feedback_request *request,
                                    const struct stored *stored)
{
    struct telling *telling = calloc(1, sizeof *telling);
    struct arena *arena;

    if (!telling)
        return NULL;
    arena = &telling->arena;
    arena_init(arena, telling->memory, sizeof telling->memory, sizeof telling->memory);
    telling->errand.begin = begin_telling;
    telling->errand.end = end_telling;
    telling->errand.free = free_telling;
    errand_init(&telling->errand);
    rows_init(&telling->trip.rows);
    telling->key = layout_request(request->request_id, stored->tenant);
    telling->record = (struct feedback_record){
        .feedback = request->feedback,
        .at_ms = call->now_ms,
        .by = arena_copy(arena, change_caller(call)),
        .source = arena_copy(arena, request->source),
        .comment = arena_copy(arena, request->comment),
    };
    telling->feedback = (struct trip_feedback){
        .tenant = arena_copy(arena, stored->tenant),
        .request_id = request->request_id,
        .feedback = request->feedback,
        .now_ms = call->now_ms,
    };
    return telling;
}

enum result service_put_feedback(struct service *service,
                                 struct admin_call *call,
                                 const struct feedback_request *request)
{
    const struct request_query query = {
        .has_id = true, .request_id = request->request_id, .tenant = request->tenant};
    char memory[POLICY_ENTRY_NAME_BYTES_MAX];
    struct telling *telling;
    struct stored *stored;
    struct slice entry = SLICE_LITERAL("");
    enum result result = check_request(call, request);

    if (result == RESULT_OK)
        result = stored_read(service, call, &query, &stored);
    if (result == RESULT_OK)
        result = find_entry(call, stored, memory, &entry);
    if (result)
        return result;
    telling = make_telling(call, request, stored);
    if (!telling)
        return RESULT_NO_MEMORY;
    find_serving(service, stored, entry, telling);
    result = find_before(service, telling);
    if (result == RESULT_OK && !change_carry_out(service, call, &telling->errand, &result))
        return result;
    errand_free(&telling->errand);
    return result;
}
