/* A policy document on its way from text to a compiled policy, in three passes:
 *
 *   policy_parse    text -> struct policy_document: shapes, types, names, ranges, unknown fields
 *   policy_check    document against catalog: routes resolved, tiers derived, rules that need both
 *   policy_compile  checked document -> relocatable block (engine/policy.h)
 *   policy_dump     document -> canonical JSON; parse of a dump is the same document
 *
 * Each pass reports all its findings at once and the next one runs only when there is no error. The
 * document lives in the arena. Defaults stand in policy_document.def with their reasons. */
#ifndef ENGINE_POLICY_DOCUMENT_H
#define ENGINE_POLICY_DOCUMENT_H

#include "base/buf.h"
#include "engine/catalog.h"
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
    const struct catalog_route *resolved; /* by policy_check */
};

struct document_entry {
    struct slice pointer;
    enum entry_kind kind;
    struct document_route route;
    uint64_t allowed, blocked, admission_reasons;
    bool requires_eval_pass, requires_cost_owner, requires_tool_contract_pass;
    uint64_t requires_given; /* set of enum evidence: the requires_* that stand in the document */
    bool allow_after_partial_output;
    struct slice notice;
    struct slice queue;
    uint64_t queue_age_ms_max;
    struct slice default_response; /* as JSON: an object, or a string for the family to wrap */
    enum tier tier;                /* by policy_check */
};

struct policy_document {
    struct slice policy_id, workload, environment;
    enum traffic_class traffic_class;
    uint64_t data_classes;
    struct texts aliases;
    struct document_entry entries[ENTRIES_MAX]; /* 0: the primary */
    unsigned entries_count;
    struct policy settings; /* limits, retry, logging, rollback; references unused */
};

MUST_USE enum result policy_parse(struct slice text,
                                  struct arena *arena,
                                  struct diagnostics *diagnostics,
                                  struct policy_document **ret_document);
MUST_USE enum result policy_check(struct policy_document *document,
                                  const struct catalog *catalog,
                                  struct diagnostics *diagnostics);
/* Appends the block to buf, which must be empty; its first byte is the block's start. */
MUST_USE enum result policy_compile(const struct policy_document *document,
                                    uint32_t version,
                                    uint32_t catalog_version,
                                    struct buf *buf);
MUST_USE enum result policy_dump(const struct policy_document *document, struct buf *buf);

#endif
