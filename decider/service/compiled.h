/* Compiled policies in memory: immutable blocks with a count of references, shared by snapshots and
 * requests of both threads; and how a block is found for a version that is not in service. */
#ifndef SERVICE_COMPILED_H
#define SERVICE_COMPILED_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/map.h"
#include "engine/policy.h"
#include "signalbox/result.h"
#include "store/layout.h"
#include "store/store.h"

#define COMPILED_BYTES_MAX (16 * 1024 * 1024)

struct compiled {
    _Atomic unsigned references;
    const struct policy *policy;  /* in bytes */
    struct store_key active_key;  /* layout_active of its workload and environment */
    struct store_key version_key; /* layout_compiled of its versions */
    _Alignas(16) char bytes[];
};

/* With one reference. Copies the block; NULL: out of memory, or it is not a policy block. */
struct compiled *compiled_new(struct slice block);
/* Any thread. Both take NULL. */
struct compiled *compiled_ref(struct compiled *compiled);
void compiled_unref(struct compiled *compiled);

/* Names one compiled block. */
struct policy_name {
    struct slice policy_id;
    uint32_t version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* 0 until evidence is kept */
};

/* Appends the block to buf (empty before): the stored one, or, when that has another format, the
 * document compiled again against the catalog of then. RESULT_NOT_FOUND: policy or catalog is not
 * stored; RESULT_CORRUPT: what is stored cannot be read. */
MUST_USE enum result
compiled_load(struct store_read *read, const struct policy_name *name, struct buf *block);

/* Blocks that requests from history were decided with. One thread. */
struct compiled_cache {
    struct map blocks; /* by version_key */
};

void compiled_cache_init(struct compiled_cache *cache);
void compiled_cache_done(struct compiled_cache *cache);
/* As compiled_load; *ret_compiled has a reference for the caller. read must be renewed. */
MUST_USE enum result compiled_cache_get(struct compiled_cache *cache,
                                        struct store_read *read,
                                        const struct policy_name *name,
                                        struct compiled **ret_compiled);

#endif
