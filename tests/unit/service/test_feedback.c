/* Words on answers: who may say them, what they are kept for, and when they switch an entry off. */
#include "store/control.h"
#include "store/store.h"
#include "unit/service/fixture.h"

#define POLICY "demo-chat-v1"

static const char document[] =
    "{'policy_id':'demo-chat-v1','workflow':'demo-chat','environment':'production',"
    "'data_classes':['unclassified','customer_content','internal'],"
    "'primary_route':{'route':'demo-at-mock-a'},"
    "'fallback_routes':[{'route':'demo-at-mock-b',"
    "'allowed_reasons':['account_drained','temporary_5xx']}],"
    "'rollback':{'disable_on_quality_regression':true,'thresholds':{"
    "'negative_feedback':{'min_samples':3,'percent':60,'window_ms':600000}}},"
    "'limits':{'max_total_attempts':2,'max_output_tokens':4000}}";

static int setup(void **state)
{
    fixture_setup(state);
    fixture_activate(*state, fixture_json(*state, document));
    return 0;
}

static void drain_primary(struct fixture *f)
{
    const struct switch_request request = {.scope = SWITCH_SCOPE_ENTRY,
                                           .policy_id = SLICE_LITERAL(POLICY),
                                           .name = SLICE_LITERAL(DEMO_ENTRY0),
                                           .reason = SLICE_LITERAL("test")};
    struct switch_record record;

    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
}

/* An answered request of a tenant. */
static struct uuid answered(struct fixture *f, const char *tenant)
{
    struct question admission = question_admission(fixture_id(f)), report;
    struct asked asked = {.answers = 0};

    admission.facts.tenant = slice_of(tenant);
    fixture_answer(f, &admission, &asked);
    assert_true(asked.decision.has_route);
    report = question_report(admission.request_id, 1, asked.route);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    return admission.request_id;
}

static enum result say(struct fixture *f, struct uuid id, enum feedback feedback)
{
    const struct feedback_request request = {.request_id = id,
                                             .feedback = feedback,
                                             .source = SLICE_LITERAL("user"),
                                             .comment = SLICE_LITERAL("wrong city")};

    return service_put_feedback(f->service, fixture_call(f), &request);
}

static bool is_off(struct fixture *f, struct switch_record *ret_record)
{
    struct switch_record *records;
    struct slice next;
    unsigned count;

    assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                           &records, &count, &next),
                     RESULT_OK);
    for (unsigned i = 0; i < count; i++)
        if (slice_is(records[i].name, DEMO_ENTRY1)) {
            *ret_record = records[i];
            return true;
        }
    return false;
}

static void bad_words_of_two_tenants_switch_the_entry_off(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;
    struct uuid last;
    char id[UUID_TEXT_BYTES + 1];

    drain_primary(f);
    assert_int_equal(say(f, answered(f, "globex"), FEEDBACK_POSITIVE), RESULT_OK);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(say(f, answered(f, "acme"), FEEDBACK_NEGATIVE), RESULT_OK);
    assert_false(is_off(f, &record)); /* one tenant's words */
    last = answered(f, "globex");
    assert_int_equal(say(f, last, FEEDBACK_NEGATIVE), RESULT_OK);
    assert_true(is_off(f, &record));
    assert_int_equal(record.rule, ROLLBACK_RULE_NEGATIVE_FEEDBACK);
    uuid_format(last, id);
    assert_text(record.request_id, id);
    fixture_reopen(f);
    assert_true(is_off(f, &record));
}

static void a_later_word_replaces_the_one_before_and_counts_once(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;
    struct uuid ids[3];

    drain_primary(f);
    for (unsigned i = 0; i < 3; i++)
        ids[i] = answered(f, "acme");
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(say(f, ids[0], FEEDBACK_NEGATIVE), RESULT_OK);
    assert_int_equal(say(f, ids[1], FEEDBACK_NEGATIVE), RESULT_OK);
    assert_false(is_off(f, &record)); /* two samples, of three needed */
    assert_int_equal(say(f, ids[0], FEEDBACK_POSITIVE), RESULT_OK);
    assert_int_equal(say(f, ids[1], FEEDBACK_POSITIVE), RESULT_OK);
    assert_int_equal(say(f, ids[2], FEEDBACK_NEGATIVE), RESULT_OK);
    assert_false(is_off(f, &record)); /* one of three */
    assert_int_equal(say(f, ids[1], FEEDBACK_NEGATIVE), RESULT_OK);
    assert_true(is_off(f, &record)); /* two of three */
}

static void words_on_the_primary_are_only_told(void **state)
{
    struct fixture *f = *state;
    const struct audit_query query = {.policy_id = SLICE_LITERAL(POLICY), .rows_max = 100};
    struct audit_record *records;
    struct switch_record record;
    struct slice next;
    unsigned count, alerts = 0;

    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(say(f, answered(f, "acme"), FEEDBACK_NEGATIVE), RESULT_OK);
    assert_false(is_off(f, &record));
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &query, &records, &count, &next),
        RESULT_OK);
    for (unsigned i = 0; i < count; i++)
        alerts += records[i].action == AUDIT_ACTION_RULE_ALERT;
    assert_int_equal(alerts, 1);
}

static void a_policy_that_serves_no_more_is_not_switched(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;
    struct uuid ids[6];

    drain_primary(f);
    for (unsigned i = 0; i < 6; i++)
        ids[i] = answered(f, i % 2 ? "acme" : "globex");
    fixture_activate(f, fixture_json(f, "{'policy_id':'other','workflow':'demo-chat',"
                                        "'environment':'production','primary_route':{'route':"
                                        "'demo-at-mock-a'},'limits':{'max_output_tokens':9}}"));
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(say(f, ids[i], FEEDBACK_NEGATIVE), RESULT_OK);
    assert_false(is_off(f, &record));
}

static void what_nobody_answered_gets_no_word(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question refused = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    refused.facts.requested_model = SLICE_LITERAL("nobody");
    fixture_answer(f, &refused, &asked);
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    assert_int_equal(say(f, fixture_id(f), FEEDBACK_POSITIVE), RESULT_NOT_FOUND);
    assert_int_equal(say(f, refused.request_id, FEEDBACK_POSITIVE), RESULT_NOT_FOUND);
    assert_int_equal(say(f, admission.request_id, FEEDBACK_POSITIVE), RESULT_NOT_FOUND);
}

static void it_is_checked_who_says_what(void **state)
{
    static const struct slice globex[] = {SLICE_LITERAL("globex")};
    static const struct slice acme[] = {SLICE_LITERAL("acme")};
    static char long_text[513];
    struct fixture *f = *state;
    struct uuid id = answered(f, "acme");
    const struct feedback_request good = {
        .request_id = id, .feedback = FEEDBACK_NEGATIVE, .source = SLICE_LITERAL("user")};
    struct principal caller = {.key_id = SLICE_LITERAL("key_x"), .role = ROLE_GATEWAY};
    struct feedback_request request;

    memset(long_text, 'x', sizeof long_text);
    caller.tenants = (struct texts){globex, 1};
    fixture_call(f)->caller = &caller;
    assert_int_equal(service_put_feedback(f->service, &f->call, &good), RESULT_NOT_FOUND);
    caller.tenants = (struct texts){acme, 1};
    assert_int_equal(service_put_feedback(f->service, &f->call, &good), RESULT_OK);
    caller.role = ROLE_READER;
    assert_int_equal(service_put_feedback(f->service, &f->call, &good), RESULT_DENIED);
    request = good;
    request.feedback = FEEDBACK_UNSPECIFIED;
    assert_int_equal(service_put_feedback(f->service, fixture_call(f), &request), RESULT_INVALID);
    request = good;
    request.source = (struct slice){long_text, 129};
    assert_int_equal(service_put_feedback(f->service, fixture_call(f), &request), RESULT_INVALID);
    request = good;
    request.comment = (struct slice){long_text, 513};
    assert_int_equal(service_put_feedback(f->service, fixture_call(f), &request), RESULT_INVALID);
    request.comment.len = 512;
    assert_int_equal(service_put_feedback(f->service, fixture_call(f), &request), RESULT_OK);
}

static bool keep_row(void *context, struct slice key, struct slice value)
{
    struct feedback_record *record = context;

    (void)key;
    assert_int_equal(feedback_record_decode(value, record), RESULT_OK);
    assert_int_equal(record->feedback, FEEDBACK_NEGATIVE);
    assert_text(record->source, "user");
    assert_text(record->comment, "wrong city");
    assert_true(record->at_ms == NOW_MS);
    return true;
}

static void the_word_is_kept_under_the_request(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {f->directory, f->map_bytes, 4};
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 10};
    struct feedback_record record = {.feedback = FEEDBACK_UNSPECIFIED};
    struct store_error error;
    struct store_read *read;
    struct store *store;

    assert_int_equal(say(f, answered(f, "acme"), FEEDBACK_NEGATIVE), RESULT_OK);
    fixture_close(f);
    assert_int_equal(store_open(&options, &store, &error), RESULT_OK);
    assert_int_equal(store_read_open(store, &read), RESULT_OK);
    assert_int_equal(store_read_renew(read), RESULT_OK);
    assert_int_equal(store_walk(read, STORE_TABLE_FEEDBACK, &walk, keep_row, &record), RESULT_OK);
    assert_int_equal(record.feedback, FEEDBACK_NEGATIVE);
    store_read_close(read);
    store_close(store);
    fixture_open(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(bad_words_of_two_tenants_switch_the_entry_off),
        TEST(a_later_word_replaces_the_one_before_and_counts_once),
        TEST(words_on_the_primary_are_only_told),
        TEST(a_policy_that_serves_no_more_is_not_switched),
        TEST(what_nobody_answered_gets_no_word),
        TEST(it_is_checked_who_says_what),
        TEST(the_word_is_kept_under_the_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
