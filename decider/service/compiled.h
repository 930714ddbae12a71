/* Compiled policies in memory: immutable blocks with a count of references, shared by snapshots and
 * requests of both threads; and how a block is found for a version that is not in service. */
#ifndef SERVICE_COMPILED_H
#define SERVICE_COMPILED_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/map.h"
#include "engine/policy.h"
#include "engine/view.h"
#include "signalbox/result.h"
#include "store/layout.h"
#include "store/store.h"

#define COMPILED_BYTES_MAX (16 * 1024 * 1024)

struct catalog_set;

/* What is switched off or pinned of a policy, as of a generation of switches. */
struct compiled_switches {
    uint64_t generation; /* service/switches.h; 0: not looked up yet */
    bool any;            /* something of it is */
    uint8_t pin;         /* 1 + the entry; 0: none */
    struct view_switch policy_off;
    struct view_switch entries_off[ENTRIES_MAX];
    struct view_switch routes_off[ROUTES_MAX];
    int64_t pin_expires_ms;
};

struct compiled {
    _Atomic unsigned references;
    struct compiled_switches switches; /* the owner thread's */
    const struct policy *policy;       /* in bytes */
    struct store_key active_key;       /* layout_active of its workload and environment */
    struct store_key version_key;      /* layout_compiled of its versions */
    _Alignas(16) char bytes[];
};

/* With one reference. Copies the block. RESULT_NO_MEMORY; RESULT_CORRUPT: it is no policy block. */
MUST_USE enum result compiled_new(struct slice block, struct compiled **ret_compiled);
/* Lent as long as compiled is. */
struct slice compiled_block(const struct compiled *compiled);
struct slice compiled_policy_id(const struct compiled *compiled);
/* A version of the policy, or that one; NULL is none. */
bool compiled_is_of(const struct compiled *compiled, struct slice policy_id);
bool compiled_is_version(const struct compiled *compiled, struct slice policy_id, uint32_t version);
/* Any thread. Both take NULL. */
struct compiled *compiled_ref(struct compiled *compiled);
void compiled_unref(struct compiled *compiled);

/* Names one compiled block. */
struct policy_name {
    struct slice policy_id;
    uint32_t version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* the newest row of evidence that was looked at; 0: none */
};

struct store_key policy_name_key(const struct policy_name *name);

/* Appends the block to buf (empty before): the stored one, or, when that was dropped or has another
 * format, the document compiled again with the catalog and the evidence of then. known may be NULL,
 * or is a catalog that is at hand. RESULT_NOT_FOUND: policy or catalog is not stored;
 * RESULT_CORRUPT: what is stored cannot be read. */
MUST_USE enum result compiled_load(struct store_read *read,
                                   const struct policy_name *name,
                                   const struct catalog_set *known,
                                   struct buf *block);

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
                                        const struct catalog_set *known,
                                        struct compiled **ret_compiled);

#endif
