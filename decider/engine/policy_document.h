/* A policy document on its way from text to a compiled policy, in three passes:
 *
 *   policy_parse    text -> struct policy_document: shapes, types, names, ranges, unknown fields
 *   policy_check    document against catalog: routes resolved, tiers derived, rules that need both
 *   policy_compile  checked document -> relocatable block (engine/policy.h)
 *   policy_dump     document -> canonical JSON; parse of a dump is the same document. One whose
 *                   dump would be too large for it is not parsed
 *
 * Each pass reports all its findings at once and the next one runs only when there is no error. The
 * document lives in the arena. Defaults stand in policy_document.def with their reasons. */
#ifndef ENGINE_POLICY_DOCUMENT_H
#define ENGINE_POLICY_DOCUMENT_H

#include "base/buf.h"
#include "engine/catalog.h"
#include "engine/evidence.h"
#include "engine/policy.h"

/* How a document names a route: by route id, or by model and what narrows it. */
struct document_route {
    struct slice pointer; /* where in the document */
    struct slice route;
    struct slice model;
    struct slice provider;
    struct slice account;
    struct slice region;
    enum family family;                   /* unspecified: the primary's */
    uint32_t weight;                      /* among equivalent routes; at least 1 */
    const struct catalog_route *resolved; /* by policy_check */
};

struct document_entry {
    struct slice pointer;
    enum entry_kind kind;
    /* One, or equivalent ones: the same model at several places. */
    struct document_route routes[ENTRY_ROUTES_MAX];
    unsigned routes_count;
    struct document_route alone; /* as the entry names its only route; of several: the family */
    uint64_t allowed, blocked, admission_reasons;
    bool allowed_given; /* allowed_reasons stand in the document: the traffic class adds none */
    bool requires_eval_pass, requires_cost_owner, requires_quota_owner, requires_tool_contract_pass;
    uint64_t requires_given; /* set of enum evidence_kind: the requires_* in the document */
    uint64_t sign_offs;      /* set of enum sign_off that the document asks for */
    bool requires_user_notice;
    bool allow_after_partial_output;
    bool premium;
    struct texts customer_tiers, premium_tenants, premium_keys;
    struct policy_entry_limits limits;
    struct slice notice;
    struct slice queue;
    uint64_t queue_age_ms_max, queue_depth_max, queue_hold_ms_max;
    bool queue_job;
    struct slice default_response; /* as JSON: an object, or a string for the family to wrap */
    enum tier tier;                /* by policy_check */
};

/* A rollback rule; all zero when it is off. */
struct document_rollback {
    bool enabled;
    uint32_t samples_min;
    uint32_t percent;
    uint32_t window_ms;
    uint32_t principals_min;
    uint32_t multiple; /* of cost_spike: in tenths */
};

struct policy_document {
    struct slice policy_id, workload, environment, owner;
    enum traffic_class traffic_class;
    uint64_t data_classes;
    struct texts aliases, regions, providers, accounts, service_tiers;
    struct document_entry entries[ENTRIES_MAX]; /* 0: the primary */
    unsigned entries_count;
    struct document_rollback rollback[ROLLBACK_RULE_END];
    enum payload_storage payload_storage;
    uint32_t canary_percent; /* 0: none */
    struct policy settings;  /* limits, retry, logging; references and rollback unused */
};

MUST_USE enum result policy_parse(struct slice text,
                                  struct arena *arena,
                                  struct diagnostics *diagnostics,
                                  struct policy_document **ret_document);
MUST_USE enum result policy_check(struct policy_document *document,
                                  const struct catalog *catalog,
                                  struct diagnostics *diagnostics);
/* Of a checked document: the set of enum evidence_kind that an entry needs, because of its tier,
 * of the boundaries it crosses from the primary, or because the document says so. A tool contract
 * of another model is needed by requests with tools. Roles are in policy_sign_offs. */
uint64_t policy_demands(const struct policy_document *document, unsigned index);
/* The set of enum sign_off that the entry needs. */
uint64_t policy_sign_offs(const struct policy_document *document, unsigned index);

/* What a version is compiled with, besides its document and the catalog it was checked against. */
struct policy_compile_input {
    uint32_t version;
    uint32_t catalog_version;
    uint32_t evidence_version;           /* number of the newest evidence row of its workload */
    struct evidence_author author;       /* who published it */
    const struct evidence_piece *pieces; /* of its workload and environment, oldest first */
    unsigned pieces_count;
    struct arena *arena; /* for what is judged meanwhile */
};

/* Appends the block to buf, which must be empty; its first byte is the block's start. Expired
 * pieces are compiled too: whether they count is asked of the clock. */
MUST_USE enum result policy_compile(const struct policy_document *document,
                                    const struct policy_compile_input *input,
                                    struct buf *buf);
MUST_USE enum result policy_dump(const struct policy_document *document, struct buf *buf);

#endif
