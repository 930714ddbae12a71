/* Questions and their answers: what is new, what was seen before, what comes too early, who may
 * ask. */
#include "unit/service/fixture.h"

static struct fixture *fixture_of(void **state)
{
    return *state;
}

static void an_admission_is_answered_at_once_and_not_durable(void **state)
{
    struct fixture *f = fixture_of(state);
    struct question question = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    fixture_ask(f, &question, &asked);
    assert_int_equal(asked.answers, 1);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_SEND);
    assert_false(asked.decision.durable);
    assert_string_equal(asked.route, DEMO_ENTRY0);
    assert_true(asked.token_bytes > 100 && asked.token_bytes <= RESUME_TOKEN_BYTES_MAX);
    assert_int_equal(service_waiting(f->service), 0);
    fixture_wait_durable(f, &question);
}

static void a_report_is_answered_when_it_is_durable(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    report_success(&report);
    question_resume(&report, &asked);
    fixture_ask(f, &report, &asked);
    assert_int_equal(asked.answers, 0);
    assert_int_equal(service_waiting(f->service), 1);
    fixture_wait(f, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    assert_true(asked.decision.durable);
    assert_int_equal(asked.decision.disposition, DISPOSITION_PRIMARY_SUCCESS);
    assert_true(asked.decision.has_record);
    assert_int_equal(asked.token_bytes, 0);
    assert_int_equal(service_waiting(f->service), 0);
}

static void an_ended_request_leaves_memory_and_is_answered_from_history(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked first = {.answers = 0}, second = {.answers = 0};
    struct service_stats stats;

    fixture_answer(f, &admission, &first);
    report_success(&report);
    fixture_answer(f, &report, &first);
    service_stats(f->service, &stats);
    assert_int_equal(stats.open_requests, 0);
    fixture_answer(f, &report, &second);
    assert_int_equal(second.result, RESULT_OK);
    assert_int_equal(second.decision.action, ACTION_COMPLETE);
    assert_true(second.decision.durable);
    assert_true(first.decision.decision_id == second.decision.decision_id);
    fixture_answer(f, &admission, &second);
    assert_int_equal(second.decision.action, ACTION_SEND);
    assert_true(second.decision.durable);
    service_stats(f->service, &stats);
    assert_int_equal(stats.open_requests, 0);
    assert_int_equal(stats.duplicates, 2);
}

static void the_same_admission_again_gets_the_same_answer(void **state)
{
    struct fixture *f = fixture_of(state);
    struct question question = question_admission(fixture_id(f));
    struct asked first = {.answers = 0}, second = {.answers = 0};
    struct service_stats stats;

    fixture_answer(f, &question, &first);
    question.deadline_ms = 5000; /* is not part of what is asked */
    question.want_trace = true;
    f->now_ms += 1000;
    fixture_answer(f, &question, &second);
    assert_int_equal(second.result, RESULT_OK);
    assert_true(first.decision.decision_id == second.decision.decision_id);
    assert_int_equal(first.decision.timeouts.total_ms, second.decision.timeouts.total_ms);
    assert_int_equal(first.token_bytes, second.token_bytes);
    assert_memory_equal(first.token, second.token, first.token_bytes);
    assert_true(second.decision.has_trace);
    assert_true(second.decision.trace.count > 0);
    service_stats(f->service, &stats);
    assert_int_equal(stats.duplicates, 1);
    assert_int_equal(stats.open_requests, 1);
}

static void the_same_question_with_other_facts_is_refused(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    admission.facts.max_output_tokens++;
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.result, RESULT_EXISTS);
    report_status(&report, 500);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    report.report.error_message = SLICE_LITERAL("other words, though never stored");
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_EXISTS);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_EXISTS);
}

static void a_duplicate_in_flight_waits_for_the_same_answer(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked first = {.answers = 0}, second = {.answers = 0}, third = {.answers = 0};

    fixture_answer(f, &admission, &first);
    report_timeout(&report);
    fixture_ask(f, &report, &first);
    fixture_ask(f, &report, &second);
    assert_int_equal(first.answers + second.answers, 0);
    assert_int_equal(service_waiting(f->service), 2);
    fixture_ask(f, &admission, &third); /* is known already */
    assert_int_equal(third.answers, 1);
    fixture_wait(f, &first);
    fixture_wait(f, &second);
    assert_int_equal(first.result, RESULT_OK);
    assert_true(first.decision.has_route);
    assert_true(first.decision.decision_id == second.decision.decision_id);
    assert_memory_equal(first.token, second.token, first.token_bytes);
}

static void facts_repeated_with_a_report_do_not_make_it_another_question(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    report.has_facts = true;
    report.facts = admission.facts;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
}

static void a_skipped_boundary_is_out_of_order(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 2, DEMO_ENTRY0);
    struct asked admitted = {.answers = 0}, first = {.answers = 0}, second = {.answers = 0};

    fixture_answer(f, &admission, &admitted);
    report_status(&report, 500);
    question_resume(&report, &admitted);
    fixture_answer(f, &report, &first);
    assert_int_equal(first.result, RESULT_PRECONDITION);
    assert_string_equal(first.reason, "OUT_OF_ORDER");
    /* Neither may boundary 2 come while boundary 1 is being written. */
    report.boundary = 1;
    fixture_ask(f, &report, &first);
    report.boundary = 2;
    fixture_answer(f, &report, &second);
    assert_string_equal(second.reason, "OUT_OF_ORDER");
    fixture_wait(f, &first);
    assert_int_equal(first.result, RESULT_OK);
}

static void nothing_follows_a_terminal_answer(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked admitted = {.answers = 0}, asked = {.answers = 0};

    fixture_answer(f, &admission, &admitted);
    report_success(&report);
    question_resume(&report, &admitted);
    fixture_answer(f, &report, &asked);
    report.boundary = 2;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_PRECONDITION);
    assert_string_equal(asked.reason, "OUT_OF_ORDER");
}

static void a_malformed_question_is_refused_with_its_field(void **state)
{
    struct fixture *f = fixture_of(state);
    const struct question good = question_admission(fixture_id(f));
    struct question q;
    struct asked asked = {.answers = 0};

#define REFUSED(change, where)                                                                     \
    q = good;                                                                                      \
    change;                                                                                        \
    fixture_answer(f, &q, &asked);                                                                 \
    assert_int_equal(asked.result, RESULT_INVALID);                                                \
    assert_string_equal(asked.field, where)
    REFUSED(q.request_id.bytes[6] = 0x40, "request_id");
    REFUSED(q.request_id = uuid_make(NOW_MS - REQUEST_ID_SKEW_MS_MAX - 1), "request_id");
    REFUSED(q.request_id = uuid_make(NOW_MS + REQUEST_ID_SKEW_MS_MAX + 1), "request_id");
    REFUSED(q.has_facts = false, "admission");
    REFUSED(q.boundary = 1, "report");
    REFUSED(q.boundary = ATTEMPTS_MAX + 1, "boundary");
    REFUSED(q.facts.tenant = SLICE_LITERAL(""), "admission.tenant");
    REFUSED(q.facts.key_digest = SLICE_LITERAL("short"), "admission.key_digest");
    REFUSED(q.facts.workload.len = NAME_BYTES_MAX + 1, "admission.workload");
#undef REFUSED
    q = good;
    q.request_id = uuid_make(NOW_MS - REQUEST_ID_SKEW_MS_MAX);
    fixture_answer(f, &q, &asked);
    assert_int_equal(asked.result, RESULT_OK);
}

static void a_report_on_another_route_than_the_answers_is_refused(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY1);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    assert_string_equal(asked.field, "report.route");
}

static void an_unknown_workload_fails_closed_durably(void **state)
{
    struct fixture *f = fixture_of(state);
    struct question question = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};
    struct service_stats stats;

    question.facts.workload = SLICE_LITERAL("nobody-wrote-a-policy");
    fixture_ask(f, &question, &asked);
    assert_int_equal(asked.answers, 0);
    fixture_wait(f, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_FAIL_CLOSED);
    assert_int_equal(asked.decision.reason, REASON_NO_ACTIVE_POLICY);
    assert_true(asked.decision.durable);
    fixture_reopen(f);
    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.decision.reason, REASON_NO_ACTIVE_POLICY);
    assert_true(asked.decision.durable);
    service_stats(f->service, &stats);
    assert_int_equal(stats.duplicates, 1);
}

static void a_caller_may_only_speak_for_its_tenants_and_environments(void **state)
{
    static const struct slice tenants[] = {SLICE_LITERAL("globex")};
    static const struct slice environments[] = {SLICE_LITERAL("staging")};
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    f->gateway.tenants = (struct texts){tenants, 1};
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.result, RESULT_DENIED);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_DENIED);
    f->gateway.tenants.count = 0;
    f->gateway.environments = (struct texts){environments, 1};
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.result, RESULT_DENIED);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_DENIED);
    f->gateway.environments.count = 0;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
}

static void two_tenants_may_use_one_request_id(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked acme = {.answers = 0}, globex = {.answers = 0}, asked = {.answers = 0};

    fixture_answer(f, &admission, &acme);
    admission.facts.tenant = SLICE_LITERAL("globex");
    fixture_answer(f, &admission, &globex);
    assert_true(acme.decision.decision_id != globex.decision.decision_id);
    /* Without a token nobody knows whose it is. */
    report_success(&report);
    f->bare = true;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    for (int round = 0; round < 2; round++) {
        question_resume(&report, &acme);
        fixture_answer(f, &report, &asked);
        assert_int_equal(asked.result, RESULT_OK);
        question_resume(&report, &globex);
        fixture_answer(f, &report, &asked);
        assert_int_equal(asked.result, RESULT_OK);
    }
    fixture_reopen(f);
    report.resume_token.len = 0;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
}

static void a_report_without_the_last_answers_token_moves_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    report_success(&report);
    f->bare = true;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    assert_string_equal(asked.field, "resume_token");
    f->bare = false;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
}

static void a_forgotten_ticket_is_not_answered(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0}, other = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    report_success(&report);
    fixture_ask(f, &report, &asked);
    fixture_ask(f, &report, &other);
    service_forget(f->service, &asked.ticket);
    service_forget(f->service, &asked.ticket);
    assert_int_equal(service_waiting(f->service), 1);
    fixture_wait(f, &other);
    assert_int_equal(asked.answers, 0);
    assert_int_equal(other.result, RESULT_OK);
}

static void every_boundary_is_there_after_a_restart(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question first = question_report(id, 1, DEMO_ENTRY0), second;
    struct asked asked[3] = {{.answers = 0}}, again = {.answers = 0};

    fixture_answer(f, &admission, &asked[0]);
    report_status(&first, 500);
    fixture_answer(f, &first, &asked[1]);
    assert_int_equal(asked[1].decision.action, ACTION_RETRY);
    f->now_ms += 1000;
    fixture_reopen(f);
    fixture_answer(f, &admission, &again);
    assert_true(again.decision.decision_id == asked[0].decision.decision_id);
    assert_memory_equal(again.token, asked[0].token, again.token_bytes);
    fixture_answer(f, &first, &again);
    assert_true(again.decision.decision_id == asked[1].decision.decision_id);
    assert_int_equal(again.decision.delay_ms, asked[1].decision.delay_ms);
    assert_true(again.decision.durable);
    second = question_report(id, 2, DEMO_ENTRY0);
    report_success(&second);
    question_resume(&second, &asked[1]);
    fixture_answer(f, &second, &asked[2]);
    assert_int_equal(asked[2].decision.action, ACTION_COMPLETE);
    assert_int_equal(asked[2].decision.record.attempts_count, 2);
    fixture_reopen(f);
    fixture_answer(f, &second, &again);
    assert_int_equal(again.decision.action, ACTION_COMPLETE);
    assert_true(again.decision.record.trace_digest == asked[2].decision.record.trace_digest);
}

static void a_request_keeps_the_policy_of_its_admission(void **state)
{
    struct fixture *f = fixture_of(state);
    struct uuid id = fixture_id(f);
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.decision.policy_version, 1);
    fixture_activate(f, fixture_json(f, "{'policy_id':'demo-chat-v1','workflow':'demo-chat',"
                                        "'environment':'production',"
                                        "'primary_route':{'route':'demo-at-mock-b'}}"));
    report_timeout(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.policy_version, 1);
    assert_true(asked.decision.has_route);
    fixture_reopen(f);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.policy_version, 1);
    admission.request_id = fixture_id(f);
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.decision.policy_version, 2);
    assert_string_equal(asked.route, DEMO_ENTRY1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_admission_is_answered_at_once_and_not_durable),
        TEST(a_report_is_answered_when_it_is_durable),
        TEST(an_ended_request_leaves_memory_and_is_answered_from_history),
        TEST(the_same_admission_again_gets_the_same_answer),
        TEST(the_same_question_with_other_facts_is_refused),
        TEST(a_duplicate_in_flight_waits_for_the_same_answer),
        TEST(facts_repeated_with_a_report_do_not_make_it_another_question),
        TEST(a_skipped_boundary_is_out_of_order),
        TEST(nothing_follows_a_terminal_answer),
        TEST(a_malformed_question_is_refused_with_its_field),
        TEST(a_report_on_another_route_than_the_answers_is_refused),
        TEST(an_unknown_workload_fails_closed_durably),
        TEST(a_caller_may_only_speak_for_its_tenants_and_environments),
        TEST(two_tenants_may_use_one_request_id),
        TEST(a_report_without_the_last_answers_token_moves_nothing),
        TEST(a_forgotten_ticket_is_not_answered),
        TEST(every_boundary_is_there_after_a_restart),
        TEST(a_request_keeps_the_policy_of_its_admission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
