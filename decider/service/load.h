/* The first snapshot: what is active, the keys and the current catalog, as the store has them. */
#ifndef SERVICE_LOAD_H
#define SERVICE_LOAD_H

#include "service/state.h"

/* Blocks that are not stored as the current format, catalog and evidence make them are compiled
 * again. reterr_error says what could not be loaded. */
MUST_USE enum result load_snapshot(struct store_read *read,
                                   struct snapshot **ret_snapshot,
                                   struct service_error *reterr_error);
/* True when a key of role operator is there that is neither revoked nor expired. */
bool load_has_operator(const struct snapshot *snapshot, int64_t now_ms);

/* The newest version of a policy or catalog; 0: none. */
MUST_USE enum result
load_policy_version(struct store_read *read, struct slice policy_id, uint32_t *ret_version);
MUST_USE enum result load_catalog_version(struct store_read *read, uint32_t *ret_version);
/* The catalog of a version, in a set of its own; version 0: an empty one. */
MUST_USE enum result
load_catalog(struct store_read *read, uint32_t version, struct catalog_set **ret_catalog);

#endif
