/* A new catalog is reviewed before it serves: what changes, what it voids, what it touches. */
#include "service/state.h"
#include "unit/service/review_fixture.h"

static struct catalog_summary
publish(struct fixture *f, struct catalog_request request, enum result expected)
{
    struct catalog_summary catalog;

    assert_int_equal(service_publish_catalog(f->service, fixture_call(f), &request, &catalog),
                     expected);
    return catalog;
}

static const struct catalog_change *find_change(const struct catalog_summary *catalog,
                                                const char *pointer)
{
    for (unsigned i = 0; i < catalog->diff.changes_count; i++)
        if (slice_is(catalog->diff.changes[i].pointer, pointer))
            return &catalog->diff.changes[i];
    fail_msg("no change at %s", pointer);
    return NULL;
}

/* The template beside a policy that uses other routes. */
static int setup(void **state)
{
    setup_approved(state);
    fixture_activate(*state, fixture_file(*state, "policies/demo-chat.json"));
    return 0;
}

static void a_review_tells_what_would_change_and_stores_nothing(void **state)
{
    struct fixture *f = *state;
    struct slice dearer = catalog_with(f, BACKUP, "0.6", "0.7");
    struct catalog_summary review;
    const struct catalog_change *change;

    for (int times = 0; times < 2; times++) {
        review = publish(f, (struct catalog_request){.document = dearer, .review_only = true},
                         RESULT_OK);
        assert_int_equal(review.version, 0);
        assert_int_equal(review.compared, 1);
        assert_int_equal(review.policies, 2);
        assert_int_equal(review.routes, 4);
        change = find_change(&review, "/routes/" BACKUP "/prices/input");
        assert_int_equal(change->kind, CATALOG_CHANGE_ALTERED);
        assert_int_equal(change->voids, SET_OF(BINDING_PRICES));
        assert_int_equal(review.voided_count, 1);
        assert_text(review.voided[0], "ev-4");
        assert_int_equal(review.touched_count, 1);
        assert_text(review.touched[0], TEMPLATE "@1: /routes/" BACKUP
                                                "/prices/input; evidence that counts no more: 1");
    }
    assert_open(f);
    fixture_reopen(f);
    assert_int_equal(f->service->owner.live->catalog->version, 1);
    assert_open(f);
}

static void publishing_tells_the_same_and_serves(void **state)
{
    struct fixture *f = *state;
    struct slice dearer = catalog_with(f, BACKUP, "0.6", "0.7");
    const struct audit_query newest = {.rows_max = 1};
    struct audit_record *records;
    struct catalog_summary catalog;
    struct slice next;
    unsigned count;

    f->now_ms++;
    catalog = publish(f, (struct catalog_request){.document = dearer}, RESULT_OK);
    assert_int_equal(catalog.version, 2);
    assert_int_equal(catalog.compared, 1);
    assert_int_equal(catalog.voided_count, 1);
    assert_int_equal(catalog.touched_count, 1);
    assert_shut(f, "cost_owner", "voided");
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &newest, &records, &count, &next),
        RESULT_OK);
    assert_int_equal(records[0].action, AUDIT_ACTION_PUBLISH_CATALOG);
    assert_int_equal(records[0].version, 2);
    assert_text(records[0].detail, "1 changes; policies touched: 1; evidence voided: 1.");
    /* The same document is no new version. */
    catalog = publish(f, (struct catalog_request){.document = dearer}, RESULT_OK);
    assert_int_equal(catalog.version, 2);
    assert_int_equal(catalog.diff.changes_count, 0);
    catalog =
        publish(f, (struct catalog_request){.document = dearer, .review_only = true}, RESULT_OK);
    assert_int_equal(catalog.version, 0);
}

static void a_boundary_that_moves_voids_what_is_about_the_boundary(void **state)
{
    struct fixture *f = *state;
    struct catalog_summary review;

    fixture_activate(f, fixture_json(f, "{'policy_id':'p','workflow':'w','environment':'e',"
                                        "'primary_route':{'route':'demo-at-mock-a'}}"));
    review = publish(
        f,
        (struct catalog_request){.document = catalog_with(f, BACKUP, "\"local\"", "\"other\""),
                                 .review_only = true},
        RESULT_OK);

    assert_int_equal(review.voided_count, 1);
    assert_text(review.voided[0], "ev-6");
    /* A model's version: what was tested is another model now. */
    review =
        publish(f,
                (struct catalog_request){.document = catalog_with(f, "\"approved-backup-model\"",
                                                                  "2026-09-15", "2026-11-15"),
                                         .review_only = true},
                RESULT_OK);
    assert_int_equal(review.voided_count, 2);
    assert_text(review.voided[0], "ev-2");
    assert_text(review.voided[1], "ev-3");
}

/* What the primary is asked with is what the fallback was compared with. */
static void a_primary_that_changes_voids_what_was_compared_with_it(void **state)
{
    struct fixture *f = *state;
    struct slice other = catalog_with(f, "\"primary-approved-at-mock-a\"",
                                      "\"payload_logging\": false", "\"overrides\": {\"user\": 1}");
    struct catalog_summary review =
        publish(f, (struct catalog_request){.document = other, .review_only = true}, RESULT_OK);
    const struct catalog_change *change =
        find_change(&review, "/routes/primary-approved-at-mock-a/overrides");

    assert_true(set_has(change->voids, BINDING_OVERRIDES));
    assert_int_equal(review.voided_count, 1);
    assert_text(review.voided[0], "ev-1");
    assert_open(f);
    publish(f, (struct catalog_request){.document = other}, RESULT_OK);
    assert_shut(f, "parity", "voided");
}

static void a_review_is_against_the_version_that_was_seen(void **state)
{
    struct fixture *f = *state;
    struct slice dearer = catalog_with(f, BACKUP, "0.6", "0.7");

    publish(f, (struct catalog_request){.document = dearer, .expected_version = 2},
            RESULT_PRECONDITION);
    assert_true(f->call.message.len > 0);
    assert_int_equal(
        publish(f, (struct catalog_request){.document = dearer, .expected_version = 1}, RESULT_OK)
            .version,
        2);
    publish(f, (struct catalog_request){.document = dearer, .expected_version = 1},
            RESULT_PRECONDITION);
}

static void a_review_of_a_catalog_that_breaks_a_policy_tells_both(void **state)
{
    struct fixture *f = *state;
    struct catalog_summary review;

    fixture_activate(f, fixture_json(f, "{'policy_id':'p','workflow':'w','environment':'e',"
                                        "'primary_route':{'route':'demo-at-mock-a'}}"));
    review =
        publish(f,
                (struct catalog_request){
                    .document = catalog_with(f, "\"routes\"", "demo-at-mock-a", "gone-at-mock-a")},
                RESULT_OK);

    assert_int_equal(review.version, 0);
    assert_true(f->call.diagnostics.errors > 0);
    assert_true(f->call.message.len > 0);
    assert_int_equal(find_change(&review, "/routes/gone-at-mock-a")->kind, CATALOG_CHANGE_ADDED);
    assert_int_equal(f->service->owner.live->catalog->version, 1);
    review = publish(f, (struct catalog_request){.document = SLICE_LITERAL("{")}, RESULT_OK);
    assert_int_equal(review.version, 0);
    assert_int_equal(f->call.diagnostics.errors, 1);
}

static void a_canary_is_compiled_and_reviewed_too(void **state)
{
    static char text[8192];
    struct fixture *f = *state;
    struct slice document = fixture_file(f, TEMPLATE_FILE);
    struct activation_summary activation;
    struct policy_summary policy;
    struct catalog_summary catalog;
    const struct serving *serving;

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
    catalog = publish(
        f, (struct catalog_request){.document = catalog_with(f, BACKUP, "0.6", "0.7")}, RESULT_OK);
    assert_int_equal(catalog.policies, 3);
    assert_int_equal(catalog.touched_count, 2);
    assert_int_equal(catalog.voided_count, 1);
    serving = snapshot_serving(f->service->owner.live, SLICE_LITERAL(WORKLOAD),
                               SLICE_LITERAL("production"));
    assert_int_equal(serving->whole->policy->catalog_version, 2);
    assert_int_equal(serving->canary->policy->catalog_version, 2);
    assert_int_equal(serving->canary_percent, 50);
    assert_int_equal(serving->activation, 2);
}

static void a_write_id_publishes_once(void **state)
{
    struct fixture *f = *state;
    struct slice dearer = catalog_with(f, BACKUP, "0.6", "0.7");
    const struct catalog_request once = {.document = dearer, .write_id = SLICE_LITERAL("once")};
    struct catalog_summary catalog = publish(f, once, RESULT_OK);

    assert_int_equal(catalog.version, 2);
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    catalog = publish(f, once, RESULT_OK);
    assert_int_equal(catalog.version, 2);
    assert_int_equal(catalog.routes, 4);
    assert_int_equal(catalog.policies, 2);
    assert_int_equal(f->service->owner.live->catalog->version, 3);
    publish(f,
            (struct catalog_request){.document = fixture_file(f, "policies/catalog.json"),
                                     .write_id = SLICE_LITERAL("once")},
            RESULT_EXISTS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_review_tells_what_would_change_and_stores_nothing),
        TEST(publishing_tells_the_same_and_serves),
        TEST(a_boundary_that_moves_voids_what_is_about_the_boundary),
        TEST(a_primary_that_changes_voids_what_was_compared_with_it),
        TEST(a_review_is_against_the_version_that_was_seen),
        TEST(a_review_of_a_catalog_that_breaks_a_policy_tells_both),
        TEST(a_canary_is_compiled_and_reviewed_too),
        TEST(a_write_id_publishes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
