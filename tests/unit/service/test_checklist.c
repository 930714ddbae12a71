/* Reviews through the service: the checklist, policy tests, diffs, suggestions, one route. What the
 * engine says of them has tests of its own; these look at which policy, catalog and evidence it was
 * asked about. */
#include "unit/service/review_fixture.h"

#define STORED(n)                                                                                  \
    (struct policy_choice)                                                                         \
    {                                                                                              \
        .policy_id = SLICE_LITERAL(TEMPLATE), .version = n                                         \
    }

static struct checklist_summary
check(struct fixture *f, const struct principal *caller, struct policy_choice choice)
{
    struct checklist_summary summary;

    fixture_call(f)->caller = caller;
    assert_int_equal(service_checklist(f->service, &f->call, &choice, &summary), RESULT_OK);
    return summary;
}

static unsigned count_blocks(const struct checklist *checklist, enum check check)
{
    unsigned count = 0;

    for (unsigned i = 0; i < checklist->rows_count; i++)
        count += checklist->rows[i].verdict == VERDICT_BLOCK &&
                 (!check || checklist->rows[i].check == check);
    return count;
}

static void the_template_is_no_go_until_exactly_its_evidence_is_there(void **state)
{
    struct fixture *f = *state;
    struct checklist_summary summary = check(f, NULL, STORED(0));

    assert_text(summary.policy_id, TEMPLATE);
    assert_text(summary.workload, WORKLOAD);
    assert_text(summary.environment, "production");
    assert_int_equal(summary.version, 1);
    assert_int_equal(summary.catalog_version, 1);
    assert_int_equal(summary.made_unix_ms, f->now_ms);
    assert_int_equal(summary.checklist.entries_count, 2);
    assert_false(summary.checklist.go);
    assert_true(summary.checklist.entries[0].go);
    assert_false(summary.checklist.entries[1].go);
    assert_true(count_blocks(&summary.checklist, 0) >= 6);
    fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE));
    summary = check(f, NULL, STORED(0));
    assert_int_equal(count_blocks(&summary.checklist, 0), 0);
    assert_true(summary.checklist.go);
    /* Expiry is asked of the clock. */
    f->now_ms = INT64_C(1990000000000);
    summary = check(f, NULL, STORED(1));
    assert_false(summary.checklist.go);
}

static void a_draft_is_looked_at_as_if_the_caller_published_it_now(void **state)
{
    static char document[8192];
    struct fixture *f = *state;
    struct slice file = fixture_file(f, TEMPLATE_FILE);
    struct policy_choice draft = {.document = {document, file.len}};
    struct checklist_summary summary;
    struct policy_summary policy;

    memcpy(document, file.ptr, file.len);
    fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE));
    summary = check(f, &author, draft);
    assert_true(summary.checklist.go);
    assert_int_equal(summary.version, 0);
    /* Who approved it may not be its author. */
    summary = check(f, &fixture_reviewer, draft);
    assert_false(summary.checklist.go);
    assert_int_equal(count_blocks(&summary.checklist, CHECK_EVAL), 1);
    draft.document = fixture_json(f, "{'policy_id':'x','typo':1}");
    summary = check(f, &author, draft);
    assert_int_equal(summary.checklist.entries_count, 0);
    assert_true(f->call.diagnostics.errors > 0);
    /* Nothing was stored. */
    assert_int_equal(
        service_get_policy(f->service, fixture_call(f), SLICE_LITERAL("x"), 0, &policy),
        RESULT_NOT_FOUND);
    assert_int_equal(
        service_get_policy(f->service, fixture_call(f), SLICE_LITERAL(TEMPLATE), 2, &policy),
        RESULT_NOT_FOUND);
}

static void what_is_switched_off_shows_in_the_checklist(void **state)
{
    struct fixture *f = *state;
    const struct switch_request request = {
        .scope = SWITCH_SCOPE_ENTRY,
        .policy_id = SLICE_LITERAL(TEMPLATE),
        .name = SLICE_LITERAL(BACKUP),
        .reason = SLICE_LITERAL("maintenance"),
    };
    struct checklist_summary summary;
    struct switch_record record;

    fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE));
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
    summary = check(f, NULL, STORED(0));
    assert_false(summary.checklist.go);
    assert_int_equal(count_blocks(&summary.checklist, 0), 1);
    assert_int_equal(count_blocks(&summary.checklist, CHECK_SWITCH), 1);
}

static void what_is_not_there_or_not_the_callers_is_not_found(void **state)
{
    static const struct slice environments[] = {SLICE_LITERAL("staging")};
    const struct principal stranger = {.role = ROLE_READER, .environments = {environments, 1}};
    const struct policy_choice choices[] = {
        STORED(0), STORED(9), {.policy_id = {"none", 4}}, {.version = 0}};
    struct fixture *f = *state;
    struct checklist_summary summary;

    for (unsigned i = 0; i < 4; i++) {
        fixture_call(f)->caller = i ? NULL : &stranger;
        assert_int_equal(service_checklist(f->service, &f->call, &choices[i], &summary),
                         RESULT_NOT_FOUND);
        assert_true(f->call.message.len > 0);
    }
}

static void a_version_that_the_catalog_has_left_behind_says_so(void **state)
{
    struct fixture *f = *state;
    const struct policy_choice left = STORED(1);
    struct checklist_summary summary;

    activate_as(f, &author,
                fixture_json(f, "{'policy_id':'other','workflow':'" WORKLOAD
                                "','environment':'production','primary_route':"
                                "{'route':'demo-at-mock-a'}}"));
    assert_int_equal(service_checklist(f->service, fixture_call(f), &left, &summary), RESULT_OK);
    fixture_publish_catalog(
        f, catalog_with(f, "\"routes\"", "\"approved-backup-model\"", "\"demo-model\"           "));
    assert_int_equal(service_checklist(f->service, fixture_call(f), &left, &summary),
                     RESULT_PRECONDITION);
    assert_true(f->call.diagnostics.errors > 0);
}

static void a_teams_tests_run_against_what_is_stored(void **state)
{
    struct fixture *f = *state;
    const struct policy_choice choice = STORED(0);
    struct policy_test_report report;
    struct slice tests;
    unsigned before;

    tests = fixture_file(f, "policies/tests/support-chat-fallback-v1.json");
    assert_int_equal(service_test_policy(f->service, fixture_call(f), &choice, tests, &report),
                     RESULT_OK);
    assert_true(report.outcomes_count > 0);
    before = report.passed_count;
    assert_true(before < report.outcomes_count);
    fixture_put_evidence(f, fixture_file(f, APPROVALS_FILE));
    tests = fixture_file(f, "policies/tests/support-chat-fallback-v1.json");
    assert_int_equal(service_test_policy(f->service, fixture_call(f), &choice, tests, &report),
                     RESULT_OK);
    for (unsigned i = 0; i < report.outcomes_count; i++)
        if (!report.outcomes[i].passed)
            print_message("%.*s\n", (int)report.outcomes[i].name.len, report.outcomes[i].name.ptr);
    assert_int_equal(report.passed_count, report.outcomes_count);
    assert_int_equal(service_test_policy(f->service, fixture_call(f), &choice,
                                         SLICE_LITERAL("{\"tests\": 1}"), &report),
                     RESULT_OK);
    assert_int_equal(report.outcomes_count, 0);
    assert_true(f->call.diagnostics.errors > 0);
}

static void two_versions_differ_in_fields_and_consequences(void **state)
{
    static char draft[8192];
    struct fixture *f = *state;
    struct slice document = fixture_file(f, TEMPLATE_FILE);
    const struct policy_choice before = STORED(1);
    struct policy_choice after = {.document = {draft, document.len}};
    struct policy_diff diff;
    char *at;

    memcpy(draft, document.ptr, document.len);
    draft[document.len] = '\0';
    assert_int_equal(service_diff_policies(f->service, fixture_call(f), &before, &after, &diff),
                     RESULT_OK);
    assert_int_equal(diff.fields_count, 0);
    at = strstr(draft, "8000");
    assert_non_null(at);
    memcpy(at, "7000", 4);
    assert_int_equal(service_diff_policies(f->service, fixture_call(f), &before, &after, &diff),
                     RESULT_OK);
    assert_int_equal(diff.fields_count, 1);
    assert_text(diff.fields[0].pointer, "/limits/max_input_tokens");
    assert_text(diff.fields[0].before, "8000");
    assert_text(diff.fields[0].after, "7000");
    assert_true(diff.consequences_count > 0);
}

static void suggestions_come_from_the_catalog_that_serves(void **state)
{
    struct fixture *f = *state;
    struct suggest_question question = {
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .traffic_class = TRAFFIC_CLASS_NONCRITICAL_USER_FACING,
        .input_tokens = 1000,
        .output_tokens = 100,
    };
    struct suggestion *suggestions;
    const struct catalog_route *route;
    unsigned count;

    assert_int_equal(service_suggest_routes(f->service, fixture_call(f), &question,
                                            SLICE_LITERAL("demo-at-mock-a"), &suggestions, &count),
                     RESULT_OK);
    assert_non_null(question.primary);
    assert_true(count > 0);
    for (unsigned i = 0; i < count; i++)
        assert_false(slice_is(suggestions[i].route->id, "demo-at-mock-a"));
    assert_int_equal(service_suggest_routes(f->service, fixture_call(f), &question,
                                            SLICE_LITERAL("nowhere"), &suggestions, &count),
                     RESULT_NOT_FOUND);
    assert_int_equal(service_get_route(f->service, fixture_call(f), SLICE_LITERAL(BACKUP), &route),
                     RESULT_OK);
    assert_text(route->model->id, "approved-backup-model");
    assert_int_equal(
        service_get_route(f->service, fixture_call(f), SLICE_LITERAL("nowhere"), &route),
        RESULT_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_template, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_template_is_no_go_until_exactly_its_evidence_is_there),
        TEST(a_draft_is_looked_at_as_if_the_caller_published_it_now),
        TEST(what_is_switched_off_shows_in_the_checklist),
        TEST(what_is_not_there_or_not_the_callers_is_not_found),
        TEST(a_version_that_the_catalog_has_left_behind_says_so),
        TEST(a_teams_tests_run_against_what_is_stored),
        TEST(two_versions_differ_in_fields_and_consequences),
        TEST(suggestions_come_from_the_catalog_that_serves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
