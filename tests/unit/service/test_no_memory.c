/* Administrative calls whose first, second, third ... allocation fails: each says so, changes
 * nothing, leaks nothing, and goes well once there is memory. */
#include "service/state.h"
#include "unit/service/review_fixture.h"

#define ALLOCATIONS_MAX 100000

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

/* Of the thread that calls; the writer has what it needs. */
static _Thread_local int left = -1; /* allocations that go well; -1: all */
static _Thread_local bool refused;

static bool refuse(void)
{
    if (left < 0)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    refused = true;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return refuse() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return refuse() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return refuse() ? NULL : __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return refuse() ? NULL : __real_aligned_alloc(alignment, bytes);
}

/* ---- the calls ---- */

static char document[65536];

/* With a space behind it: another document of the same meaning. */
static void keep(struct slice text)
{
    memcpy(document, text.ptr, text.len);
    document[text.len] = ' ';
    document[text.len + 1] = '\0';
}

static enum result put_evidence(struct fixture *f)
{
    struct evidence_summary *items;
    unsigned count = 0;
    enum result result = service_put_evidence(f->service, &f->call, slice_of(document),
                                              SLICE_LITERAL("put"), &items, &count);

    return result == RESULT_OK && count != 9 ? RESULT_INVALID : result;
}

static enum result revoke_evidence(struct fixture *f)
{
    struct evidence_summary item;

    return service_revoke_evidence(f->service, &f->call, SLICE_LITERAL("ev-1"),
                                   SLICE_LITERAL("why"), SLICE_LITERAL("revoke"), &item);
}

static enum result publish_policy(struct fixture *f)
{
    struct policy_summary policy = {.version = 0};
    enum result result = service_publish_policy(f->service, &f->call, slice_of(document), &policy);

    return result == RESULT_OK && !policy.version ? RESULT_INVALID : result;
}

static enum result activate(struct fixture *f)
{
    const struct activation_request request = {
        .policy_id = SLICE_LITERAL(TEMPLATE), .percent = 20, .write_id = SLICE_LITERAL("activate")};
    struct activation_summary summary;

    return service_activate(f->service, &f->call, &request, &summary);
}

static enum result roll_back(struct fixture *f)
{
    const struct roll_back_request request = {.policy_id = SLICE_LITERAL(TEMPLATE),
                                              .write_id = SLICE_LITERAL("back")};
    struct activation_summary summary;

    return service_roll_back(f->service, &f->call, &request, &summary);
}

static enum result publish_catalog(struct fixture *f)
{
    const struct catalog_request request = {.document = slice_of(document),
                                            .write_id = SLICE_LITERAL("catalog")};
    struct catalog_summary catalog;
    enum result result = service_publish_catalog(f->service, &f->call, &request, &catalog);

    return result == RESULT_OK && !catalog.version ? RESULT_INVALID : result;
}

static enum result list_evidence(struct fixture *f)
{
    const struct evidence_query query = {.want_revoked = true};
    struct evidence_summary *items;
    struct slice next;
    unsigned count;

    return service_list_evidence(f->service, &f->call, &query, &items, &count, &next);
}

static enum result list_audit(struct fixture *f)
{
    const struct audit_query query = {.rows_max = 0};
    struct audit_record *records;
    struct slice next;
    unsigned count;

    return service_list_audit(f->service, &f->call, &query, &records, &count, &next);
}

static const struct policy_choice choice = {.policy_id = SLICE_LITERAL(TEMPLATE)};

static enum result make_checklist(struct fixture *f)
{
    struct checklist_summary summary;

    return service_checklist(f->service, &f->call, &choice, &summary);
}

static enum result diff_policies(struct fixture *f)
{
    const struct policy_choice draft = {.document = slice_of(document)};
    struct policy_diff diff;

    return service_diff_policies(f->service, &f->call, &choice, &draft, &diff);
}

/* ---- the walk ---- */

static void walk(struct fixture *f, enum result (*run)(struct fixture *f))
{
    uint64_t generation = f->service->admin.generation;
    struct store_stats before, after;
    enum result result = RESULT_NO_MEMORY;
    int count = 0;

    for (; count < ALLOCATIONS_MAX; count++) {
        fixture_call(f)->caller = &fixture_reviewer;
        store_stats(f->service->store, &before);
        refused = false;
        left = count;
        result = run(f);
        left = -1;
        if (!refused)
            break;
        if (result != RESULT_NO_MEMORY && result != RESULT_TOO_LARGE)
            fail_msg("result %d when allocation %d fails", (int)result, count);
        store_stats(f->service->store, &after);
        assert_int_equal(after.writes, before.writes);
        assert_int_equal(f->service->admin.generation, generation);
    }
    assert_int_equal(result, RESULT_OK);
    assert_true(count > 0);
}

static void every_call_bears_that_any_of_its_allocations_fails(void **state)
{
    struct fixture *f = *state;

    keep(fixture_file(f, APPROVALS_FILE));
    walk(f, put_evidence);
    assert_open(f);
    walk(f, revoke_evidence);
    walk(f, list_evidence);
    walk(f, list_audit);
    keep(fixture_file(f, TEMPLATE_FILE));
    walk(f, publish_policy);
    walk(f, activate);
    walk(f, make_checklist);
    walk(f, diff_policies);
    keep(catalog_with(f, BACKUP, "0.6", "0.7"));
    walk(f, publish_catalog);
    walk(f, roll_back);
    fixture_reopen(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_bears_that_any_of_its_allocations_fails,
                                        setup_template, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
