/* The gates together: what is in order passes all of them, every check is asked every time and in
 * its place, and what an entry without a route is asked. */
#include "gate_rows.h"

static void a_policy_in_order_passes_every_gate(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.entries[FIXTURE_SAME_MODEL].allowed = 0;
    f.block.policy.retries_per_route_max = 0;
    assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
    for (unsigned i = 0; i < f.sink.count; i++)
        assert_int_not_equal(f.items[i].verdict, VERDICT_BLOCK);
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(f.output.entry, FIXTURE_OTHER_FAMILY);
    assert_string_equal(signalbox_tier_name(f.output.decision.route.tier), "different_family");
    assert_false(f.output.decision.has_blocked);
}

/* The gates alone, of one entry, with whatever blocks. */
static void check_order(const struct fixture *f)
{
    unsigned next = 0;

    for (unsigned check = 0; check < CHECK_END; check++) {
        const struct check_row *row = check_row((enum check)check);

        if (row->gate == GATE_UNSPECIFIED)
            continue;
        assert_true(next < f->sink.count);
        if (!slice_is(f->items[next].check, row->name) || f->items[next].gate != row->gate)
            fail_msg("%.*s where %s should be", (int)f->items[next].check.len,
                     f->items[next].check.ptr, row->name);
        next++;
    }
    assert_int_equal(next, f->sink.count);
}

static void every_check_is_traced_in_the_order_of_its_table(void **state)
{
    struct fixture f;
    struct gate_input input;

    (void)state;
    for (unsigned entry = 0; entry < 3; entry++)
        for (int broken = 0; broken <= 1; broken++) {
            fixture_init(&f);
            if (broken)
                memset(&f.block.routes[entry].family, 0,
                       sizeof f.block.routes[entry] - offsetof(struct policy_route, family));
            trace_sink_init(&f.sink, f.items, TRACE_ITEMS_MAX);
            gate_input_init(&input, &f.input, entry, entry, &f.sink);
            assert_int_equal(gate_check_all(&input), !broken);
            assert_int_equal(input.blocked, broken);
            check_order(&f);
        }
}

static void the_first_check_that_blocks_is_the_one_that_is_named(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.retries_per_route_max = 0;
    f.block.policy.entries.len = 2;
    fixture_fail(&f, FAILURE_TIMEOUT);
    f.block.routes[1].payload_logging = 1;
    f.facts.data_classes = SET_OF(DATA_CLASS_PII);
    f.block.routes[1].context_tokens_max = 0;
    f.block.routes[1].price_as_of_unix_ms = 0;
    fixture_decide(&f);
    assert_true(slice_is(f.output.decision.blocked.check, "price_age"));
    assert_true(slice_is(f.output.decision.blocked.route, "beta"));
    assert_int_equal(f.output.decision.blocked.entry, 1);
    assert_int_equal(fixture_traced(&f, 1, "context")->verdict, VERDICT_BLOCK);
    assert_int_equal(fixture_traced(&f, 1, "logging")->verdict, VERDICT_BLOCK);
}

static void the_largest_policy_fits_into_a_trace(void **state)
{
    (void)state;
    assert_true((ROUTES_MAX + 1) * CHECK_END <= TRACE_ITEMS_MAX); /* one may be retried */
}

/* ---- entries without a route ---- */

SPOIL(silver)
{
    f->block.entries[FIXTURE_DEFAULT].customer_tiers = fixture_list(f, "gold");
    f->facts.customer_tier = SLICE_LITERAL("silver");
}
SPOIL(unseen)
{
    f->block.entries[FIXTURE_DEFAULT].requires_user_notice = 1;
    f->block.entries[FIXTURE_DEFAULT].notice = fixture_text(f, "sorry");
}
SPOIL(poor)
{
    f->block.entries[FIXTURE_DEFAULT].premium = 1;
}

/* Nor for its equivalent routes in other accounts and regions, nor where it says requires_*. */
static void approvals_of_fallbacks_are_not_asked_of_the_primary(void **state)
{
    static const enum check approvals[] = {
        CHECK_PARITY,      CHECK_EVAL,  CHECK_SIGN_OFF,      CHECK_COST_OWNER,
        CHECK_QUOTA_OWNER, CHECK_SPILL, CHECK_TOOL_CONTRACT, CHECK_BOUNDARY_APPROVAL,
    };
    struct policy_entry *primary;
    struct policy_route *other;
    struct fixture f;

    (void)state;
    fixture_init(&f);
    other = &f.block.routes[fixture_set(&f, 0, 2) + 1];
    other->account = other->account_owner = fixture_text(&f, "another");
    other->spend_owner = other->quota_owner = other->region = other->account;
    primary = &f.block.entries[0];
    primary->requires_eval_pass = primary->requires_cost_owner = 1;
    primary->requires_quota_owner = primary->requires_tool_contract_pass = 1;
    primary->sign_offs = SET_OF(SIGN_OFF_FINANCE);
    f.facts.needs = SET_OF(NEED_TOOLS);
    for (unsigned place = 0; place < 2; place++) {
        f.view.routes[primary->route].unhealthy = place ? REASON_BREAKER_OPEN : 0;
        f.view.routes[primary->route + 1].unhealthy = place ? 0 : REASON_BREAKER_OPEN;
        assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
        assert_int_equal(f.output.route, primary->route + place);
        for (size_t i = 0; i < sizeof approvals / sizeof *approvals; i++)
            assert_int_equal(fixture_traced(&f, 0, check_row(approvals[i])->name)->verdict,
                             VERDICT_NOT_REQUIRED);
    }
}

static void a_default_response_is_for_whom_its_entry_is_for(void **state)
{
    static const struct {
        void (*spoil)(struct fixture *f);
        const char *check;
    } cases[] = {
        {NULL, NULL}, {silver, "customer_tier"}, {unseen, "user_notice"}, {poor, "premium"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        const struct decision *decision;

        fixture_init(&f);
        f.block.policy.retries_per_route_max = 0;
        f.block.policy.entries.len = FIXTURE_ENTRIES;
        f.block.entries[1].allowed = f.block.entries[2].allowed = 0;
        fixture_fail(&f, FAILURE_TIMEOUT);
        if (cases[i].spoil)
            cases[i].spoil(&f);
        decision = fixture_decide(&f);
        assert_int_equal(decision->action, cases[i].check ? ACTION_FAIL_CLOSED : ACTION_COMPLETE);
        assert_int_equal(decision->has_blocked, cases[i].check != NULL);
        if (!cases[i].check)
            continue;
        assert_true(slice_is(decision->blocked.check, cases[i].check));
        assert_int_equal(decision->blocked.entry, FIXTURE_DEFAULT);
        assert_int_equal(decision->blocked.route.len, 0);
        assert_true(slice_is(decision->blocked.owner, "team"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_in_order_passes_every_gate),
        cmocka_unit_test(every_check_is_traced_in_the_order_of_its_table),
        cmocka_unit_test(the_first_check_that_blocks_is_the_one_that_is_named),
        cmocka_unit_test(the_largest_policy_fits_into_a_trace),
        cmocka_unit_test(a_default_response_is_for_whom_its_entry_is_for),
        cmocka_unit_test(approvals_of_fallbacks_are_not_asked_of_the_primary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
