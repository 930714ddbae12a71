/* Policies and catalogs: versions, activation, and changes that happen whole or not at all. */
#include "store/store.h"
#include "unit/service/fixture.h"

#define POLICY(more)                                                                               \
    "{'policy_id':'p','workflow':'w','environment':'e',"                                           \
    "'primary_route':{'route':'demo-at-mock-a'}" more "}"

/* The example catalog, and nothing active. */
static int setup(void **state)
{
    fixture_setup_empty(state);
    fixture_publish_catalog(*state, fixture_file(*state, "policies/catalog.json"));
    return 0;
}

static struct policy_summary publish(struct fixture *f, struct slice document)
{
    struct policy_summary policy;

    assert_int_equal(service_publish_policy(f->service, fixture_call(f), document, &policy),
                     RESULT_OK);
    return policy;
}

static enum result activate(struct fixture *f,
                            const char *policy_id,
                            uint32_t version,
                            struct policy_summary *ret_policy,
                            struct policy_summary *ret_replaced)
{
    const struct activation_request request = {.policy_id = slice_of(policy_id),
                                               .version = version};
    struct activation_summary summary;
    enum result result = service_activate(f->service, fixture_call(f), &request, &summary);

    *ret_policy = summary.active;
    *ret_replaced = summary.replaced;
    return result;
}

static enum result
publish_catalog(struct fixture *f, struct slice document, struct catalog_summary *ret_catalog)
{
    return service_publish_catalog(f->service, fixture_call(f),
                                   &(struct catalog_request){.document = document}, ret_catalog);
}

static enum action ask(struct fixture *f, const char *workload, struct asked *asked)
{
    struct question question = question_admission(fixture_id(f));

    question.facts.workload = slice_of(workload);
    question.facts.environment = slice_of("e");
    fixture_answer(f, &question, asked);
    assert_int_equal(asked->result, RESULT_OK);
    return asked->decision.action;
}

static void a_document_with_errors_is_not_stored_and_all_errors_come_at_once(void **state)
{
    struct fixture *f = *state;
    struct policy_summary policy;
    const char *bad = "{'policy_id':'p','workflow':'w','environment':'e','typo':1,"
                      "'primary_route':{'route':'demo-at-mock-a'},'limits':{'max_total_ms':0}}";

    policy = publish(f, fixture_json(f, bad));
    assert_int_equal(policy.version, 0);
    assert_int_equal(f->call.diagnostics.errors, 2);
    assert_int_equal(service_validate_policy(f->service, fixture_call(f), fixture_json(f, bad)),
                     RESULT_OK);
    assert_int_equal(f->call.diagnostics.errors, 2);
    assert_int_equal(service_get_policy(f->service, fixture_call(f), slice_of("p"), 0, &policy),
                     RESULT_NOT_FOUND);
    policy = publish(f, slice_of("{ not json"));
    assert_int_equal(policy.version, 0);
    assert_int_equal(f->call.diagnostics.errors, 1);
    /* Right by itself, but the catalog has no such route. */
    policy = publish(f, fixture_json(f, "{'policy_id':'p','workflow':'w','environment':'e',"
                                        "'primary_route':{'route':'nowhere'}}"));
    assert_int_equal(policy.version, 0);
    assert_int_equal(f->call.diagnostics.first->code, DIAGNOSTIC_UNKNOWN_NAME);
}

static void an_equal_document_gives_the_version_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(publish(f, fixture_json(f, POLICY())).version, 1);
    assert_int_equal(publish(f, fixture_json(f, POLICY())).version, 1);
    assert_int_equal(publish(f, fixture_json(f, POLICY(" "))).version, 2);
    assert_int_equal(publish(f, fixture_json(f, POLICY())).version, 3);
    fixture_reopen(f);
    assert_int_equal(publish(f, fixture_json(f, POLICY())).version, 3);
}

static void nothing_is_served_before_it_is_activated(void **state)
{
    struct fixture *f = *state;
    struct policy_summary policy, replaced;
    struct asked asked = {.answers = 0};

    policy = publish(f, fixture_json(f, POLICY()));
    assert_false(policy.active);
    assert_int_equal(ask(f, "w", &asked), ACTION_FAIL_CLOSED);
    assert_int_equal(activate(f, "p", 0, &policy, &replaced), RESULT_OK);
    assert_true(policy.active);
    assert_int_equal(policy.version, 1);
    assert_int_equal(replaced.version, 0);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    fixture_reopen(f);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 1);
}

static void activation_replaces_whatever_was_active_there(void **state)
{
    struct fixture *f = *state;
    struct policy_summary policy, replaced;
    struct asked asked = {.answers = 0};

    fixture_activate(f, fixture_json(f, POLICY()));
    fixture_activate(f, fixture_json(f, POLICY(",'limits':{'max_total_attempts':3}")));
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 2);
    /* Back again. */
    assert_int_equal(activate(f, "p", 1, &policy, &replaced), RESULT_OK);
    assert_int_equal(replaced.version, 2);
    assert_text(replaced.policy_id, "p");
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 1);
    /* Another policy id for the same workload and environment. */
    publish(f, fixture_json(f, "{'policy_id':'q','workflow':'w','environment':'e',"
                               "'primary_route':{'route':'demo-at-mock-b'}}"));
    assert_int_equal(activate(f, "q", 0, &policy, &replaced), RESULT_OK);
    assert_text(replaced.policy_id, "p");
    assert_int_equal(replaced.version, 1);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_string_equal(asked.route, DEMO_ENTRY1);
    assert_int_equal(service_get_policy(f->service, fixture_call(f), slice_of("p"), 1, &policy),
                     RESULT_OK);
    assert_false(policy.active);
}

static void a_version_for_another_workload_leaves_the_old_one_where_it_is(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {.answers = 0};

    fixture_activate(f, fixture_json(f, POLICY()));
    fixture_activate(f, fixture_json(f, "{'policy_id':'p','workflow':'v','environment':'e',"
                                        "'primary_route':{'route':'demo-at-mock-b'}}"));
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 1);
    assert_int_equal(ask(f, "v", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 2);
}

static void activation_names_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct policy_summary policy, replaced;

    assert_int_equal(activate(f, "none", 0, &policy, &replaced), RESULT_NOT_FOUND);
    publish(f, fixture_json(f, POLICY()));
    assert_int_equal(activate(f, "p", 2, &policy, &replaced), RESULT_NOT_FOUND);
    assert_true(f->call.message.len > 0);
}

/* The example catalog without the routes of one provider's demo model. */
static struct slice smaller_catalog(struct fixture *f)
{
    static char text[65536];
    struct slice whole = fixture_file(f, "policies/catalog.json");
    char *at;

    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = '\0';
    at = strstr(text, "\"id\": \"demo-at-mock-a\"");
    assert_non_null(at);
    memcpy(at, "\"id\": \"gone-at-mock-a\"", 22);
    return (struct slice){text, whole.len};
}

static void a_catalog_that_breaks_an_active_policy_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct catalog_summary catalog;
    struct policy_summary policy, replaced;
    struct asked asked = {.answers = 0};

    fixture_activate(f, fixture_json(f, POLICY()));
    assert_int_equal(publish_catalog(f, smaller_catalog(f), &catalog), RESULT_OK);
    assert_int_equal(catalog.version, 0);
    assert_true(f->call.diagnostics.errors > 0);
    assert_memory_equal(f->call.diagnostics.first->pointer.ptr, "p@1#/primary_route", 18);
    assert_int_equal(service_get_catalog(f->service, fixture_call(f), 0, &catalog), RESULT_OK);
    assert_int_equal(catalog.version, 1);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.catalog_version, 1);
    fixture_reopen(f);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    /* With another policy there, it is welcome; then the old version cannot come back. */
    fixture_activate(f, fixture_json(f, "{'policy_id':'q','workflow':'w','environment':'e',"
                                        "'primary_route':{'route':'demo-at-mock-b'}}"));
    assert_int_equal(fixture_publish_catalog(f, smaller_catalog(f)), 2);
    assert_int_equal(activate(f, "p", 1, &policy, &replaced), RESULT_PRECONDITION);
    assert_true(f->call.diagnostics.errors > 0);
    assert_true(f->call.message.len > 0);
}

static void a_new_catalog_compiles_what_is_active_anew(void **state)
{
    struct fixture *f = *state;
    struct catalog_summary catalog;
    struct policy_summary policy;
    struct asked asked = {.answers = 0};
    static char text[65536];
    struct slice whole;

    fixture_activate(f, fixture_json(f, POLICY()));
    whole = fixture_file(f, "policies/catalog.json");
    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = ' ';
    assert_int_equal(publish_catalog(f, (struct slice){text, whole.len + 1}, &catalog), RESULT_OK);
    assert_int_equal(catalog.version, 2);
    assert_int_equal(catalog.policies, 1);
    assert_true(catalog.routes > 0 && catalog.models > 0);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.catalog_version, 2);
    assert_int_equal(service_get_policy(f->service, fixture_call(f), slice_of("p"), 0, &policy),
                     RESULT_OK);
    assert_int_equal(policy.catalog_version, 2);
    fixture_reopen(f);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.catalog_version, 2);
    assert_int_equal(service_get_catalog(f->service, fixture_call(f), 1, &catalog), RESULT_OK);
    assert_int_equal(catalog.document.len, whole.len);
    assert_int_equal(service_get_catalog(f->service, fixture_call(f), 3, &catalog),
                     RESULT_NOT_FOUND);
}

static bool delete_row(void *context, struct slice key, struct slice value)
{
    struct store_write write = {.ops_count = 1,
                                .ops = {{STORE_OP_DELETE, STORE_TABLE_COMPILED, key, {NULL, 0}}}};

    (void)value;
    assert_int_equal(store_write_wait(context, &write), RESULT_OK);
    return true;
}

/* As a start finds it after an upgrade to another format of compiled policies. */
static void drop_compiled_blocks(struct fixture *f)
{
    const struct store_options options = {f->directory, f->map_bytes, 4};
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 100};
    struct store_error error;
    struct store_read *read;
    struct store *store;

    fixture_close(f);
    assert_int_equal(store_open(&options, &store, &error), RESULT_OK);
    assert_int_equal(store_read_open(store, &read), RESULT_OK);
    assert_int_equal(store_read_renew(read), RESULT_OK);
    assert_int_equal(store_walk(read, STORE_TABLE_COMPILED, &walk, delete_row, store), RESULT_OK);
    store_read_close(read);
    store_close(store);
    fixture_open(f);
}

static void without_compiled_blocks_the_documents_are_compiled_again(void **state)
{
    struct fixture *f = *state;
    const struct request_query query = {.has_id = false};
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};
    struct replay replay;

    fixture_activate(f, fixture_json(f, POLICY()));
    admission.facts.workload = slice_of("w");
    admission.facts.environment = slice_of("e");
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    fixture_activate(f, fixture_json(f, POLICY(" ")));
    drop_compiled_blocks(f);
    assert_int_equal(ask(f, "w", &asked), ACTION_SEND);
    assert_int_equal(asked.decision.policy_version, 2);
    report_success(&report);
    fixture_answer(f, &report, &asked); /* under version 1 */
    assert_int_equal(asked.decision.policy_version, 1);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    f->now_ms += 5;
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_true(replay.same);
}

static void policies_are_listed_page_by_page(void **state)
{
    struct fixture *f = *state;
    struct policy_summary *policies;
    struct slice next;
    char token[256] = "";
    unsigned count, total = 0;

    publish(f, fixture_json(f, POLICY()));
    publish(f, fixture_json(f, POLICY(" ")));
    fixture_activate(f, fixture_json(f, POLICY("  ")));
    publish(f, fixture_json(f, "{'policy_id':'p@2','workflow':'w','environment':'e',"
                               "'primary_route':{'route':'demo-at-mock-b'}}"));
    do {
        assert_int_equal(service_list_policies(f->service, fixture_call(f), slice_of(token), 1,
                                               &policies, &count, &next),
                         RESULT_OK);
        assert_int_equal(count, 1);
        assert_int_equal(policies[0].document.len, 0);
        assert_int_equal(policies[0].active, total == 2);
        total++;
        snprintf(token, sizeof token, "%.*s", (int)next.len, next.ptr);
    } while (token[0]);
    assert_int_equal(total, 4);
    assert_int_equal(service_list_policies(f->service, fixture_call(f), slice_of("no-at"), 1,
                                           &policies, &count, &next),
                     RESULT_INVALID);
}

static void the_canonical_form_is_that_of_every_document_that_says_the_same(void **state)
{
    struct fixture *f = *state;
    struct policy_summary policy;
    struct slice first, second;

    publish(f, fixture_json(f, POLICY()));
    publish(f, fixture_json(f, POLICY("   ")));
    assert_int_equal(service_get_policy(f->service, fixture_call(f), slice_of("p"), 1, &policy),
                     RESULT_OK);
    assert_int_equal(service_canonical_policy(&f->call, &policy, &first), RESULT_OK);
    assert_int_equal(service_get_policy(f->service, &f->call, slice_of("p"), 2, &policy),
                     RESULT_OK);
    assert_int_equal(service_canonical_policy(&f->call, &policy, &second), RESULT_OK);
    assert_true(first.len > 0 && slice_equal(first, second));
    policy.document = slice_of("{}");
    assert_int_equal(service_canonical_policy(&f->call, &policy, &second), RESULT_CORRUPT);
    assert_int_equal(f->call.diagnostics.count, 0);
}

static void a_caller_sees_and_changes_only_its_environments(void **state)
{
    static const struct slice environments[] = {SLICE_LITERAL("staging")};
    struct fixture *f = *state;
    const struct principal caller = {.role = ROLE_OPERATOR, .environments = {environments, 1}};
    struct policy_summary policy, *policies;
    struct slice next;
    unsigned count;

    fixture_activate(f, fixture_json(f, POLICY()));
    fixture_call(f)->caller = &caller;
    assert_int_equal(service_get_policy(f->service, &f->call, slice_of("p"), 0, &policy),
                     RESULT_NOT_FOUND);
    assert_int_equal(
        service_list_policies(f->service, &f->call, slice_of(""), 0, &policies, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        service_publish_policy(f->service, &f->call, fixture_json(f, POLICY("   ")), &policy),
        RESULT_DENIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_document_with_errors_is_not_stored_and_all_errors_come_at_once),
        TEST(an_equal_document_gives_the_version_again),
        TEST(nothing_is_served_before_it_is_activated),
        TEST(activation_replaces_whatever_was_active_there),
        TEST(a_version_for_another_workload_leaves_the_old_one_where_it_is),
        TEST(activation_names_what_is_missing),
        TEST(a_catalog_that_breaks_an_active_policy_changes_nothing),
        TEST(a_new_catalog_compiles_what_is_active_anew),
        TEST(without_compiled_blocks_the_documents_are_compiled_again),
        TEST(policies_are_listed_page_by_page),
        TEST(the_canonical_form_is_that_of_every_document_that_says_the_same),
        TEST(a_caller_sees_and_changes_only_its_environments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
