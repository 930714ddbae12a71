/* What the admin thread decides about and the owner decides with: active policies, keys, catalog.
 *
 * A snapshot and its three parts are immutable and carry counts of references. A change makes a new
 * part that shares everything unchanged with the old one, and a new snapshot around it; who holds
 * the old one sees nothing of it. The admin thread builds, service/handover.c gives to the owner.
 */
#ifndef SERVICE_SNAPSHOT_H
#define SERVICE_SNAPSHOT_H

#include "base/arena.h"
#include "base/digest.h"
#include "engine/catalog.h"
#include "service/compiled.h"
#include "store/principal.h"

struct key {
    _Atomic unsigned references;
    struct digest identity;
    struct principal principal; /* texts in memory */
    _Alignas(16) char memory[];
};

/* What serves a workload and environment. Immutable. */
struct serving {
    _Atomic unsigned references;
    struct compiled *whole;
    struct compiled *canary; /* a second version for the same place; NULL: none */
    uint32_t canary_percent; /* of the requests, 1 to 99; 0 without a canary */
    uint32_t activation;     /* that made it so; 0: it was active before they were numbered */
};

struct policy_set {
    _Atomic unsigned references;
    struct map active; /* by layout_active; values: struct serving */
};

struct key_set {
    _Atomic unsigned references;
    struct map keys; /* by identity; values: struct key */
};

struct catalog_set {
    _Atomic unsigned references;
    uint32_t version; /* 0: no catalog is published */
    struct arena arena;
    struct catalog *catalog;
};

struct snapshot {
    _Atomic unsigned references;
    uint64_t generation; /* grows with every hand-over */
    struct policy_set *policies;
    struct key_set *keys;
    struct catalog_set *catalog;
};

/* Copies principal; one reference. NULL: out of memory. */
struct key *key_new(const struct digest *identity, const struct principal *principal);
void key_unref(struct key *key);

/* The parts, with one reference each; NULL: out of memory. base NULL: empty. change may be NULL (a
 * plain copy) and replaces what has its name; the set takes its own reference. */
struct policy_set *policy_set_new(const struct policy_set *base);
struct key_set *key_set_new(const struct key_set *base, struct key *change);
/* Replaces what serves the place of wanted, in a set that nobody else has seen yet; takes its own
 * references to the two versions. False: out of memory. */
MUST_USE bool policy_set_serve(struct policy_set *set, const struct serving *wanted);
/* With an empty arena for the catalog. */
struct catalog_set *catalog_set_new(size_t bytes_max);
void policy_set_unref(struct policy_set *policies);
void key_set_unref(struct key_set *keys);
void catalog_set_unref(struct catalog_set *catalog);

/* Takes its own references to the parts. One reference; NULL: out of memory. */
struct snapshot *
snapshot_new(struct policy_set *policies, struct key_set *keys, struct catalog_set *catalog);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* takes NULL */

/* Lent by the snapshot; NULL: none. snapshot_policy chooses between a version and its canary:
 * request_hash is spread_of the request's id, so that one request always gets the same. */
const struct serving *
snapshot_serving(const struct snapshot *snapshot, struct slice workload, struct slice environment);
struct compiled *snapshot_policy(const struct snapshot *snapshot,
                                 struct slice workload,
                                 struct slice environment,
                                 uint64_t request_hash);
const struct principal *snapshot_principal(const struct snapshot *snapshot,
                                           const struct digest *identity);
/* Why a key may not be used now; unspecified: it may. */
enum reason principal_refusal(const struct principal *principal, int64_t now_ms);

#endif
