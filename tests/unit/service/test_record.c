/* The record: the log fields of a request, from its first answer on. */
#include "engine/engine.h"
#include "unit/service/fixture.h"

/* demo-chat: a failed attempt at mock-a, then success at mock-b. */
static void fall_back(struct fixture *f, struct uuid id, struct asked *asked)
{
    struct question admission = question_admission(id);
    struct question report = question_report(id, 1, DEMO_ENTRY0);

    fixture_answer(f, &admission, asked);
    report_status(&report, 500);
    report.report.error_code = SLICE_LITERAL("server_error");
    report.report.provider_request_id = SLICE_LITERAL("req_1");
    f->now_ms += 500;
    fixture_answer(f, &report, asked);
    assert_int_equal(asked->decision.action, ACTION_RETRY);
    report.boundary = 2;
    f->now_ms += 500;
    fixture_answer(f, &report, asked);
    assert_int_equal(asked->decision.action, ACTION_FALLBACK);
    assert_string_equal(asked->route, DEMO_ENTRY1);
    report = question_report(id, 3, DEMO_ENTRY1);
    report_success(&report);
    report.report.reported_model = SLICE_LITERAL("something-else");
    f->now_ms += 700;
    fixture_answer(f, &report, asked);
    assert_int_equal(asked->decision.action, ACTION_COMPLETE);
}

static void check_record(const struct record *record, struct uuid id)
{
    const struct record_attempt *attempt = record->attempts;

    assert_memory_equal(&record->request_id, &id, sizeof id);
    assert_text(record->policy_id, "demo-chat-v1");
    assert_int_equal(record->policy_version, 1);
    assert_int_equal(record->catalog_version, 1);
    assert_text(record->facts.tenant, "acme");
    assert_text(record->facts.requested_model, "demo-model");
    assert_text(record->primary_provider, "mock-a");
    assert_text(record->primary_model, "demo-model");
    assert_text(record->selected_provider, "mock-b");
    assert_text(record->selected_route, DEMO_ENTRY1);
    assert_text(record->reported_model, "something-else");
    assert_true(record->model_mismatch);
    assert_int_equal(record->tier, TIER_SAME_MODEL);
    assert_int_equal(record->disposition, DISPOSITION_FALLBACK_SUCCESS);
    assert_int_equal(record->stop_reason, REASON_SUCCESS);
    assert_true(record->boundary_crossed);
    assert_text(record->spend_owner, "platform");
    assert_int_equal(record->cost_delta_nusd, 0); /* both ask the same price */
    assert_int_equal(record->attempts_count, 3);
    assert_int_equal(attempt[0].action, ACTION_SEND);
    assert_int_equal(attempt[0].reason, REASON_PRIMARY);
    assert_int_equal(attempt[0].tier, TIER_PRIMARY);
    assert_int_equal(attempt[0].failure, FAILURE_TEMPORARY_5XX);
    assert_int_equal(attempt[0].http_status, 500);
    assert_true(attempt[0].rule.len > 0);
    assert_text(attempt[0].provider_code, "server_error");
    assert_text(attempt[0].provider_request_id, "req_1");
    assert_int_equal(attempt[1].action, ACTION_RETRY);
    assert_int_equal(attempt[2].action, ACTION_FALLBACK);
    assert_int_equal(attempt[2].failure, FAILURE_NONE);
    assert_true(attempt[2].model_mismatch);
    assert_true(attempt[2].output_seen);
    /* 100 input tokens at 1 USD and 50 output tokens at 4 USD per million. */
    assert_int_equal(attempt[2].cost_nusd, 300000);
    assert_int_equal(record->cost_nusd, 300000);
    assert_int_equal(record->usage.amounts[UNIT_OUTPUT_TOKEN], 50);
    assert_int_equal(record->latency_before_fallback_ms, 1000);
    assert_int_equal(record->latency_after_fallback_ms, 700);
    assert_true(record->started_unix_ms == NOW_MS);
    assert_true(record->ended_unix_ms == NOW_MS + 1700);
    assert_true(record->first_output_unix_ms == NOW_MS + 120);
    assert_false(record->partial_output);
    assert_false(record->degraded);
    assert_text(record->engine_version, ENGINE_VERSION);
}

struct seen {
    struct uuid id;
    uint64_t trace_digest;
    unsigned count;
};

static void on_terminal(const struct ticket_answer *answer, void *context)
{
    struct seen *seen = context;

    if (!answer->decision || answer->decision->action != ACTION_COMPLETE)
        return;
    assert_true(answer->decision->has_record);
    check_record(&answer->decision->record, seen->id);
    seen->trace_digest = answer->decision->record.trace_digest;
    seen->count++;
}

static void a_terminal_answer_carries_the_whole_record(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {.id = fixture_id(f)};
    struct asked asked = {.inspect = on_terminal, .context = &seen};

    fall_back(f, seen.id, &asked);
    assert_int_equal(seen.count, 1);
}

static void history_gives_the_same_record_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {.id = fixture_id(f)};
    const struct request_query query = {
        .has_id = true, .request_id = seen.id, .want_decisions = true};
    struct asked asked = {.inspect = on_terminal, .context = &seen};
    struct decision *decisions;
    struct record record;
    unsigned count;

    fall_back(f, seen.id, &asked);
    fixture_reopen(f);
    assert_int_equal(
        service_get_request(f->service, fixture_call(f), &query, &record, &decisions, &count),
        RESULT_OK);
    check_record(&record, seen.id);
    assert_true(record.trace_digest == seen.trace_digest);
    assert_int_equal(count, 4);
    assert_int_equal(decisions[0].action, ACTION_SEND);
    assert_int_equal(decisions[2].action, ACTION_FALLBACK);
    assert_int_equal(decisions[3].action, ACTION_COMPLETE);
    for (unsigned i = 0; i < count; i++)
        assert_true(decisions[i].has_trace);
    assert_true(decisions[0].trace.count > 0);
}

static void changes_name_what_differs_from_the_primary(void **state)
{
    struct fixture *f = *state;
    char text[UUID_TEXT_BYTES + 1], wanted[160];
    struct uuid id = fixture_id(f);
    const struct request_query query = {.has_id = true, .request_id = id};
    struct asked asked = {.answers = 0};
    struct record record;

    fall_back(f, id, &asked);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_int_equal(record.changes_count, 4);
    assert_text(record.changes[0].field, "route");
    assert_text(record.changes[1].field, "provider");
    assert_text(record.changes[1].primary, "mock-a");
    assert_text(record.changes[1].selected, "mock-b");
    assert_text(record.changes[2].field, "account");
    assert_text(record.changes[3].field, "base_url");
    /* What undoes the switch, whichever version it is. */
    uuid_format(id, text);
    snprintf(wanted, sizeof wanted,
             "signalboxctl switch off entry demo-chat-v1 " DEMO_ENTRY1 " --reason 'request %s'",
             text);
    assert_text(record.rollback_command, wanted);
}

static void the_second_version_can_be_rolled_back(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    const struct request_query query = {.has_id = false};
    struct asked asked = {.answers = 0};
    struct record record;

    fixture_activate(f, fixture_json(f, "{'policy_id':'demo-chat-v1','workflow':'demo-chat',"
                                        "'environment':'production',"
                                        "'primary_route':{'route':'demo-at-mock-b'}}"));
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_text(record.rollback_command, "signalboxctl policy rollback demo-chat-v1");
    assert_int_equal(record.disposition, DISPOSITION_UNSPECIFIED);
    assert_true(record.ended_unix_ms == 0);
    assert_int_equal(record.attempts_count, 1);
}

static void output_that_broke_off_is_partial(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    const struct request_query query = {.has_id = true, .request_id = admission.request_id};
    static const struct tool_call calls[] = {
        {SLICE_LITERAL("call_1"), SLICE_LITERAL("look"), SIDE_EFFECT_NO_EFFECT},
        {SLICE_LITERAL("call_2"), SLICE_LITERAL("peek"), SIDE_EFFECT_IDEMPOTENT},
    };
    struct asked asked = {.answers = 0};
    struct record record;

    admission.facts.stream = true;
    fixture_answer(f, &admission, &asked);
    report.report.transport = TRANSPORT_TRUNCATED;
    report.report.output_seen = report.report.output_visible = true;
    report.report.first_output_ms = 90;
    report.report.tool_calls = (struct tool_calls){calls, 2};
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.disposition, DISPOSITION_USER_RETRY_REQUIRED);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_true(record.partial_output);
    assert_int_equal(record.failure, FAILURE_PARTIAL_STREAM);
    assert_int_equal(record.tool_calls.count, 2);
    assert_text(record.tool_calls.items[1].id, "call_2");
    assert_int_equal(record.side_effect, SIDE_EFFECT_IDEMPOTENT);
    assert_true(record.first_output_unix_ms == NOW_MS + 90);
}

static void a_record_as_it_stood_comes_with_an_answer_that_asks_for_it(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    admission.want_record = true;
    fixture_answer(f, &admission, &asked);
    assert_true(asked.decision.has_record);
    assert_int_equal(asked.decision.record.attempts_count, 1);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.decision.record.disposition, DISPOSITION_UNSPECIFIED);
    admission.want_record = false;
    fixture_answer(f, &admission, &asked);
    assert_false(asked.decision.has_record);
}

/* Asks for this tenant in this environment and waits until it is stored. */
static struct uuid store_one(struct fixture *f, const char *tenant, const char *environment)
{
    struct question admission = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    f->now_ms += 10;
    admission.facts.tenant = slice_of(tenant);
    admission.facts.environment = slice_of(environment);
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    return admission.request_id;
}

static void the_newest_is_the_newest_that_the_caller_may_see(void **state)
{
    static const struct slice production[] = {SLICE_LITERAL("production")};
    struct fixture *f = *state;
    const struct principal reader = {.role = ROLE_READER, .environments = {production, 1}};
    struct request_query query = {.has_id = false};
    struct uuid acme = store_one(f, "acme", "production");
    struct uuid globex = store_one(f, "globex", "production");
    struct uuid hidden = store_one(f, "acme", "staging");
    struct record record;

    fixture_call(f)->caller = &reader;
    assert_int_equal(service_get_request(f->service, &f->call, &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_memory_equal(&record.request_id, &globex, sizeof globex);
    query.tenant = slice_of("acme");
    assert_int_equal(service_get_request(f->service, &f->call, &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_memory_equal(&record.request_id, &acme, sizeof acme);
    query = (struct request_query){.has_id = true, .request_id = hidden};
    assert_int_equal(service_get_request(f->service, &f->call, &query, &record, NULL, NULL),
                     RESULT_NOT_FOUND);
    query.tenant = slice_of("acme");
    assert_int_equal(service_get_request(f->service, &f->call, &query, &record, NULL, NULL),
                     RESULT_NOT_FOUND);
    f->call.caller = NULL;
    assert_int_equal(service_get_request(f->service, &f->call, &query, &record, NULL, NULL),
                     RESULT_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_terminal_answer_carries_the_whole_record),
        TEST(history_gives_the_same_record_after_a_restart),
        TEST(changes_name_what_differs_from_the_primary),
        TEST(the_second_version_can_be_rolled_back),
        TEST(output_that_broke_off_is_partial),
        TEST(a_record_as_it_stood_comes_with_an_answer_that_asks_for_it),
        TEST(the_newest_is_the_newest_that_the_caller_may_see),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
