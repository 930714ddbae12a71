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
        cmocka_unit_test(evidence_for_one_prompt_counts_for_its_prompt),
        cmocka_unit_test(a_required_tool_contract_is_asked_with_tools),
        cmocka_unit_test(the_limits_are_asked_at_their_bounds),
        cmocka_unit_test(what_only_a_request_can_tell_is_not_held_against_the_entry),
        cmocka_unit_test(switches_show_and_block),
        cmocka_unit_test(latency_is_the_live_one_else_the_measured_one),
        cmocka_unit_test(a_queue_and_a_default_response_need_no_evidence),
        cmocka_unit_test(every_bound_of_memory_is_a_clear_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
