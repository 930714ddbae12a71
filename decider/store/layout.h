/* Every key of the store, on one page. Integers in keys are big-endian, so that keys sort by them;
 * texts end with a NUL where something follows.
 *
 *   meta        "format" -> u32 store format; "secret" -> 32 random bytes
 *   policy      policy id NUL, version u32            -> policy record (store/policy.h)
 *   compiled    policy id NUL, version u32, catalog version u32, evidence version u32,
 *               policy format u32
 *                                                     -> compiled block (engine/policy.h)
 *   active      workload NUL environment              -> policy id NUL, version u32
 *   catalog     version u32                           -> catalog record (store/policy.h)
 *   key         key id                                -> key record (store/principal.h)
 *   key_secret  HMAC of the secret's SHA-256, 32 B    -> key id
 *   history     request id 16 B, tenant               -> request record (store/history.h)
 *   open        request id 16 B, tenant               -> u64 milliseconds since 1970 when it is
 *                                                        given up as unreported
 *
 * Request ids are UUIDv7, so history grows at its right edge and is in order of time. */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "signalbox/facts.h"

#define STORE_FORMAT 1

struct store_key {
    char bytes[480];
    size_t len;
};

static inline struct slice store_key_slice(const struct store_key *key)
{
    return (struct slice){key->bytes, key->len};
}

/* Names are at most NAME_BYTES_MAX, checked where they come in. */
struct store_key layout_policy(struct slice policy_id, uint32_t version);
/* The prefix that all versions of the policy have. */
struct store_key layout_policy_versions(struct slice policy_id);
struct store_key layout_compiled(struct slice policy_id,
                                 uint32_t version,
                                 uint32_t catalog_version,
                                 uint32_t evidence_version,
                                 uint32_t policy_format);
struct store_key layout_active(struct slice workload, struct slice environment);
struct store_key layout_catalog(uint32_t version);
struct store_key layout_request(struct uuid request_id, struct slice tenant);

/* Take a key apart again; false when it has another shape. */
bool layout_policy_parse(struct slice key, struct slice *ret_policy_id, uint32_t *ret_version);
bool layout_active_parse(struct slice key,
                         struct slice *ret_workload,
                         struct slice *ret_environment);
bool layout_request_parse(struct slice key, struct uuid *ret_request_id, struct slice *ret_tenant);

#endif
