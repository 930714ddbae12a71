/* Live state as one decision reads and changes it: the view goes in, intents come out.
 *
 * Nothing limits anything yet: there are no budgets, breakers or retry budgets, every view is empty
 * but for the principal's refusal, and every intent is granted. Owner thread, or any thread for a
 * dry run. */
#ifndef SERVICE_LIVE_H
#define SERVICE_LIVE_H

#include "engine/engine.h"

/* refusal: why the principal may not ask; unspecified: it may. */
void live_view(enum reason refusal, struct view *ret_view);

/* Decides until every intent is granted, at most entries + 1 times: a refused one enters the view,
 * which input->view must point to, and decide runs again. The view then is the one that was decided
 * with. */
void live_decide(struct engine_input *input,
                 struct view *view,
                 struct trace_sink *sink,
                 struct engine_output *ret_output);

#endif
