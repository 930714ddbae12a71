/* Fills a decision once it is clear what is to be done. Each function sets action, reason,
 * disposition and what goes with them; nothing here chooses. */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/candidate.h"

/* SEND, RETRY or FALLBACK on the candidate's entry. */
void answer_route(const struct engine_input *input,
                  enum action action,
                  enum reason reason,
                  const struct candidate *candidate,
                  uint32_t delay_ms,
                  struct engine_output *output);
/* What an entry without a route gives: QUEUE, or COMPLETE with its default response. */
void answer_without_route(const struct engine_input *input,
                          unsigned entry,
                          struct engine_output *output);
/* The attempt answered, or its refusal is its answer. */
void answer_complete(const struct engine_input *input,
                     enum reason reason,
                     struct engine_output *output);
/* FAIL_CLOSED. failure FAILURE_NONE: the reason's own class. */
void answer_stop(const struct engine_input *input,
                 enum failure failure,
                 enum reason reason,
                 enum disposition disposition,
                 struct engine_output *output);

#endif
