/* Switches, pins and the hard stop: what an operator, a rollback rule or too many failed providers
 * take out of the choice. */
#include "fixture.h"

static const struct view_switch by_operator = {SWITCH_SCOPE_ROUTE, 0};

static const char *switch_word(const struct fixture *f, unsigned entry)
{
    const struct trace_item *item = fixture_traced(f, entry, "switch");
    static char word[64];

    assert_non_null(item);
    assert_true(slice_is(item->needed.text, "on"));
    assert_int_equal(item->verdict,
                     slice_is(item->found.text, "on") ? VERDICT_PASS : VERDICT_BLOCK);
    snprintf(word, sizeof word, "%.*s", (int)item->found.text.len, item->found.text.ptr);
    return word;
}

static void the_trace_says_who_switched_what_off(void **state)
{
    static const struct {
        struct view_switch entry, route;
        const char *word;
    } cases[] = {
        {{0, 0}, {0, 0}, "on"},
        {{0, 0}, {SWITCH_SCOPE_ROUTE, 0}, "route"},
        {{0, 0}, {SWITCH_SCOPE_ACCOUNT, 0}, "account"},
        {{0, 0}, {SWITCH_SCOPE_PROVIDER, 0}, "provider"},
        {{SWITCH_SCOPE_ENTRY, 0}, {0, 0}, "entry"},
        {{SWITCH_SCOPE_ENTRY, ROLLBACK_RULE_SCHEMA_FAILURES}, {0, 0}, "schema_failures"},
        {{SWITCH_SCOPE_ENTRY, ROLLBACK_RULE_COST_SPIKE}, {SWITCH_SCOPE_ROUTE, 0}, "cost_spike"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        fixture_init(&f);
        f.block.policy.entries.len = 2;
        f.block.policy.retries_per_route_max = 0;
        f.view.entries_off[1] = cases[i].entry;
        f.view.routes[1].off = cases[i].route;
        fixture_fail(&f, FAILURE_TIMEOUT);
        assert_int_equal(fixture_decide(&f)->action,
                         strcmp(cases[i].word, "on") ? ACTION_FAIL_CLOSED : ACTION_FALLBACK);
        assert_string_equal(switch_word(&f, 1), cases[i].word);
        assert_false(f.output.decision.has_blocked); /* a switch is no gate */
    }
}

static void a_primary_that_is_switched_off_is_drained(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        fixture_init(&f);
        if (which)
            f.view.entries_off[0] = (struct view_switch){SWITCH_SCOPE_ENTRY, 0};
        else
            f.view.routes[0].off = by_operator;
        /* More than sick: who names the breaker alone does not stand in. */
        f.view.routes[0].unhealthy = REASON_BREAKER_OPEN;
        f.view.routes[0].opened_by = FAILURE_TIMEOUT;
        assert_int_equal(fixture_decide(&f)->reason, REASON_UNHEALTHY);
        assert_int_equal(f.output.decision.error.http_status, 503);
        f.block.entries[2].admission_reasons = SET_OF(REASON_ACCOUNT_DRAINED);
        assert_int_equal(fixture_decide(&f)->reason, REASON_ACCOUNT_DRAINED);
        assert_int_equal(f.output.entry, 2);
    }
}

static void what_is_switched_off_is_passed_over(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.block.policy.retries_per_route_max = 0;
    f.facts.tolerates_queue = true;
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal((fixture_decide(&f), f.output.entry), 1);
    f.view.routes[1].off = by_operator;
    assert_int_equal((fixture_decide(&f), f.output.entry), 2);
    f.view.entries_off[2].scope = SWITCH_SCOPE_ENTRY;
    assert_int_equal((fixture_decide(&f), f.output.entry), FIXTURE_QUEUE);
    f.view.entries_off[FIXTURE_QUEUE].scope = SWITCH_SCOPE_ENTRY;
    assert_int_equal((fixture_decide(&f), f.output.entry), FIXTURE_DEFAULT);
    f.view.entries_off[FIXTURE_DEFAULT].scope = SWITCH_SCOPE_ENTRY;
    assert_int_equal(fixture_decide(&f)->reason, REASON_NO_ELIGIBLE_ROUTE);
    assert_string_equal(switch_word(&f, FIXTURE_DEFAULT), "entry");
}

static void a_route_that_was_switched_off_meanwhile_is_not_retried(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY);
    f.view.routes[0].off = by_operator;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_string_equal(switch_word(&f, 0), "route");
}

static void a_policy_that_is_switched_off_sends_nothing(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.view.policy_off = (struct view_switch){SWITCH_SCOPE_POLICY, 0};
    assert_int_equal(fixture_decide(&f)->reason, REASON_POLICY_SWITCHED_OFF);
    assert_string_equal(switch_word(&f, 0), "policy");
    f.view.policy_off.scope = 0;
    fixture_fail(&f, FAILURE_TIMEOUT);
    f.view.policy_off.scope = SWITCH_SCOPE_POLICY;
    assert_int_equal(fixture_decide(&f)->reason, REASON_POLICY_SWITCHED_OFF);
    assert_int_equal(f.output.decision.failure, FAILURE_TIMEOUT);
    assert_int_equal(f.output.decision.error.http_status, 403);
    assert_int_equal(f.output.charged_nusd, 0);
    /* What the caller has stays the caller's: an answer is delivered, and output is not hidden. */
    f.input.classification.failure = FAILURE_NONE;
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    f.input.classification.failure = FAILURE_TIMEOUT;
    f.report.output_visible = true;
    f.block.policy.restart_after_partial_output = 1;
    f.block.entries[1].allow_after_partial_output = 1;
    f.facts.can_restart = true;
    assert_int_equal(fixture_decide(&f)->disposition, DISPOSITION_USER_RETRY_REQUIRED);
}

/* ---- pins ---- */

static void a_pin_goes_to_its_entry_whatever_the_reasons_say(void **state)
{
    (void)state;
    for (unsigned entry = 0; entry < 3; entry++) {
        struct fixture f;

        fixture_init(&f);
        f.block.entries[entry].allowed = 0;
        f.view.pin = (uint8_t)(entry + 1);
        f.view.routes[entry ? 0 : 1].unhealthy = REASON_BREAKER_OPEN; /* another one's */
        assert_int_equal(fixture_decide(&f)->action, ACTION_SEND);
        assert_int_equal(f.output.decision.reason, REASON_PINNED);
        assert_int_equal(f.output.entry, entry);
    }
}

static void pinned_to_wait_and_pinned_to_say_sorry(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.view.pin = 1 + FIXTURE_DEFAULT;
    assert_int_equal(fixture_decide(&f)->action, ACTION_COMPLETE);
    f.view.pin = 1 + FIXTURE_QUEUE;
    assert_int_equal(fixture_decide(&f)->reason, REASON_PIN_BLOCKED);
    f.facts.tolerates_queue = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_QUEUE);
}

static void a_pin_that_cannot_be_kept_fails_closed(void **state)
{
    static const char *const names[] = {"a gate", "a breaker", "a switch", "entry's switch",
                                        "no such entry"};

    (void)state;
    for (unsigned why = 0; why < 5; why++) {
        struct fixture f;

        fixture_init(&f);
        f.view.pin = why == 4 ? 4 : 2;
        f.block.routes[1].priced = why == 0 ? 0 : f.block.routes[1].priced;
        f.view.routes[1].unhealthy = why == 1 ? REASON_BREAKER_OPEN : REASON_UNSPECIFIED;
        f.view.routes[1].off.scope = why == 2 ? SWITCH_SCOPE_ROUTE : 0;
        f.view.entries_off[1].scope = why == 3 ? SWITCH_SCOPE_ENTRY : 0;
        if (fixture_decide(&f)->reason != REASON_PIN_BLOCKED)
            fail_msg("%s", names[why]);
        assert_int_equal(f.output.decision.error.http_status, 403);
        assert_int_equal(f.output.decision.has_blocked, why == 0);
    }
}

static void the_law_goes_on_behind_a_pin(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.block.policy.retries_per_route_max = 0;
    f.view.pin = 2;
    fixture_fail(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(f.output.entry, 2);
}

/* ---- the hard stop ---- */

static void start_hard_stop(struct fixture *f, uint32_t providers)
{
    fixture_init(f);
    f->block.policy.providers_failed_max = providers;
    f->block.policy.retries_per_route_max = 1;
    fixture_fail(f, FAILURE_TIMEOUT);
}

static void after_so_many_providers_only_a_noticed_entry_follows(void **state)
{
    struct fixture f;
    const struct trace_item *item;

    (void)state;
    start_hard_stop(&f, 2);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY); /* the same provider again */
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(fixture_traced(&f, 1, "hard_stop")->verdict, VERDICT_PASS);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->reason, REASON_HARD_STOP); /* a retry neither */
    assert_int_equal(f.output.decision.failure, FAILURE_TIMEOUT);
    item = fixture_traced(&f, 2, "hard_stop");
    assert_int_equal(item->verdict, VERDICT_BLOCK);
    assert_int_equal(item->found.number, 2);
    assert_int_equal(item->needed.number, 2);
    f.block.entries[2].requires_user_notice = 1;
    f.block.entries[2].notice = fixture_text(&f, "this may be wrong");
    f.facts.shows_notice = true;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_true(slice_is(f.output.decision.notice.text, "this may be wrong"));
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_RETRY); /* it shows its notice */
}

static void accounts_of_one_provider_count_once(void **state)
{
    struct fixture f;

    (void)state;
    start_hard_stop(&f, 2);
    f.block.policy.retries_per_route_max = 0;
    f.block.routes[1].provider = f.block.routes[0].provider;
    fixture_decide(&f);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(fixture_traced(&f, 2, "hard_stop")->found.number, 1);
    fixture_step(&f, FAILURE_TIMEOUT);
    assert_int_equal(fixture_decide(&f)->reason, REASON_HARD_STOP);
}

static void a_hard_stop_at_once_lets_nothing_follow(void **state)
{
    struct fixture f;

    (void)state;
    start_hard_stop(&f, 1);
    f.block.policy.entries.len = FIXTURE_ENTRIES;
    f.facts.tolerates_queue = true;
    assert_int_equal(fixture_decide(&f)->reason, REASON_HARD_STOP);
    f.input.classification.failure = FAILURE_AUTH_ERROR;
    assert_int_equal(fixture_decide(&f)->reason, REASON_TERMINAL_CLASS); /* that comes first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trace_says_who_switched_what_off),
        cmocka_unit_test(a_primary_that_is_switched_off_is_drained),
        cmocka_unit_test(what_is_switched_off_is_passed_over),
        cmocka_unit_test(a_route_that_was_switched_off_meanwhile_is_not_retried),
        cmocka_unit_test(a_policy_that_is_switched_off_sends_nothing),
        cmocka_unit_test(a_pin_goes_to_its_entry_whatever_the_reasons_say),
        cmocka_unit_test(pinned_to_wait_and_pinned_to_say_sorry),
        cmocka_unit_test(a_pin_that_cannot_be_kept_fails_closed),
        cmocka_unit_test(the_law_goes_on_behind_a_pin),
        cmocka_unit_test(after_so_many_providers_only_a_noticed_entry_follows),
        cmocka_unit_test(accounts_of_one_provider_count_once),
        cmocka_unit_test(a_hard_stop_at_once_lets_nothing_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
