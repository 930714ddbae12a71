/* The law after an attempt, walked over every state and event: whatever the rows decide, some
 * things never happen. */
#include "fixture.h"

static void start(struct fixture *f, enum failure failure)
{
    fixture_init(f);
    fixture_fail(f, failure);
}

struct event {
    enum failure failure;
    bool visible, restartable, effect, named, eligible, caller_late;
    unsigned attempts_made; /* of 3 */
};

static void walk(const struct event *event)
{
    const struct tool_call call = {.side_effect = SIDE_EFFECT_POSSIBLE};
    const struct failure_row *row = signalbox_failure_row(event->failure);
    struct fixture f;
    const struct decision *decision = &f.output.decision;
    bool ends;

    start(&f, FAILURE_TIMEOUT);
    f.block.policy.attempts_max = 3;
    f.block.policy.entries.len = 2;
    f.chain.attempts_count = event->attempts_made;
    f.input.classification.failure = event->failure;
    f.report.output_visible = event->visible;
    f.block.policy.restart_after_partial_output = event->restartable;
    f.block.entries[1].allow_after_partial_output = event->restartable;
    f.facts.can_restart = event->restartable;
    f.report.tool_calls = (struct tool_calls){&call, event->effect};
    f.block.entries[1].allowed = event->named ? SET_OF(event->failure) : 0;
    f.block.routes[1].priced = event->eligible ? f.block.routes[1].priced : 0;
    f.block.routes[1].context_tokens_max++;
    f.chain.deadline_ms = event->caller_late ? f.input.now_ms : 0;
    fixture_decide(&f);
    chain_step(&f.chain, &f.input, &f.output);

    ends = f.chain.state == CHAIN_STATE_ENDED;
    assert_int_equal(ends, decision->disposition != DISPOSITION_UNSPECIFIED);
    assert_int_equal(ends, !decision->has_route);
    assert_int_not_equal(decision->reason, REASON_UNSPECIFIED);
    assert_true(f.chain.attempts_count <= 3);
    assert_int_equal(decision->action == ACTION_FAIL_CLOSED, decision->error.http_status != 0);
    if (event->failure == FAILURE_NONE)
        assert_int_equal(decision->action, ACTION_COMPLETE);
    if (!ends) {
        assert_false(event->effect);
        assert_false(event->caller_late);
        assert_true(row->override != FAILURE_OVERRIDE_NEVER);
        assert_true(event->attempts_made < 3);
        if (event->visible)
            assert_true(event->restartable && decision->restart_output);
        if (decision->action == ACTION_RETRY)
            assert_true(row->retryable && !event->visible);
        if (decision->action == ACTION_FALLBACK)
            assert_true(event->named && event->eligible);
    }
}

static void no_state_and_event_breaks_the_law(void **state)
{
    unsigned walked = 0;

    (void)state;
    for (unsigned failure = 0; failure < FAILURE_END; failure++) {
        if (failure && !signalbox_failure_known(failure))
            continue;
        for (unsigned bits = 0; bits < 64; bits++)
            for (unsigned made = 1; made <= 3; made++, walked++)
                walk(&(struct event){
                    .failure = (enum failure)failure,
                    .visible = bits & 1,
                    .restartable = bits >> 1 & 1,
                    .effect = bits >> 2 & 1,
                    .named = bits >> 3 & 1,
                    .eligible = bits >> 4 & 1,
                    .caller_late = bits >> 5 & 1,
                    .attempts_made = made,
                });
    }
    assert_true(walked > 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_state_and_event_breaks_the_law),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
