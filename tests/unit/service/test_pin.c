/* Pins: where they send, for how long, and what cannot be pinned. */
#include "unit/service/fixture.h"

#define POLICY  "demo-chat-v1"
#define HOUR_MS INT64_C(3600000)
#define DAYS_30 (30 * 24 * HOUR_MS)

static struct pin_request request_of(const struct fixture *f, const char *entry)
{
    return (struct pin_request){
        .policy_id = SLICE_LITERAL(POLICY),
        .entry = slice_of(entry),
        .expires_unix_ms = *entry ? f->now_ms + HOUR_MS : 0,
        .reason = SLICE_LITERAL("comparison"),
    };
}

static enum result
set(struct fixture *f, const struct pin_request *request, struct pin_record *ret_record)
{
    return service_set_pin(f->service, fixture_call(f), request, ret_record);
}

static uint32_t pin(struct fixture *f, const char *entry)
{
    const struct pin_request request = request_of(f, entry);
    struct pin_record record;

    assert_int_equal(set(f, &request, &record), RESULT_OK);
    assert_text(record.entry, entry);
    return record.version;
}

static struct asked admit(struct fixture *f)
{
    struct question admission = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    return asked;
}

static void assert_goes(struct fixture *f, const char *route, enum reason reason)
{
    struct asked asked = admit(f);

    assert_string_equal(asked.decision.has_route ? asked.route : "", route);
    assert_int_equal(asked.decision.reason, reason);
}

static unsigned list(struct fixture *f, struct pin_record **ret_records)
{
    struct slice next;
    unsigned count;

    assert_int_equal(service_list_pins(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                       ret_records, &count, &next),
                     RESULT_OK);
    assert_int_equal(next.len, 0);
    return count;
}

static void a_pin_sends_everything_to_its_entry_until_it_is_taken_away(void **state)
{
    struct fixture *f = *state;
    struct pin_record *records;

    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    pin(f, DEMO_ENTRY1);
    assert_goes(f, DEMO_ENTRY1, REASON_PINNED);
    assert_int_equal(list(f, &records), 1);
    assert_text(records[0].policy_id, POLICY);
    assert_text(records[0].entry, DEMO_ENTRY1);
    assert_text(records[0].reason, "comparison");
    pin(f, DEMO_ENTRY0); /* another takes its place */
    assert_goes(f, DEMO_ENTRY0, REASON_PINNED);
    assert_int_equal(list(f, &records), 1);
    pin(f, "");
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    assert_int_equal(list(f, &records), 0);
    pin(f, ""); /* no error */
}

static void a_pin_stays_over_a_restart_and_ends_at_its_time(void **state)
{
    struct fixture *f = *state;
    struct pin_record *records;

    pin(f, DEMO_ENTRY1);
    fixture_reopen(f);
    f->now_ms += HOUR_MS - 1;
    assert_goes(f, DEMO_ENTRY1, REASON_PINNED);
    assert_int_equal(list(f, &records), 1);
    f->now_ms += 1;
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    assert_int_equal(list(f, &records), 0);
    fixture_reopen(f);
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    pin(f, DEMO_ENTRY1); /* in place of the old one */
    assert_goes(f, DEMO_ENTRY1, REASON_PINNED);
}

static void a_decision_under_a_pin_is_replayed_without_it(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    const struct request_query query = {.has_id = true, .request_id = admission.request_id};
    struct asked asked = {.answers = 0};
    struct replay replay;

    pin(f, DEMO_ENTRY1);
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    pin(f, "");
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_true(replay.same);
}

static void an_expiry_lies_ahead_and_within_thirty_days(void **state)
{
    static const struct {
        int64_t in_ms;
        enum result result;
    } cases[] = {
        {-1, RESULT_PRECONDITION}, {0, RESULT_PRECONDITION},           {1, RESULT_OK},
        {DAYS_30, RESULT_OK},      {DAYS_30 + 1, RESULT_PRECONDITION},
    };
    struct fixture *f = *state;
    struct pin_record record;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pin_request request = request_of(f, DEMO_ENTRY1);

        request.expires_unix_ms = f->now_ms + cases[i].in_ms;
        assert_int_equal(set(f, &request, &record), cases[i].result);
    }
}

static void what_is_not_there_or_not_said_cannot_be_pinned(void **state)
{
    static char long_text[513];
    struct fixture *f = *state;
    struct pin_request request;
    struct pin_record record;

    memset(long_text, 'x', sizeof long_text);
    request = request_of(f, "nobody");
    assert_int_equal(set(f, &request, &record), RESULT_NOT_FOUND);
    request = request_of(f, DEMO_ENTRY1);
    request.policy_id = SLICE_LITERAL("nobody");
    assert_int_equal(set(f, &request, &record), RESULT_NOT_FOUND);
    request.policy_id = SLICE_LITERAL("");
    assert_int_equal(set(f, &request, &record), RESULT_INVALID);
    request = request_of(f, DEMO_ENTRY1);
    request.reason = SLICE_LITERAL("");
    assert_int_equal(set(f, &request, &record), RESULT_INVALID);
    request.reason = (struct slice){long_text, sizeof long_text};
    assert_int_equal(set(f, &request, &record), RESULT_INVALID);
    request = request_of(f, DEMO_ENTRY1);
    request.entry = (struct slice){long_text, 200};
    assert_int_equal(set(f, &request, &record), RESULT_INVALID);
    request = request_of(f, DEMO_ENTRY1);
    request.etag = SLICE_LITERAL("007");
    assert_int_equal(set(f, &request, &record), RESULT_INVALID);
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
}

static int setup_unapproved(void **state)
{
    struct fixture *f;

    fixture_setup_empty(state);
    f = *state;
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    fixture_activate(f, fixture_file(f, "policies/demo-chat.json"));
    return 0;
}

static void an_entry_without_its_evidence_cannot_be_pinned(void **state)
{
    struct fixture *f = *state;
    struct pin_request request = request_of(f, DEMO_ENTRY1);
    struct pin_record record;

    assert_int_equal(set(f, &request, &record), RESULT_PRECONDITION);
    assert_non_null(strstr(f->call.message.ptr, "checklist"));
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    fixture_approve(f, "demo-chat", "production", DEMO_ENTRY1);
    assert_int_equal(set(f, &request, &record), RESULT_OK);
    assert_goes(f, DEMO_ENTRY1, REASON_PINNED);
}

static void a_pinned_entry_that_is_switched_off_fails_closed(void **state)
{
    struct fixture *f = *state;
    struct switch_request off = {.scope = SWITCH_SCOPE_ROUTE,
                                 .name = SLICE_LITERAL(DEMO_ENTRY1),
                                 .reason = SLICE_LITERAL("drain")};
    struct pin_request request = request_of(f, DEMO_ENTRY1);
    struct switch_record switched;
    struct pin_record record;

    pin(f, DEMO_ENTRY1);
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &off, &switched), RESULT_OK);
    assert_goes(f, "", REASON_PIN_BLOCKED);
    pin(f, "");
    assert_int_equal(set(f, &request, &record), RESULT_PRECONDITION); /* nor pinned anew */
}

static void a_version_without_the_entry_is_not_pinned(void **state)
{
    struct fixture *f = *state;

    pin(f, DEMO_ENTRY1);
    fixture_activate(
        f, fixture_json(f, "{'policy_id':'demo-chat-v1','workflow':'demo-chat',"
                           "'environment':'production','primary_route':{'route':'demo-at-mock-a'},"
                           "'limits':{'max_output_tokens':4000}}"));
    assert_goes(f, DEMO_ENTRY0, REASON_PRIMARY);
    pin(f, "");
}

static void etags_and_write_ids_hold(void **state)
{
    struct fixture *f = *state;
    struct pin_request request = request_of(f, DEMO_ENTRY1);
    struct pin_record first, again;
    uint32_t version;
    char etag[16];

    request.etag = SLICE_LITERAL("1");
    assert_int_equal(set(f, &request, &first), RESULT_PRECONDITION);
    request.etag = SLICE_LITERAL("0");
    request.write_id = SLICE_LITERAL("pin-1");
    assert_int_equal(set(f, &request, &first), RESULT_OK);
    version = first.version;
    snprintf(etag, sizeof etag, "%u", (unsigned)version);
    f->now_ms += 1000;
    assert_int_equal(set(f, &request, &again), RESULT_OK); /* the etag was current then */
    assert_int_equal(again.version, version);
    assert_true(again.at_ms == f->now_ms - 1000);
    request.reason = SLICE_LITERAL("another");
    assert_int_equal(set(f, &request, &again), RESULT_EXISTS);
    request = request_of(f, "");
    request.etag = slice_of(etag);
    request.write_id = SLICE_LITERAL("pin-2");
    assert_int_equal(set(f, &request, &again), RESULT_OK);
    assert_int_equal(again.version, 0);
    pin(f, DEMO_ENTRY1);
    assert_int_equal(set(f, &request, &again), RESULT_OK); /* and does not unpin once more */
    assert_goes(f, DEMO_ENTRY1, REASON_PINNED);
}

static void a_repeated_call_is_answered_even_when_it_could_not_be_made_any_more(void **state)
{
    struct fixture *f = *state;
    struct pin_request request = request_of(f, DEMO_ENTRY1);
    struct pin_record first, again;

    request.write_id = SLICE_LITERAL("pin-1");
    assert_int_equal(set(f, &request, &first), RESULT_OK);
    /* The entry is gone, and the time is over. */
    fixture_activate(
        f, fixture_json(f, "{'policy_id':'" POLICY "','workflow':'demo-chat','environment':"
                           "'production','primary_route':{'route':'demo-at-mock-a'}}"));
    f->now_ms += 2 * HOUR_MS;
    assert_int_equal(set(f, &request, &again), RESULT_OK);
    assert_int_equal(again.version, first.version);
    assert_int_equal(again.at_ms, first.at_ms);
    request.write_id = SLICE_LITERAL("pin-2");
    assert_int_equal(set(f, &request, &again), RESULT_PRECONDITION);
}

static void an_expired_pin_has_no_etag(void **state)
{
    struct fixture *f = *state;
    struct pin_request request;
    struct pin_record record;

    pin(f, DEMO_ENTRY1);
    f->now_ms += 2 * HOUR_MS;
    request = request_of(f, DEMO_ENTRY1);
    request.etag = SLICE_LITERAL("0");
    assert_int_equal(set(f, &request, &record), RESULT_OK);
}

static void the_audit_trail_tells_of_pins(void **state)
{
    struct fixture *f = *state;
    const struct audit_query query = {.policy_id = SLICE_LITERAL(POLICY), .rows_max = 100};
    struct audit_record *records;
    struct slice next;
    unsigned count, pins = 0, unpins = 0;

    pin(f, DEMO_ENTRY1);
    f->now_ms++;
    pin(f, "");
    f->now_ms++;
    pin(f, "");
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &query, &records, &count, &next),
        RESULT_OK);
    for (unsigned i = 0; i < count; i++) {
        if (records[i].action == AUDIT_ACTION_PIN) {
            pins++;
            assert_text(records[i].subject, DEMO_ENTRY1);
            assert_text(records[i].reason, "comparison");
            assert_text(records[i].workload, "demo-chat");
        }
        unpins += records[i].action == AUDIT_ACTION_UNPIN;
    }
    assert_int_equal(pins, 1);
    assert_int_equal(unpins, 1);
}

static void a_token_for_another_environment_sees_no_pin(void **state)
{
    static const struct slice staging[] = {SLICE_LITERAL("staging")};
    struct fixture *f = *state;
    struct principal caller = {
        .key_id = SLICE_LITERAL("key_some"), .role = ROLE_OPERATOR, .environments = {staging, 1}};
    struct pin_request request = request_of(f, DEMO_ENTRY1);
    struct pin_record record, *records;
    struct slice next;
    unsigned count;

    fixture_call(f)->caller = &caller;
    assert_int_equal(service_set_pin(f->service, &f->call, &request, &record), RESULT_NOT_FOUND);
    pin(f, DEMO_ENTRY1);
    fixture_call(f)->caller = &caller;
    assert_int_equal(
        service_list_pins(f->service, &f->call, SLICE_LITERAL(""), 0, &records, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_pin_sends_everything_to_its_entry_until_it_is_taken_away),
        TEST(a_pin_stays_over_a_restart_and_ends_at_its_time),
        TEST(a_decision_under_a_pin_is_replayed_without_it),
        TEST(an_expiry_lies_ahead_and_within_thirty_days),
        TEST(what_is_not_there_or_not_said_cannot_be_pinned),
        cmocka_unit_test_setup_teardown(an_entry_without_its_evidence_cannot_be_pinned,
                                        setup_unapproved, fixture_teardown),
        TEST(a_pinned_entry_that_is_switched_off_fails_closed),
        TEST(a_version_without_the_entry_is_not_pinned),
        TEST(etags_and_write_ids_hold),
        TEST(a_repeated_call_is_answered_even_when_it_could_not_be_made_any_more),
        TEST(an_expired_pin_has_no_etag),
        TEST(the_audit_trail_tells_of_pins),
        TEST(a_token_for_another_environment_sees_no_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
