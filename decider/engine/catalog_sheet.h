/* One object of a catalog as a list of fields: where each stands and its value as canonical text,
 * so that two versions of it can be compared field by field. For catalog_diff and its tests. */
#ifndef ENGINE_CATALOG_SHEET_H
#define ENGINE_CATALOG_SHEET_H

#include "engine/catalog.h"

enum catalog_object {
    CATALOG_OBJECT_PROVIDER,
    CATALOG_OBJECT_ACCOUNT,
    CATALOG_OBJECT_MODEL,
    CATALOG_OBJECT_ROUTE,
    CATALOG_OBJECT_END
};

struct catalog_line {
    struct slice path;  /* under the object: "prices/output" */
    struct slice value; /* never empty: a field that says nothing has no line */
    uint64_t bindings;  /* set of enum binding whose values can depend on it */
};

/* Ordered by path; no path stands twice. */
struct catalog_sheet {
    struct catalog_line *lines;
    unsigned count;
};

/* object is a struct catalog_provider, _account, _model or _route. Prices are those that are
 * charged, in USD as price lists have them. In the arena; arena->failed when it was too small. */
struct catalog_sheet
catalog_sheet_make(enum catalog_object kind, const void *object, struct arena *arena);
/* parent/name as an RFC 6901 pointer has it; in the arena. */
struct slice catalog_pointer(const char *parent, struct slice name, struct arena *arena);
/* "providers", "accounts", "models", "routes". */
const char *catalog_object_list(enum catalog_object kind);

#endif
