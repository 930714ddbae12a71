/* Admissions that a crash made the decider forget, and reports on what was decided anew. The crash
 * is the store's file put back to what it was before the admission. */
#include "service/token.h"
#include "unit/service/fixture.h"

/* An admission whose answer the gateway has and the decider has not. */
static struct question lose_admission(struct fixture *f, struct asked *asked)
{
    struct question admission = question_admission(fixture_id(f));

    fixture_save(f);
    fixture_answer(f, &admission, asked);
    assert_int_equal(asked->decision.action, ACTION_SEND);
    fixture_close(f);
    fixture_restore(f);
    fixture_open(f);
    return admission;
}

static struct question resumed_report(const struct question *admission, const struct asked *asked)
{
    struct question report = question_report(admission->request_id, 1, DEMO_ENTRY0);

    report_status(&report, 500);
    question_resume(&report, asked);
    report.has_facts = true;
    report.facts = admission->facts;
    return report;
}

static void an_unknown_request_needs_its_admission(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);

    report.has_facts = false;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_ADMISSION_NEEDED);
    assert_string_equal(asked.reason, "ADMISSION_NEEDED");
    report.has_facts = true;
    report.resume_token.len = 0;
    f->bare = true;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_ADMISSION_NEEDED);
}

static void a_lost_admission_is_adopted_by_its_token(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);
    struct request_query query = {.has_id = true, .request_id = admission.request_id};
    struct replay replay;
    struct service_stats stats;

    f->now_ms += 3000;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_RETRY);
    assert_true(asked.decision.durable);
    service_stats(f->service, &stats);
    assert_int_equal(stats.adopted, 1);
    /* The chain goes on as if nothing had been forgotten. */
    report = question_report(admission.request_id, 2, DEMO_ENTRY0);
    report_success(&report);
    question_resume(&report, &asked);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    assert_true(asked.decision.record.adopted);
    assert_true(asked.decision.record.started_unix_ms == NOW_MS);
    fixture_reopen(f);
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_true(replay.same);
    assert_int_equal(replay.boundaries_count, 3);
    assert_true(replay.boundaries[0].skipped);
    assert_false(replay.boundaries[1].skipped);
    /* The admission that the gateway asked for is answered as it was. */
    fixture_answer(f, &admission, &asked);
    assert_true(asked.decision.decision_id == first.decision.decision_id);
    assert_string_equal(asked.route, first.route);
}

static void an_adopted_request_keeps_the_policy_that_the_token_names(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);

    fixture_activate(f, fixture_json(f, "{'policy_id':'demo-chat-v1','workflow':'demo-chat',"
                                        "'environment':'production',"
                                        "'primary_route':{'route':'demo-at-mock-b'}}"));
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.policy_version, 1);
    assert_string_equal(asked.route, DEMO_ENTRY0);
}

static void turn(struct fixture *f, const char *route, bool on)
{
    const struct switch_request request = {.scope = SWITCH_SCOPE_ROUTE,
                                           .name = slice_of(route),
                                           .on = on,
                                           .reason = SLICE_LITERAL("test")};
    struct switch_record record;

    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
}

static void what_is_switched_off_meanwhile_does_not_keep_it_from_being_adopted(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);

    turn(f, DEMO_ENTRY0, false);
    report_success(&report);
    report.report.http_status = 200;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    assert_int_equal(asked.decision.record.disposition, DISPOSITION_PRIMARY_SUCCESS);
}

static void a_pin_that_has_gone_meanwhile_does_not_either(void **state)
{
    struct fixture *f = *state;
    struct pin_request pin = {.policy_id = SLICE_LITERAL("demo-chat-v1"),
                              .entry = SLICE_LITERAL(DEMO_ENTRY1),
                              .expires_unix_ms = f->now_ms + 1000,
                              .reason = SLICE_LITERAL("test")};
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission, report;
    struct pin_record record;

    assert_int_equal(service_set_pin(f->service, fixture_call(f), &pin, &record), RESULT_OK);
    admission = lose_admission(f, &first);
    assert_string_equal(first.route, DEMO_ENTRY1);
    pin.entry = SLICE_LITERAL("");
    assert_int_equal(service_set_pin(f->service, fixture_call(f), &pin, &record), RESULT_OK);
    report = resumed_report(&admission, &first);
    report.report.route = SLICE_LITERAL(DEMO_ENTRY1);
    report_success(&report);
    report.report.http_status = 200;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.record.disposition, DISPOSITION_FALLBACK_SUCCESS);
}

static void other_facts_than_the_tokens_are_not_adopted(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);

    report.facts.max_output_tokens++;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    assert_string_equal(asked.field, "admission");
}

static void a_bad_token_is_refused(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);

    for (size_t i = 0; i < first.token_bytes; i += 7) {
        first.token[i] ^= 1;
        fixture_answer(f, &report, &asked);
        assert_int_equal(asked.result, RESULT_INVALID);
        assert_string_equal(asked.field, "resume_token");
        first.token[i] ^= 1;
    }
    report.request_id = fixture_id(f);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    report.request_id = admission.request_id;
    report.facts.tenant = SLICE_LITERAL("globex");
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    assert_string_equal(asked.field, "resume_token");
    report.facts.tenant = SLICE_LITERAL("acme");
    report.boundary = 2;
    fixture_answer(f, &report, &asked);
    assert_string_equal(asked.reason, "OUT_OF_ORDER");
    report.boundary = 1;
    f->now_ms += INT64_C(24) * 3600 * 1000;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
    assert_string_equal(asked.message, "The token has expired.");
}

static void a_later_answers_token_cannot_be_adopted(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f)), report;
    struct asked first = {.answers = 0}, asked = {.answers = 0};

    fixture_save(f);
    fixture_answer(f, &admission, &first);
    report = resumed_report(&admission, &first);
    fixture_answer(f, &report, &first);
    assert_true(first.token_bytes > 0);
    fixture_close(f);
    fixture_restore(f);
    fixture_open(f);
    report = resumed_report(&admission, &first);
    report.boundary = 2;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_INVALID);
}

static void a_report_on_what_was_decided_anew_is_superseded(void **state)
{
    struct fixture *f = *state;
    struct asked first = {.answers = 0}, anew = {.answers = 0}, asked = {.answers = 0};
    struct question admission = lose_admission(f, &first);
    struct question report = resumed_report(&admission, &first);
    struct service_stats stats;

    fixture_answer(f, &admission, &anew);
    assert_true(anew.decision.decision_id != first.decision.decision_id);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_PRECONDITION);
    assert_string_equal(asked.reason, "SUPERSEDED");
    service_stats(f->service, &stats);
    assert_int_equal(stats.superseded, 1);
    /* The new chain goes on. */
    question_resume(&report, &anew);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
}

static void an_adopted_request_with_a_revoked_key_goes_on(void **state)
{
    struct fixture *f = *state;
    const struct principal wanted = {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme")};
    struct digest digest;
    struct principal key = fixture_create_key(f, &wanted, &digest), revoked;
    struct question admission = question_admission(fixture_id(f)), report;
    struct asked first = {.answers = 0}, asked = {.answers = 0};
    char key_id[64];

    snprintf(key_id, sizeof key_id, "%.*s", (int)key.key_id.len, key.key_id.ptr);
    admission.facts.key_digest = (struct slice){(const char *)digest.bytes, DIGEST_BYTES};
    fixture_save(f);
    fixture_answer(f, &admission, &first);
    assert_int_equal(first.decision.action, ACTION_SEND);
    fixture_close(f);
    fixture_restore(f);
    fixture_open(f);
    assert_int_equal(service_revoke_key(f->service, fixture_call(f), slice_of(key_id), &revoked),
                     RESULT_OK);
    report = resumed_report(&admission, &first);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.action, ACTION_RETRY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_unknown_request_needs_its_admission),
        TEST(a_lost_admission_is_adopted_by_its_token),
        TEST(an_adopted_request_keeps_the_policy_that_the_token_names),
        TEST(what_is_switched_off_meanwhile_does_not_keep_it_from_being_adopted),
        TEST(a_pin_that_has_gone_meanwhile_does_not_either),
        TEST(other_facts_than_the_tokens_are_not_adopted),
        TEST(a_bad_token_is_refused),
        TEST(a_later_answers_token_cannot_be_adopted),
        TEST(a_report_on_what_was_decided_anew_is_superseded),
        TEST(an_adopted_request_with_a_revoked_key_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
