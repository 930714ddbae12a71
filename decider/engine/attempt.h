/* The boundary after an attempt: complete, or the law of attempt.def. */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "engine/engine.h"

/* The chain has at least one attempt: the one that the report is about. */
void attempt_decide(const struct engine_input *input,
                    struct trace_sink *sink,
                    struct engine_output *output);

/* The worst side effect of the report's tool calls. A call whose effect is not told has the effect
 * that the admission declared for its tools, else it is POSSIBLE once output has left for the
 * client and none before. */
enum side_effect attempt_side_effect(const struct facts *facts, const struct report *report);

#endif
