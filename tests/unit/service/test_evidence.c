/* Evidence: put, take back, list; and that what is put, and nothing else, opens a fallback. */
#include "service/state.h"
#include "store/layout.h"
#include "unit/service/review_fixture.h"

#define PARITY                                                                                     \
    "'kind':'parity','primary':'primary-approved-at-mock-a','passed':true,'reviewed_by':'rita',"   \
    "'checks':['endpoint','parameters','quota','cost','log_fields']"
#define COST                                                                                       \
    "'kind':'cost_owner','pricing_snapshot':'2026-11-01','usage_estimate':{"                       \
    "'monthly_requests':1000,'monthly_usd':100}"

static struct evidence_summary take_back(struct fixture *f, const char *id)
{
    struct evidence_summary item;

    fixture_call(f)->caller = &fixture_reviewer;
    assert_int_equal(service_revoke_evidence(f->service, &f->call, slice_of(id),
                                             SLICE_LITERAL("a doubt"), SLICE_LITERAL(""), &item),
                     RESULT_OK);
    return item;
}

static unsigned put_one(struct fixture *f, const struct principal *caller, const char *member)
{
    struct slice document = fixture_evidence(f, &template_place, BACKUP, &member, 1);
    struct evidence_summary *items;
    unsigned count;

    fixture_call(f)->caller = caller;
    assert_int_equal(
        service_put_evidence(f->service, &f->call, document, SLICE_LITERAL(""), &items, &count),
        RESULT_OK);
    return count;
}

static void the_template_falls_back_once_all_of_its_evidence_is_put(void **state)
{
    struct fixture *f = *state;
    struct shut shut;

    assert_false(is_open(f, fixture_id(f), &shut));
    assert_true(shut.count >= 6);
    assert_string_equal(shut.found, "none");
    assert_int_equal(fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE)), 9);
    assert_open(f);
    fixture_reopen(f);
    assert_open(f);
}

static void taking_one_piece_back_shuts_it_by_that_check(void **state)
{
    static const struct {
        const char *id, *check;
    } pieces[] = {
        {"ev-1", "parity"},     {"ev-2", "eval"},        {"ev-3", "tool_contract"},
        {"ev-4", "cost_owner"}, {"ev-5", "quota_owner"}, {"ev-6", "boundary_approval"},
    };
    struct fixture *f = *state;
    char document[4096];

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct evidence_summary item = take_back(f, pieces[i].id);

        snprintf(document, sizeof document, "%.*s", (int)item.document.len, item.document.ptr);
        assert_true(item.revoked);
        assert_text(item.revoked_by, "key_reviewer");
        assert_text(item.revoke_reason, "a doubt");
        assert_shut(f, pieces[i].check, "revoked");
        fixture_reopen(f);
        assert_shut(f, pieces[i].check, "revoked");
        /* The same document once more. */
        assert_int_equal(fixture_put_evidence(f, slice_of(document)), 1);
        assert_open(f);
    }
}

static void a_piece_counts_until_it_expires(void **state)
{
    static const char *const member[] = {PARITY};
    struct fixture *f = *state;

    take_back(f, "ev-1");
    fixture_put_evidence(f, fixture_evidence(f, &template_place, BACKUP, member, 1));
    assert_open(f);
    /* FIXTURE_EXPIRES less one second, and then. Nothing is compiled in between. */
    f->now_ms = INT64_C(1811807999000);
    assert_open(f);
    f->now_ms += 1000;
    assert_shut(f, "parity", "expired");
}

static void an_unrelated_change_voids_nothing_and_a_price_only_what_is_about_cost(void **state)
{
    struct fixture *f = *state;

    fixture_publish_catalog(f, catalog_with(f, BACKUP, "2026-11-01", "2026-11-02"));
    assert_open(f);
    fixture_publish_catalog(f, catalog_with(f, "demo-at-mock-b", "\"input\": 1", "\"input\": 2"));
    assert_open(f);
    fixture_publish_catalog(f, catalog_with(f, BACKUP, "0.6", "0.7"));
    assert_shut(f, "cost_owner", "voided");
    fixture_reopen(f);
    assert_shut(f, "cost_owner", "voided");
    assert_int_equal(put_one(f, &fixture_reviewer, COST), 1);
    assert_open(f);
    /* Back to the old price: now the new approval is void and the old one holds again. */
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    assert_open(f);
}

static void an_approver_is_somebody_else_than_the_author(void **state)
{
    static const struct principal same_person = {
        .key_id = SLICE_LITERAL("key_other"), .role = ROLE_OPERATOR, .user = SLICE_LITERAL("ann")};
    struct fixture *f = *state;

    take_back(f, "ev-4");
    put_one(f, &author, COST);
    assert_shut(f, "cost_owner", "approver_is_author");
    put_one(f, &same_person, COST);
    assert_shut(f, "cost_owner", "approver_is_author");
    put_one(f, &fixture_reviewer, COST);
    assert_open(f);
    /* The reviewer publishes a version of his own: what he approved counts no more. */
    activate_as(f, &fixture_reviewer,
                fixture_json(f, "{'policy_id':'w','workflow':'w',"
                                "'environment':'e','primary_route':"
                                "{'route':'demo-at-mock-a'}}"));
    assert_open(f);
}

static bool count_row(void *context, struct slice key, struct slice value)
{
    unsigned *count = context;

    (void)key;
    (void)value;
    ++*count;
    return true;
}

static unsigned count_rows(struct fixture *f, enum store_table table)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 1000};
    unsigned count = 0;

    assert_int_equal(store_read_renew(f->service->admin.read), RESULT_OK);
    assert_int_equal(store_walk(f->service->admin.read, table, &walk, count_row, &count),
                     RESULT_OK);
    store_read_reset(f->service->admin.read);
    return count;
}

static void assert_replays(struct fixture *f, struct uuid id)
{
    const struct request_query query = {.has_id = true, .request_id = id};
    struct replay replay;

    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    if (!replay.same)
        for (unsigned i = 0; i < replay.boundaries_count; i++)
            for (unsigned j = 0; j < replay.boundaries[i].differences_count; j++)
                print_message("boundary %u: %.*s\n", i,
                              (int)replay.boundaries[i].differences[j].field.len,
                              replay.boundaries[i].differences[j].field.ptr);
    assert_true(replay.same);
    assert_int_equal(replay.boundaries_count, 2);
}

static void requests_replay_with_the_evidence_of_their_time(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[6];
    struct shut shut;
    unsigned count = 0;

    ids[count] = fixture_id(f);
    assert_true(is_open(f, ids[count++], &shut));
    for (int round = 0; round < 2; round++) {
        take_back(f, round ? "ev-11" : "ev-1"); /* the parity that stands */
        ids[count] = fixture_id(f);
        assert_false(is_open(f, ids[count++], &shut));
        fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE));
        ids[count] = fixture_id(f);
        assert_true(is_open(f, ids[count++], &shut));
        for (int i = 0; i < 3; i++)
            put_one(f, &fixture_reviewer, COST);
    }
    fixture_publish_catalog(f, catalog_with(f, BACKUP, "0.6", "0.7"));
    ids[count] = fixture_id(f);
    assert_true(is_open(f, ids[count - 1], &shut));
    assert_false(is_open(f, ids[count++], &shut));
    for (int open = 0; open < 2; open++) {
        for (unsigned i = 0; i < count; i++)
            assert_replays(f, ids[i]);
        fixture_reopen(f);
    }
}

static void the_blocks_of_evidence_before_are_not_kept(void **state)
{
    struct fixture *f = *state;
    unsigned before = count_rows(f, STORE_TABLE_COMPILED);

    for (int i = 0; i < 20; i++)
        put_one(f, &fixture_reviewer, COST);
    take_back(f, "ev-10");
    assert_int_equal(count_rows(f, STORE_TABLE_COMPILED), before);
    fixture_reopen(f);
    assert_int_equal(count_rows(f, STORE_TABLE_COMPILED), before);
    assert_open(f);
}

/* A request under way when evidence changes, and the decider is restarted: the block that it was
 * admitted under is gone, and is made again. */
static void a_request_under_way_keeps_the_evidence_it_was_admitted_under(void **state)
{
    struct fixture *f = *state;
    struct question admission = template_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, "primary-approved-at-mock-a");
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    take_back(f, "ev-1");
    fixture_reopen(f);
    report_status(&report, 500);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.action, ACTION_FALLBACK);
    assert_shut(f, "parity", "revoked");
    assert_replays(f, admission.request_id);
}

static void a_canary_is_compiled_with_new_evidence_too(void **state)
{
    static char text[8192];
    struct fixture *f = *state;
    struct slice document = fixture_file(f, TEMPLATE_FILE);
    const struct serving *serving;
    struct policy_summary policy;
    struct activation_summary activation;

    memcpy(text, document.ptr, document.len);
    text[document.len] = ' ';
    fixture_call(f)->caller = &author;
    assert_int_equal(service_publish_policy(f->service, &f->call,
                                            (struct slice){text, document.len + 1}, &policy),
                     RESULT_OK);
    assert_int_equal(service_activate(f->service, &f->call,
                                      &(struct activation_request){.policy_id = policy.policy_id,
                                                                   .version = 2,
                                                                   .percent = 50},
                                      &activation),
                     RESULT_OK);
    take_back(f, "ev-1");
    for (int open = 0; open < 2; open++) {
        serving = snapshot_serving(f->service->owner.live, SLICE_LITERAL(WORKLOAD),
                                   SLICE_LITERAL("production"));
        assert_int_equal(serving->whole->policy->evidence_version, 10);
        assert_int_equal(serving->canary->policy->evidence_version, 10);
        for (unsigned i = 0; i < 20; i++)
            assert_shut(f, "parity", "revoked");
        fixture_reopen(f);
    }
    assert_int_equal(count_rows(f, STORE_TABLE_COMPILED), 2);
}

#define FAILED_EVAL                                                                                \
    "'kind':'eval','passed':false,'reviewed_by':'rita','eval_set':'set-2','samples':200,"          \
    "'pass_rate_percent':70,'baseline_percent':98.5,'regression_budget_percent':1"
#define PASSED_EVAL                                                                                \
    "'kind':'eval','passed':true,'reviewed_by':'rita','eval_set':'set-2','samples':200,"           \
    "'pass_rate_percent':98,'baseline_percent':98.5,'regression_budget_percent':1"

static void a_failed_evaluation_switches_the_entry_off_where_the_policy_says_so(void **state)
{
    static char text[8192];
    struct fixture *f = *state;
    struct slice document = fixture_file(f, TEMPLATE_FILE);
    struct switch_record *switches;
    struct slice next;
    unsigned count;
    char *at;

    /* The template does not ask for it: nothing is switched off, but the last result counts. */
    assert_int_equal(put_one(f, &fixture_reviewer, FAILED_EVAL), 1);
    assert_shut(f, "eval", "failed");
    assert_int_equal(put_one(f, &fixture_reviewer, PASSED_EVAL), 1);
    assert_open(f);
    memcpy(text, document.ptr, document.len);
    text[document.len] = '\0';
    at = strstr(text, "\"disable_on_schema_failures\"");
    assert_non_null(at);
    memmove(at + 40, at, strlen(at) + 1);
    memcpy(at, "\"disable_on_quality_regression\": true, ", 39);
    at[39] = ' ';
    activate_as(f, &author, slice_of(text));
    assert_open(f);
    assert_int_equal(put_one(f, &fixture_reviewer, FAILED_EVAL), 1);
    /* A better result does not switch it on again. */
    assert_int_equal(put_one(f, &fixture_reviewer, PASSED_EVAL), 1);
    assert_shut(f, "switch", "failed_eval");
    assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                           &switches, &count, &next),
                     RESULT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(switches[0].scope, SWITCH_SCOPE_ENTRY);
    assert_int_equal(switches[0].rule, ROLLBACK_RULE_FAILED_EVAL);
    assert_text(switches[0].name, BACKUP);
    assert_text(switches[0].reason, "ev-12: approved-backup-model did not pass.");
    fixture_reopen(f);
    assert_shut(f, "switch", "failed_eval");
}

int main(void)
{
#define TEMPLATE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_template, fixture_teardown)
#define TEST(name)          cmocka_unit_test_setup_teardown(name, setup_approved, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEMPLATE_TEST(the_template_falls_back_once_all_of_its_evidence_is_put),
        TEST(taking_one_piece_back_shuts_it_by_that_check),
        TEST(a_piece_counts_until_it_expires),
        TEST(an_unrelated_change_voids_nothing_and_a_price_only_what_is_about_cost),
        TEST(an_approver_is_somebody_else_than_the_author),
        TEST(requests_replay_with_the_evidence_of_their_time),
        TEST(the_blocks_of_evidence_before_are_not_kept),
        TEST(a_request_under_way_keeps_the_evidence_it_was_admitted_under),
        TEST(a_canary_is_compiled_with_new_evidence_too),
        TEST(a_failed_evaluation_switches_the_entry_off_where_the_policy_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
