/* Requests that nobody reports on: they end, history says so, and a late report settles them. */
#include "store/store.h"
#include "unit/service/fixture.h"

static uint64_t unreported(struct fixture *f)
{
    struct service_stats stats;

    service_stats(f->service, &stats);
    return stats.unreported;
}

static uint64_t open_requests(struct fixture *f)
{
    struct service_stats stats;

    service_stats(f->service, &stats);
    return stats.open_requests;
}

/* Turns until so many have been given up. */
static void turn_until(struct fixture *f, uint64_t count)
{
    for (int i = 0; i < 20000 && unreported(f) < count; i++) {
        service_turn(f->service, f->now_ms);
        usleep(200);
    }
    assert_int_equal(unreported(f), count);
}

static enum disposition stored_disposition(struct fixture *f, struct uuid id, struct record *record)
{
    const struct request_query query = {.has_id = true, .request_id = id};

    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, record, NULL, NULL),
                     RESULT_OK);
    return record->disposition;
}

static void a_request_is_given_up_after_its_total_timeout_and_the_grace(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};
    struct record record;

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    assert_int_equal(stored_disposition(f, admission.request_id, &record), DISPOSITION_UNSPECIFIED);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS - 1;
    service_turn(f->service, f->now_ms);
    usleep(20000);
    service_turn(f->service, f->now_ms);
    assert_int_equal(unreported(f), 0);
    f->now_ms += 1;
    turn_until(f, 1);
    assert_int_equal(open_requests(f), 0);
    assert_int_equal(stored_disposition(f, admission.request_id, &record), DISPOSITION_UNREPORTED);
    assert_true(record.ended_unix_ms == f->now_ms);
    assert_int_equal(record.attempts_count, 1);
    fixture_reopen(f);
    assert_int_equal(stored_disposition(f, admission.request_id, &record), DISPOSITION_UNREPORTED);
}

static void a_late_report_settles_it(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    const struct request_query query = {.has_id = true, .request_id = admission.request_id};
    struct asked asked = {.answers = 0}, late = {.answers = 0};
    struct record record;
    struct replay replay;

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    turn_until(f, 1);
    f->now_ms += INT64_C(48) * 3600 * 1000; /* tokens of known requests do not expire */
    report_success(&report);
    question_resume(&report, &asked);
    fixture_answer(f, &report, &late);
    assert_int_equal(late.result, RESULT_OK);
    assert_int_equal(late.decision.action, ACTION_COMPLETE);
    assert_int_equal(late.decision.record.disposition, DISPOSITION_PRIMARY_SUCCESS);
    assert_true(late.decision.record.cost_nusd > 0);
    assert_int_equal(stored_disposition(f, admission.request_id, &record),
                     DISPOSITION_PRIMARY_SUCCESS);
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_true(replay.same);
    assert_int_equal(open_requests(f), 0);
}

static void a_report_while_it_is_being_given_up_goes_first(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};
    struct record record;

    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    service_turn(f->service, f->now_ms); /* the marker is on its way */
    report_success(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.decision.action, ACTION_COMPLETE);
    assert_int_equal(unreported(f), 0);
    assert_int_equal(stored_disposition(f, admission.request_id, &record),
                     DISPOSITION_PRIMARY_SUCCESS);
    assert_int_equal(open_requests(f), 0);
}

static void what_an_earlier_process_left_open_is_given_up_too(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[100];
    struct asked asked = {.answers = 0};
    struct question question;
    struct record record;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        ids[i] = fixture_id(f);
        question = question_admission(ids[i]);
        fixture_answer(f, &question, &asked);
    }
    fixture_reopen(f);
    assert_int_equal(open_requests(f), 0);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    for (int i = 0; i < 1000 && unreported(f) < 100; i++) {
        f->now_ms += 500;
        service_turn(f->service, f->now_ms);
        usleep(1000);
    }
    assert_int_equal(unreported(f), 100);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(stored_disposition(f, ids[i], &record), DISPOSITION_UNREPORTED);
    fixture_reopen(f);
    for (int i = 0; i < 20; i++) {
        f->now_ms += 1000;
        service_turn(f->service, f->now_ms);
    }
    assert_int_equal(unreported(f), 0); /* once and for all */
}

static void a_request_in_use_is_not_given_up(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};
    struct record record;
    unsigned attempt = 0;

    fixture_answer(f, &admission, &asked);
    while (asked.decision.has_route) {
        struct question report = question_report(admission.request_id, ++attempt, asked.route);

        f->now_ms += 6000; /* more than the grace, less than the timeout and the grace */
        service_turn(f->service, f->now_ms);
        report_status(&report, 503);
        fixture_answer(f, &report, &asked);
        assert_int_equal(asked.result, RESULT_OK);
    }
    assert_int_equal(unreported(f), 0);
    assert_int_equal(stored_disposition(f, admission.request_id, &record), DISPOSITION_FAIL_CLOSED);
    f->now_ms += INT64_C(3600) * 1000;
    service_turn(f->service, f->now_ms);
    usleep(5000);
    service_turn(f->service, f->now_ms);
    assert_int_equal(unreported(f), 0);
}

static bool count_row(void *context, struct slice key, struct slice value)
{
    (void)key;
    (void)value;
    ++*(unsigned *)context;
    return true;
}

/* The fixture's service is closed meanwhile. */
static unsigned open_rows(struct fixture *f)
{
    const struct store_options options = {f->directory, f->map_bytes, 4};
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 100};
    struct store_error error;
    struct store_read *read;
    struct store *store;
    unsigned count = 0;

    fixture_close(f);
    assert_int_equal(store_open(&options, &store, &error), RESULT_OK);
    assert_int_equal(store_read_open(store, &read), RESULT_OK);
    assert_int_equal(store_read_renew(read), RESULT_OK);
    assert_int_equal(store_walk(read, STORE_TABLE_OPEN, &walk, count_row, &count), RESULT_OK);
    store_read_close(read);
    store_close(store);
    fixture_open(f);
    return count;
}

static void only_open_requests_stand_in_the_open_table(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct question refused = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    refused.facts.workload = SLICE_LITERAL("nobody-wrote-a-policy");
    fixture_answer(f, &refused, &asked);
    fixture_answer(f, &admission, &asked);
    assert_int_equal(open_rows(f), 1);
    report_success(&report);
    fixture_answer(f, &report, &asked);
    assert_int_equal(open_rows(f), 0);
    admission.request_id = fixture_id(f);
    fixture_answer(f, &admission, &asked);
    fixture_wait_durable(f, &admission);
    f->now_ms += asked.decision.timeouts.total_ms + GIVE_UP_MS;
    turn_until(f, 1);
    assert_int_equal(open_rows(f), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_given_up_after_its_total_timeout_and_the_grace),
        TEST(a_late_report_settles_it),
        TEST(a_report_while_it_is_being_given_up_goes_first),
        TEST(what_an_earlier_process_left_open_is_given_up_too),
        TEST(a_request_in_use_is_not_given_up),
        TEST(only_open_requests_stand_in_the_open_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
