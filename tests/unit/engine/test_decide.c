/* decide as a function: the same input gives the same answer and trace, and what differs shows. */
#include <stdlib.h>

#include "base/mix.h"
#include "fixture.h"

static uint64_t digest_of(struct fixture *f)
{
    fixture_decide(f);
    return engine_decision_digest(&f->output);
}

static void the_same_input_gives_the_same_answer_and_trace(void **state)
{
    struct fixture f;
    uint64_t answer, trace;

    (void)state;
    fixture_init(&f);
    answer = digest_of(&f);
    trace = f.sink.digest;
    memset(&f.output, 0xee, sizeof f.output);
    assert_true(digest_of(&f) == answer);
    assert_true(f.sink.digest == trace);
}

static void the_trace_digest_does_not_need_the_items(void **state)
{
    struct fixture f;
    struct trace_sink bare;

    (void)state;
    fixture_init(&f);
    fixture_decide(&f);
    trace_sink_init(&bare, NULL, 0);
    decide(&f.input, &bare, &f.output);
    assert_true(bare.digest == f.sink.digest);
    assert_int_equal(bare.count, f.sink.count);
    trace_sink_init(&bare, f.items, 3);
    decide(&f.input, &bare, &f.output);
    assert_true(bare.digest == f.sink.digest);
}

static void the_block_can_be_anywhere_in_memory(void **state)
{
    static _Alignas(16) char elsewhere[sizeof(struct fixture_block) + 64];
    struct fixture f;
    uint64_t answer;

    (void)state;
    fixture_init(&f);
    answer = digest_of(&f);
    memcpy(elsewhere + 32, &f.block, sizeof f.block);
    memset(&f.block, 0xee, sizeof f.block);
    f.input.policy = (const struct policy *)(const void *)(elsewhere + 32);
    assert_true(digest_of(&f) == answer);
}

static void what_is_found_shows_in_the_trace_digest(void **state)
{
    struct fixture f;
    uint64_t trace;

    (void)state;
    fixture_init(&f);
    fixture_decide(&f);
    trace = f.sink.digest;
    f.block.routes[0].context_tokens_max++;
    fixture_decide(&f);
    assert_true(f.sink.digest != trace);
}

static void whatever_the_gateway_acts_on_shows_in_the_decision_digest(void **state)
{
    struct fixture f;
    uint64_t answer;

    (void)state;
    fixture_init(&f);
    answer = digest_of(&f);
#define DIFFERS(change)                                                                            \
    do {                                                                                           \
        fixture_decide(&f);                                                                        \
        change;                                                                                    \
        assert_true(engine_decision_digest(&f.output) != answer);                                  \
    } while (0)
    DIFFERS(f.output.decision.action = ACTION_RETRY);
    DIFFERS(f.output.decision.decision_id++);
    DIFFERS(f.output.decision.policy_version++);
    DIFFERS(f.output.decision.catalog_version++);
    DIFFERS(f.output.decision.route.base_url.len--);
    DIFFERS(f.output.decision.route.credential.len--);
    DIFFERS(f.output.decision.route.tier = TIER_SAME_MODEL);
    DIFFERS(f.output.decision.attempt++);
    DIFFERS(f.output.decision.delay_ms++);
    DIFFERS(f.output.decision.timeouts.connect_ms++);
    DIFFERS(f.output.decision.timeouts.first_output_ms++);
    DIFFERS(f.output.decision.timeouts.idle_ms++);
    DIFFERS(f.output.decision.timeouts.total_ms++);
    DIFFERS(f.output.decision.output_tokens_cap++);
    DIFFERS(f.output.decision.restart_output = true);
    DIFFERS(f.output.decision.failure = FAILURE_TIMEOUT);
    DIFFERS(f.output.decision.rule = SLICE_LITERAL("x"));
    DIFFERS(f.output.decision.reason = REASON_RETRY);
    DIFFERS(f.output.decision.error.http_status = 500);
    DIFFERS(f.output.decision.error.should_retry = true);
    DIFFERS(f.output.decision.error.message = SLICE_LITERAL("x"));
    DIFFERS(f.output.decision.disposition = DISPOSITION_QUEUED);
    DIFFERS(f.output.decision.notice.text = SLICE_LITERAL("x"));
    DIFFERS(f.output.decision.default_response = SLICE_LITERAL("x"));
    DIFFERS(f.output.decision.ticket.expires_unix_ms++);
    DIFFERS(f.output.decision.reservation_expires_unix_ms++);
    DIFFERS(f.output.decision.notice.in_body = true);
    DIFFERS(f.output.decision.has_blocked = true);
    DIFFERS(f.output.entry++);
    DIFFERS(f.output.route++);
    DIFFERS(f.output.intents[0].route++);
    DIFFERS(f.output.charged_nusd++);
    DIFFERS(f.output.intents[0].amount_nusd++);
    DIFFERS(f.output.intents_count--);
#undef DIFFERS
}

static void what_blocked_shows_in_the_decision_digest(void **state)
{
    struct fixture f;
    uint64_t answer;

    (void)state;
    fixture_init(&f);
    f.block.routes[0].priced = 0;
    answer = digest_of(&f);
    assert_true(f.output.decision.has_blocked);
#define DIFFERS(change)                                                                            \
    do {                                                                                           \
        fixture_decide(&f);                                                                        \
        change;                                                                                    \
        assert_true(engine_decision_digest(&f.output) != answer);                                  \
    } while (0)
    DIFFERS(f.output.decision.blocked.gate = GATE_TOOLS);
    DIFFERS(f.output.decision.blocked.entry++);
    DIFFERS(f.output.decision.blocked.verdict = VERDICT_PASS);
    DIFFERS(f.output.decision.blocked.found.text.len--);
    DIFFERS(f.output.decision.blocked.found.kind = TRACE_NUMBER);
    DIFFERS(f.output.decision.blocked.needed.number++);
    DIFFERS(f.output.decision.blocked.route.len--);
    DIFFERS(f.output.decision.blocked.check.len--);
    DIFFERS(f.output.decision.blocked.evidence_id = SLICE_LITERAL("ev-1"));
    DIFFERS(f.output.decision.blocked.owner.len--);
#undef DIFFERS
}

static void the_evidence_that_counts_shows_in_the_trace_digest(void **state)
{
    struct fixture f;
    uint64_t trace;

    (void)state;
    fixture_init(&f);
    f.block.policy.retries_per_route_max = 0;
    fixture_fail(&f, FAILURE_TIMEOUT);
    fixture_decide(&f);
    trace = f.sink.digest;
    fixture_piece(&f, 1, EVIDENCE_KIND_PARITY)->id.len--;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_true(f.sink.digest != trace);
}

/* A stored block that was damaged either does not come in, or decides something within its bounds:
 * the copy is as long as the block, so that a sanitizer sees every step beyond it. */
static void whatever_block_is_let_in_can_be_decided_with(void **state)
{
    static struct fixture f;
    char *copy = aligned_alloc(16, (sizeof f.block + 15) / 16 * 16);
    uint64_t seed = 3;
    unsigned let_in = 0;

    (void)state;
    assert_non_null(copy);
    for (unsigned round = 0; round < 20000; round++) {
        fixture_init(&f);
        f.block.policy.entries.len = FIXTURE_ENTRIES;
        f.block.policy.hold_output.until = HOLD_OUTPUT_UNTIL_FIRST;
        memcpy(copy, &f.block, sizeof f.block);
        for (unsigned i = 0; i <= round % 4; i++) {
            seed = mix_u64(seed + 1);
            copy[seed % offsetof(struct fixture_block, texts)] ^= (char)(1 << (seed >> 40) % 8);
        }
        f.input.policy = policy_view(copy, sizeof f.block);
        if (!f.input.policy)
            continue;
        let_in++;
        fixture_decide(&f);
        if (f.output.decision.action != ACTION_SEND)
            continue;
        chain_step(&f.chain, &f.input, &f.output);
        f.input.report = &f.report;
        f.input.classification.failure = FAILURE_TIMEOUT;
        f.facts.data_classes = SET_OF(DATA_CLASS_PII);
        f.facts.needs = SET_OF(NEED_TOOLS);
        fixture_decide(&f);
    }
    free(copy);
    assert_true(let_in > 1000);
}

static void a_chain_counts_what_was_charged_and_started(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.input.deadline_ms = 9000;
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(f.chain.attempts_count, 1);
    assert_int_equal(f.chain.admitted_ms, FIXTURE_NOW_MS);
    assert_int_equal(f.chain.deadline_ms, FIXTURE_NOW_MS + 9000);
    f.report.usage.amounts[UNIT_INPUT_TOKEN] = 1000;
    fixture_decide(&f);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(f.chain.attempts_count, 2);
    assert_int_equal(f.chain.charged_nusd, 2500000);
    assert_int_equal(f.chain.attempts[0].failure, FAILURE_TIMEOUT);
    f.input.classification.failure = FAILURE_NONE;
    fixture_decide(&f);
    chain_step(&f.chain, &f.input, &f.output);
    assert_int_equal(f.chain.state, CHAIN_STATE_ENDED);
    assert_int_equal(f.chain.charged_nusd, 5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_input_gives_the_same_answer_and_trace),
        cmocka_unit_test(the_trace_digest_does_not_need_the_items),
        cmocka_unit_test(the_block_can_be_anywhere_in_memory),
        cmocka_unit_test(what_is_found_shows_in_the_trace_digest),
        cmocka_unit_test(whatever_the_gateway_acts_on_shows_in_the_decision_digest),
        cmocka_unit_test(what_blocked_shows_in_the_decision_digest),
        cmocka_unit_test(the_evidence_that_counts_shows_in_the_trace_digest),
        cmocka_unit_test(whatever_block_is_let_in_can_be_decided_with),
        cmocka_unit_test(a_chain_counts_what_was_charged_and_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
