/* What a new catalog does to what serves: what changes, which evidence counts no more, which
 * policies it touches. Made from the blocks before and after, so it tells what the gates will see.
 * Admin thread. */
#ifndef SERVICE_CATALOG_REVIEW_H
#define SERVICE_CATALOG_REVIEW_H

#include "service/service.h"
#include "service/snapshot.h"

struct catalog_review {
    struct arena *arena; /* of the answer */
    struct catalog_diff diff;
    struct map changes; /* of one route, model, account or provider; by "/routes/ID" and so on */
    struct map voided;  /* by id */
    struct slice *lines;
    unsigned lines_count, lines_capacity;
};

/* RESULT_NO_MEMORY. */
MUST_USE enum result catalog_review_begin(struct catalog_review *review,
                                          const struct catalog *before,
                                          const struct catalog *after,
                                          struct arena *arena);
void catalog_review_done(struct catalog_review *review);
/* One version in service, as it is and as it is to be. RESULT_NO_MEMORY. */
MUST_USE enum result catalog_review_policy(struct catalog_review *review,
                                           const struct policy *before,
                                           const struct policy *after);
/* Puts diff, voided and touched. RESULT_NO_MEMORY. */
MUST_USE enum result catalog_review_tell(const struct catalog_review *review,
                                         struct catalog_summary *ret_catalog);

#endif
