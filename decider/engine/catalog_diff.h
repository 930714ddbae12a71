/* What a new catalog changes: the review before it serves. Pure; in the arena. */
#ifndef ENGINE_CATALOG_DIFF_H
#define ENGINE_CATALOG_DIFF_H

#include "engine/catalog.h"

enum catalog_change_kind {
    CATALOG_CHANGE_ADDED = 1,
    CATALOG_CHANGE_REMOVED,
    CATALOG_CHANGE_ALTERED,
};

/* Of an object that stands on one side only, pointer ends with its id and the other side is a
 * summary of it. Of a field of an object that stands on both, ADDED and REMOVED say that it had or
 * has no value. Prices are those that are charged: discount and mark-up are in them. */
struct catalog_change {
    enum catalog_change_kind kind;
    struct slice pointer; /* "/routes/demo-at-mock-a/prices/output": by ids, not by places */
    struct slice before, after;
    uint64_t voids; /* set of enum binding whose value changes by it, on its route or model */
};

struct catalog_diff {
    struct catalog_change *changes;
    unsigned changes_count;
};

/* Providers, accounts, models, routes; of each first what is in after, in its order, then what is
 * gone. before NULL: everything is added. RESULT_NO_MEMORY. */
MUST_USE enum result catalog_diff(const struct catalog *before,
                                  const struct catalog *after,
                                  struct arena *arena,
                                  struct catalog_diff *ret_diff);

#endif
