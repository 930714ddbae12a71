/* After visible output: who may start it over, and who may not follow. */
#include "engine/attempt.h"
#include "fixture.h"

static void start(struct fixture *f, enum failure failure)
{
    fixture_init(f);
    fixture_fail(f, failure);
}

/* Neither starts output over: what the user saw would be followed by an answer to nothing. */
static void visible_output_is_followed_by_no_queue_and_no_default_response(void **state)
{
    static const unsigned last[] = {FIXTURE_QUEUE, FIXTURE_DEFAULT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct trace_item *item;
        struct fixture f;

        start(&f, FAILURE_TIMEOUT);
        f.block.policy.entries.len = last[i] + 1;
        f.block.policy.restart_after_partial_output = 1;
        f.facts.can_restart = f.facts.tolerates_queue = true;
        f.report.output_visible = true;
        for (unsigned entry = 1; entry < last[i]; entry++)
            f.block.entries[entry].allowed = 0;
        f.block.entries[last[i]].allow_after_partial_output = 1;
        assert_int_equal(fixture_decide(&f)->action, ACTION_FAIL_CLOSED);
        assert_int_equal(f.output.decision.disposition, DISPOSITION_USER_RETRY_REQUIRED);
        item = fixture_traced(&f, last[i], "before_output");
        assert_non_null(item);
        assert_int_equal(item->verdict, VERDICT_BLOCK);
        assert_true(slice_is(item->needed.text, "no output"));
    }
}

static void visible_output_needs_all_three_to_restart(void **state)
{
    (void)state;
    for (unsigned who = 0; who < 8; who++) {
        struct fixture f;

        start(&f, FAILURE_TIMEOUT);
        f.report.output_visible = true;
        f.block.policy.restart_after_partial_output = who & 1;
        f.block.entries[1].allow_after_partial_output = who >> 1 & 1;
        f.facts.can_restart = who >> 2 & 1;
        fixture_decide(&f);
        if (who == 7) {
            assert_int_equal(f.output.decision.action, ACTION_FALLBACK);
            assert_true(f.output.decision.restart_output);
        } else {
            assert_int_equal(f.output.decision.disposition, DISPOSITION_USER_RETRY_REQUIRED);
            assert_int_equal(f.output.decision.reason, REASON_OUTPUT_VISIBLE);
        }
    }
}

static void a_restart_does_not_race_the_time_to_first_output(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FAILURE_PARTIAL_STREAM);
    f.report.output_visible = true;
    f.block.policy.restart_after_partial_output = 1;
    f.block.entries[1].allow_after_partial_output = 1;
    f.block.entries[1].allowed |= SET_OF(FAILURE_PARTIAL_STREAM);
    f.facts.can_restart = true;
    f.input.now_ms = f.chain.admitted_ms + 20000;
    assert_int_equal(fixture_decide(&f)->action, ACTION_FALLBACK);
    assert_int_equal(f.output.decision.timeouts.first_output_ms, 20000);
}

static void no_limit_is_passed_by_a_restart(void **state)
{
    static const struct {
        const char *name;
        uint32_t attempts_max;
        uint64_t total_ms_max, cost_nusd_max, charged_nusd;
        bool restarts;
    } cases[] = {
        {"within all", 2, 60000, 100000000, 0, true},
        {"attempts", 1, 60000, 100000000, 0, false},
        {"total time", 2, 100, 100000000, 0, false},
        {"money", 2, 60000, 100000000, 100000000, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        start(&f, FAILURE_PARTIAL_STREAM);
        f.report.output_visible = true;
        f.block.policy.restart_after_partial_output = 1;
        f.block.entries[1].allow_after_partial_output = 1;
        f.block.entries[1].allowed |= SET_OF(FAILURE_PARTIAL_STREAM);
        f.facts.can_restart = true;
        f.block.policy.attempts_max = cases[i].attempts_max;
        f.block.policy.total_ms_max = cases[i].total_ms_max;
        f.block.policy.cost_nusd_max = cases[i].cost_nusd_max;
        f.chain.charged_nusd = cases[i].charged_nusd;
        if ((fixture_decide(&f)->reason == REASON_RESTART) != cases[i].restarts)
            fail_msg("%s", cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visible_output_is_followed_by_no_queue_and_no_default_response),
        cmocka_unit_test(visible_output_needs_all_three_to_restart),
        cmocka_unit_test(a_restart_does_not_race_the_time_to_first_output),
        cmocka_unit_test(no_limit_is_passed_by_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
