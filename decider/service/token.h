/* The resume token: what a decider needs to take up a request that it has forgotten.
 *
 * Opaque to gateways, authenticated with the store's secret, at most RESUME_TOKEN_BYTES_MAX. A
 * decider that lost an admission in a crash, because the admission was answered before its commit,
 * decides it again from the token (time, seed, versions) and the facts that the gateway repeats;
 * the answer is the same, so the chain goes on.
 *
 * Bytes: u8 version, the fields in struct order (texts with a length before them), 32 bytes of
 * HMAC-SHA-256 over all before. Pure; any thread. */
#ifndef SERVICE_TOKEN_H
#define SERVICE_TOKEN_H

#include "base/digest.h"
#include "signalbox/facts.h"
#include "signalbox/result.h"

#define TOKEN_VERSION 2
/* Tokens of version 1 do not say which. */
#define TOKEN_ROUTE_UNKNOWN 255

struct token {
    struct uuid request_id;
    uint32_t boundary;       /* whose answer it came with */
    uint64_t decision_id;    /* of that answer */
    uint64_t chain_id;       /* the admission's decision id */
    struct digest admission; /* facts digest of the admission */
    int64_t admitted_ms;
    uint32_t deadline_ms; /* as given at admission */
    uint32_t policy_version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* 0 in tokens of version 1 */
    uint32_t attempt;          /* the attempt to start */
    uint32_t entry;            /* on which entry */
    uint32_t route;            /* its index among the policy's, or TOKEN_ROUTE_UNKNOWN */
    int64_t expires_ms;
    struct slice tenant;
    struct slice key_id;
    struct slice policy_id;
};

/* Returns how many bytes it wrote. */
size_t
token_write(const struct token *token, struct slice secret, char ret_bytes[RESUME_TOKEN_BYTES_MAX]);
/* Lends slices of bytes. Tokens of version 1 are read as well: they are out when a decider is
 * brought up to date. False: not a token that this secret made. */
MUST_USE bool token_read(struct slice bytes, struct slice secret, struct token *ret_token);

#endif
