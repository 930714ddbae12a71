/* The compiled policy: what decide() reads. One run of bytes without pointers.
 *
 * Everything that a decision needs stands in it, the catalog's routes included, so that a decision
 * touches one block of memory and a stored policy is loaded by copying. References are offsets from
 * the start of the block, which is 16-byte aligned wherever it is. Immutable once compiled.
 *
 * policy_compile makes it; policy_view checks stored bytes before anybody trusts an offset. */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "signalbox/decision.h"

#define POLICY_MAGIC 0x31504253u /* "SBP1" */
/* Grows whenever the layout or the meaning of a field changes; stored blocks of another format are
 * compiled again from their documents. */
#define POLICY_FORMAT 1

/* A run of bytes, or of len elements, at offset. */
struct policy_ref {
    uint32_t offset;
    uint32_t len;
};

/* Kinds of evidence that gates ask for. */
enum evidence {
    EVIDENCE_EVAL = 1,
    EVIDENCE_TOOL_CONTRACT,
    EVIDENCE_PARITY,
    EVIDENCE_COST_OWNER,
    EVIDENCE_QUOTA_OWNER,
    EVIDENCE_BOUNDARY_APPROVAL,
    EVIDENCE_ACCOUNT_OWNER_APPROVAL,
    EVIDENCE_SIGN_OFFS,
};

enum entry_kind {
    ENTRY_KIND_ROUTE = 1,
    ENTRY_KIND_QUEUE,
    ENTRY_KIND_DEFAULT_RESPONSE,
};

/* A catalog route as one policy uses it. */
struct policy_route {
    struct policy_ref id;
    struct policy_ref provider;
    struct policy_ref account;
    struct policy_ref region;
    struct policy_ref model_id;     /* the catalog's */
    struct policy_ref model_family; /* the catalog's word for kin models */
    struct policy_ref model;        /* as the provider spells it */
    struct policy_ref base_url;
    struct policy_ref credential;
    struct policy_ref overrides;    /* JSON object or empty */
    struct policy_ref service_tier; /* empty: standard */
    struct policy_ref account_owner;
    struct policy_ref spend_owner;     /* empty: nobody is named */
    struct policy_ref quota_owner;     /* empty: nobody is named */
    struct policy_ref environments;    /* policy_ref elements; empty: any */
    struct policy_ref reported_models; /* policy_ref elements: names the provider may report */
    uint32_t family;                   /* enum family */
    uint32_t quality_class;            /* enum quality_class */
    uint64_t capabilities;             /* set of enum need */
    uint64_t data_classes;             /* set of enum data_class */
    uint64_t context_tokens_max;       /* 0: not known */
    uint64_t output_tokens_max;        /* 0: not known */
    uint64_t price_pusd[UNIT_END];     /* per single unit */
    uint64_t priced;                   /* set of enum unit: where a price is known */
    int64_t price_as_of_unix_ms;
    struct timeouts timeouts;
    uint8_t zero_retention;
    uint8_t payload_logging; /* 1: the provider keeps payloads */
    uint8_t padding[6];
};

/* Entry 0 is the primary. */
struct policy_entry {
    uint32_t kind;  /* enum entry_kind */
    uint32_t tier;  /* enum tier */
    uint32_t route; /* index; with ENTRY_KIND_ROUTE */
    uint8_t requires_eval_pass;
    uint8_t requires_cost_owner;
    uint8_t requires_tool_contract_pass;
    uint8_t allow_after_partial_output;
    uint64_t allowed;                   /* set of enum failure: groups resolved */
    uint64_t blocked;                   /* set of enum failure: groups resolved */
    uint64_t admission_reasons;         /* set of enum reason, of those with REASON_USE_ADMISSION */
    uint64_t evidence;                  /* set of enum evidence that is at hand */
    int64_t evidence_expires_unix_ms;   /* the earliest; INT64_MAX: none */
    struct policy_ref queue;            /* name */
    struct policy_ref default_response; /* the body to deliver */
    struct policy_ref notice;           /* text */
    uint64_t queue_age_ms_max;
};

struct policy {
    uint32_t magic;
    uint32_t format;
    uint32_t bytes; /* of the whole block */
    uint32_t version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* 0 until evidence is kept */
    uint32_t switches_version; /* 0 until switches are kept */
    uint32_t traffic_class;    /* enum traffic_class; unspecified: the key's, else noncritical */
    struct policy_ref id;
    struct policy_ref workload;
    struct policy_ref environment;
    struct policy_ref entries; /* struct policy_entry elements */
    struct policy_ref routes;  /* struct policy_route elements */
    struct policy_ref aliases; /* policy_ref elements: further names a client may request */
    uint64_t data_classes;     /* set; 0: each route's own list applies */
    /* Limits; 0: none, but attempts_max is at least 1. */
    uint32_t attempts_max; /* retries included */
    uint32_t retries_per_route_max;
    uint64_t elapsed_ms_max;   /* until first output */
    uint64_t total_ms_max;     /* never 0 */
    uint64_t input_tokens_max; /* against the estimate */
    uint64_t output_tokens_max;
    uint64_t context_tokens_max;
    uint64_t reasoning_tokens_max;
    uint64_t cost_nusd_max; /* charged so far plus the next attempt's estimate */
    uint32_t backoff_base_ms;
    uint32_t backoff_cap_ms;
    uint64_t retry_after_ms_max;
    uint64_t price_age_ms_max; /* how old a price may be; 0: any */
    struct hold hold_output;
    uint8_t restart_after_partial_output;
    uint8_t record_attempt_chain;
    uint8_t record_models;
    uint8_t record_error_class;
    uint8_t record_usage_and_cost;
    uint8_t payload_sampled; /* 0: metadata only */
    uint8_t rollback_on_schema_failures;
    uint8_t rollback_on_cost_spike;
    uint8_t rollback_on_boundary_error;
    uint8_t padding[7];
};

static inline const void *policy_at(const struct policy *policy, uint32_t offset)
{
    return (const char *)policy + offset;
}

static inline struct slice policy_text(const struct policy *policy, struct policy_ref ref)
{
    return (struct slice){policy_at(policy, ref.offset), ref.len};
}

static inline const struct policy_entry *policy_entry(const struct policy *policy, unsigned index)
{
    return (const struct policy_entry *)policy_at(policy, policy->entries.offset) + index;
}

static inline const struct policy_route *policy_route(const struct policy *policy, unsigned index)
{
    return (const struct policy_route *)policy_at(policy, policy->routes.offset) + index;
}

/* The index-th text of a list of texts. */
static inline struct slice
policy_list_text(const struct policy *policy, struct policy_ref list, unsigned index)
{
    return policy_text(policy, ((const struct policy_ref *)policy_at(policy, list.offset))[index]);
}

/* Borrows bytes (16-byte aligned) as a policy after checking magic, format, size and that every
 * reference lies inside; NULL when one does not hold. */
const struct policy *policy_view(const void *bytes, size_t len);

#endif
