/* Every key of the store, on one page. Integers in keys are big-endian, so that keys sort by them;
 * texts end with a NUL where something follows.
 *
 *   meta        "format" -> u32 store format; "secret" -> 32 random bytes;
 *               "switches" -> u32 version of the last change of a switch or pin
 *   policy      policy id NUL, version u32            -> policy record (store/policy.h)
 *   compiled    policy id NUL, version u32, catalog version u32, evidence version u32,
 *               policy format u32
 *                                                     -> compiled block (engine/policy.h)
 *   active      workload NUL environment              -> active record (store/control.h); before
 *                                                        store format 2: policy id NUL, version u32
 *   activation  workload NUL environment NUL, number u32 -> activation record
 *   evidence    workload NUL environment NUL, number u32 -> evidence record (store/evidence.h)
 *   evidence_id number u32                            -> workload NUL environment; of a piece that
 *                                                        was taken back the key of the row that did
 *   switch      scope u8, policy id NUL, name         -> switch record; there: it is off
 *   pin         policy id                             -> pin record
 *   audit       milliseconds since 1970 u64, order u32, random u32 -> audit record
 *   write       the caller's idempotency id           -> write record
 *   feedback    request id 16 B, tenant               -> feedback record
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

#define STORE_FORMAT 2
/* Older ones are brought up to date when they are opened. */
#define STORE_FORMAT_OLDEST 1

/* The key in the meta table. */
#define LAYOUT_META_SWITCHES SLICE_LITERAL("switches")

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
/* Rows of a workload and environment by number: activations and evidence. The prefix, and a row. */
struct store_key layout_numbered_rows(struct slice workload, struct slice environment);
struct store_key layout_numbered(struct slice workload, struct slice environment, uint32_t number);
struct store_key layout_evidence_id(uint32_t number);
/* policy_id is empty with scopes that are not of one policy. */
struct store_key layout_switch(enum switch_scope scope, struct slice policy_id, struct slice name);
struct store_key layout_pin(struct slice policy_id);
struct store_key layout_audit(int64_t at_ms, uint64_t order);
struct store_key layout_write(struct slice write_id);
struct store_key layout_request(struct uuid request_id, struct slice tenant);

/* Take a key apart again; false when it has another shape. */
bool layout_policy_parse(struct slice key, struct slice *ret_policy_id, uint32_t *ret_version);
bool layout_active_parse(struct slice key,
                         struct slice *ret_workload,
                         struct slice *ret_environment);
bool layout_numbered_parse(struct slice key,
                           struct slice *ret_workload,
                           struct slice *ret_environment,
                           uint32_t *ret_number);
bool layout_request_parse(struct slice key, struct uuid *ret_request_id, struct slice *ret_tenant);

#endif
