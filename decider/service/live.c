/* The loop around decide(), and the one place where its intents are applied. Where nothing of a
 * policy is switched, its view costs one comparison. */
#include "service/live.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "service/errand.h"

static void put_switches(const struct compiled *compiled, int64_t now_ms, struct view *view)
{
    const struct compiled_switches *switches = &compiled->switches;

    view->policy_off = switches->policy_off;
    memcpy(view->entries_off, switches->entries_off, sizeof view->entries_off);
    for (unsigned i = 0; i < compiled->policy->routes.len; i++)
        view->routes[i].off = switches->routes_off[i];
    if (switches->pin_expires_ms > now_ms)
        view->pin = switches->pin;
}

void live_view(struct owner *owner,
               struct compiled *compiled,
               enum reason refusal,
               int64_t now_ms,
               struct view *ret_view)
{
    *ret_view = (struct view){.refusal = refusal};
    if (!compiled)
        return;
    if (compiled->switches.generation != owner->switches.generation)
        switches_resolve(&owner->switches, compiled->policy, &compiled->switches);
    if (compiled->switches.any)
        put_switches(compiled, now_ms, ret_view);
}

/* ---- for the admin thread ---- */

struct look {
    struct errand errand;
    struct compiled *compiled;
    enum reason refusal;
    int64_t now_ms;
    struct view view;
};

static enum result begin_look(struct service *service, struct errand *errand)
{
    struct look *look = CONTAINER_OF(errand, struct look, errand);

    live_view(&service->owner, look->compiled, look->refusal, look->now_ms, &look->view);
    return RESULT_OK;
}

static void free_look(struct errand *errand)
{
    struct look *look = CONTAINER_OF(errand, struct look, errand);

    compiled_unref(look->compiled);
    free(look);
}

enum result live_view_for_admin(struct service *service,
                                struct compiled *compiled,
                                enum reason refusal,
                                int64_t now_ms,
                                struct view *ret_view)
{
    struct look *look = calloc(1, sizeof *look);

    if (!look)
        return RESULT_NO_MEMORY;
    look->errand.begin = begin_look;
    look->errand.free = free_look;
    errand_init(&look->errand);
    look->compiled = compiled_ref(compiled);
    look->refusal = refusal;
    look->now_ms = now_ms;
    if (!errand_carry_out(service, &look->errand))
        return RESULT_TIMEOUT;
    *ret_view = look->view;
    errand_free(&look->errand);
    return RESULT_OK;
}

/* ---- deciding ---- */

/* False: it is refused, and the view says so. */
static bool apply(const struct engine_intent *intent, struct view *view)
{
    (void)view;
    switch (intent->kind) {
    case INTENT_RESERVE:     /* would set view->reserve_refused */
    case INTENT_SETTLE:      /* always goes through */
    case INTENT_RETRY_TOKEN: /* would set view->retry_refused */
    case INTENT_PROBE:       /* would set view->probe_refused */
        return true;
    case INTENT_UNSPECIFIED:
    case INTENT_END:
        break;
    }
    invariant(false); /* decide() names its intents */
    return false;
}

void live_decide(struct engine_input *input,
                 struct view *view,
                 struct trace_sink *sink,
                 struct engine_output *ret_output)
{
    unsigned rounds = 1 + (input->policy ? input->policy->entries.len : 0);
    const struct trace_sink fresh = *sink;

    input->view = view;
    for (unsigned round = 0; round < rounds; round++) {
        bool granted = true;

        *sink = fresh;
        decide(input, sink, ret_output);
        for (unsigned i = 0; granted && i < ret_output->intents_count; i++)
            granted = apply(&ret_output->intents[i], view);
        if (granted)
            break;
    }
}
