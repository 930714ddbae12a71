/* Switches: what each turns off, that it stays so, and what the calls answer. */
#include "unit/service/fixture.h"

#define POLICY              "demo-chat-v1"
#define SWITCH_REASON_BYTES 512

static const char document[] =
    "{'policy_id':'demo-chat-v1','workflow':'demo-chat','environment':'production',"
    "'data_classes':['unclassified','customer_content','internal'],"
    "'primary_route':{'route':'demo-at-mock-a'},"
    "'fallback_routes':[{'route':'demo-at-mock-b',"
    "'allowed_reasons':['account_drained','temporary_5xx']}],"
    "'limits':{'max_total_attempts':3,'max_elapsed_ms':20000,'max_output_tokens':4000}}";

static int setup(void **state)
{
    fixture_setup(state);
    fixture_activate(*state, fixture_json(*state, document));
    return 0;
}

static struct switch_request request_of(enum switch_scope scope, const char *name, bool on)
{
    bool of_policy = scope == SWITCH_SCOPE_POLICY || scope == SWITCH_SCOPE_ENTRY;

    return (struct switch_request){
        .scope = scope,
        .policy_id = of_policy ? SLICE_LITERAL(POLICY) : SLICE_LITERAL(""),
        .name = slice_of(name),
        .on = on,
        .reason = SLICE_LITERAL("incident 42"),
    };
}

static enum result
set(struct fixture *f, const struct switch_request *request, struct switch_record *ret_record)
{
    return service_set_switch(f->service, fixture_call(f), request, ret_record);
}

static uint32_t turn(struct fixture *f, enum switch_scope scope, const char *name, bool on)
{
    const struct switch_request request = request_of(scope, name, on);
    struct switch_record record;

    assert_int_equal(set(f, &request, &record), RESULT_OK);
    assert_int_equal(record.scope, scope);
    assert_text(record.name, name);
    assert_true(on ? record.at_ms == 0 && record.version == 0
                   : record.at_ms == f->now_ms && record.version > 0);
    return record.version;
}

/* Where an admission goes now: the route, or the error's code. */
static const char *admit(struct fixture *f)
{
    static struct asked asked;
    struct question admission = question_admission(fixture_id(f));

    memset(&asked, 0, sizeof asked);
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    return asked.decision.has_route ? asked.route : asked.code;
}

static unsigned list(struct fixture *f, struct switch_record **ret_records)
{
    struct slice next;
    unsigned count;

    assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                           ret_records, &count, &next),
                     RESULT_OK);
    assert_int_equal(next.len, 0);
    return count;
}

static unsigned audit(struct fixture *f, struct audit_record **ret_records)
{
    const struct audit_query query = {.policy_id = SLICE_LITERAL(""), .rows_max = 1000};
    struct slice next;
    unsigned count, kept = 0;

    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &query, ret_records, &count, &next),
        RESULT_OK);
    for (unsigned i = 0; i < count; i++)
        if ((*ret_records)[i].action == AUDIT_ACTION_SWITCH_OFF ||
            (*ret_records)[i].action == AUDIT_ACTION_SWITCH_ON)
            (*ret_records)[kept++] = (*ret_records)[i];
    return kept;
}

static const struct {
    enum switch_scope scope;
    const char *name;
    const char *goes_to;
} scopes[] = {
    {SWITCH_SCOPE_POLICY, "", "policy_switched_off"},
    {SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, DEMO_ENTRY1},
    {SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, DEMO_ENTRY0},
    {SWITCH_SCOPE_ROUTE, DEMO_ENTRY0, DEMO_ENTRY1},
    {SWITCH_SCOPE_ACCOUNT, "mock-a-main", DEMO_ENTRY1},
    {SWITCH_SCOPE_PROVIDER, "mock-a", DEMO_ENTRY1},
    {SWITCH_SCOPE_PROVIDER, "mock-b", DEMO_ENTRY0},
};

static void each_scope_turns_off_what_it_names_until_it_is_turned_on(void **state)
{
    struct fixture *f = *state;
    struct switch_record *records;

    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        assert_string_equal(admit(f), DEMO_ENTRY0);
        turn(f, scopes[i].scope, scopes[i].name, false);
        assert_string_equal(admit(f), scopes[i].goes_to);
        assert_int_equal(list(f, &records), 1);
        assert_int_equal(records[0].scope, scopes[i].scope);
        assert_text(records[0].name, scopes[i].name);
        assert_text(records[0].reason, "incident 42");
        assert_int_equal(records[0].rule, ROLLBACK_RULE_UNSPECIFIED);
        turn(f, scopes[i].scope, scopes[i].name, true);
        assert_int_equal(list(f, &records), 0);
    }
    assert_string_equal(admit(f), DEMO_ENTRY0);
}

static void what_is_off_is_off_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct switch_record *records;

    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        turn(f, scopes[i].scope, scopes[i].name, false);
        fixture_reopen(f);
        assert_string_equal(admit(f), scopes[i].goes_to);
        assert_int_equal(list(f, &records), 1);
        turn(f, scopes[i].scope, scopes[i].name, true);
        fixture_reopen(f);
        assert_string_equal(admit(f), DEMO_ENTRY0);
    }
}

static void what_a_call_has_answered_survives_a_crash(void **state)
{
    struct fixture *f = *state;

    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    fixture_save(f); /* what the disk has when the call is back */
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    fixture_close(f);
    fixture_restore(f);
    fixture_open(f);
    assert_string_equal(admit(f), DEMO_ENTRY1);
}

static void a_policy_that_is_activated_anew_stays_switched(void **state)
{
    struct fixture *f = *state;
    char text[sizeof document];

    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    memcpy(text, document, sizeof text);
    *strstr(text, "4000") = '3';
    fixture_activate(f, fixture_json(f, text));
    assert_string_equal(admit(f), DEMO_ENTRY1);
}

struct trace_seen {
    char found[64];
    bool blocks;
};

static void find_switch(const struct ticket_answer *answer, void *context)
{
    struct trace_seen *seen = context;

    for (unsigned i = 0; i < answer->decision->trace.count; i++) {
        const struct trace_item *item = &answer->decision->trace.items[i];

        if (!slice_is(item->check, "switch") || item->entry != 0)
            continue;
        snprintf(seen->found, sizeof seen->found, "%.*s", (int)item->found.text.len,
                 item->found.text.ptr);
        seen->blocks = item->verdict == VERDICT_BLOCK;
    }
}

static void the_trace_and_explain_name_the_switch_and_replay_agrees(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct trace_seen seen = {.found = ""};
    struct asked asked = {.inspect = find_switch, .context = &seen};
    const struct request_query query = {.has_id = true, .request_id = admission.request_id};
    struct decision *decisions;
    struct replay replay;
    unsigned count;

    turn(f, SWITCH_SCOPE_ACCOUNT, "mock-a-main", false);
    admission.want_trace = true;
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.decision.reason, REASON_ACCOUNT_DRAINED);
    assert_true(seen.blocks);
    assert_string_equal(seen.found, "account");
    assert_int_equal(service_explain(f->service, fixture_call(f), &admission.facts, NULL, 0, 0,
                                     &decisions, &count),
                     RESULT_OK);
    assert_int_equal(count, 1);
    assert_text(decisions[0].route.id, DEMO_ENTRY1);
    fixture_wait_durable(f, &admission);
    turn(f, SWITCH_SCOPE_ACCOUNT, "mock-a-main", true);
    fixture_reopen(f);
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_true(replay.same);
}

/* ---- what the calls answer ---- */

static void what_does_not_exist_cannot_be_turned_off(void **state)
{
    static const struct {
        enum switch_scope scope;
        const char *policy, *name;
    } cases[] = {
        {SWITCH_SCOPE_POLICY, "nobody", ""},
        {SWITCH_SCOPE_ENTRY, "nobody", DEMO_ENTRY0},
        {SWITCH_SCOPE_ENTRY, POLICY, "nobody"},
        {SWITCH_SCOPE_ENTRY, POLICY, "queue:later"},
        {SWITCH_SCOPE_ENTRY, POLICY, "default_response"},
        {SWITCH_SCOPE_ROUTE, "", "nobody"},
        {SWITCH_SCOPE_ACCOUNT, "", "mock-a"},
        {SWITCH_SCOPE_PROVIDER, "", "mock-a-main"},
    };
    struct fixture *f = *state;
    struct switch_record record, *records;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int on = 0; on < 2; on++) {
            struct switch_request request = request_of(cases[i].scope, cases[i].name, on);

            request.policy_id = slice_of(cases[i].policy);
            assert_int_equal(set(f, &request, &record), RESULT_NOT_FOUND);
            assert_true(f->call.message.len > 0);
        }
    assert_int_equal(list(f, &records), 0);
}

static void a_request_that_says_too_little_or_too_much_is_refused(void **state)
{
    static char long_text[SWITCH_REASON_BYTES + 1];
    struct fixture *f = *state;
    const struct switch_request good = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    struct switch_request cases[12];
    struct switch_record record;
    unsigned count = 0;

    memset(long_text, 'x', sizeof long_text);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        cases[i] = good;
    cases[count++].scope = SWITCH_SCOPE_UNSPECIFIED;
    cases[count++].scope = SWITCH_SCOPE_END;
    cases[count++].scope = SWITCH_SCOPE_POLICY; /* with a name */
    cases[count++].scope = SWITCH_SCOPE_ROUTE;  /* with a policy */
    cases[count++].policy_id = SLICE_LITERAL("");
    cases[count++].name = SLICE_LITERAL("");
    cases[count++].name = (struct slice){"a\0b", 3};
    cases[count++].name = (struct slice){long_text, 200};
    cases[count++].reason = SLICE_LITERAL("");
    cases[count++].reason = (struct slice){long_text, sizeof long_text};
    cases[count++].etag = SLICE_LITERAL("yesterday");
    cases[count++].write_id = (struct slice){long_text, 129};
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(set(f, &cases[i], &record), RESULT_INVALID);
        assert_true(f->call.message.len > 0);
    }
    cases[0] = good;
    cases[0].reason.len = 0;
    cases[0].reason = (struct slice){long_text, SWITCH_REASON_BYTES};
    assert_int_equal(set(f, &cases[0], &record), RESULT_OK);
}

static void an_etag_that_is_not_current_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct switch_request off = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    struct switch_request on = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    struct switch_record record;
    char etag[16];

    off.etag = SLICE_LITERAL("1");
    assert_int_equal(set(f, &off, &record), RESULT_PRECONDITION);
    assert_string_equal(admit(f), DEMO_ENTRY0);
    off.etag = SLICE_LITERAL("0"); /* it is on */
    assert_int_equal(set(f, &off, &record), RESULT_OK);
    on.etag = SLICE_LITERAL("0");
    assert_int_equal(set(f, &on, &record), RESULT_PRECONDITION);
    assert_string_equal(admit(f), DEMO_ENTRY1);
    snprintf(etag, sizeof etag, "%u", (unsigned)turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false));
    on.etag = slice_of(etag);
    assert_int_equal(set(f, &on, &record), RESULT_OK);
    assert_string_equal(admit(f), DEMO_ENTRY0);
}

static void versions_go_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    uint32_t first = turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);

    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true); /* nothing is left in the table */
    fixture_reopen(f);
    assert_true(turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false) > first + 1);
}

static void a_write_id_gives_the_first_answer_again(void **state)
{
    struct fixture *f = *state;
    struct switch_request off = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    struct switch_record first, again;
    struct audit_record *rows;
    int64_t first_ms = f->now_ms;
    uint32_t version;

    off.write_id = SLICE_LITERAL("change-7");
    assert_int_equal(set(f, &off, &first), RESULT_OK);
    version = first.version;
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    f->now_ms += 1000;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(set(f, &off, &again), RESULT_OK);
        assert_int_equal(again.version, version);
        assert_true(again.at_ms == first_ms);
        assert_text(again.reason, "incident 42");
        assert_string_equal(admit(f), DEMO_ENTRY0); /* and nothing is changed */
        fixture_reopen(f);
    }
    assert_int_equal(audit(f, &rows), 2);
    off.reason = SLICE_LITERAL("another");
    assert_int_equal(set(f, &off, &again), RESULT_EXISTS);
    off = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    off.write_id = SLICE_LITERAL("change-7");
    assert_int_equal(set(f, &off, &again), RESULT_EXISTS);
}

static void a_write_id_is_remembered_where_nothing_was_to_be_done(void **state)
{
    struct fixture *f = *state;
    struct switch_request on = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    struct switch_record record;

    on.write_id = SLICE_LITERAL("change-8");
    assert_int_equal(set(f, &on, &record), RESULT_OK);
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    assert_int_equal(set(f, &on, &record), RESULT_OK);
    assert_true(record.at_ms == 0);
    assert_string_equal(admit(f), DEMO_ENTRY1); /* the first call's answer, not a change */
}

static void the_audit_trail_tells_each_change(void **state)
{
    struct fixture *f = *state;
    struct audit_record *rows;

    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    f->now_ms++;
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true);
    f->now_ms++;
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true); /* no change */
    assert_int_equal(audit(f, &rows), 2);
    assert_int_equal(rows[0].action, AUDIT_ACTION_SWITCH_ON);
    assert_int_equal(rows[1].action, AUDIT_ACTION_SWITCH_OFF);
    assert_text(rows[1].policy_id, POLICY);
    assert_text(rows[1].workload, "demo-chat");
    assert_text(rows[1].environment, "production");
    assert_text(rows[1].subject, DEMO_ENTRY0);
    assert_text(rows[1].reason, "incident 42");
    assert_int_equal(rows[1].version, 2);
}

static void what_has_gone_from_the_policy_can_still_be_turned_on(void **state)
{
    struct fixture *f = *state;
    struct switch_record *records;

    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, false);
    fixture_activate(
        f, fixture_json(f, "{'policy_id':'demo-chat-v1','workflow':'demo-chat',"
                           "'environment':'production','primary_route':{'route':'demo-at-mock-a'},"
                           "'limits':{'max_output_tokens':4000}}"));
    assert_int_equal(list(f, &records), 1);
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, true);
    assert_int_equal(list(f, &records), 0);
}

static void a_token_for_some_environments_reaches_no_further(void **state)
{
    static const struct slice staging[] = {SLICE_LITERAL("staging")};
    static const struct slice production[] = {SLICE_LITERAL("production")};
    struct fixture *f = *state;
    struct principal caller = {.key_id = SLICE_LITERAL("key_some"), .role = ROLE_OPERATOR};
    struct switch_request entry = request_of(SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false);
    struct switch_request route = request_of(SWITCH_SCOPE_ROUTE, DEMO_ENTRY0, false);
    struct switch_record record, *records;
    struct slice next;
    unsigned count;

    caller.environments = (struct texts){staging, 1};
    fixture_call(f)->caller = &caller;
    assert_int_equal(service_set_switch(f->service, &f->call, &entry, &record), RESULT_NOT_FOUND);
    assert_int_equal(service_set_switch(f->service, &f->call, &route, &record), RESULT_DENIED);
    turn(f, SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, false);
    turn(f, SWITCH_SCOPE_ROUTE, DEMO_ENTRY1, false);
    fixture_call(f)->caller = &caller;
    assert_int_equal(
        service_list_switches(f->service, &f->call, SLICE_LITERAL(""), 0, &records, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 1); /* the route's is everybody's to see */
    caller.environments = (struct texts){production, 1};
    fixture_call(f)->caller = &caller;
    assert_int_equal(service_set_switch(f->service, &f->call, &entry, &record), RESULT_OK);
    assert_text(record.by, "key_some");
    assert_int_equal(service_set_switch(f->service, &f->call, &route, &record), RESULT_DENIED);
}

static void the_list_comes_in_pages(void **state)
{
    struct fixture *f = *state;
    struct switch_record *records;
    struct slice token = SLICE_LITERAL("");
    char kept[1024];
    unsigned count, all = 0;

    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        turn(f, scopes[i].scope, scopes[i].name, false);
    do {
        assert_int_equal(
            service_list_switches(f->service, fixture_call(f), token, 2, &records, &count, &token),
            RESULT_OK);
        assert_true(count > 0 && count <= 2);
        all += count;
        assert_true(token.len < sizeof kept);
        memcpy(kept, token.ptr, token.len);
        token.ptr = kept;
    } while (token.len);
    assert_int_equal(all, sizeof scopes / sizeof *scopes);
    assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL("zz"), 2,
                                           &records, &count, &token),
                     RESULT_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_scope_turns_off_what_it_names_until_it_is_turned_on),
        TEST(what_is_off_is_off_after_a_restart),
        TEST(what_a_call_has_answered_survives_a_crash),
        TEST(a_policy_that_is_activated_anew_stays_switched),
        TEST(the_trace_and_explain_name_the_switch_and_replay_agrees),
        TEST(what_does_not_exist_cannot_be_turned_off),
        TEST(a_request_that_says_too_little_or_too_much_is_refused),
        TEST(an_etag_that_is_not_current_changes_nothing),
        TEST(versions_go_on_after_a_restart),
        TEST(a_write_id_gives_the_first_answer_again),
        TEST(a_write_id_is_remembered_where_nothing_was_to_be_done),
        TEST(the_audit_trail_tells_each_change),
        TEST(what_has_gone_from_the_policy_can_still_be_turned_on),
        TEST(a_token_for_some_environments_reaches_no_further),
        TEST(the_list_comes_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
