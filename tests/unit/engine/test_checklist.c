/* The checklist: what the policy declares is asked of the same gates that decide. */
#include "base/arena.h"
#include "engine/checklist.h"
#include "fixture.h"

#define ARENA_BYTES_MAX (1024 * 1024)

struct listed {
    struct fixture f;
    struct arena arena;
    struct checklist list;
};

static struct listed listed; /* a policy block is large for a stack */

static void begin(void)
{
    fixture_init(&listed.f);
    arena_init(&listed.arena, NULL, 0, ARENA_BYTES_MAX);
}

static const struct checklist *make(void)
{
    assert_int_equal(checklist_make(&listed.f.block.policy, &listed.f.view, FIXTURE_NOW_MS,
                                    &listed.arena, &listed.list),
                     RESULT_OK);
    return &listed.list;
}

static void end(void)
{
    arena_done(&listed.arena);
}

static const struct checklist_row *row_of(unsigned entry, enum check check)
{
    for (unsigned i = 0; i < listed.list.rows_count; i++)
        if (listed.list.rows[i].entry == entry && listed.list.rows[i].check == check)
            return &listed.list.rows[i];
    return NULL;
}

static void a_policy_whose_evidence_is_at_hand_is_go(void **state)
{
    const struct checklist *list;

    (void)state;
    begin();
    list = make();
    for (unsigned i = 0; i < list->rows_count; i++)
        if (list->rows[i].verdict == VERDICT_BLOCK)
            fail_msg("entry %u: %s", list->rows[i].entry, check_row(list->rows[i].check)->name);
    assert_true(list->go);
    assert_int_equal(list->entries_count, 3);
    end();
}

static void every_check_of_every_gate_has_a_row_for_every_route(void **state)
{
    (void)state;
    begin();
    make();
    for (unsigned entry = 0; entry < 3; entry++)
        for (unsigned check = 0; check < CHECK_END; check++)
            if (check_row((enum check)check)->gate != GATE_UNSPECIFIED &&
                !row_of(entry, (enum check)check))
                fail_msg("entry %u: no row for %s", entry, check_row((enum check)check)->name);
    end();
}

static void missing_evidence_makes_its_entry_and_the_policy_no_go(void **state)
{
    static const struct {
        enum evidence_kind kind;
        enum check check;
    } cases[] = {
        {EVIDENCE_KIND_PARITY, CHECK_PARITY},
        {EVIDENCE_KIND_EVAL, CHECK_EVAL},
        {EVIDENCE_KIND_SIGN_OFF, CHECK_SIGN_OFF},
        {EVIDENCE_KIND_QUOTA_OWNER, CHECK_QUOTA_OWNER},
        {EVIDENCE_KIND_BOUNDARY_APPROVAL, CHECK_BOUNDARY_APPROVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct checklist_row *row;

        begin();
        listed.f.block.routes[2].evidence[cases[i].kind].len = 0;
        assert_false(make()->go);
        assert_true(listed.list.entries[1].go);
        assert_false(listed.list.entries[2].go);
        row = row_of(FIXTURE_OTHER_FAMILY, cases[i].check);
        assert_int_equal(row->verdict, VERDICT_BLOCK);
        assert_true(row->owner.len);
        assert_int_equal(row->evidence_put_unix_ms, 0);
        end();
    }
}

static void evidence_comes_with_its_age_and_end(void **state)
{
    const struct checklist_row *row;

    (void)state;
    begin();
    make();
    row = row_of(FIXTURE_OTHER_FAMILY, CHECK_EVAL);
    assert_int_equal(row->verdict, VERDICT_PASS);
    assert_true(row->evidence_id.len);
    assert_int_equal(row->evidence_put_unix_ms, FIXTURE_NOW_MS - 1000);
    assert_int_equal(row->evidence_expires_unix_ms, FIXTURE_EXPIRES_MS);
    end();
}

static void expired_evidence_blocks(void **state)
{
    (void)state;
    begin();
    fixture_piece(&listed.f, 2, EVIDENCE_KIND_EVAL)->expires_unix_ms = FIXTURE_NOW_MS;
    assert_false(make()->go);
    assert_int_equal(row_of(FIXTURE_OTHER_FAMILY, CHECK_EVAL)->verdict, VERDICT_BLOCK);
    end();
}

static void what_is_wrong_with_a_piece_is_told_in_full(void **state)
{
    struct policy_evidence *piece;

    (void)state;
    begin();
    piece = fixture_piece(&listed.f, 2, EVIDENCE_KIND_COST_OWNER);
    piece->state = EVIDENCE_STATE_VOIDED;
    piece->detail = fixture_text(&listed.f, "voided: prices: 2 -> 3");
    listed.f.block.entries[FIXTURE_OTHER_FAMILY].requires_cost_owner = 1;
    assert_false(make()->go);
    assert_true(slice_is(row_of(FIXTURE_OTHER_FAMILY, CHECK_COST_OWNER)->found.text,
                         "voided: prices: 2 -> 3"));
    end();
}

static void evidence_for_one_prompt_counts_for_its_prompt(void **state)
{
    (void)state;
    begin();
    fixture_piece(&listed.f, 2, EVIDENCE_KIND_EVAL)->prompt_version = fixture_text(&listed.f, "7");
    assert_true(make()->go);
    end();
}

static void a_required_tool_contract_is_asked_with_tools(void **state)
{
    (void)state;
    begin();
    listed.f.block.entries[FIXTURE_SAME_MODEL].requires_tool_contract_pass = 1;
    listed.f.block.routes[1].evidence[EVIDENCE_KIND_TOOL_CONTRACT].len = 0;
    assert_false(make()->go);
    assert_int_equal(row_of(FIXTURE_SAME_MODEL, CHECK_TOOL_CONTRACT)->verdict, VERDICT_BLOCK);
    end();
}

static void the_limits_are_asked_at_their_bounds(void **state)
{
    (void)state;
    begin();
    listed.f.block.routes[1].context_tokens_max = 9000; /* 8000 in and 1200 out do not fit */
    assert_false(make()->go);
    assert_int_equal(row_of(FIXTURE_SAME_MODEL, CHECK_CONTEXT)->verdict, VERDICT_BLOCK);
    /* 8000 tokens at 2.50 USD and 1200 at 10 USD a million. */
    assert_int_equal(listed.list.entries[1].request_nusd, 8000 * 2500 + 1200 * 10000);
    assert_int_equal(listed.list.entries[1].request_nusd_max, 100000000);
    end();
}

/* What is longer than the context in all is refused before any gate. */
static void a_limit_of_the_context_leaves_less_for_the_input(void **state)
{
    (void)state;
    for (unsigned of_entry = 0; of_entry < 2; of_entry++) {
        begin();
        listed.f.block.policy.context_tokens_max = of_entry ? 20000 : 9000;
        listed.f.block.entries[1].limits.context_tokens_max = of_entry ? 9000 : 0;
        listed.f.block.routes[1].context_tokens_max = 9000;
        assert_true(make()->entries[1].go);
        assert_int_equal(row_of(1, CHECK_CONTEXT)->needed.number, 9000);
        assert_int_equal(listed.list.entries[1].request_nusd, 7800 * 2500 + 1200 * 10000);
        listed.f.block.routes[1].context_tokens_max = 8999;
        assert_false(make()->entries[1].go);
        end();
    }
}

static void an_entry_is_asked_about_requests_of_the_primarys_family(void **state)
{
    (void)state;
    begin();
    listed.f.block.routes[1].family = FAMILY_ANTHROPIC_MESSAGES;
    assert_false(make()->go);
    assert_int_equal(row_of(1, CHECK_SEMANTICS)->verdict, VERDICT_BLOCK);
    end();
}

static struct policy_ref two_tiers(void)
{
    struct policy_ref tiers = fixture_list(&listed.f, "gold");

    fixture_list(&listed.f, "silver");
    tiers.len = 2;
    return tiers;
}

static void every_customer_tier_of_the_entry_is_asked(void **state)
{
    (void)state;
    begin();
    listed.f.block.entries[1].customer_tiers = two_tiers();
    assert_true(make()->go);
    fixture_piece(&listed.f, 1, EVIDENCE_KIND_PARITY)->customer_tiers =
        fixture_list(&listed.f, "gold");
    assert_false(make()->entries[1].go);
    assert_int_equal(row_of(1, CHECK_PARITY)->verdict, VERDICT_BLOCK);
    assert_true(slice_is(row_of(1, CHECK_PARITY)->found.text, "other_customer_tier"));
    assert_true(row_of(1, CHECK_PARITY)->evidence_id.len);
    assert_int_equal(row_of(1, CHECK_CUSTOMER_TIER)->verdict, VERDICT_PASS);
    /* The other way round as well: whom the entry serves comes first. */
    listed.f.block.entries[1].customer_tiers.len = 1;
    fixture_piece(&listed.f, 1, EVIDENCE_KIND_PARITY)->customer_tiers =
        fixture_list(&listed.f, "silver");
    assert_false(make()->entries[1].go);
    end();
}

static void every_paid_tier_of_the_policy_is_asked(void **state)
{
    (void)state;
    begin();
    listed.f.block.policy.service_tiers = fixture_list(&listed.f, "priority");
    listed.f.block.routes[0].service_tier = fixture_text(&listed.f, "priority");
    listed.f.block.routes[2].service_tier = fixture_text(&listed.f, "priority");
    assert_false(make()->go);
    assert_true(listed.list.entries[0].go);
    assert_false(listed.list.entries[1].go);
    assert_true(listed.list.entries[2].go);
    assert_int_equal(row_of(1, CHECK_SERVICE_TIER)->verdict, VERDICT_BLOCK);
    listed.f.block.entries[1].notice = fixture_text(&listed.f, "Slower.");
    assert_true(make()->go);
    end();
}

static void evidence_that_nobody_demands_does_not_narrow_the_scope(void **state)
{
    struct policy_evidence *eval;

    (void)state;
    begin();
    eval = fixture_piece(&listed.f, 1, EVIDENCE_KIND_EVAL);
    eval->prompt_version = fixture_text(&listed.f, "7");
    eval->customer_tiers = fixture_list(&listed.f, "gold");
    fixture_piece(&listed.f, 1, EVIDENCE_KIND_PARITY)->customer_tiers =
        fixture_list(&listed.f, "silver");
    assert_true(make()->go); /* the same model: parity is all that it needs */
    end();
}

/* What does not count does not narrow the scope, not even at the millisecond at which it ends. */
static void evidence_that_does_not_count_does_not_narrow_the_scope(void **state)
{
    (void)state;
    for (unsigned why = 0; why < 2; why++) {
        struct policy_evidence *evals;

        begin();
        evals = fixture_pieces(&listed.f, 2, EVIDENCE_KIND_EVAL, 2);
        evals[0].prompt_version = fixture_text(&listed.f, "8");
        evals[1].prompt_version = fixture_text(&listed.f, "7");
        if (why)
            evals[0].state = EVIDENCE_STATE_VOIDED;
        else
            evals[0].expires_unix_ms = FIXTURE_NOW_MS;
        assert_true(make()->go);
        end();
    }
}

static void every_row_names_its_route_and_a_network_is_asked_later(void **state)
{
    (void)state;
    begin();
    listed.f.block.policy.entries.len = FIXTURE_ENTRIES;
    listed.f.block.routes[1].networks =
        (struct policy_ref){offsetof(struct fixture_block, networks), 1};
    listed.f.block.routes[1].data_classes = 0;
    listed.f.view.routes[1].off.scope = SWITCH_SCOPE_ROUTE;
    make();
    for (unsigned i = 0; i < listed.list.rows_count; i++) {
        static const char *const routes[FIXTURE_ENTRIES] = {"alpha", "beta", "gamma", "", ""};
        const struct checklist_row *row = &listed.list.rows[i];

        assert_true(slice_is(row->route, routes[row->entry]));
        assert_true(
            (row->verdict == VERDICT_BLOCK) ==
            (row->entry == 1 && (row->check == CHECK_SWITCH || row->check == CHECK_DATA_CLASS)));
        assert_true(slice_is(row->found.text, "asked at each request") ==
                    (row->entry == 1 && row->check == CHECK_NETWORK));
    }
    assert_int_equal(row_of(1, CHECK_NETWORK)->verdict, VERDICT_NOT_REQUIRED);
    end();
}

static void what_only_a_request_can_tell_is_not_held_against_the_entry(void **state)
{
    (void)state;
    begin();
    listed.f.block.entries[FIXTURE_SAME_MODEL].requires_user_notice = 1;
    listed.f.block.entries[FIXTURE_SAME_MODEL].notice = fixture_text(&listed.f, "Less certain.");
    listed.f.block.entries[FIXTURE_SAME_MODEL].premium = 1;
    listed.f.block.entries[FIXTURE_SAME_MODEL].premium_tenants = fixture_list(&listed.f, "gold");
    listed.f.block.entries[FIXTURE_SAME_MODEL].customer_tiers = fixture_list(&listed.f, "pro");
    listed.f.block.routes[2].account_tenant = fixture_text(&listed.f, "somebody");
    assert_true(make()->go);
    end();
}

static void switches_show_and_block(void **state)
{
    static const struct {
        struct view_switch off;
        const char *found;
    } cases[] = {
        {{SWITCH_SCOPE_ENTRY, 0}, "entry"},
        {{SWITCH_SCOPE_ENTRY, ROLLBACK_RULE_COST_SPIKE}, "cost_spike"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        listed.f.view.entries_off[1] = cases[i].off;
        assert_false(make()->go);
        assert_int_equal(row_of(1, CHECK_SWITCH)->verdict, VERDICT_BLOCK);
        assert_true(slice_is(row_of(1, CHECK_SWITCH)->found.text, cases[i].found));
        assert_int_equal(row_of(0, CHECK_SWITCH)->verdict, VERDICT_PASS);
        end();
    }
}

static void latency_is_the_live_one_else_the_measured_one(void **state)
{
    (void)state;
    begin();
    listed.f.block.policy.latency_target_ms = 900;
    fixture_piece(&listed.f, 2, EVIDENCE_KIND_EVAL)->latency_p95_ms = 700;
    make();
    assert_int_equal(listed.list.entries[2].latency_p95_ms, 700);
    assert_int_equal(listed.list.entries[2].latency_target_ms, 900);
    assert_int_equal(listed.list.entries[1].latency_p95_ms, 0);
    listed.f.view.routes[2].first_output_p95_ms = 650;
    make();
    assert_int_equal(listed.list.entries[2].latency_p95_ms, 650);
    end();
}

static void a_queue_and_a_default_response_need_no_evidence(void **state)
{
    (void)state;
    begin();
    listed.f.block.policy.entries.len = FIXTURE_ENTRIES;
    assert_true(make()->go);
    assert_int_equal(listed.list.entries[FIXTURE_QUEUE].kind, ENTRY_KIND_QUEUE);
    assert_true(listed.list.entries[FIXTURE_DEFAULT].go);
    end();
}

static void every_bound_of_memory_is_a_clear_answer(void **state)
{
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    fixture_init(&listed.f);
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes += 4096) {
        arena_init(&listed.arena, NULL, 0, bytes);
        result = checklist_make(&listed.f.block.policy, &listed.f.view, FIXTURE_NOW_MS,
                                &listed.arena, &listed.list);
        arena_done(&listed.arena);
        assert_true(bytes < ARENA_BYTES_MAX);
    }
    assert_int_equal(result, RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_whose_evidence_is_at_hand_is_go),
        cmocka_unit_test(every_check_of_every_gate_has_a_row_for_every_route),
        cmocka_unit_test(missing_evidence_makes_its_entry_and_the_policy_no_go),
        cmocka_unit_test(evidence_comes_with_its_age_and_end),
        cmocka_unit_test(expired_evidence_blocks),
        cmocka_unit_test(what_is_wrong_with_a_piece_is_told_in_full),
        cmocka_unit_test(evidence_for_one_prompt_counts_for_its_prompt),
        cmocka_unit_test(a_required_tool_contract_is_asked_with_tools),
        cmocka_unit_test(the_limits_are_asked_at_their_bounds),
        cmocka_unit_test(a_limit_of_the_context_leaves_less_for_the_input),
        cmocka_unit_test(an_entry_is_asked_about_requests_of_the_primarys_family),
        cmocka_unit_test(every_customer_tier_of_the_entry_is_asked),
        cmocka_unit_test(every_paid_tier_of_the_policy_is_asked),
        cmocka_unit_test(evidence_that_nobody_demands_does_not_narrow_the_scope),
        cmocka_unit_test(evidence_that_does_not_count_does_not_narrow_the_scope),
        cmocka_unit_test(every_row_names_its_route_and_a_network_is_asked_later),
        cmocka_unit_test(what_only_a_request_can_tell_is_not_held_against_the_entry),
        cmocka_unit_test(switches_show_and_block),
        cmocka_unit_test(latency_is_the_live_one_else_the_measured_one),
        cmocka_unit_test(a_queue_and_a_default_response_need_no_evidence),
        cmocka_unit_test(every_bound_of_memory_is_a_clear_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
