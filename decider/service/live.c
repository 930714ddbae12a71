/* The loop around decide(), and the one place where its intents are applied. */
#include "service/live.h"

#include "base/invariant.h"

void live_view(enum reason refusal, struct view *ret_view)
{
    *ret_view = (struct view){.refusal = refusal};
}

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
