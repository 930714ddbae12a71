/* The decision path calls no malloc of its own once the freelists have grown. The linker sends the
 * allocation calls of our libraries through the counters below. */
#include "unit/service/fixture.h"

#define WARM_UP 64
#define CHAINS  200

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

/* Of the thread that asks; the writer may do as it likes. */
static _Thread_local unsigned allocations;

void *__wrap_malloc(size_t bytes)
{
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    allocations++;
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    allocations++;
    return __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    allocations++;
    return __real_aligned_alloc(alignment, bytes);
}

/* An admission, a failure and a success, with a duplicate. */
static void run_chain(struct fixture *f)
{
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    report_status(&report, 500);
    question_resume(&report, &asked);
    report.want_trace = true;
    fixture_answer(f, &report, &asked);
    fixture_answer(f, &report, &asked);
    report = question_report(admission.request_id, 2, asked.route);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
}

static void a_warm_decision_path_does_not_allocate(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < WARM_UP; i++)
        run_chain(f);
    allocations = 0;
    for (int i = 0; i < CHAINS; i++)
        run_chain(f);
    assert_int_equal(allocations, 0);
    /* The counters count: an admin call does allocate. */
    fixture_activate(f, fixture_file(f, "policies/demo-chat.json"));
    assert_true(allocations > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_warm_decision_path_does_not_allocate, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
