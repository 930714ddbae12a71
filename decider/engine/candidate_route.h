/* One entry's routes: in which order a request tries them, and what speaks against each. For
 * candidate.c. */
#ifndef ENGINE_CANDIDATE_ROUTE_H
#define ENGINE_CANDIDATE_ROUTE_H

#include "engine/candidate.h"

struct candidate_place {
    unsigned entry;
    unsigned route; /* its number in the policy */
    bool retry;     /* of the attempt that just ended there */
};

/* What one route has to say. */
struct candidate_look {
    bool passes;           /* gates, and attempts left */
    enum reason unhealthy; /* candidate_unhealthy */
    bool slow;             /* over the policy's latency target, at an admission */
    uint64_t estimate_nusd;
    bool blocked; /* by a gate */
    struct trace_item blocking;
};

/* Asks and traces everything: switches, attempts, gates, health. charged_nusd: for the attempt that
 * just ended. */
void candidate_look_at(const struct engine_input *input,
                       struct trace_sink *sink,
                       struct candidate_place place,
                       uint64_t charged_nusd,
                       struct candidate_look *ret_look);

/* Why the route cannot serve now: switched off, not healthy, or too slow for the time that is left;
 * unspecified: none of these. A retry is not asked for its latency: the attempt before has just
 * shown it. */
enum reason candidate_unhealthy(const struct engine_input *input, struct candidate_place place);

/* Takes one of the places that are left in the set, which is not empty, by the weights of the
 * entry's routes. */
unsigned candidate_draw(const struct engine_input *input, unsigned entry, uint32_t *left);

#endif
