/* Which entry may serve next, and by which of its routes.
 *
 * An entry's routes are equivalent; a request tries them in an order drawn by weight from its id,
 * the same at every boundary, and takes the first that is switched on, passes its gates and is
 * healthy. Routes behind that one are not looked at. */
#ifndef ENGINE_CANDIDATE_H
#define ENGINE_CANDIDATE_H

#include "engine/gate.h"

struct candidate {
    bool found;  /* a route may serve, or the entry needs none */
    bool passes; /* the gates of at least one route let the request in */
    bool slow;   /* found, but at an admission over the policy's latency target */
    unsigned entry;
    unsigned route;         /* with found and a route: its number in the policy */
    uint64_t estimate_nusd; /* of that route */
    uint32_t sick;          /* places of the entry's routes that pass but cannot serve now: a set */
    enum reason unhealthy;  /* of the first of them that was looked at: an admission reason */
};

/* Looks at one entry, whatever its reasons say, and traces all of it. When it is not found, output
 * remembers the first gate that blocked it. */
struct candidate candidate_of_entry(const struct engine_input *input,
                                    struct trace_sink *sink,
                                    unsigned entry,
                                    struct engine_output *output);

/* The same route once more: all of the above is asked again but the latency, which a retry after a
 * timeout has just shown. */
struct candidate candidate_for_retry(const struct engine_input *input,
                                     struct trace_sink *sink,
                                     unsigned entry,
                                     unsigned route,
                                     struct engine_output *output);

/* The first entry behind `after` that may follow a failure of this class, its reasons and the hard
 * stop included. */
struct candidate candidate_after_failure(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         unsigned after,
                                         struct engine_output *output);

/* The first fallback that may stand in for a primary that is not healthy, or slower than the
 * policy's target. It names why each route of the primary is passed over. */
struct candidate candidate_for_admission(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         const struct candidate *primary,
                                         struct engine_output *output);

/* As many distinct providers have failed as the policy's hard stop allows: only entries with
 * requires_user_notice may go on. */
bool candidate_hard_stop(const struct engine_input *input);

/* Who switched it off, of what speaks against the entry and, where it has one, the route; scope 0:
 * nothing does. The policy's own switch is not looked at. */
struct view_switch candidate_switched_off(const struct engine_input *input,
                                          const struct policy_entry *entry,
                                          unsigned index,
                                          unsigned route);
/* The switch check as it is traced: found is the rule that tripped, else what an operator turned
 * off: "route", "account". */
struct gate_finding candidate_switch_finding(struct view_switch off);

/* Milliseconds left for reaching first output, by policy and caller's deadline; INT64_MAX: no
 * limit. May be negative. */
int64_t candidate_time_left_ms(const struct engine_input *input);
/* True once output was visible in any attempt, the reported one included. */
bool candidate_output_reached(const struct engine_input *input);

#endif
