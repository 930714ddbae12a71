/* Candidates for a fallback entry, ranked. It never activates anything, and says why each one is
 * where it is. Pure; in the arena. */
#ifndef ENGINE_SUGGEST_H
#define ENGINE_SUGGEST_H

#include "engine/catalog.h"

struct suggest_question {
    const struct catalog_route *primary; /* NULL: none yet */
    enum family family;
    uint64_t needs;        /* set of enum need */
    uint64_t strengths;    /* set of enum strength */
    uint64_t data_classes; /* set */
    enum traffic_class traffic_class;
    struct slice environment, region;     /* empty: any */
    uint64_t input_tokens, output_tokens; /* of a typical request */
    uint64_t request_nusd_max;            /* 0: none */
    uint64_t latency_ms_max;              /* to the first output; 0: none */
};

struct suggestion {
    const struct catalog_route *route;
    enum tier tier; /* against the primary; without one, primary */
    bool fits;      /* everything that is asked for; strengths are wishes */
    unsigned score; /* 0 to 1000; order within those that fit, and within those that do not */
    uint64_t request_nusd;
    uint64_t lacking_needs, lacking_data_classes; /* sets */
    uint64_t matching_strengths;                  /* set */
    uint64_t evidence; /* set of enum evidence_kind that the tier and the boundary would demand */
    struct slice why;  /* a sentence */
};

/* Best first. RESULT_NO_MEMORY. */
MUST_USE enum result suggest_routes(const struct catalog *catalog,
                                    const struct suggest_question *question,
                                    struct arena *arena,
                                    struct suggestion **ret_suggestions,
                                    unsigned *ret_count);

#endif
