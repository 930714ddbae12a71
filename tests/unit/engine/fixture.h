/* A compiled policy, a request and its world, all of them healthy and in order, for tests that then
 * spoil one thing. Three entries: the primary `one` at provider `alpha`, the same model at `beta`,
 * and a model of another family at `gamma` for which all evidence is at hand.
 *
 * The block is laid out here by hand, so that tests reach every field, those included that no
 * document can set yet. */
#ifndef TESTS_UNIT_ENGINE_FIXTURE_H
#define TESTS_UNIT_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

#define FIXTURE_ROUTES  3
#define FIXTURE_ENTRIES 5
#define FIXTURE_NOW_MS  INT64_C(1790000000000)

enum {
    FIXTURE_PRIMARY,
    FIXTURE_SAME_MODEL,
    FIXTURE_OTHER_FAMILY,
    FIXTURE_QUEUE,
    FIXTURE_DEFAULT,
};

struct fixture_block {
    struct policy policy;
    struct policy_entry entries[FIXTURE_ENTRIES];
    struct policy_route routes[FIXTURE_ROUTES];
    struct policy_ref lists[16];
    char texts[2048];
};

struct fixture {
    _Alignas(16) struct fixture_block block;
    unsigned texts_used;
    unsigned lists_used;
    struct facts facts;
    struct report report;
    struct view view;
    struct chain chain;
    struct engine_input input;
    struct engine_output output;
    struct trace_sink sink;
    struct trace_item items[TRACE_ITEMS_MAX];
};

static inline struct policy_ref fixture_text(struct fixture *f, const char *text)
{
    unsigned at = f->texts_used;

    f->texts_used += (unsigned)strlen(text) + 1;
    assert_true(f->texts_used <= sizeof f->block.texts);
    memcpy(f->block.texts + at, text, strlen(text));
    return (struct policy_ref){(uint32_t)(offsetof(struct fixture_block, texts) + at),
                               (uint32_t)strlen(text)};
}

/* A list of one text. */
static inline struct policy_ref fixture_list(struct fixture *f, const char *text)
{
    unsigned at = f->lists_used++;

    f->block.lists[at] = fixture_text(f, text);
    return (struct policy_ref){
        (uint32_t)(offsetof(struct fixture_block, lists) + at * sizeof(struct policy_ref)), 1};
}

static inline void fixture_route(struct fixture *f, unsigned index, const char *provider)
{
    f->block.routes[index] = (struct policy_route){
        .id = fixture_text(f, provider),
        .provider = fixture_text(f, provider),
        .account = fixture_text(f, provider),
        .region = fixture_text(f, "eu"),
        .model_id = fixture_text(f, "one"),
        .model_family = fixture_text(f, "kin"),
        .model = fixture_text(f, "one-2026"),
        .base_url = fixture_text(f, "https://example.com/v1"),
        .credential = fixture_text(f, "KEY"),
        .account_owner = fixture_text(f, "owner"),
        .spend_owner = fixture_text(f, "finance"),
        .quota_owner = fixture_text(f, "platform"),
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .quality_class = QUALITY_CLASS_FRONTIER,
        .capabilities = ~UINT64_C(1),
        .data_classes =
            SET_OF(DATA_CLASS_UNCLASSIFIED) | SET_OF(DATA_CLASS_INTERNAL) | SET_OF(DATA_CLASS_PII),
        .context_tokens_max = 100000,
        .output_tokens_max = 10000,
        .priced = SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN),
        .price_as_of_unix_ms = FIXTURE_NOW_MS - 1000,
        .timeouts = {1000, 20000, 10000, 60000},
        .zero_retention = 1,
    };
    f->block.routes[index].price_pusd[UNIT_INPUT_TOKEN] = 2500000;   /* 2.50 USD per million */
    f->block.routes[index].price_pusd[UNIT_OUTPUT_TOKEN] = 10000000; /* 10 USD per million */
}

static inline void fixture_entries(struct fixture *f)
{
    const uint64_t transient = SET_OF(FAILURE_TIMEOUT) | SET_OF(FAILURE_TEMPORARY_5XX) |
                               SET_OF(FAILURE_NETWORK_ERROR) | SET_OF(FAILURE_OVERLOADED);
    const struct policy_entry fallback = {
        .kind = ENTRY_KIND_ROUTE,
        .tier = TIER_SAME_MODEL,
        .route = 1,
        .allowed = transient,
        .evidence_expires_unix_ms = INT64_MAX,
    };

    f->block.entries[FIXTURE_PRIMARY] = (struct policy_entry){
        .kind = ENTRY_KIND_ROUTE, .tier = TIER_PRIMARY, .evidence_expires_unix_ms = INT64_MAX};
    f->block.entries[FIXTURE_SAME_MODEL] = fallback;
    f->block.entries[FIXTURE_OTHER_FAMILY] = fallback;
    f->block.entries[FIXTURE_OTHER_FAMILY].tier = TIER_DIFFERENT_FAMILY;
    f->block.entries[FIXTURE_OTHER_FAMILY].route = 2;
    f->block.entries[FIXTURE_OTHER_FAMILY].evidence =
        SET_OF(EVIDENCE_EVAL) | SET_OF(EVIDENCE_TOOL_CONTRACT) | SET_OF(EVIDENCE_COST_OWNER) |
        SET_OF(EVIDENCE_SIGN_OFFS);
    f->block.entries[FIXTURE_QUEUE] = (struct policy_entry){.kind = ENTRY_KIND_QUEUE,
                                                            .tier = TIER_QUEUE,
                                                            .allowed = transient,
                                                            .queue = fixture_text(f, "later"),
                                                            .queue_age_ms_max = 60000};
    f->block.entries[FIXTURE_DEFAULT] =
        (struct policy_entry){.kind = ENTRY_KIND_DEFAULT_RESPONSE,
                              .tier = TIER_DEFAULT_RESPONSE,
                              .allowed = transient,
                              .default_response = fixture_text(f, "{\"sorry\":true}")};
}

/* With entries 1 to 3: the primary and two fallback routes; queue and default response are laid out
 * behind them and come in by a larger entries.len. */
static inline void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->block.policy = (struct policy){
        .magic = POLICY_MAGIC,
        .format = POLICY_FORMAT,
        .bytes = sizeof f->block,
        .version = 7,
        .catalog_version = 3,
        .id = fixture_text(f, "policy"),
        .workload = fixture_text(f, "chat"),
        .environment = fixture_text(f, "production"),
        .entries = {offsetof(struct fixture_block, entries), 3},
        .routes = {offsetof(struct fixture_block, routes), FIXTURE_ROUTES},
        .attempts_max = 5,
        .retries_per_route_max = 1,
        .elapsed_ms_max = 12000,
        .total_ms_max = 60000,
        .input_tokens_max = 8000,
        .output_tokens_max = 1200,
        .cost_nusd_max = 100000000,
        .backoff_base_ms = 200,
        .backoff_cap_ms = 2000,
        .retry_after_ms_max = 5000,
        .record_attempt_chain = 1,
        .record_models = 1,
        .record_error_class = 1,
        .record_usage_and_cost = 1,
    };
    fixture_route(f, 0, "alpha");
    fixture_route(f, 1, "beta");
    fixture_route(f, 2, "gamma");
    fixture_entries(f);
    f->facts = (struct facts){
        .tenant = SLICE_LITERAL("acme"),
        .traffic_class = TRAFFIC_CLASS_CRITICAL_USER_FACING,
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .requested_model = SLICE_LITERAL("one"),
        .input_tokens_estimate = 1000,
        .max_output_tokens = 500,
    };
    f->report = (struct report){.route = SLICE_LITERAL("alpha"),
                                .transport = TRANSPORT_COMPLETED,
                                .http_status = 500,
                                .body_sent = true};
    f->input = (struct engine_input){
        .policy = &f->block.policy,
        .facts = &f->facts,
        .view = &f->view,
        .chain = &f->chain,
        .now_ms = FIXTURE_NOW_MS,
        .seed = UINT64_C(0x1234567890abcdef),
    };
}

static inline const struct decision *fixture_decide(struct fixture *f)
{
    trace_sink_init(&f->sink, f->items, TRACE_ITEMS_MAX);
    decide(&f->input, &f->sink, &f->output);
    return &f->output.decision;
}

/* Admits, and reports that attempt 1 failed like this; decide is still to be called. */
static inline void fixture_fail(struct fixture *f, enum failure failure)
{
    if (f->chain.state == CHAIN_STATE_NEW) {
        assert_int_equal(fixture_decide(f)->action, ACTION_SEND);
        chain_step(&f->chain, &f->input, &f->output);
    }
    f->input.report = &f->report;
    f->input.classification =
        (struct classification){.failure = failure, .rule = SLICE_LITERAL("rule")};
    f->input.now_ms += 100;
}

/* Takes the decision and reports the next attempt's failure. */
static inline void fixture_step(struct fixture *f, enum failure failure)
{
    chain_step(&f->chain, &f->input, &f->output);
    f->input.classification.failure = failure;
    f->input.now_ms += 100;
}

/* The traced item of that check on that entry, or NULL. */
static inline const struct trace_item *
fixture_traced(const struct fixture *f, unsigned entry, const char *check)
{
    for (unsigned i = 0; i < f->sink.count; i++)
        if (f->items[i].entry == entry && slice_is(f->items[i].check, check))
            return &f->items[i];
    return NULL;
}

#endif
