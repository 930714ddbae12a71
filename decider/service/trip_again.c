/* Trips whose commit failed: stored again, a few in each turn, until it goes well. What is off acts
 * meanwhile. */
#include <stdlib.h>

#include "service/errand.h"
#include "service/trip.h"

#define STORE_AGAIN_MS  1000
#define STORE_AGAIN_MAX 64 /* switches in one turn */

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
    /* Others were counted since; the count is not taken back. */
    switches_put_version(service->owner.switches.version, &again->errand.rows);
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
