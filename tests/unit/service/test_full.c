/* A store without room: nothing is acknowledged that is not there, and a repeat decides again. */
#include "unit/service/fixture.h"

#define SMALL_MAP_BYTES (UINT64_C(768) << 10)
#define FILLERS_MAX     2000

static int setup_small(void **state)
{
    struct fixture *f;

    fixture_setup(state);
    f = *state;
    fixture_close(f);
    f->map_bytes = SMALL_MAP_BYTES;
    fixture_open(f);
    return 0;
}

/* An admission with so much in it that few fill the map. */
static struct question large_admission(struct fixture *f, unsigned kib)
{
    static struct pair tags[TAGS_MAX];
    static char keys[TAGS_MAX][3], value[TEXT_BYTES_MAX];
    struct question question = question_admission(fixture_id(f));
    unsigned count = kib * 2;

    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "%c%c", (char)(65 + i / 26), (char)(65 + i % 26));
        tags[i] = (struct pair){{keys[i], 2}, {value, sizeof value}};
    }
    question.facts.tags = (struct pairs){tags, count};
    return question;
}

/* Until the store says that it is full; large ones first, then small ones for the last pages. */
static void fill(struct fixture *f)
{
    struct asked asked = {.answers = 0};
    unsigned kib = 14;

    for (int i = 0; i < FILLERS_MAX; i++) {
        struct question question = large_admission(f, kib);

        question.facts.workload = SLICE_LITERAL("filler");
        fixture_answer(f, &question, &asked);
        if (asked.result == RESULT_FULL && kib == 0)
            return;
        if (asked.result == RESULT_FULL)
            kib = 0;
        usleep(asked.result == RESULT_FULL ? 1100000 : 0); /* the writer tries again */
    }
    fail_msg("it never became full");
}

static void a_report_that_cannot_be_stored_is_decided_again(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    static struct pair limits[LIST_ITEMS_MAX];
    static char keys[LIST_ITEMS_MAX][3], value[TEXT_BYTES_MAX];
    struct asked asked = {.answers = 0}, first = {.answers = 0}, second = {.answers = 0};
    struct service_stats before, after;

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    fill(f);
    /* A new admission is refused at once, without a decision. */
    service_stats(f->service, &before);
    admission.request_id = fixture_id(f);
    fixture_ask(f, &admission, &first);
    assert_int_equal(first.answers, 1);
    assert_int_equal(first.result, RESULT_FULL);
    assert_int_equal(first.retry_after_ms, 1000);
    service_stats(f->service, &after);
    assert_int_equal(before.open_requests, after.open_requests);
    /* A report large enough that it finds no room; a duplicate waits along. */
    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < LIST_ITEMS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "%c%c", (char)(65 + i / 26), (char)(65 + i % 26));
        limits[i] = (struct pair){{keys[i], 2}, {value, sizeof value}};
    }
    report_status(&report, 500);
    report.report.rate_limits = (struct pairs){limits, LIST_ITEMS_MAX};
    question_resume(&report, &asked);
    for (int round = 0; round < 3; round++) {
        fixture_ask(f, &report, &first);
        fixture_ask(f, &report, &second);
        fixture_wait(f, &first);
        fixture_wait(f, &second);
        assert_int_equal(first.result, RESULT_FULL);
        assert_int_equal(second.result, RESULT_FULL);
        assert_int_equal(first.retry_after_ms, 1000);
        assert_int_equal(service_waiting(f->service), 0);
    }
    /* Nothing of it stayed: other facts are no contradiction. */
    fixture_close(f);
    f->map_bytes = MAP_BYTES;
    fixture_open(f);
    report.report.rate_limits.count = 0;
    fixture_answer(f, &report, &first);
    assert_int_equal(first.result, RESULT_OK);
    assert_int_equal(first.decision.action, ACTION_RETRY);
    assert_true(first.decision.durable);
    fixture_answer(f, &report, &second);
    assert_true(first.decision.decision_id == second.decision.decision_id);
}

static void a_report_after_a_full_store_goes_on_in_the_same_process(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question large = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct question small = large;
    static struct tool_call calls[TOOL_CALLS_MAX];
    static char name[NAME_BYTES_MAX];
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    memset(name, 'n', sizeof name);
    for (unsigned i = 0; i < TOOL_CALLS_MAX; i++)
        calls[i] =
            (struct tool_call){{name, sizeof name}, {name, sizeof name}, SIDE_EFFECT_NO_EFFECT};
    fill(f);
    report_success(&large);
    large.report.tool_calls = (struct tool_calls){calls, TOOL_CALLS_MAX};
    fixture_answer(f, &large, &asked);
    assert_int_equal(asked.result, RESULT_FULL);
    report_success(&small);
    for (int i = 0; i < 50; i++) {
        fixture_answer(f, &small, &asked);
        if (asked.result == RESULT_OK)
            break;
        assert_int_equal(asked.result, RESULT_FULL);
        usleep(100000);
    }
    if (asked.result == RESULT_FULL)
        skip(); /* not even a small page was left */
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    assert_int_equal(asked.decision.record.tool_calls.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_small, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_report_that_cannot_be_stored_is_decided_again),
        TEST(a_report_after_a_full_store_goes_on_in_the_same_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
