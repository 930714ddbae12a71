/* Activation: whole, for a percentage, and back. */
#include "engine/spread.h"
#include "unit/service/activation_fixture.h"

#define WRITE_ID(id) .write_id = SLICE_LITERAL(id)

static struct question question_of(struct uuid id)
{
    struct question question = question_admission(id);

    question.facts.workload = SLICE_LITERAL("w");
    question.facts.environment = SLICE_LITERAL("e");
    return question;
}

/* The number-th of a fixed row of ids, so that counts are the same in every run. */
static struct uuid make_id(unsigned number)
{
    struct uuid id = {{0}};

    for (unsigned i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(NOW_MS >> (40 - 8 * i));
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    for (unsigned i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    return id;
}

static bool is_canary(const struct fixture *f, struct uuid id)
{
    const struct compiled *compiled = snapshot_policy(f->service->owner.live, SLICE_LITERAL("w"),
                                                      SLICE_LITERAL("e"), spread_of(id));

    return compiled->policy->version == 2;
}

static void a_canary_takes_its_share_of_ids_and_a_larger_share_holds_the_smaller(void **state)
{
    static const uint32_t percents[] = {1, 10, 50, 99};
    static bool before[10000];
    struct fixture *f = *state;

    memset(before, 0, sizeof before);
    activate(f, 1, 100);
    for (size_t p = 0; p < sizeof percents / sizeof *percents; p++) {
        unsigned count = 0;

        activate(f, 2, percents[p]);
        check_serving(f, 1, 2, percents[p]);
        for (unsigned i = 0; i < 10000; i++) {
            bool canary = is_canary(f, make_id(i));

            assert_int_equal(canary, spread_percent(spread_of(make_id(i))) < percents[p]);
            assert_true(canary || !before[i]);
            before[i] = canary;
            count += canary;
        }
        /* Five standard deviations of a fair coin at most. */
        assert_in_range(count, percents[p] * 100 > 250 ? percents[p] * 100 - 250 : 50,
                        percents[p] * 100 + 250);
    }
}

static void requests_go_by_the_version_that_their_id_chooses_and_keep_it(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {.answers = 0};
    unsigned canaries = 0;

    activate(f, 1, 100);
    activate(f, 2, 30);
    for (unsigned i = 0; i < 60; i++) {
        struct question admission = question_of(make_id(i));
        struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
        uint32_t version = is_canary(f, admission.request_id) ? 2 : 1;

        fixture_answer(f, &admission, &asked);
        assert_int_equal(asked.decision.policy_version, version);
        canaries += version == 2;
        fixture_answer(f, &admission, &asked); /* the same again */
        assert_int_equal(asked.decision.policy_version, version);
        if (i % 2)
            continue;
        /* Another state of things meanwhile. */
        activate(f, 3, 100);
        report_success(&report);
        fixture_answer(f, &report, &asked);
        assert_int_equal(asked.decision.policy_version, version);
        assert_int_equal(asked.decision.action, ACTION_COMPLETE);
        activate(f, 1, 100);
        activate(f, 2, 30);
    }
    assert_in_range(canaries, 5, 35);
}

static void the_answer_tells_what_serves_and_what_went(void **state)
{
    struct fixture *f = *state;
    struct activation_summary summary = activate(f, 1, 0);

    assert_int_equal(summary.number, 1);
    assert_text(summary.etag, "1");
    assert_int_equal(summary.active.version, 1);
    assert_int_equal(summary.active.percent, 100);
    assert_int_equal(summary.canary.version, 0);
    assert_int_equal(summary.replaced.version, 0);
    summary = activate(f, 2, 25);
    assert_int_equal(summary.number, 2);
    assert_int_equal(summary.active.version, 1);
    assert_int_equal(summary.active.percent, 75);
    assert_int_equal(summary.canary.version, 2);
    assert_int_equal(summary.canary.percent, 25);
    assert_int_equal(summary.canary_percent, 25);
    assert_int_equal(summary.replaced.version, 0);
    /* Another canary in its place. */
    summary = activate(f, 3, 5);
    assert_int_equal(summary.canary.version, 3);
    assert_int_equal(summary.replaced.version, 2);
    /* Whole: the canary has ended. */
    summary = activate(f, 3, 100);
    assert_int_equal(summary.active.version, 3);
    assert_int_equal(summary.canary.version, 0);
    assert_int_equal(summary.replaced.version, 1);
    check_serving(f, 3, 0, 0);
}

static void lists_tell_the_share_of_each_version(void **state)
{
    static const uint32_t shares[] = {80, 20, 0};
    struct fixture *f = *state;
    struct policy_summary *policies, policy;
    struct slice next;
    unsigned count;

    activate(f, 1, 100);
    activate(f, 2, 20);
    assert_int_equal(service_list_policies(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                           &policies, &count, &next),
                     RESULT_OK);
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(policies[i].active, shares[i] > 0);
        assert_int_equal(policies[i].percent, shares[i]);
    }
    /* Without a number it is the whole one. */
    assert_int_equal(
        service_get_policy(f->service, fixture_call(f), SLICE_LITERAL("p"), 0, &policy), RESULT_OK);
    assert_int_equal(policy.version, 1);
}

static void rolling_back_goes_further_back_each_time(void **state)
{
    struct fixture *f = *state;
    struct activation_summary summary;

    activate(f, 1, 100);
    activate(f, 2, 100);
    activate(f, 3, 10);
    summary = roll_back(f); /* the canary first */
    assert_int_equal(summary.active.version, 2);
    assert_int_equal(summary.replaced.version, 3);
    assert_int_equal(summary.number, 4);
    check_serving(f, 2, 0, 0);
    summary = roll_back(f);
    assert_int_equal(summary.active.version, 1);
    assert_int_equal(summary.replaced.version, 2);
    check_serving(f, 1, 0, 0);
    assert_int_equal(try_roll_back(f, ""), RESULT_PRECONDITION);
    assert_true(f->call.message.len > 0);
    /* What comes now goes back to here. */
    activate(f, 3, 100);
    activate(f, 2, 100);
    fixture_reopen(f);
    assert_int_equal(roll_back(f).active.version, 3);
    assert_int_equal(roll_back(f).active.version, 1);
    assert_int_equal(try_roll_back(f, ""), RESULT_PRECONDITION);
}

static void a_canary_can_be_ended_by_activating_what_is_whole(void **state)
{
    struct fixture *f = *state;
    struct activation_summary summary;

    activate(f, 1, 100);
    activate(f, 2, 100);
    activate(f, 3, 10);
    summary = activate(f, 2, 100);
    assert_int_equal(summary.active.version, 2);
    assert_int_equal(summary.replaced.version, 3);
    check_serving(f, 2, 0, 0);
    assert_int_equal(roll_back(f).active.version, 1);
}

static void what_stands_already_is_not_activated_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(activate(f, 1, 100).number, 1);
    assert_int_equal(activate(f, 1, 100).number, 1);
    assert_int_equal(activate(f, 2, 10).number, 2);
    assert_int_equal(activate(f, 2, 10).number, 2);
    assert_int_equal(activate(f, 2, 11).number, 3);
    assert_int_equal(roll_back(f).active.version, 1);
}

static void an_etag_of_before_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct activation_summary summary;

    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 1, .etag = SLICE_LITERAL("1")},
                     &summary),
        RESULT_PRECONDITION);
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 1, .etag = SLICE_LITERAL("0")},
                     &summary),
        RESULT_OK);
    activate(f, 2, 100);
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 3, .etag = SLICE_LITERAL("1")},
                     &summary),
        RESULT_PRECONDITION);
    assert_int_equal(try_roll_back(f, "1"), RESULT_PRECONDITION);
    check_serving(f, 2, 0, 0);
    assert_int_equal(try_roll_back(f, "2"), RESULT_OK);
    check_serving(f, 1, 0, 0);
}

static void a_write_id_gives_the_first_answer_and_changes_nothing(void **state)
{
    const struct activation_request canary = {.version = 2, .percent = 10, WRITE_ID("once")};
    const struct roll_back_request back = {.policy_id = SLICE_LITERAL("p"), WRITE_ID("back")};
    struct fixture *f = *state;
    struct activation_summary summary;

    activate(f, 1, 100);
    assert_int_equal(try_activate(f, canary, &summary), RESULT_OK);
    assert_int_equal(summary.number, 2);
    activate(f, 3, 100);
    fixture_reopen(f);
    assert_int_equal(try_activate(f, canary, &summary), RESULT_OK);
    assert_int_equal(summary.number, 2);
    assert_text(summary.etag, "2");
    assert_int_equal(summary.active.version, 1);
    assert_int_equal(summary.canary.version, 2);
    assert_int_equal(summary.canary_percent, 10);
    check_serving(f, 3, 0, 0);
    /* Another call with it. */
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 2, WRITE_ID("once")}, &summary),
        RESULT_EXISTS);
    assert_int_equal(service_roll_back(f->service, fixture_call(f), &back, &summary), RESULT_OK);
    assert_int_equal(summary.active.version, 1);
    assert_int_equal(summary.replaced.version, 3);
    assert_int_equal(service_roll_back(f->service, fixture_call(f), &back, &summary), RESULT_OK);
    assert_int_equal(summary.number, 4);
    assert_int_equal(summary.replaced.version, 3);
    check_serving(f, 1, 0, 0);
    /* One that changes nothing is remembered too. */
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 1, WRITE_ID("still")}, &summary),
        RESULT_OK);
    activate(f, 2, 100);
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 1, WRITE_ID("still")}, &summary),
        RESULT_OK);
    check_serving(f, 2, 0, 0);
}

static void a_restart_keeps_all_of_it(void **state)
{
    struct fixture *f = *state;

    activate(f, 1, 100);
    activate(f, 2, 100);
    activate(f, 3, 40);
    fixture_reopen(f);
    check_serving(f, 2, 3, 40);
    assert_int_equal(roll_back(f).number, 4);
    fixture_reopen(f);
    check_serving(f, 2, 0, 0);
    assert_int_equal(roll_back(f).active.version, 1);
}

static void refuses_what_cannot_be(void **state)
{
    static const struct slice environments[] = {SLICE_LITERAL("staging")};
    static const char long_reason[TEXT_BYTES_MAX + 1] = {[0 ... TEXT_BYTES_MAX] = 'x'};
    const struct principal stranger = {.role = ROLE_OPERATOR, .environments = {environments, 1}};
    const struct activation_request whole = {.policy_id = SLICE_LITERAL("p"), .version = 1};
    const struct roll_back_request place = {.workload = SLICE_LITERAL("w"),
                                            .environment = SLICE_LITERAL("e")};
    const struct roll_back_request nowhere = {.workload = SLICE_LITERAL("w")};
    struct fixture *f = *state;
    struct activation_summary summary;

    assert_int_equal(try_activate(f, (struct activation_request){.percent = 10}, &summary),
                     RESULT_PRECONDITION);
    assert_int_equal(service_roll_back(f->service, fixture_call(f), &place, &summary),
                     RESULT_NOT_FOUND);
    activate(f, 1, 100);
    assert_int_equal(
        try_activate(f, (struct activation_request){.version = 1, .percent = 10}, &summary),
        RESULT_PRECONDITION);
    assert_int_equal(try_activate(f, (struct activation_request){.percent = 101}, &summary),
                     RESULT_INVALID);
    assert_int_equal(try_activate(f,
                                  (struct activation_request){
                                      .version = 2, .reason = {long_reason, sizeof long_reason}},
                                  &summary),
                     RESULT_INVALID);
    assert_int_equal(try_activate(f, (struct activation_request){.version = 9}, &summary),
                     RESULT_NOT_FOUND);
    assert_int_equal(service_roll_back(f->service, fixture_call(f), &nowhere, &summary),
                     RESULT_INVALID);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_activate(f->service, &f->call, &whole, &summary), RESULT_NOT_FOUND);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_roll_back(f->service, &f->call, &place, &summary), RESULT_NOT_FOUND);
    check_serving(f, 1, 0, 0);
}

static void a_policys_own_share_applies_where_something_else_serves(void **state)
{
    struct fixture *f = *state;
    struct activation_summary summary;
    struct policy_summary policy;

    assert_int_equal(service_publish_policy(f->service, fixture_call(f),
                                            fixture_json(f, POLICY(",'canary_percent':15")),
                                            &policy),
                     RESULT_OK);
    assert_int_equal(policy.version, 4);
    /* Nothing serves that the rest could stay with. */
    summary = activate(f, 4, 0);
    assert_int_equal(summary.canary.version, 0);
    check_serving(f, 4, 0, 0);
    activate(f, 1, 100);
    activate(f, 4, 0);
    check_serving(f, 1, 4, 15);
    activate(f, 4, 60);
    check_serving(f, 1, 4, 60);
    activate(f, 4, 100);
    check_serving(f, 4, 0, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_canary_takes_its_share_of_ids_and_a_larger_share_holds_the_smaller),
        TEST(requests_go_by_the_version_that_their_id_chooses_and_keep_it),
        TEST(the_answer_tells_what_serves_and_what_went),
        TEST(lists_tell_the_share_of_each_version),
        TEST(rolling_back_goes_further_back_each_time),
        TEST(a_canary_can_be_ended_by_activating_what_is_whole),
        TEST(what_stands_already_is_not_activated_again),
        TEST(an_etag_of_before_changes_nothing),
        TEST(a_write_id_gives_the_first_answer_and_changes_nothing),
        TEST(a_restart_keeps_all_of_it),
        TEST(refuses_what_cannot_be),
        TEST(a_policys_own_share_applies_where_something_else_serves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
