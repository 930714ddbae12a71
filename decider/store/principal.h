/* Records of keys: who a key stands for, what it may do, which facts it gives by default. Like all
 * records they end with 16 bytes of SHA-256, so that one altered byte is found. */
#ifndef STORE_PRINCIPAL_H
#define STORE_PRINCIPAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/facts.h"
#include "signalbox/result.h"

struct principal {
    struct slice key_id;
    enum role role;
    struct slice tenant, team, user, app;
    struct texts workloads;    /* allowed; empty: any */
    struct texts environments; /* allowed; empty: any */
    struct texts tenants;      /* a gateway or scheduler token: may speak for; empty: any */
    struct slice default_workload;
    struct slice default_environment;
    enum traffic_class default_traffic_class;
    uint64_t default_data_classes; /* set */
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
    int64_t revoked_ms; /* 0: not revoked */
    struct slice label;
};

void principal_encode(const struct principal *principal, struct buf *buf);
/* Lends slices of bytes; arrays come from the arena. RESULT_CORRUPT: version, checksum or shape. */
MUST_USE enum result
principal_decode(struct slice bytes, struct arena *arena, struct principal *ret_principal);

#endif
