/* A candidate while it is judged, and the words that say why it is where it is. For suggest and
 * suggest_why. */
#ifndef ENGINE_SUGGEST_CANDIDATE_H
#define ENGINE_SUGGEST_CANDIDATE_H

#include "engine/suggest.h"

struct suggest_candidate {
    const struct suggest_question *question;
    struct suggestion *made;
    uint64_t cheapest_nusd; /* among those with a price */
    uint32_t fastest_ms;    /* among those whose latency is known; 0: none */
    bool priced;
    uint64_t faults; /* set of enum fault */
};

/* What keeps a candidate from fitting, in the order in which it is told. */
enum fault {
    FAULT_NEEDS,
    FAULT_DATA_CLASSES,
    FAULT_FLOOR,
    FAULT_CONTEXT,
    FAULT_OUTPUT,
    FAULT_ENVIRONMENT,
    FAULT_REGION,
    FAULT_TENANT,
    FAULT_NO_PRICE,
    FAULT_COST,
    FAULT_NO_LATENCY,
    FAULT_LATENCY,
    FAULT_END
};

static inline bool suggest_same_provider(const struct suggest_candidate *candidate)
{
    return slice_equal(candidate->made->route->account->provider->id,
                       candidate->question->primary->account->provider->id);
}

static inline bool suggest_same_account(const struct suggest_candidate *candidate)
{
    return slice_equal(candidate->made->route->account->id,
                       candidate->question->primary->account->id);
}

static inline bool suggest_same_region(const struct suggest_candidate *candidate)
{
    return slice_equal(candidate->made->route->region, candidate->question->primary->region);
}

static inline bool suggest_crosses_boundary(const struct suggest_candidate *candidate)
{
    return !suggest_same_provider(candidate) || !suggest_same_account(candidate) ||
           !suggest_same_region(candidate);
}

/* The class that models of the traffic class may not be under. */
enum quality_class suggest_floor(enum traffic_class traffic_class);
/* "Fits: ..." or "Does not fit: ...; otherwise ..."; in the arena. */
struct slice suggest_explain(const struct suggest_candidate *candidate, struct arena *arena);

#endif
