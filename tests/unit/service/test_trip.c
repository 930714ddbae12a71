/* Rollback rules on live traffic: each trips by itself, on a fallback entry alone, and not by what
 * is the caller's own. */
#include "service/trip.h"
#include "unit/service/watched.h"

#define WINDOW_MS 600000

static int setup_on_primary(void **state)
{
    fixture_setup(state);
    fixture_activate(*state, fixture_json(*state, watched_document));
    return 0;
}

static void cost_much(struct question *report)
{
    report->report.usage.amounts[UNIT_OUTPUT_TOKEN] = 4000;
}

static void answer_from_elsewhere(struct question *report)
{
    report->report.reported_region = SLICE_LITERAL("mars");
}

static void answer_by_another_account(struct question *report)
{
    report->report.reported_account = SLICE_LITERAL("mock-a-main");
}

static void refuse(struct question *report)
{
    report->report.finish = FINISH_REFUSAL;
}

static void give_no_usage(struct question *report)
{
    report->report.usage = (struct usage){.amounts = {0}};
}

static void break_request(struct question *report)
{
    report_status(report, 400);
    report->report.usage = (struct usage){.amounts = {0}};
    report->report.body_state = BODY_STATE_UNSPECIFIED;
}

static void leave(struct question *report)
{
    report->report.caller_gone = true;
    report->report.schema_validation = SCHEMA_VALIDATION_FAILED;
    report->report.usage = (struct usage){.amounts = {0}};
}

static void overflow_context(struct question *report)
{
    break_request(report);
    report->report.error_code = SLICE_LITERAL("context_length_exceeded");
}

struct seen {
    char found[64];
};

static void find_switch(const struct ticket_answer *answer, void *context)
{
    struct seen *seen = context;

    for (unsigned i = 0; i < answer->decision->trace.count; i++) {
        const struct trace_item *item = &answer->decision->trace.items[i];

        if (slice_is(item->check, "switch") && item->entry == 1)
            snprintf(seen->found, sizeof seen->found, "%.*s", (int)item->found.text.len,
                     item->found.text.ptr);
    }
}

static void assert_traced(struct fixture *f, enum rollback_rule rule)
{
    struct question admission = question_admission(fixture_id(f));
    struct seen seen = {.found = ""};
    struct asked asked = {.inspect = find_switch, .context = &seen};

    admission.want_trace = true;
    fixture_answer(f, &admission, &asked);
    assert_string_equal(seen.found, signalbox_rollback_rule_name(rule));
}

static const struct {
    enum rollback_rule rule;
    spoil *spoilt;
    unsigned good, bad; /* good ones first; with the last bad one it trips */
} trips[] = {
    {ROLLBACK_RULE_SCHEMA_FAILURES, fail_schema, 2, 2},
    {ROLLBACK_RULE_COST_SPIKE, cost_much, 8, 4},
    {ROLLBACK_RULE_BOUNDARY_ERROR, answer_from_elsewhere, 0, 1},
    {ROLLBACK_RULE_BOUNDARY_ERROR, answer_by_another_account, 5, 1},
    {ROLLBACK_RULE_REFUSAL_RATE, refuse, 2, 2},
    {ROLLBACK_RULE_MISSING_REPORTS, give_no_usage, 2, 2},
    {ROLLBACK_RULE_MODEL_MISMATCH, report_another_model, 3, 1},
};

static void each_rule_trips_with_the_outcome_that_fills_its_measure(void **state)
{
    struct fixture *f;

    for (size_t i = 0; i < sizeof trips / sizeof *trips; i++) {
        struct switch_record record;
        struct audit_record audit;
        char id[UUID_TEXT_BYTES + 1];

        if (i) {
            fixture_teardown(state);
            watched_setup(state);
        }
        f = *state;
        for (unsigned j = 0; j < trips[i].good; j++)
            watched_play(f, j % 2 ? "acme" : "globex", spoil_nothing);
        for (unsigned j = 0; j < trips[i].bad; j++) {
            assert_false(watched_is_off(f, &record));
            uuid_format(watched_play(f, j % 2 ? "acme" : "globex", trips[i].spoilt), id);
        }
        if (!watched_is_off(f, &record))
            fail_msg("%s did not trip", signalbox_rollback_rule_name(trips[i].rule));
        assert_int_equal(record.rule, trips[i].rule);
        assert_int_equal(record.scope, SWITCH_SCOPE_ENTRY);
        assert_int_equal(record.by.len, 0);
        assert_text(record.request_id, id);
        assert_true(watched_acts(f));
        assert_traced(f, trips[i].rule);
        fixture_reopen(f);
        assert_true(watched_acts(f));
        assert_traced(f, trips[i].rule);
        assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 1);
        assert_text(audit.subject, ENTRY);
        assert_text(audit.environment, "production");
        assert_true(audit.detail.len > 0);
        watched_switch(f, ENTRY, true);
        assert_false(watched_acts(f));
    }
}

static void one_tenants_bad_outcomes_do_not_trip_while_another_is_served(void **state)
{
    static const struct {
        spoil *spoilt;
        unsigned good, bad;
    } cases[] = {{fail_schema, 4, 10}, {refuse, 4, 10}, {give_no_usage, 4, 10}, {cost_much, 12, 8}};
    struct switch_record record;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture *f;

        if (i) {
            fixture_teardown(state);
            watched_setup(state);
        }
        f = *state;
        for (unsigned j = 0; j < cases[i].good; j++)
            watched_play(f, "globex", spoil_nothing);
        for (unsigned j = 0; j < cases[i].bad; j++)
            watched_play(f, "acme", cases[i].spoilt);
        assert_false(watched_is_off(f, &record));
        watched_play(f, "globex", cases[i].spoilt); /* both see it */
        assert_true(watched_is_off(f, &record));
    }
}

static void malformed_requests_and_callers_who_leave_trip_nothing(void **state)
{
    static spoil *const spoilt[] = {break_request, leave, overflow_context};
    struct fixture *f = *state;
    struct switch_record record;

    for (unsigned i = 0; i < 60; i++)
        watched_play(f, i % 2 ? "acme" : "globex", spoilt[i % 3]);
    assert_false(watched_is_off(f, &record));
    assert_false(watched_acts(f));
}

static void a_primary_is_told_of_once_in_a_window_and_never_switched(void **state)
{
    struct fixture *f = *state;
    struct audit_record audit;

    for (unsigned i = 0; i < 5; i++)
        watched_play(f, "acme", report_another_model);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_ALERT, &audit), 1);
    assert_text(audit.subject, DEMO_ENTRY0);
    f->now_ms += WINDOW_MS;
    watched_play(f, "acme", report_another_model);
    watched_play(f, "acme", report_another_model);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_ALERT, &audit), 2);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 0);
    watched_play(f, "acme", spoil_nothing); /* it still serves */
}

static void a_policy_that_asks_for_no_rule_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;

    fixture_activate(
        f, fixture_json(
               f, "{'policy_id':'watched','workflow':'demo-chat','environment':'production',"
                  "'primary_route':{'route':'demo-at-mock-a'},'data_classes':['customer_content'],"
                  "'fallback_routes':[{'route':'demo-at-mock-b','allowed_reasons':["
                  "'account_drained']}],'rollback':{'disable_on_model_mismatch':false,"
                  "'disable_on_schema_failures':false},"
                  "'limits':{'max_total_attempts':2,'max_output_tokens':4000}}"));
    for (unsigned i = 0; i < 30; i++)
        watched_play(f, i % 2 ? "acme" : "globex", i % 3 ? fail_schema : report_another_model);
    assert_false(watched_is_off(f, &record));
}

/* ---- who says what, and when ---- */

static void an_operators_word_stands_above_the_rules(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;
    struct audit_record audit;
    struct asked asked;
    struct uuid id = watched_admit(f, "acme", &asked);
    struct question report = question_report(id, 1, ENTRY);

    watched_switch(f, ENTRY, false);
    report_success(&report);
    report_another_model(&report);
    fixture_answer(f, &report, &asked); /* was under way; it would have tripped */
    assert_true(watched_is_off(f, &record));
    assert_int_equal(record.rule, ROLLBACK_RULE_UNSPECIFIED);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 0);
}

static void an_operator_takes_over_what_a_rule_turned_off(void **state)
{
    struct fixture *f = *state;
    struct switch_record by_rule, by_operator;

    watched_play(f, "acme", report_another_model);
    assert_true(watched_is_off(f, &by_rule));
    assert_int_equal(by_rule.rule, ROLLBACK_RULE_MODEL_MISMATCH);
    watched_switch(f, ENTRY, false);
    assert_true(watched_is_off(f, &by_operator));
    assert_int_equal(by_operator.rule, ROLLBACK_RULE_UNSPECIFIED);
    assert_text(by_operator.reason, "test");
}

static void what_was_turned_on_again_counts_anew(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;

    watched_play(f, "acme", fail_schema);
    watched_play(f, "globex", fail_schema);
    watched_play(f, "acme", fail_schema);
    watched_play(f, "globex", fail_schema);
    assert_true(watched_is_off(f, &record));
    watched_switch(f, ENTRY, true);
    watched_play(f, "acme", fail_schema);
    watched_play(f, "globex", fail_schema);
    watched_play(f, "acme", fail_schema);
    assert_false(watched_is_off(f, &record));
    watched_play(f, "globex", fail_schema);
    assert_true(watched_is_off(f, &record));
}

static void a_repeated_report_is_counted_once(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;

    for (unsigned i = 0; i < 3; i++) {
        struct asked asked;
        struct uuid id = watched_admit(f, i % 2 ? "acme" : "globex", &asked);
        struct question report = question_report(id, 1, ENTRY);

        report_success(&report);
        fail_schema(&report);
        for (unsigned j = 0; j < 5; j++) {
            fixture_answer(f, &report, &asked);
            assert_int_equal(asked.result, RESULT_OK);
        }
    }
    assert_false(watched_is_off(f, &record));
    watched_play(f, "acme", fail_schema);
    assert_true(watched_is_off(f, &record));
}

/* ---- nobody reports ---- */

static uint64_t unreported(struct fixture *f)
{
    struct service_stats stats;

    service_stats(f->service, &stats);
    return stats.unreported;
}

static void turn_until(struct fixture *f, uint64_t count)
{
    for (int i = 0; i < 20000 && unreported(f) < count; i++) {
        f->now_ms += 10; /* what is still being written is tried again */
        service_turn(f->service, f->now_ms);
        usleep(200);
    }
    assert_int_equal(unreported(f), count);
}

static void attempts_that_nobody_reports_on_trip_too(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[4];
    struct switch_record record;
    struct question report;
    struct asked asked;
    char id[UUID_TEXT_BYTES + 1];

    for (unsigned i = 0; i < 3; i++)
        ids[i] = watched_admit(f, i % 2 ? "acme" : "globex", &asked);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    turn_until(f, 3);
    assert_false(watched_is_off(f, &record));
    /* A late report is not counted a second time. */
    report = question_report(ids[0], 1, ENTRY);
    report_success(&report);
    give_no_usage(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_false(watched_is_off(f, &record));
    ids[3] = watched_admit(f, "acme", &asked);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    turn_until(f, 4);
    assert_true(watched_is_off(f, &record));
    assert_int_equal(record.rule, ROLLBACK_RULE_MISSING_REPORTS);
    uuid_format(ids[3], id);
    assert_text(record.request_id, id);
    fixture_reopen(f);
    assert_true(watched_acts(f));
}

/* ---- by a call ---- */

static void a_failed_evaluation_switches_the_entry_off(void **state)
{
    static const char *const members[] = {
        "'kind':'eval','passed':false,'reviewed_by':'rita','eval_set':'set-2','samples':200,"
        "'pass_rate_percent':60,'baseline_percent':98,'regression_budget_percent':1"};
    const struct fixture_place place = {"demo-chat", "production"};
    struct fixture *f = *state;
    struct switch_record record;
    struct audit_record audit;

    fixture_put_evidence(f, fixture_evidence(f, &place, ENTRY, members, 1));
    assert_true(watched_is_off(f, &record));
    assert_int_equal(record.rule, ROLLBACK_RULE_FAILED_EVAL);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 1);
    /* The primary answers with the same model. */
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_ALERT, &audit), 1);
    assert_text(audit.subject, DEMO_ENTRY0);
    fixture_reopen(f);
    assert_true(watched_acts(f));
    assert_traced(f, ROLLBACK_RULE_FAILED_EVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, watched_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_rule_trips_with_the_outcome_that_fills_its_measure),
        TEST(one_tenants_bad_outcomes_do_not_trip_while_another_is_served),
        TEST(malformed_requests_and_callers_who_leave_trip_nothing),
        cmocka_unit_test_setup_teardown(a_primary_is_told_of_once_in_a_window_and_never_switched,
                                        setup_on_primary, fixture_teardown),
        TEST(a_policy_that_asks_for_no_rule_is_left_alone),
        TEST(an_operators_word_stands_above_the_rules),
        TEST(an_operator_takes_over_what_a_rule_turned_off),
        TEST(what_was_turned_on_again_counts_anew),
        TEST(a_repeated_report_is_counted_once),
        TEST(attempts_that_nobody_reports_on_trip_too),
        TEST(a_failed_evaluation_switches_the_entry_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
