/* Two errands around one write of the admin thread: the first turns off, on the owner thread, and
 * leaves the rows to the caller; the second tells the owner what became of them. So what made a
 * rule trip and the trip stand or fall together, and the entry is off before either is stored. */
#include <stdlib.h>

#include "base/invariant.h"
#include "service/errand.h"
#include "service/trip.h"

struct item {
    struct compiled *compiled;
    struct trip_call call;
    struct trip trip;
    char detail[SWITCH_REASON_BYTES_MAX];
};

struct trip_calls {
    struct errand errand;
    bool stored;
    unsigned count, count_max;
    struct item items[];
};

static enum result begin_act(struct service *service, struct errand *errand)
{
    struct trip_calls *calls = CONTAINER_OF(errand, struct trip_calls, errand);

    for (unsigned i = 0; i < calls->count; i++)
        trip_on_call(service, &calls->items[i].call, &calls->items[i].trip);
    return RESULT_OK;
}

static enum result begin_settle(struct service *service, struct errand *errand)
{
    struct trip_calls *calls = CONTAINER_OF(errand, struct trip_calls, errand);

    for (unsigned i = 0; i < calls->count; i++)
        trip_note_stored(service, &calls->items[i].trip, calls->stored);
    return RESULT_OK;
}

static void free_calls(struct errand *errand)
{
    struct trip_calls *calls = CONTAINER_OF(errand, struct trip_calls, errand);

    for (unsigned i = 0; i < calls->count; i++) {
        compiled_unref(calls->items[i].compiled);
        rows_done(&calls->items[i].trip.rows);
    }
    free(calls);
}

struct trip_calls *trip_calls_new(unsigned count_max)
{
    struct trip_calls *calls = calloc(1, sizeof *calls + count_max * sizeof *calls->items);

    if (!calls)
        return NULL;
    calls->errand.begin = begin_act;
    calls->errand.free = free_calls;
    errand_init(&calls->errand);
    calls->count_max = count_max;
    return calls;
}

void trip_calls_free(struct trip_calls *calls)
{
    if (calls)
        errand_free(&calls->errand);
}

void trip_calls_add(struct trip_calls *calls,
                    struct compiled *compiled,
                    const struct trip_call *call)
{
    struct item *item = &calls->items[calls->count++];
    size_t len = call->detail.len < sizeof item->detail ? call->detail.len : sizeof item->detail;

    invariant(calls->count <= calls->count_max);
    item->compiled = compiled_ref(compiled);
    item->call = *call;
    rows_init(&item->trip.rows);
    if (len)
        memcpy(item->detail, call->detail.ptr, len);
    item->call.detail = (struct slice){item->detail, len};
}

enum result trip_calls_act(struct service *service, struct trip_calls *calls)
{
    return errand_carry_out(service, &calls->errand) ? RESULT_OK : RESULT_TIMEOUT;
}

void trip_calls_lend(const struct trip_calls *calls, struct rows *rows)
{
    for (unsigned i = 0; i < calls->count; i++)
        trip_lend(&calls->items[i].trip, rows);
}

void trip_calls_settle(struct service *service, struct trip_calls *calls, bool stored)
{
    if (!calls)
        return;
    calls->stored = stored;
    calls->errand.begin = begin_settle;
    errand_init(&calls->errand);
    if (errand_carry_out(service, &calls->errand))
        errand_free(&calls->errand);
}
