/* When a piece of evidence counts for a request: its state, the clock, its scope; which piece is
 * named when none does; and how many attempts the pieces allow. */
#include "gate_rows.h"

static struct policy_evidence *parity(struct fixture *f)
{
    return fixture_piece(f, 1, EVIDENCE_KIND_PARITY);
}

static void state_is(struct fixture *f, enum evidence_state evidence_state)
{
    parity(f)->state = (uint32_t)evidence_state;
}

SPOIL(expires_now)
{
    parity(f)->expires_unix_ms = f->input.now_ms;
}
SPOIL(expires_soon)
{
    parity(f)->expires_unix_ms = f->input.now_ms + 1;
}
SPOIL(voided)
{
    state_is(f, EVIDENCE_STATE_VOIDED);
}
SPOIL(failed)
{
    state_is(f, EVIDENCE_STATE_FAILED);
}
SPOIL(not_reviewed)
{
    state_is(f, EVIDENCE_STATE_NOT_REVIEWED);
}
SPOIL(by_the_author)
{
    state_is(f, EVIDENCE_STATE_APPROVER_IS_AUTHOR);
}
SPOIL(revoked)
{
    state_is(f, EVIDENCE_STATE_REVOKED);
}
SPOIL(of_another_model)
{
    state_is(f, EVIDENCE_STATE_OTHER_MODEL);
}
SPOIL(bound_to_the_prompt)
{
    parity(f)->prompt_version = fixture_text(f, "v7");
    f->facts.prompt_version = SLICE_LITERAL("v7");
}
SPOIL(bound_to_another_prompt)
{
    bound_to_the_prompt(f);
    f->facts.prompt_version = SLICE_LITERAL("v8");
}
SPOIL(bound_to_a_prompt_nobody_told)
{
    bound_to_the_prompt(f);
    f->facts.prompt_version.len = 0;
}
SPOIL(bound_to_the_tools)
{
    parity(f)->tool_digest = fixture_text(f, "0123456789abcdef0123456789abcdef");
    f->facts.tool_digest = SLICE_LITERAL("0123456789abcdef0123456789abcdef");
}
SPOIL(bound_to_other_tools)
{
    bound_to_the_tools(f);
    f->facts.tool_digest = SLICE_LITERAL("fedcba9876543210fedcba9876543210");
}
SPOIL(bound_to_tools_nobody_told)
{
    bound_to_the_tools(f);
    f->facts.tool_digest.len = 0;
}
SPOIL(for_gold)
{
    parity(f)->customer_tiers = fixture_list(f, "gold");
    f->facts.customer_tier = SLICE_LITERAL("gold");
}
SPOIL(for_gold_not_silver)
{
    for_gold(f);
    f->facts.customer_tier = SLICE_LITERAL("silver");
}
SPOIL(for_gold_not_nobody)
{
    for_gold(f);
    f->facts.customer_tier.len = 0;
}

/* Three pieces, none of which counts: the second misses least. */
SPOIL(three_that_miss)
{
    struct policy_evidence *pieces = fixture_pieces(f, 1, EVIDENCE_KIND_PARITY, 3);

    pieces[0].state = EVIDENCE_STATE_REVOKED;
    pieces[1].expires_unix_ms = 1;
    pieces[1].id = fixture_text(f, "nearest");
    pieces[2].state = EVIDENCE_STATE_FAILED;
}
/* The newest does not speak of the request; an older one does. */
SPOIL(the_older_counts)
{
    struct policy_evidence *pieces = fixture_pieces(f, 1, EVIDENCE_KIND_PARITY, 2);

    pieces[0].prompt_version = fixture_text(f, "v9");
    pieces[1].id = fixture_text(f, "older");
}

#define PARITY(VERDICT) CHECK_PARITY, VERDICT_##VERDICT

static const struct gate_row rows[] = {
    {"a piece that expires in a moment", expires_soon, PARITY(PASS), "evidence",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"bound to the prompt", bound_to_the_prompt, PARITY(PASS), "evidence", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"bound to the tools", bound_to_the_tools, PARITY(PASS), "evidence", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"for the customer's tier", for_gold, PARITY(PASS), "evidence", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"an older one that counts", the_older_counts, PARITY(PASS), "evidence", "unexpired evidence",
     "older", .owner = "reviewer"},
    {"a piece that expires now", expires_now, PARITY(BLOCK), "expired", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"a voided one", voided, PARITY(BLOCK), "voided", "unexpired evidence", "beta-parity",
     .owner = "reviewer"},
    {"a failed one", failed, PARITY(BLOCK), "failed", "unexpired evidence", "beta-parity",
     .owner = "reviewer"},
    {"one that nobody reviewed", not_reviewed, PARITY(BLOCK), "not_reviewed", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"the author's own", by_the_author, PARITY(BLOCK), "approver_is_author", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"one taken back", revoked, PARITY(BLOCK), "revoked", "unexpired evidence", "beta-parity",
     .owner = "reviewer"},
    {"one of another model", of_another_model, PARITY(BLOCK), "other_model", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"another prompt", bound_to_another_prompt, PARITY(BLOCK), "other_prompt_version",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"a prompt nobody told", bound_to_a_prompt_nobody_told, PARITY(BLOCK), "other_prompt_version",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"other tools", bound_to_other_tools, PARITY(BLOCK), "other_tools", "unexpired evidence",
     "beta-parity", .owner = "reviewer"},
    {"tools nobody told", bound_to_tools_nobody_told, PARITY(BLOCK), "other_tools",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"another customer", for_gold_not_silver, PARITY(BLOCK), "other_customer_tier",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"a customer nobody knows", for_gold_not_nobody, PARITY(BLOCK), "other_customer_tier",
     "unexpired evidence", "beta-parity", .owner = "reviewer"},
    {"three that miss", three_that_miss, PARITY(BLOCK), "expired", "unexpired evidence", "nearest",
     .owner = "reviewer"},
};

static void a_piece_counts_for_the_requests_in_its_scope(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        gate_row_run(&rows[i]);
}

/* ---- attempts ---- */

struct attempts_case {
    const char *name;
    void (*spoil)(struct fixture *f);
    uint32_t max;
};

SPOIL(limit_of_the_entry)
{
    gate_entry(f)->limits.attempts_max = 3;
}
SPOIL(limit_of_parity)
{
    limit_of_the_entry(f);
    parity(f)->attempts_max = 2;
}
SPOIL(limit_of_an_eval_that_nobody_asks_for)
{
    fixture_piece(f, 1, EVIDENCE_KIND_EVAL)->attempts_max = 1;
}
SPOIL(limit_of_an_eval_that_is_asked_for)
{
    limit_of_an_eval_that_nobody_asks_for(f);
    gate_entry(f)->requires_eval_pass = 1;
}
SPOIL(the_most_of_several)
{
    struct policy_evidence *pieces = fixture_pieces(f, 1, EVIDENCE_KIND_PARITY, 3);

    pieces[0].attempts_max = 1;
    pieces[1].attempts_max = 4;
    pieces[2].attempts_max = 9;
    pieces[2].state = EVIDENCE_STATE_VOIDED;
}
SPOIL(one_of_several_without)
{
    struct policy_evidence *pieces = fixture_pieces(f, 1, EVIDENCE_KIND_PARITY, 2);

    pieces[0].attempts_max = 1;
}
SPOIL(limit_of_a_role)
{
    gate_other_family(f);
    fixture_sign_off(f, 1, SIGN_OFF_POLICY)->attempts_max = 2;
}
SPOIL(limit_of_a_role_that_nobody_asks)
{
    gate_other_family(f);
    fixture_sign_off(f, 1, SIGN_OFF_FINANCE)->attempts_max = 1;
}

static void an_entry_has_the_attempts_that_its_evidence_approves(void **state)
{
    static const struct attempts_case cases[] = {
        {"no limit", NULL, 0},
        {"the entry's", limit_of_the_entry, 3},
        {"parity's is smaller", limit_of_parity, 2},
        {"an eval that nobody asks for", limit_of_an_eval_that_nobody_asks_for, 0},
        {"an eval that is asked for", limit_of_an_eval_that_is_asked_for, 1},
        {"the most of several", the_most_of_several, 4},
        {"one of several without", one_of_several_without, 0},
        {"a role's", limit_of_a_role, 2},
        {"a role's that nobody asks", limit_of_a_role_that_nobody_asks, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct gate_input input;

        fixture_init(&f);
        if (cases[i].spoil)
            cases[i].spoil(&f);
        trace_sink_init(&f.sink, NULL, 0);
        gate_input_init(&input, &f.input, 1, 1, &f.sink);
        if (gate_attempts_max(&input) != cases[i].max)
            fail_msg("%s: %u", cases[i].name, gate_attempts_max(&input));
        assert_true(gate_check_all(&input));
    }
}

static void used_up_attempts_stop_a_retry_and_not_the_first(void **state)
{
    struct fixture f;
    const struct trace_item *item;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = 2;
    f.block.policy.retries_per_route_max = 9;
    parity(&f)->attempts_max = 2;
    f.view.routes[0].unhealthy = REASON_BREAKER_OPEN;
    f.view.routes[0].opened_by = FAILURE_TIMEOUT;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    assert_int_equal(f.output.entry, 1);
    fixture_fail(&f, FAILURE_TIMEOUT);
    chain_step(&f.chain, &(struct engine_input){.now_ms = FIXTURE_NOW_MS}, &f.output);
    assert_int_equal(f.chain.attempts_count, 2);
    fixture_decide(&f);
    item = fixture_traced(&f, 1, "entry_attempts");
    assert_non_null(item);
    assert_int_equal(item->verdict, VERDICT_BLOCK);
    assert_int_equal(item->found.number, 2);
    assert_int_equal(item->needed.number, 2);
    assert_int_equal(f.output.decision.reason, REASON_NO_ELIGIBLE_ROUTE);
    assert_false(f.output.decision.has_blocked); /* no gate refused */
}

static bool passes_gates(struct fixture *f, unsigned entry)
{
    struct gate_input input;

    trace_sink_init(&f->sink, f->items, TRACE_ITEMS_MAX);
    gate_input_init(&input, &f->input, entry, entry, &f->sink);
    return gate_check_all(&input);
}

/* What covers something out of the ordinary does so for as many attempts as it approves. */
static void coverage_ends_with_the_attempts_that_it_approves(void **state)
{
    for (unsigned attempts = 0; attempts < 3; attempts++) {
        struct policy_evidence *pieces;
        struct fixture f;

        (void)state;
        fixture_init(&f);
        pieces = fixture_pieces(&f, 1, EVIDENCE_KIND_PARITY, 2); /* the other one approves any */
        pieces[0].covers = SET_OF(COVERAGE_PROVIDER_PARAMETERS);
        pieces[0].attempts_max = 2;
        f.facts.provider_parameters =
            (struct texts){(const struct slice[]){SLICE_LITERAL("thinking")}, 1};
        for (unsigned i = 0; i < attempts; i++)
            f.chain.attempts[f.chain.attempts_count++].entry = 1;
        assert_true(passes_gates(&f, 1) == (attempts < 2));
        assert_int_equal(fixture_traced(&f, 1, "provider_parameters")->verdict,
                         attempts < 2 ? VERDICT_PASS : VERDICT_BLOCK);
    }
}

static void a_sign_off_for_one_attempt_is_at_hand_and_used_up(void **state)
{
    struct gate_input input;
    struct fixture f;

    (void)state;
    fixture_init(&f);
    gate_other_family(&f);
    fixture_sign_off(&f, 1, SIGN_OFF_POLICY)->attempts_max = 1;
    f.chain.attempts[f.chain.attempts_count++].entry = 1;
    assert_true(passes_gates(&f, 1)); /* the entry's attempts are asked for by themselves */
    gate_input_init(&input, &f.input, 1, 1, &f.sink);
    assert_int_equal(gate_attempts_max(&input), 1);
    assert_int_equal(input.attempts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_counts_for_the_requests_in_its_scope),
        cmocka_unit_test(an_entry_has_the_attempts_that_its_evidence_approves),
        cmocka_unit_test(used_up_attempts_stop_a_retry_and_not_the_first),
        cmocka_unit_test(coverage_ends_with_the_attempts_that_it_approves),
        cmocka_unit_test(a_sign_off_for_one_attempt_is_at_hand_and_used_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
