/* What is switched off is stored with the outcome that caused it; where the store has no room it
 * acts all the same, and is stored as soon as there is room. */
#include <stdatomic.h>

#include "store/store.h"
#include "unit/service/watched.h"

/* A store whose commits can be made to fail. */
static atomic_bool full;
void __real_store_submit(struct store *store, struct store_write *write);
void __wrap_store_submit(struct store *store, struct store_write *write);
enum result __real_store_write_wait(struct store *store, struct store_write *write);
enum result __wrap_store_write_wait(struct store *store, struct store_write *write);

void __wrap_store_submit(struct store *store, struct store_write *write)
{
    if (atomic_load(&full))
        write->done(write, RESULT_FULL);
    else
        __real_store_submit(store, write);
}

enum result __wrap_store_write_wait(struct store *store, struct store_write *write)
{
    return atomic_load(&full) ? RESULT_FULL : __real_store_write_wait(store, write);
}

static int setup(void **state)
{
    atomic_store(&full, false);
    return watched_setup(state);
}

/* Turns until the entry's switch is in the store. */
static void turn_until_stored(struct fixture *f, struct switch_record *ret_record)
{
    for (unsigned i = 0; i < 200 && !watched_is_off(f, ret_record); i++) {
        f->now_ms += 100;
        service_turn(f->service, f->now_ms);
        usleep(1000);
    }
    assert_true(watched_is_off(f, ret_record));
}

static void the_trip_is_on_disk_with_the_outcome(void **state)
{
    struct fixture *f = *state;
    struct switch_record record;

    /* Its answer is durable, and then so is the trip. */
    watched_play(f, "acme", report_another_model);
    fixture_save(f);
    fixture_close(f);
    fixture_restore(f);
    fixture_open(f);
    assert_true(watched_is_off(f, &record));
    assert_true(watched_acts(f));
}

static void a_trip_that_cannot_be_stored_acts_and_is_stored_later(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    struct uuid id = watched_admit(f, "acme", &asked);
    struct question report = question_report(id, 1, ENTRY);
    struct switch_record record;
    struct audit_record audit;

    report_success(&report);
    report_another_model(&report);
    atomic_store(&full, true);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_FULL);
    assert_false(watched_is_off(f, &record)); /* in the store it is not */
    for (unsigned i = 0; i < 5; i++) {
        f->now_ms += 1000;
        service_turn(f->service, f->now_ms);
    }
    assert_false(watched_is_off(f, &record));
    atomic_store(&full, false);
    assert_true(watched_acts(f));
    turn_until_stored(f, &record);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 1);
    fixture_answer(f, &report, &asked); /* decided again */
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 1);
    fixture_reopen(f);
    assert_true(watched_acts(f));
}

static void what_an_operator_turns_off_in_a_full_store_is_off(void **state)
{
    struct fixture *f = *state;
    struct switch_request request = {.scope = SWITCH_SCOPE_ENTRY,
                                     .policy_id = SLICE_LITERAL(POLICY),
                                     .name = SLICE_LITERAL(ENTRY),
                                     .reason = SLICE_LITERAL("now")};
    struct switch_record record;
    struct audit_record audit;

    atomic_store(&full, true);
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record),
                     RESULT_FULL);
    atomic_store(&full, false);
    assert_true(watched_acts(f));
    turn_until_stored(f, &record);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_SWITCH_OFF, &audit),
                     2); /* the primary's, and this */
    atomic_store(&full, true);
    request.on = true;
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record),
                     RESULT_FULL);
    atomic_store(&full, false);
    assert_true(watched_acts(f)); /* on acts after its commit, and there was none */
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
    assert_false(watched_acts(f));
}

static void a_failed_evaluation_and_its_trip_are_one_write(void **state)
{
    static const char *const members[] = {
        "'kind':'eval','passed':false,'reviewed_by':'rita','eval_set':'set-2','samples':200,"
        "'pass_rate_percent':60,'baseline_percent':98,'regression_budget_percent':1"};
    const struct fixture_place place = {"demo-chat", "production"};
    struct fixture *f = *state;
    struct slice document = fixture_evidence(f, &place, ENTRY, members, 1);
    struct evidence_summary *items;
    struct switch_record record;
    struct audit_record audit;
    unsigned count;

    atomic_store(&full, true);
    fixture_call(f)->caller = &fixture_reviewer;
    assert_int_equal(
        service_put_evidence(f->service, &f->call, document, SLICE_LITERAL(""), &items, &count),
        RESULT_FULL);
    assert_false(watched_is_off(f, &record)); /* in the store it is not */
    atomic_store(&full, false);
    assert_true(watched_acts(f)); /* the safe way round */
    turn_until_stored(f, &record);
    assert_int_equal(record.rule, ROLLBACK_RULE_FAILED_EVAL);
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 1);
    watched_switch(f, ENTRY, true);
    fixture_put_evidence(f, fixture_evidence(f, &place, ENTRY, members, 1));
    assert_true(watched_is_off(f, &record));
    assert_int_equal(watched_audited(f, AUDIT_ACTION_RULE_TRIPPED, &audit), 2);
    fixture_reopen(f);
    assert_true(watched_acts(f));
}

static void what_is_stored_late_does_not_take_back_the_count_of_changes(void **state)
{
    struct fixture *f = *state;
    const struct switch_request off = {.scope = SWITCH_SCOPE_ENTRY,
                                       .policy_id = SLICE_LITERAL(POLICY),
                                       .name = SLICE_LITERAL(ENTRY),
                                       .reason = SLICE_LITERAL("now")};
    struct switch_record record, before;

    atomic_store(&full, true);
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &off, &record), RESULT_FULL);
    atomic_store(&full, false);
    watched_switch(f, DEMO_ENTRY0, true);
    watched_switch(f, DEMO_ENTRY0, false);
    watched_switch(f, DEMO_ENTRY0, true);
    turn_until_stored(f, &before);
    fixture_reopen(f);
    /* Not one of those that an etag may still name. */
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &off, &record), RESULT_OK);
    assert_true(record.version > before.version + 3);
}

static void say(struct fixture *f, struct uuid id, enum feedback feedback, enum result wanted)
{
    const struct feedback_request request = {.request_id = id, .feedback = feedback};

    assert_int_equal(service_put_feedback(f->service, fixture_call(f), &request), wanted);
}

static void a_word_that_was_not_stored_does_not_count(void **state)
{
    struct fixture *f = *state;
    struct uuid first = watched_play(f, "acme", spoil_nothing);
    struct uuid second = watched_play(f, "globex", spoil_nothing);
    struct switch_record record;

    say(f, first, FEEDBACK_NEGATIVE, RESULT_OK);
    atomic_store(&full, true);
    for (unsigned i = 0; i < 5; i++) { /* a caller that tries again and again */
        say(f, first, FEEDBACK_NEGATIVE, RESULT_FULL);
        say(f, second, FEEDBACK_NEGATIVE, RESULT_FULL);
    }
    atomic_store(&full, false);
    assert_false(watched_acts(f));
    say(f, second, FEEDBACK_NEGATIVE, RESULT_OK);
    say(f, watched_play(f, "acme", spoil_nothing), FEEDBACK_NEGATIVE, RESULT_OK);
    assert_false(watched_is_off(f, &record));
    say(f, watched_play(f, "globex", spoil_nothing), FEEDBACK_NEGATIVE, RESULT_OK);
    assert_true(watched_is_off(f, &record)); /* the fourth */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_trip_is_on_disk_with_the_outcome),
        TEST(a_trip_that_cannot_be_stored_acts_and_is_stored_later),
        TEST(what_an_operator_turns_off_in_a_full_store_is_off),
        TEST(a_failed_evaluation_and_its_trip_are_one_write),
        TEST(what_is_stored_late_does_not_take_back_the_count_of_changes),
        TEST(a_word_that_was_not_stored_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
