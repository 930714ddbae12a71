/* When a window trips: samples, percentages, time, tenants. */
#include "base/random.h"
#include "engine/rollback.h"
#include "unit/engine/fixture.h"

#define WINDOW_MS 8000
#define PART_MS   (WINDOW_MS / ROLLBACK_PARTS)
#define T0        FIXTURE_NOW_MS /* where a part begins */

_Static_assert(T0 % PART_MS == 0, "a part begins there");

static struct policy_rollback rule_of(uint32_t samples_min, uint8_t percent, uint32_t principals)
{
    return (struct policy_rollback){.enabled = 1,
                                    .percent = percent,
                                    .samples_min = samples_min,
                                    .window_ms = WINDOW_MS,
                                    .principals_min = principals};
}

static void a_rule_trips_at_its_samples_and_its_percentage(void **state)
{
    static const struct {
        uint32_t samples_min;
        uint8_t percent;
        unsigned good, bad; /* in this order; the last bad one trips, or nothing does */
        bool trips;
    } cases[] = {
        {1, 1, 0, 1, true},     {20, 25, 15, 5, true},  {20, 25, 14, 5, false},
        {20, 25, 16, 5, false}, {20, 25, 0, 19, false}, {20, 25, 0, 20, true},
        {10, 50, 5, 5, true},   {10, 50, 6, 5, false},  {1, 100, 1, 1, false},
        {1, 100, 0, 1, true},   {0, 0, 0, 1, true},
    };
    const struct rollback_policy nobody = {.begin_ms = 0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct policy_rollback rule = rule_of(cases[i].samples_min, cases[i].percent, 2);
        struct rollback_window window = {.begin_ms = 0};

        for (unsigned j = 0; j < cases[i].good; j++)
            assert_false(rollback_note(&window, &nobody, &rule, false, 7, T0));
        for (unsigned j = 1; j < cases[i].bad; j++)
            assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0));
        assert_true(rollback_note(&window, &nobody, &rule, true, 7, T0) == cases[i].trips);
    }
}

static void a_rule_that_is_off_counts_nothing(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    struct policy_rollback rule = rule_of(1, 1, 1);
    struct rollback_window window = {.begin_ms = 0};

    (void)state;
    rule.enabled = 0;
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0));
    assert_int_equal(window.begin_ms, 0);
    assert_int_equal(window.samples[0], 0);
}

static void samples_leave_with_the_part_that_they_came_in(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    const struct policy_rollback rule = rule_of(2, 100, 1);
    static const struct {
        int64_t first_ms, second_ms;
        bool trips;
    } cases[] = {
        {0, 0, true},
        {0, WINDOW_MS - 1, true},
        {0, WINDOW_MS, false},
        {PART_MS - 1, WINDOW_MS, false}, /* in the same part as 0 */
        {PART_MS, WINDOW_MS, true},
        {0, INT64_C(1) << 40, false},
        {0, -1, true}, /* a clock that goes back a little */
        {0, -WINDOW_MS + 1, true},
        {0, -WINDOW_MS, false}, /* that was set back */
        {0, -(INT64_C(1) << 40), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rollback_window window = {.begin_ms = 0};

        assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0 + cases[i].first_ms));
        if (rollback_note(&window, &nobody, &rule, true, 7, T0 + cases[i].second_ms) !=
            cases[i].trips)
            fail_msg("%lld, then %lld", (long long)cases[i].first_ms,
                     (long long)cases[i].second_ms);
    }
}

static void after_a_clock_was_set_back_counting_goes_on_from_there(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    const struct policy_rollback rule = rule_of(3, 100, 1);
    struct rollback_window window = {.begin_ms = 0};
    int64_t back_ms = T0 - INT64_C(86400000);

    (void)state;
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0));
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, back_ms));
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, back_ms + 1));
    assert_true(rollback_note(&window, &nobody, &rule, true, 7, back_ms + 2));
}

static void windows_shorter_than_their_parts_still_count(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    struct policy_rollback rule = rule_of(2, 100, 1);
    struct rollback_window window = {.begin_ms = 0};

    (void)state;
    rule.window_ms = 3;
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0));
    assert_true(rollback_note(&window, &nobody, &rule, true, 7, T0 + 1));
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0 + 100));
}

/* ---- principals ---- */

/* "1+": tenant 1 was active and had a bad outcome; "1-": a good one; "." : a part passes. */
static bool trips_after(const char *story, uint32_t principals)
{
    const struct policy_rollback rule = rule_of(2, 50, principals);
    struct rollback_policy state = {.begin_ms = 0};
    struct rollback_window window = {.begin_ms = 0};
    int64_t now_ms = T0;
    bool trips = false;

    for (const char *at = story; *at; at++) {
        if (*at == '.') {
            now_ms += PART_MS;
            continue;
        }
        rollback_note_policy(&state, &rule, (uint64_t)(*at - '0'), ROLLBACK_NO_COST, now_ms);
        trips = rollback_note(&window, &state, &rule, at[1] == '+', (uint64_t)(*at - '0'), now_ms);
        at++;
    }
    return trips;
}

static void one_tenant_alone_trips_nothing_while_two_are_served(void **state)
{
    static const struct {
        const char *story;
        uint32_t principals;
        bool trips;
    } cases[] = {
        {"1+1+", 2, true},        /* nobody else is there */
        {"2-1+1+1+1+", 2, false}, /* somebody else is */
        {"2-1+1+1+1+", 1, true},  /* one is enough for the rule */
        {"2-1+1+2+", 2, true},    /* both see it */
        {"1+2+", 2, true},
        {"1+3-2+", 2, true}, /* of three, two */
        {"1+3-1+", 2, false},
        {"2-1+1+.......1+", 2, false},      /* the other was there within the window */
        {"2-1+1+........1+1+", 2, true},    /* it is gone */
        {"2+1-1-........2-1+1+", 2, false}, /* its bad outcome is too old, it is not */
        {"0+0+", 2, true},                  /* a hash may be 0 */
        {"2-0+0+", 2, false},
        {"2+0+", 2, true},
        {"2-1+1+1+1+", 5, false}, /* more than two count as two */
        {"1+2+", 5, true},
        /* One has nothing but bad outcomes, the others hardly any. */
        {"1+2-1+3-1+2-1+3-1+2-1+3-1+2+1+1+1+", 2, false},
        {"2+1+1+2-1+3-1+2-1+3-1+2-1+3-1+2+1+", 2, false},
        {"2-1+1+2-3-1+1+3-2-1+1+2-3-1+1+2+3+", 2, false},
        {"1+2-1+3-1+2-1+3-1+2-1+3-1+2+1+1+1+", 1, true},
        /* It is bad for all, though one has most of the traffic, also before it was bad. */
        {"1+1+1+1+1+1+2+1+1+1+1+", 2, true},
        {"1-1-1-1-1-1+1+1+1+1+1+2+", 2, true},
        {"1+1+1+1-1-1+2+1+1-1+2-", 2, true},
        {"2+1+3+", 2, true}, /* nobody is louder than the others */
        /* Who was loud long ago is not the loudest now. */
        {"1+1+1+1+1+.......2+4+4+.2-4+3-4+2-4+3-4+2-4+3+4+4+", 2, false},
        {"1+1+1+1+1+.......2+4+4+.2-4+3-4+2+4+3-4+2+4+3+4+4+", 2, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (trips_after(cases[i].story, cases[i].principals) != cases[i].trips)
            fail_msg("%s with %u", cases[i].story, (unsigned)cases[i].principals);
}

static void tenants_of_the_future_are_forgotten_when_the_clock_is_set_back(void **state)
{
    const struct policy_rollback rule = rule_of(2, 50, 2);
    struct rollback_policy policy = {.begin_ms = 0};
    struct rollback_window window = {.begin_ms = 0};
    int64_t back_ms = T0 - INT64_C(86400000);

    (void)state;
    rollback_note_policy(&policy, &rule, 1, ROLLBACK_NO_COST, T0);
    rollback_note_policy(&policy, &rule, 2, ROLLBACK_NO_COST, T0);
    for (unsigned i = 0; i < 2; i++) {
        rollback_note_policy(&policy, &rule, 1, ROLLBACK_NO_COST, back_ms);
        assert_true(rollback_note(&window, &policy, &rule, true, 1, back_ms) == (i == 1));
    }
}

/* The mean's window may be shorter than another rule's: a tenant of before is not forgotten. */
static void tenants_outlive_the_window_of_the_mean(void **state)
{
    const struct policy_rollback cost = rule_of(2, 50, 2);
    struct policy_rollback rule = cost;
    struct rollback_policy policy = {.begin_ms = 0};
    struct rollback_window window = {.begin_ms = 0};
    int64_t now_ms = T0 + 2 * WINDOW_MS;

    (void)state;
    rule.window_ms = 10 * WINDOW_MS;
    rollback_note_policy(&policy, &cost, 2, ROLLBACK_NO_COST, T0);
    for (unsigned i = 0; i < 3; i++) {
        rollback_note_policy(&policy, &cost, 1, ROLLBACK_NO_COST, now_ms);
        assert_false(rollback_note(&window, &policy, &rule, true, 1, now_ms));
    }
}

/* ---- the mean ---- */

static void costs_slide_out_of_the_mean(void **state)
{
    const struct policy_rollback rule = rule_of(1, 1, 1);
    struct rollback_policy policy = {.begin_ms = 0};

    (void)state;
    rollback_note_policy(&policy, &rule, 1, 100, T0);
    rollback_note_policy(&policy, &rule, 1, ROLLBACK_NO_COST, T0);
    rollback_note_policy(&policy, &rule, 1, 300, T0 + PART_MS);
    assert_int_equal(policy.costs[0], 1);
    assert_int_equal(policy.costs[1], 1);
    assert_int_equal(policy.cost_nusd[0], 300);
    assert_int_equal(policy.cost_nusd[1], 100);
    rollback_note_policy(&policy, &rule, 1, 0, T0 + WINDOW_MS);
    assert_int_equal(policy.costs[0], 1); /* what is free is a cost too */
    assert_int_equal(policy.costs[7], 1);
    assert_int_equal(policy.cost_nusd[7], 300);
    rollback_note_policy(&policy, &rule, 1, UINT64_MAX - 1, T0 + WINDOW_MS);
    rollback_note_policy(&policy, &rule, 1, UINT64_MAX - 1, T0 + WINDOW_MS);
    assert_true(policy.cost_nusd[0] == UINT64_MAX);
}

/* ---- taking back ---- */

static void a_sample_that_is_taken_back_does_not_count(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    const struct policy_rollback rule = rule_of(2, 100, 1);
    struct rollback_window window = {.begin_ms = 0};

    (void)state;
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0 + 5));
    rollback_take_back(&window, &rule, true, T0 + 5);
    assert_false(rollback_note(&window, &nobody, &rule, true, 7, T0 + 6));
    assert_false(rollback_note(&window, &nobody, &rule, false, 7, T0 + 3 * PART_MS));
    rollback_take_back(&window, &rule, false, T0 + 3 * PART_MS);
    assert_true(rollback_note(&window, &nobody, &rule, true, 7, T0 + 3 * PART_MS));
    /* From a part that is past, and from where nothing is. */
    rollback_take_back(&window, &rule, true, T0 + 6);
    rollback_take_back(&window, &rule, true, T0 + 6);
    rollback_take_back(&window, &rule, true, T0 - INT64_C(86400000));
    assert_false(rollback_note(&window, &nobody, &rule, false, 7, T0 + 3 * PART_MS));
    assert_int_equal(window.samples[0], 2);
    assert_int_equal(window.bad[0], 1);
    assert_int_equal(window.samples[3], 0);
    assert_int_equal(window.bad[3], 0);
}

static void it_is_taken_back_from_the_part_that_it_came_in(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    const struct policy_rollback rule = rule_of(100, 100, 1);

    (void)state;
    for (unsigned later = 0; later <= ROLLBACK_PARTS; later++)
        for (int64_t at_ms = T0; at_ms < T0 + PART_MS; at_ms += PART_MS - 1) {
            struct rollback_window window = {.begin_ms = 0};
            unsigned counted = later < ROLLBACK_PARTS;

            rollback_note(&window, &nobody, &rule, true, 7, at_ms);
            rollback_note(&window, &nobody, &rule, false, 7, T0 + later * PART_MS);
            if (counted)
                assert_int_equal(window.bad[later], 1);
            rollback_take_back(&window, &rule, true, at_ms);
            for (unsigned i = 0; i < ROLLBACK_PARTS; i++) {
                assert_int_equal(window.bad[i], 0);
                assert_int_equal(window.samples[i], i == 0);
            }
        }
}

static void a_good_outcome_is_taken_back_as_one(void **state)
{
    const struct rollback_policy nobody = {.begin_ms = 0};
    const struct policy_rollback rule = rule_of(100, 100, 1);
    struct rollback_window window = {.begin_ms = 0};

    (void)state;
    rollback_note(&window, &nobody, &rule, true, 7, T0);
    rollback_note(&window, &nobody, &rule, false, 7, T0);
    rollback_take_back(&window, &rule, false, T0);
    assert_int_equal(window.samples[0], 1);
    assert_int_equal(window.bad[0], 1);
}

/* Changing one's mind again and again is one bad outcome, also beside those of somebody loud. */
static void feedback_that_changes_counts_once(void **state)
{
    const struct policy_rollback rule = rule_of(2, 50, 2);
    struct rollback_policy policy = {.begin_ms = 0};
    struct rollback_window window = {.begin_ms = 0};

    (void)state;
    for (uint64_t tenant = 1; tenant <= 2; tenant++)
        rollback_note_policy(&policy, &rule, tenant, ROLLBACK_NO_COST, T0);
    for (unsigned i = 0; i < 3; i++)
        rollback_note(&window, &policy, &rule, false, 2, T0);
    for (unsigned i = 0; i < 100; i++) {
        assert_false(rollback_note(&window, &policy, &rule, i % 2, 1, T0));
        rollback_take_back(&window, &rule, i % 2, T0);
    }
    assert_int_equal(window.samples[0], 3);
    assert_int_equal(window.bad[0], 0);
    assert_int_equal(window.rest_samples[0], 0);
    assert_int_equal(window.rest_bad[0], 0);
}

/* ---- against a slow model ---- */

#define ROUNDS 40
#define STEPS  200

struct event {
    int64_t part;
    bool bad;
    uint64_t tenant;
};

/* Two tenants among those of the last eight parts. */
static bool two_of(const struct event *events, unsigned count, int64_t part, bool bad_alone)
{
    uint64_t first = 0;

    for (unsigned i = 0; i < count; i++) {
        if (events[i].part <= part - ROLLBACK_PARTS || (bad_alone && !events[i].bad))
            continue;
        if (first && events[i].tenant != first)
            return true;
        first = events[i].tenant;
    }
    return false;
}

static bool
model_trips(const struct event *events, unsigned count, const struct policy_rollback *rule)
{
    int64_t part = events[count - 1].part;
    unsigned samples = 0, bad = 0;

    for (unsigned i = 0; i < count; i++)
        if (events[i].part > part - ROLLBACK_PARTS) {
            samples++;
            bad += events[i].bad;
        }
    return bad && samples >= rule->samples_min && bad * 100 >= samples * rule->percent;
}

/* Exact where one tenant is served or one is enough. Else it needs bad outcomes of two; what the
 * rest must see when one is loud, the stories above say. */
static bool
agrees(const struct event *events, unsigned count, const struct policy_rollback *rule, bool trips)
{
    int64_t part = events[count - 1].part;

    if (!model_trips(events, count, rule))
        return !trips;
    if (rule->principals_min < 2 || !two_of(events, count, part, false))
        return trips;
    return !trips || two_of(events, count, part, true);
}

static void random_histories_agree_with_a_slow_model(void **state)
{
    static struct event events[STEPS];
    uint64_t seed = random_u64(), printed = seed;

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct policy_rollback rule =
            rule_of((uint32_t)(random_next(&seed) % 6), (uint8_t)(random_next(&seed) % 101),
                    1 + (uint32_t)(random_next(&seed) % 2));
        struct rollback_policy policy = {.begin_ms = 0};
        struct rollback_window window = {.begin_ms = 0};
        int64_t now_ms = T0;
        uint64_t one_in = random_next(&seed) % 3 + 1; /* is bad */

        for (unsigned i = 0; i < STEPS; i++) {
            bool trips;

            now_ms += (int64_t)(random_next(&seed) % (random_next(&seed) % 8 ? 400 : 12000));
            events[i] = (struct event){now_ms / PART_MS, random_next(&seed) % one_in == 0,
                                       1 + random_next(&seed) % 3};
            rollback_note_policy(&policy, &rule, events[i].tenant, ROLLBACK_NO_COST, now_ms);
            trips = rollback_note(&window, &policy, &rule, events[i].bad, events[i].tenant, now_ms);
            if (!agrees(events, i + 1, &rule, trips))
                fail_msg("seed %llu, round %u, step %u", (unsigned long long)printed, round, i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_trips_at_its_samples_and_its_percentage),
        cmocka_unit_test(a_rule_that_is_off_counts_nothing),
        cmocka_unit_test(samples_leave_with_the_part_that_they_came_in),
        cmocka_unit_test(after_a_clock_was_set_back_counting_goes_on_from_there),
        cmocka_unit_test(windows_shorter_than_their_parts_still_count),
        cmocka_unit_test(one_tenant_alone_trips_nothing_while_two_are_served),
        cmocka_unit_test(tenants_of_the_future_are_forgotten_when_the_clock_is_set_back),
        cmocka_unit_test(costs_slide_out_of_the_mean),
        cmocka_unit_test(a_sample_that_is_taken_back_does_not_count),
        cmocka_unit_test(tenants_outlive_the_window_of_the_mean),
        cmocka_unit_test(it_is_taken_back_from_the_part_that_it_came_in),
        cmocka_unit_test(a_good_outcome_is_taken_back_as_one),
        cmocka_unit_test(feedback_that_changes_counts_once),
        cmocka_unit_test(random_histories_agree_with_a_slow_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
