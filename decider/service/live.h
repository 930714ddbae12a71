/* Live state as one decision reads and changes it: the view goes in, intents come out.
 *
 * What is switched off or pinned is in the view, and why the principal may not ask. There are no
 * budgets, breakers or retry budgets yet: nothing is unhealthy, and every intent is granted. */
#ifndef SERVICE_LIVE_H
#define SERVICE_LIVE_H

#include "service/state.h"

/* The owner thread's. compiled: NULL without a policy. refusal: why the principal may not ask;
 * unspecified: it may. A pin that has expired at now_ms does not count. */
void live_view(struct owner *owner,
               struct compiled *compiled,
               enum reason refusal,
               int64_t now_ms,
               struct view *ret_view);
/* The same for the admin thread, which has the owner look. RESULT_TIMEOUT, RESULT_NO_MEMORY. */
MUST_USE enum result live_view_for_admin(struct service *service,
                                         struct compiled *compiled,
                                         enum reason refusal,
                                         int64_t now_ms,
                                         struct view *ret_view);

/* Decides until every intent is granted, at most entries + 1 times: a refused one enters the view,
 * which input->view must point to, and decide runs again. The view then is the one that was decided
 * with. Any thread. */
void live_decide(struct engine_input *input,
                 struct view *view,
                 struct trace_sink *sink,
                 struct engine_output *ret_output);

#endif
