/* Trips that do not come with a request's record: those of rules that read no outcomes, and those
 * whose commit failed and is tried again. */
#include <stdlib.h>

#include "service/admin.h"
#include "service/errand.h"
#include "service/trip.h"

#define STORE_AGAIN_MS  1000
#define STORE_AGAIN_MAX 64 /* switches in one turn */

/* ---- stored again ---- */

struct again {
    struct errand errand;
    struct store_key key;
    uint32_t version;
};

static void end_again(struct service *service, struct errand *errand)
{
    struct again *again = CONTAINER_OF(errand, struct again, errand);

    switches_note_stored(&service->owner.switches, &again->key, again->version,
                         errand->result == RESULT_OK);
}

static void free_again(struct errand *errand)
{
    free(CONTAINER_OF(errand, struct again, errand));
}

/* False: no memory now. */
static bool store_again(struct service *service, struct switch_state *state)
{
    struct again *again = calloc(1, sizeof *again);

    if (!again)
        return false;
    again->errand.end = end_again;
    again->errand.free = free_again;
    errand_init(&again->errand);
    again->key = state->key;
    again->version = state->record.version;
    switches_rows(state, &state->key, again->version, &state->audit, &again->errand.rows);
    switches_storing(&service->owner.switches, state);
    errand_start(service, &again->errand);
    return true;
}

bool trip_store_again(struct service *service, int64_t now_ms)
{
    struct switches *switches = &service->owner.switches;
    struct switch_state *state;
    size_t position = 0;
    unsigned count = 0;

    if (!switches->unstored)
        return false;
    /* A clock that was set back does not hold it up. */
    if (now_ms < switches->again_ms && now_ms >= switches->again_ms - STORE_AGAIN_MS)
        return true;
    switches->again_ms = now_ms + STORE_AGAIN_MS;
    while (count < STORE_AGAIN_MAX && (state = map_next(&switches->off, &position)) != NULL)
        if (switches_is_unstored(state) && store_again(service, state))
            count++;
    return true;
}

/* ---- by a call ---- */

struct told {
    struct errand errand;
    struct compiled *compiled;
    unsigned entry;
    enum rollback_rule rule;
    int64_t now_ms;
    struct trip trip;
    char detail[SWITCH_REASON_BYTES_MAX];
    size_t detail_len;
};

static enum result begin_told(struct service *service, struct errand *errand)
{
    struct told *told = CONTAINER_OF(errand, struct told, errand);

    trip_on_call(service,
                 &(struct trip_call){.policy = told->compiled->policy,
                                     .entry = told->entry,
                                     .rule = told->rule,
                                     .detail = {told->detail, told->detail_len},
                                     .now_ms = told->now_ms},
                 &told->trip);
    trip_lend(&told->trip, &errand->rows);
    return RESULT_OK;
}

static void end_told(struct service *service, struct errand *errand)
{
    struct told *told = CONTAINER_OF(errand, struct told, errand);

    trip_note_stored(service, &told->trip, errand->result == RESULT_OK);
}

static void free_told(struct errand *errand)
{
    struct told *told = CONTAINER_OF(errand, struct told, errand);

    compiled_unref(told->compiled);
    rows_done(&told->trip.rows);
    free(told);
}

static struct told *make_told(struct compiled *compiled,
                              unsigned entry,
                              enum rollback_rule rule,
                              struct slice detail,
                              int64_t now_ms)
{
    struct told *told = calloc(1, sizeof *told);

    if (!told)
        return NULL;
    told->errand.begin = begin_told;
    told->errand.end = end_told;
    told->errand.free = free_told;
    errand_init(&told->errand);
    rows_init(&told->trip.rows);
    told->compiled = compiled_ref(compiled);
    told->entry = entry;
    told->rule = rule;
    told->now_ms = now_ms;
    told->detail_len = detail.len < sizeof told->detail ? detail.len : sizeof told->detail;
    if (told->detail_len)
        memcpy(told->detail, detail.ptr, told->detail_len);
    return told;
}

/* An active version of the policy that has the entry. */
static struct compiled *
find_compiled(const struct snapshot *snapshot, struct slice policy_id, struct slice entry)
{
    const struct serving *serving;
    size_t position = 0;

    while ((serving = map_next(&snapshot->policies->active, &position)) != NULL) {
        struct compiled *const versions[] = {serving->whole, serving->canary};

        for (unsigned i = 0; i < 2; i++)
            if (versions[i] &&
                slice_equal(policy_text(versions[i]->policy, versions[i]->policy->id), policy_id) &&
                switches_entry_index(versions[i]->policy, entry) >= 0)
                return versions[i];
    }
    return NULL;
}

enum result switches_trip(struct service *service,
                          struct admin_call *call,
                          struct slice policy_id,
                          struct slice entry,
                          enum rollback_rule rule,
                          struct slice detail)
{
    struct compiled *compiled = find_compiled(service->admin.current, policy_id, entry);
    struct told *told;
    enum result result;

    if (!compiled)
        return RESULT_NOT_FOUND;
    told = make_told(compiled, (unsigned)switches_entry_index(compiled->policy, entry), rule,
                     detail, call->now_ms);
    if (!told)
        return RESULT_NO_MEMORY;
    if (!errand_carry_out(service, &told->errand))
        return RESULT_TIMEOUT;
    result = told->errand.result;
    errand_free(&told->errand);
    return result;
}
