/* The compiled policy: what decide() reads. One run of bytes without pointers.
 *
 * Everything that a decision needs stands in it, the catalog's routes and the evidence included, so
 * that a decision touches one block of memory and a stored policy is loaded by copying. References
 * are offsets from the start of the block, which is 16-byte aligned wherever it is. Immutable once
 * compiled.
 *
 * policy_compile makes it; policy_view checks stored bytes before anybody trusts an offset. */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "signalbox/decision.h"
#include "signalbox/limits.h"

#define POLICY_MAGIC 0x31504253u /* "SBP1" */
/* Grows whenever the layout or the meaning of a field changes; stored blocks of another format are
 * compiled again from their documents. */
#define POLICY_FORMAT 3

/* One entry's equivalent routes, and the weight of each. */
#define ENTRY_ROUTES_MAX 8
#define ROUTE_WEIGHT_MAX 1000

/* A run of bytes, or of len elements, at offset. */
struct policy_ref {
    uint32_t offset;
    uint32_t len;
};

enum entry_kind {
    ENTRY_KIND_ROUTE = 1,
    ENTRY_KIND_QUEUE,
    ENTRY_KIND_DEFAULT_RESPONSE,
};

/* One piece of evidence as it stands for one entry. */
struct policy_evidence {
    uint32_t state;                   /* enum evidence_state */
    uint32_t sign_off;                /* enum sign_off, of a sign-off */
    struct policy_ref id;             /* "ev-12" */
    struct policy_ref owner;          /* whom to ask */
    struct policy_ref detail;         /* what is wrong, in full: "voided: prices: ..."; or empty */
    struct policy_ref prompt_version; /* empty: any */
    struct policy_ref tool_digest;    /* 32 bytes; empty: any */
    struct policy_ref customer_tiers; /* policy_ref elements; empty: any */
    int64_t put_unix_ms;
    int64_t expires_unix_ms;
    uint64_t sensitivity;    /* set: tags whose downgrade it covers */
    uint64_t data_classes;   /* set: what a boundary approval is for; 0: the route's own list */
    uint64_t covers;         /* set of enum coverage */
    uint32_t attempts_max;   /* where the fallback is approved; 0: any */
    uint32_t latency_p95_ms; /* as measured, to the first output; 0: not */
    uint64_t request_nusd;   /* as measured or estimated, per request; 0: not */
};

/* Prices above a size of the input; the highest threshold that is passed counts for the whole
 * request, as Google and Anthropic bill long contexts. */
struct policy_price_step {
    uint64_t above_input_tokens;
    uint64_t price_pusd[UNIT_END]; /* every priced unit's */
};

/* A unit of the provider's own, such as a web search. */
struct policy_extra_unit {
    struct policy_ref name;
    uint64_t price_pusd;
};

/* Addresses that share their first bits; IPv4 as ::ffff:a.b.c.d. */
struct policy_network {
    uint8_t address[16];
    uint32_t bits;
    uint32_t padding;
};

/* A catalog route as one policy uses it. */
struct policy_route {
    struct policy_ref id;
    struct policy_ref provider;
    struct policy_ref account;
    struct policy_ref region;
    struct policy_ref model_id;     /* the catalog's */
    struct policy_ref model_family; /* the catalog's word for kin models */
    struct policy_ref model_version;
    struct policy_ref model; /* as the provider spells it */
    struct policy_ref base_url;
    struct policy_ref credential;
    struct policy_ref overrides;    /* JSON object or empty */
    struct policy_ref service_tier; /* empty: standard */
    struct policy_ref account_owner;
    struct policy_ref account_tenant; /* a key that a tenant brought: its requests only; or empty */
    struct policy_ref spend_owner;    /* empty: nobody is named */
    struct policy_ref quota_owner;    /* empty: nobody is named */
    struct policy_ref environments;   /* policy_ref elements; empty: any */
    struct policy_ref reported_models; /* policy_ref elements: names the provider may report */
    struct policy_ref networks;        /* policy_network elements: callers' addresses; empty: any */
    struct policy_ref price_steps;     /* policy_price_step elements, thresholds rising */
    struct policy_ref extra_units;     /* policy_extra_unit elements */
    /* Per kind, policy_evidence elements: what counts stands before what does not, the newest
     * first. */
    struct policy_ref evidence[EVIDENCE_KIND_END];
    uint32_t family;               /* enum family */
    uint32_t quality_class;        /* enum quality_class */
    uint32_t entry;                /* index of the entry that it belongs to */
    uint32_t weight;               /* among the entry's routes; at least 1 */
    uint64_t capabilities;         /* set of enum need */
    uint64_t data_classes;         /* set of enum data_class */
    uint64_t context_tokens_max;   /* 0: not known */
    uint64_t output_tokens_max;    /* 0: not known */
    uint64_t price_pusd[UNIT_END]; /* per single unit; discount and mark-up are in it */
    uint64_t priced;               /* set of enum unit: where a price is known */
    int64_t price_as_of_unix_ms;
    uint64_t requests_per_minute; /* of the account's quota pool; 0: not known */
    uint64_t tokens_per_minute;
    struct timeouts timeouts;
    uint8_t zero_retention;
    uint8_t payload_logging;   /* 1: the provider keeps payloads */
    uint8_t moderation;        /* 1: the provider moderates */
    uint8_t serial_tool_calls; /* 1: the overrides force tool calls one by one */
    uint8_t padding[4];
};

/* Bounds that an entry tightens; 0: the policy's. */
struct policy_entry_limits {
    uint64_t input_tokens_max;
    uint64_t output_tokens_max;
    uint64_t context_tokens_max;
    uint64_t reasoning_tokens_max;
    uint64_t cost_nusd_max; /* of one attempt on the entry, estimated */
    uint32_t attempts_max;  /* on this entry, retries included */
    uint32_t padding;
};

/* Entry 0 is the primary. */
struct policy_entry {
    uint32_t kind;         /* enum entry_kind */
    uint32_t tier;         /* enum tier: of the first route; all its routes have one model */
    uint32_t route;        /* index of the first; with ENTRY_KIND_ROUTE */
    uint32_t routes_count; /* equivalent routes, by weight; at least 1 with ENTRY_KIND_ROUTE */
    uint8_t requires_eval_pass;
    uint8_t requires_cost_owner;
    uint8_t requires_quota_owner;
    uint8_t requires_tool_contract_pass;
    uint8_t requires_user_notice; /* the caller must be able to show the notice */
    uint8_t allow_after_partial_output;
    uint8_t premium;                   /* only for premium_tenants and premium_keys */
    uint8_t job;                       /* of a queue: the caller may poll */
    uint64_t allowed;                  /* set of enum failure: groups resolved */
    uint64_t blocked;                  /* set of enum failure: groups resolved */
    uint64_t admission_reasons;        /* set of enum reason, of those with REASON_USE_ADMISSION */
    uint64_t sign_offs;                /* set of enum sign_off that the entry needs */
    struct policy_ref customer_tiers;  /* policy_ref elements; empty: any */
    struct policy_ref premium_tenants; /* policy_ref elements */
    struct policy_ref premium_keys;    /* policy_ref elements: key ids */
    struct policy_entry_limits limits;
    struct policy_ref queue;            /* name */
    struct policy_ref default_response; /* the body to deliver */
    struct policy_ref notice;           /* text */
    uint64_t queue_age_ms_max;
    uint64_t queue_depth_max;   /* 0: no bound of its own */
    uint64_t queue_hold_ms_max; /* how long a caller may be held; 0: not */
};

/* When a rollback rule trips (taxonomy/rollback_rule.def). */
struct policy_rollback {
    uint8_t enabled;
    uint8_t percent;   /* of the samples; of cost_spike: of those above the multiple */
    uint16_t multiple; /* of cost_spike: of the policy's mean cost, in tenths */
    uint32_t samples_min;
    uint32_t window_ms;
    uint32_t principals_min;
};

/* Entry 0 is the primary. */
struct policy {
    uint32_t magic;
    uint32_t format;
    uint32_t bytes; /* of the whole block */
    uint32_t version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* the newest evidence row that was looked at; 0: none */
    uint32_t traffic_class;    /* enum traffic_class; unspecified: the key's, else noncritical */
    uint32_t providers_failed_max; /* hard stop: after so many only noticed entries follow; 0: no */
    struct policy_ref id;
    struct policy_ref owner; /* the team that answers for it; empty: nobody is named */
    struct policy_ref workload;
    struct policy_ref environment;
    struct policy_ref entries;   /* struct policy_entry elements */
    struct policy_ref routes;    /* struct policy_route elements, in the order of entries */
    struct policy_ref aliases;   /* policy_ref elements: further names a client may request */
    struct policy_ref regions;   /* policy_ref elements: where requests may go; empty: anywhere */
    struct policy_ref providers; /* policy_ref elements: the approved vendors; empty: any */
    struct policy_ref accounts;  /* policy_ref elements; empty: any */
    struct policy_ref service_tiers; /* policy_ref elements: paid tiers it serves; empty: any */
    uint64_t data_classes;           /* set; 0: each route's own list applies */
    uint64_t sensitivity_tags;       /* set; of every request, whatever the caller says */
    /* Limits; 0: none, but attempts_max is at least 1. */
    uint32_t attempts_max; /* retries included */
    uint32_t retries_per_route_max;
    uint64_t elapsed_ms_max;   /* until first output */
    uint64_t total_ms_max;     /* never 0 */
    uint64_t input_tokens_max; /* against the estimate */
    uint64_t output_tokens_max;
    uint64_t context_tokens_max;
    uint64_t reasoning_tokens_max;
    uint64_t cost_nusd_max;     /* charged so far plus the next attempt's estimate */
    uint64_t latency_target_ms; /* to the first output, at the 95th percentile; 0: none */
    uint32_t backoff_base_ms;
    uint32_t backoff_cap_ms;
    uint64_t retry_after_ms_max;
    uint64_t price_age_ms_max; /* how old a price may be; 0: any */
    /* Budget rules, in percent of the highest (spent + reserved) / limit; 0: the default. */
    uint32_t budget_no_dearer_percent;     /* above: fallback only to what costs no more */
    uint32_t budget_cheaper_percent;       /* above: non-critical traffic takes the cheaper entry */
    uint32_t budget_critical_only_percent; /* above: only critical traffic is admitted */
    uint32_t fallback_spend_window;        /* enum spend_window; with a cap */
    uint64_t fallback_spend_nusd_max;      /* per window; 0: none */
    struct hold hold_output;
    struct policy_rollback rollback[ROLLBACK_RULE_END];
    uint8_t restart_after_partial_output;
    uint8_t record_attempt_chain;
    uint8_t record_models;
    uint8_t record_error_class;
    uint8_t record_usage_and_cost;
    uint8_t payload_sampled; /* 0: metadata only */
    uint8_t payload_storage; /* enum payload_storage */
    uint8_t zero_retention;  /* of every request */
    uint8_t moderation;      /* every route must moderate */
    uint8_t notice_in_body;  /* where the family has a place; else in a header only */
    uint8_t canary_percent;  /* what an activation without a percentage takes; 0: all */
    uint8_t padding[5];
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

/* Room for the name of any entry. */
#define POLICY_ENTRY_NAME_BYTES_MAX (NAME_BYTES_MAX + 6)

/* What switches, pins, tests and traces call an entry: its first route's id, "queue:NAME" or
 * "default_response"; lent by the policy, or in ret_memory. */
struct slice policy_entry_name(const struct policy *policy,
                               unsigned index,
                               char ret_memory[POLICY_ENTRY_NAME_BYTES_MAX]);

bool policy_list_has(const struct policy *policy, struct policy_ref list, struct slice text);

/* Borrows bytes (16-byte aligned) as a policy after checking magic, format, size and that every
 * reference lies inside; NULL when one does not hold. */
const struct policy *policy_view(const void *bytes, size_t len);

#endif
