/* Dry runs: what would be answered, and that nothing happens. */
#include "unit/service/fixture.h"

static void an_admission_is_explained_with_its_trace_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct question question = question_admission(fixture_id(f));
    const struct request_query query = {.has_id = false};
    struct decision *decisions;
    struct service_stats stats;
    struct record record;
    unsigned count;

    assert_int_equal(service_explain(f->service, fixture_call(f), &question.facts, NULL, 0, 0,
                                     &decisions, &count),
                     RESULT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(decisions[0].action, ACTION_SEND);
    assert_text(decisions[0].route.id, DEMO_ENTRY0);
    assert_true(decisions[0].has_trace);
    assert_true(decisions[0].trace.count > 0);
    assert_false(decisions[0].durable);
    assert_int_equal(decisions[0].resume_token.len, 0);
    service_stats(f->service, &stats);
    assert_int_equal(stats.questions, 0);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_NOT_FOUND);
}

static void reports_are_walked_until_a_terminal_answer(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f)), failed, good;
    struct report reports[4];
    struct decision *decisions;
    unsigned count;

    failed = question_report(admission.request_id, 1, "");
    report_status(&failed, 500);
    good = question_report(admission.request_id, 3, "");
    report_success(&good);
    reports[0] = reports[1] = failed.report;
    reports[2] = reports[3] = good.report;
    assert_int_equal(service_explain(f->service, fixture_call(f), &admission.facts, reports, 4, 0,
                                     &decisions, &count),
                     RESULT_OK);
    assert_int_equal(count, 4);
    assert_int_equal(decisions[1].action, ACTION_RETRY);
    assert_int_equal(decisions[2].action, ACTION_FALLBACK);
    assert_text(decisions[2].route.id, DEMO_ENTRY1);
    assert_int_equal(decisions[3].action, ACTION_COMPLETE);
}

static void time_passes_as_the_reports_tell(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f)), failed;
    struct decision *decisions;
    unsigned count;

    failed = question_report(admission.request_id, 1, "");
    report_timeout(&failed);
    failed.report.elapsed_ms = 25000; /* beyond the policy's time to first output */
    assert_int_equal(service_explain(f->service, fixture_call(f), &admission.facts, &failed.report,
                                     1, 0, &decisions, &count),
                     RESULT_OK);
    assert_int_equal(count, 2);
    assert_int_equal(decisions[1].action, ACTION_FAIL_CLOSED);
    assert_int_equal(decisions[1].reason, REASON_MAX_ELAPSED);
}

static void a_refused_key_and_a_foreign_tenant_are_told_apart(void **state)
{
    static const struct slice tenants[] = {SLICE_LITERAL("globex")};
    struct fixture *f = *state;
    const struct principal caller = {.role = ROLE_GATEWAY, .tenants = {tenants, 1}};
    struct question question = question_admission(fixture_id(f));
    struct decision *decisions;
    unsigned count;

    question.facts.key_digest = (struct slice){"0123456789abcdef0123456789abcdef", 32};
    assert_int_equal(service_explain(f->service, fixture_call(f), &question.facts, NULL, 0, 0,
                                     &decisions, &count),
                     RESULT_OK);
    assert_int_equal(decisions[0].reason, REASON_UNKNOWN_PRINCIPAL);
    question.facts.key_digest.len = 0;
    fixture_call(f)->caller = &caller;
    assert_int_equal(
        service_explain(f->service, &f->call, &question.facts, NULL, 0, 0, &decisions, &count),
        RESULT_DENIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_admission_is_explained_with_its_trace_and_changes_nothing),
        TEST(reports_are_walked_until_a_terminal_answer),
        TEST(time_passes_as_the_reports_tell),
        TEST(a_refused_key_and_a_foreign_tenant_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
