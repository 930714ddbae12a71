/* Records of what operators and rollback rules decide: which versions serve, what is switched off
 * or pinned, the audit trail, feedback, and the writes that were carried out. Like all records they
 * end with 16 bytes of SHA-256, so that one altered byte is found.
 *
 * Decoding lends slices of bytes. RESULT_CORRUPT: version, checksum or shape. */
#ifndef STORE_CONTROL_H
#define STORE_CONTROL_H

#include "base/buf.h"
#include "signalbox/result.h"
#include "signalbox/taxonomy.h"

/* What serves a workload and environment. */
struct active_record {
    struct slice policy_id;
    uint32_t version;
    uint32_t activation; /* number of the activation that made it so */
    /* A second version that takes canary_percent of the requests; empty: none. */
    struct slice canary_policy_id;
    uint32_t canary_version;
    uint32_t canary_percent; /* 1 to 99 */
};

/* One activation; append-only, numbered from 1 for each workload and environment. */
struct activation_record {
    struct slice policy_id;
    uint32_t version;
    uint32_t percent;         /* 100: whole; less: beside what was active */
    uint32_t before;          /* number of the activation that rolling back restores; 0: none */
    enum audit_action action; /* ACTIVATE_POLICY or ROLL_BACK_POLICY */
    int64_t at_ms;
    struct slice by; /* key id */
    struct slice reason;
};

/* What is switched off. Turning on removes the row. */
struct switch_record {
    enum switch_scope scope;
    struct slice policy_id;  /* with POLICY and ENTRY */
    struct slice name;       /* of the entry, route, account or provider */
    enum rollback_rule rule; /* unspecified: an operator did it */
    uint32_t version;        /* of all switches, when it was turned */
    int64_t at_ms;
    struct slice by; /* key id; empty: a rule */
    struct slice reason;
    struct slice request_id; /* in whose outcome the rule tripped; or empty */
};

/* A policy sends everything to one entry first. */
struct pin_record {
    struct slice policy_id;
    struct slice entry; /* its name: the first route's id, "queue:NAME" or "default_response" */
    uint32_t version;   /* of all switches, when it was set */
    int64_t at_ms;
    int64_t expires_ms;
    struct slice by;
    struct slice reason;
};

struct audit_record {
    enum audit_action action;
    int64_t at_ms;
    struct slice by; /* key id; empty: a rule */
    struct slice policy_id;
    uint32_t version; /* of the policy or catalog; 0: none */
    struct slice workload, environment;
    struct slice subject; /* route, entry, account, provider, evidence id */
    struct slice detail;  /* what happened, in a sentence */
    struct slice reason;  /* as given */
};

/* A write that named an idempotency id, and what it answered with. */
struct write_record {
    struct slice method;
    struct slice digest; /* SHA-256 of the request */
    int64_t at_ms;
    struct slice answer; /* names what was made: "ev-12 ev-13", "policy@3", "activation 7" */
};

struct feedback_record {
    enum feedback feedback;
    int64_t at_ms;
    struct slice by;
    struct slice source;  /* "user", "reviewer", a pipeline's name */
    struct slice comment; /* at most 512 bytes; never a payload */
};

#define CONTROL_RECORD(name)                                                                       \
    void name##_record_encode(const struct name##_record *record, struct buf *buf);                \
    MUST_USE enum result name##_record_decode(struct slice bytes, struct name##_record *ret_record)

CONTROL_RECORD(active);
CONTROL_RECORD(activation);
CONTROL_RECORD(switch);
CONTROL_RECORD(pin);
CONTROL_RECORD(audit);
CONTROL_RECORD(write);
CONTROL_RECORD(feedback);

#endif
