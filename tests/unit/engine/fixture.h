/* A compiled policy, a request and its world, all of them healthy and in order, for tests that then
 * spoil one thing. Three entries: the primary `one` at provider `alpha`, the same model at `beta`,
 * and a model of another family at `gamma`; for both fallbacks all evidence is at hand: a piece of
 * each kind, "beta-eval", owned by "reviewer", and sign-offs of all roles, "beta-finance". */
#ifndef TESTS_UNIT_ENGINE_FIXTURE_H
#define TESTS_UNIT_ENGINE_FIXTURE_H

#include "fixture_block.h"

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
        .owner = fixture_text(f, "team"),
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
    f->routes_used = FIXTURE_ROUTES;
    fixture_evidence(f, 1);
    fixture_evidence(f, 2);
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
        .request_hash = 1,
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
