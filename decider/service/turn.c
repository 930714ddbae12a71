/* service_turn: what came back from disk is answered, what nobody reported on is ended, and what an
 * earlier process left open is found again, a few rows at a time. */
#include "service/boundary.h"
#include "service/commit.h"
#include "service/errand.h"
#include "service/handover.h"
#include "service/lookup.h"
#include "service/reply.h"
#include "service/trip.h"

#define GIVE_UP_PER_TURN  256
#define GIVE_UP_AGAIN_MS  1000
#define SWEEP_INTERVAL_MS 1000
#define SWEEP_PASS_MS     10000 /* between two passes over the whole table */
#define SWEEP_ROWS        256
#define SWEEP_ORPHANS     32
#define TURN_WITH_TIMERS  1000
#define TURN_WITHOUT      60000

/* The answer could not be stored, so it was not given: a repeat decides again. */
static void take_back(struct service *service, struct request *request)
{
    struct requests *requests = &service->owner.requests;
    unsigned count = request->history.boundaries_count;

    if (count == 1) {
        request_leave(requests, request);
        request_free(requests, request);
        return;
    }
    boundary_rewind(service, request, count - 1);
    request_timer(requests, request, boundary_give_up_ms(service, request));
}

static void
finish_marker(struct service *service, struct request *request, enum result result, int64_t now_ms)
{
    /* A report that came meanwhile took the request up again. */
    if (!request->history.unreported_ms)
        return;
    if (result == RESULT_OK) {
        request->given_up = true;
        counter_add(&service->counters.unreported, 1);
    } else {
        request->history.unreported_ms = 0;
        request_timer(&service->owner.requests, request, now_ms + GIVE_UP_AGAIN_MS);
    }
}

static void finish_write(struct service *service, struct write_slot *slot, int64_t now_ms)
{
    struct request *request = slot->request;
    unsigned boundaries = slot->boundaries;
    enum result result = slot->result;
    bool gives_up = slot->gives_up;

    commit_release(slot);
    if (result == RESULT_OK && request->durable < boundaries)
        request->durable = boundaries;
    if (gives_up)
        finish_marker(service, request, result, now_ms);
    if (request->waits && boundaries == request->history.boundaries_count) {
        request->waits = false;
        reply_waiting(service, request, result);
        if (result) {
            take_back(service, request);
            return;
        }
    }
    request_retire(&service->owner.requests, request);
}

static void count_miss(struct service *service, struct request *request, int64_t now_ms)
{
    if (request->missed == request->chain.attempts_count)
        return;
    request->missed = request->chain.attempts_count;
    request->trip = trip_on_give_up(service, request, now_ms);
}

static void give_up(struct service *service, int64_t now_ms)
{
    struct requests *requests = &service->owner.requests;
    struct request *request;

    for (unsigned i = 0; i < GIVE_UP_PER_TURN; i++) {
        request = requests_expired(requests, now_ms);
        if (!request)
            return;
        /* While something of it is on its way to disk it is not forgotten. */
        if (request_writing(request)) {
            request_timer(requests, request, now_ms + GIVE_UP_AGAIN_MS);
            continue;
        }
        request->history.unreported_ms = now_ms;
        count_miss(service, request, now_ms);
        if (commit_submit(service, request))
            finish_marker(service, request, RESULT_NO_MEMORY, now_ms);
    }
}

struct pass {
    struct service *service;
    struct store_key orphans[SWEEP_ORPHANS];
    unsigned orphans_count;
    unsigned rows;
    int64_t now_ms;
};

static bool on_open_row(void *context, struct slice key, struct slice value)
{
    struct pass *pass = context;
    struct owner *owner = &pass->service->owner;
    struct cursor cursor = cursor_of(value);
    int64_t give_up_ms = (int64_t)cursor_u64(&cursor);
    struct slice tenant;
    struct uuid id;
    bool ambiguous;

    if (pass->orphans_count == SWEEP_ORPHANS || key.len > sizeof owner->sweep.cursor.bytes)
        return false;
    pass->rows++;
    memcpy(owner->sweep.cursor.bytes, key.ptr, key.len);
    owner->sweep.cursor.len = key.len;
    if (!layout_request_parse(key, &id, &tenant) ||
        request_find(&owner->requests, id, tenant, &ambiguous))
        return true;
    owner->sweep.orphans = true;
    if (give_up_ms <= pass->now_ms)
        pass->orphans[pass->orphans_count++] = owner->sweep.cursor;
    return true;
}

/* Into memory, where its timer ends it in the next turn. */
static void take_up(struct service *service, const struct store_key *key)
{
    struct request *request;
    struct slice tenant;
    struct uuid id;

    if (layout_request_parse(store_key_slice(key), &id, &tenant) &&
        lookup_request(service, id, tenant, &request) == RESULT_OK && request)
        request_retire(&service->owner.requests, request);
}

static void sweep(struct service *service, int64_t now_ms)
{
    struct sweep *sweep = &service->owner.sweep;
    struct pass pass = {.service = service, .now_ms = now_ms};
    const struct store_key from = sweep->cursor;
    const struct store_walk walk = {
        .prefix = SLICE_LITERAL(""), .from = store_key_slice(&from), .rows_max = SWEEP_ROWS};

    if (sweep->finished || now_ms < sweep->next_ms || lookup_begin(service))
        return;
    if (store_walk(service->owner.read, STORE_TABLE_OPEN, &walk, on_open_row, &pass))
        return;
    for (unsigned i = 0; i < pass.orphans_count; i++)
        take_up(service, &pass.orphans[i]);
    sweep->next_ms = now_ms + SWEEP_INTERVAL_MS;
    /* from is inclusive, so one row alone may be the cursor's own. */
    if (pass.rows > 1 && (pass.rows == SWEEP_ROWS || pass.orphans_count == SWEEP_ORPHANS))
        return;
    /* The end. What this process opened is in memory; orphans only become fewer. */
    sweep->finished = !sweep->orphans;
    sweep->orphans = false;
    sweep->cursor.len = 0;
    sweep->next_ms = now_ms + SWEEP_PASS_MS;
}

uint32_t service_turn(struct service *service, int64_t now_ms)
{
    struct owner *owner = &service->owner;
    struct write_slot *slot, *next;
    bool unstored;

    handover_take(service);
    lookup_end(service);
    for (slot = commit_collect(service); slot; slot = next) {
        next = slot->next;
        finish_write(service, slot, now_ms);
    }
    errands_turn(service);
    give_up(service, now_ms);
    unstored = trip_store_again(service, now_ms);
    sweep(service, now_ms);
    lookup_end(service);
    atomic_store_explicit(&service->counters.open_requests, owner->requests.count,
                          memory_order_relaxed);
    return owner->requests.timers || !owner->sweep.finished || unstored ? TURN_WITH_TIMERS
                                                                        : TURN_WITHOUT;
}

unsigned service_waiting(const struct service *service)
{
    return service->owner.waiting;
}
