/* What the decider answers: the next move of one request, and at the end its record.
 *
 * Plain structs that own nothing, like facts.h: lent by the arena, policy or message they were
 * filled from. Money is in nano-USD (nusd), unit prices in pico-USD (pusd). */
#ifndef SIGNALBOX_DECISION_H
#define SIGNALBOX_DECISION_H

#include "signalbox/facts.h"

/* Where to send. The edge splices model into the body, merges overrides, and takes the secret that
 * it holds under credential's name. */
struct route {
    struct slice id;
    struct slice provider;
    struct slice account;
    struct slice region;
    enum family family;
    struct slice model; /* as the provider spells it */
    struct slice base_url;
    struct slice credential;
    struct slice overrides; /* a JSON object, or empty */
    enum tier tier;
};

/* Of one attempt, from its start; none is 0. total is the longest. */
struct timeouts {
    uint32_t connect_ms;
    uint32_t first_output_ms; /* without a stream: the whole body */
    uint32_t idle_ms;
    uint32_t total_ms;
};

struct hold {
    enum hold_output until;
    uint64_t amount;    /* tokens or milliseconds */
    uint64_t bytes_max; /* beyond it, what is held is released */
};

/* What the client gets when the request ends here. */
struct client_error {
    uint32_t http_status; /* 0: none */
    struct slice type;
    struct slice code;
    struct slice message;
    bool should_retry;
    uint64_t retry_after_ms; /* 0: not given */
    bool providers_body;     /* relay the provider's own status and body instead */
};

struct notice {
    struct slice text; /* empty: none */
    bool in_body;      /* else in a header only */
};

struct queue_ticket {
    struct slice queue; /* empty: none */
    int64_t not_before_unix_ms;
    int64_t expires_unix_ms;
    uint64_t position;
};

/* One check of a gate on one entry. */
enum trace_kind {
    TRACE_NOTHING,
    TRACE_NUMBER, /* a plain count */
    TRACE_MILLISECONDS,
    TRACE_NUSD,
    TRACE_TEXT,
    TRACE_DATA_CLASSES, /* sets */
    TRACE_NEEDS,
    TRACE_SENSITIVITY,
    TRACE_FAILURES,
    TRACE_BOUND_STATE,
    TRACE_SIGN_OFFS,
    TRACE_QUALITY_CLASS, /* one member */
};

struct trace_value {
    enum trace_kind kind;
    uint64_t number;
    struct slice text;
};

struct trace_item {
    uint32_t entry;     /* 0: the primary */
    struct slice route; /* its id; empty for a queue or default response */
    enum gate gate;     /* unspecified: a check before the gates, such as an entry's reasons */
    struct slice check; /* its name */
    enum verdict verdict;
    struct trace_value found;
    struct trace_value needed;
    struct slice evidence_id; /* what made it pass */
    struct slice owner;       /* whom to ask */
};

struct trace {
    const struct trace_item *items;
    unsigned count;
    uint64_t digest; /* over everything that was traced, kept or not */
};

/* One attempt of the chain in the record. */
struct record_attempt {
    struct slice route;
    struct slice provider;
    struct slice account;
    struct slice region;
    struct slice model;
    struct slice reported_model;
    bool model_mismatch;
    struct slice provider_request_id;
    enum tier tier;
    enum action action; /* that started it: SEND, RETRY, FALLBACK */
    enum reason reason; /* why it was started */
    uint32_t delay_ms;
    uint32_t http_status;
    enum transport transport;
    enum failure failure;
    struct slice rule; /* that classified it; empty after success */
    struct slice provider_code;
    int64_t started_unix_ms;
    uint64_t latency_ms;
    bool output_seen;
    uint64_t first_output_ms;
    enum finish finish;
    enum gate blocking_gate; /* of the first entry that was passed over after it */
    struct slice blocking_check;
    struct usage usage;
    uint64_t cost_nusd;
    bool cost_estimated; /* the provider reported no usage */
};

struct record_change {
    struct slice field;
    struct slice primary;
    struct slice selected;
};

/* The log fields: one per request, complete when it ends. */
struct record {
    struct uuid request_id;
    struct slice policy_id;
    uint32_t policy_version;
    uint32_t catalog_version;
    struct facts facts; /* attribution and shape, defaults of the key filled in */
    struct slice key_id;
    struct slice primary_provider;
    struct slice primary_model;
    struct slice selected_route;
    struct slice selected_provider;
    struct slice selected_account;
    struct slice selected_region;
    struct slice selected_model;
    struct slice reported_model;
    bool model_mismatch;
    enum tier tier;
    const struct record_attempt *attempts;
    unsigned attempts_count;
    const struct record_change *changes;
    unsigned changes_count;
    int64_t cost_delta_nusd; /* of the selected route against the primary, for this usage */
    bool boundary_crossed;   /* provider, account or region is not the primary's */
    struct slice rollback_command;
    struct tool_calls tool_calls;
    enum schema_validation schema_validation;
    enum side_effect side_effect; /* the worst of tool_calls */
    struct usage usage;           /* all attempts */
    uint64_t cost_nusd;
    struct slice quota_owner;
    struct slice spend_owner;
    bool partial_output;
    int64_t first_output_unix_ms; /* 0: none was visible */
    enum disposition disposition; /* unspecified while it runs */
    enum reason stop_reason;
    enum failure failure;
    int64_t started_unix_ms;
    int64_t ended_unix_ms;
    uint64_t latency_before_fallback_ms;
    uint64_t latency_after_fallback_ms;
    bool degraded;
    bool adopted;
    struct slice engine_version;
    uint64_t trace_digest; /* over all boundaries */
};

struct decision {
    enum action action;
    uint64_t decision_id; /* 16 hex digits in text */
    bool durable;         /* false: a crash of the decider may forget it */
    struct slice policy_id;
    uint32_t policy_version;
    uint32_t catalog_version;
    bool has_route; /* SEND, RETRY, FALLBACK */
    struct route route;
    uint32_t attempt; /* the number of the attempt to start, from 1 */
    uint32_t delay_ms;
    struct timeouts timeouts;
    uint64_t output_tokens_cap; /* 0: none */
    bool output_cap_added;      /* the caller asked for nothing and gets the cap */
    struct hold hold;
    bool restart_output;
    struct slice default_response; /* COMPLETE without a route */
    struct notice notice;
    enum failure failure; /* FAILURE_NONE after success */
    struct slice rule;    /* which row of the classifier matched */
    struct slice detail;  /* finer than the class, such as request_exceeds_limit */
    enum reason reason;
    struct client_error error;  /* FAIL_CLOSED */
    struct queue_ticket ticket; /* QUEUE */
    int64_t reservation_expires_unix_ms;
    struct slice resume_token;
    enum disposition disposition; /* unspecified while the request goes on */
    bool has_record;
    struct record record;
    bool has_blocked;
    struct trace_item blocked; /* the first check of a gate that refused an entry, when one did */
    bool has_trace;
    struct trace trace;
};

#endif
