/* Which entry may serve next. */
#ifndef ENGINE_CANDIDATE_H
#define ENGINE_CANDIDATE_H

#include "engine/gate.h"

struct candidate {
    bool found;
    unsigned entry;
    uint64_t estimate_nusd; /* of an entry with a route */
};

/* Looks at one entry, gates and health, whatever its reasons say; traces all of it. health_reason
 * (may be NULL) gets why the live view speaks against it. Remembers in output the first gate that
 * blocked. */
bool candidate_check(const struct engine_input *input,
                     struct trace_sink *sink,
                     unsigned entry,
                     struct engine_output *output,
                     struct candidate *ret_candidate,
                     enum reason *ret_unhealthy);

/* The first entry behind `after` that may follow a failure of this class, its reasons included. */
struct candidate candidate_after_failure(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         unsigned after,
                                         struct engine_output *output);

/* The first fallback that may stand in for a primary that is not healthy. */
struct candidate candidate_for_admission(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         enum reason reason,
                                         struct engine_output *output);

/* Milliseconds left for reaching first output, by policy and caller's deadline; INT64_MAX: no
 * limit. May be negative. */
int64_t candidate_time_left_ms(const struct engine_input *input);
/* True once output was visible in any attempt, the reported one included. */
bool candidate_output_reached(const struct engine_input *input);

#endif
