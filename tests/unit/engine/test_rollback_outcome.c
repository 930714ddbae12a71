/* Which outcomes count for which rule, and which of them are bad. */
#include "engine/rollback.h"
#include "unit/engine/fixture.h"

#define WINDOW_MS 8000
#define T0        FIXTURE_NOW_MS

#define REPORTED                                                                                   \
    (SET_OF(ROLLBACK_RULE_BOUNDARY_ERROR) | SET_OF(ROLLBACK_RULE_MISSING_REPORTS) |                \
     SET_OF(ROLLBACK_RULE_MODEL_MISMATCH))
#define ANSWERED                                                                                   \
    (REPORTED | SET_OF(ROLLBACK_RULE_SCHEMA_FAILURES) | SET_OF(ROLLBACK_RULE_COST_SPIKE) |         \
     SET_OF(ROLLBACK_RULE_REFUSAL_RATE))

struct stage {
    struct fixture f;
    struct engine_output output;
    struct rollback_policy state;
    struct rollback_sample samples[ROLLBACK_RULE_END];
};

/* An attempt on the second entry that every rule has something to say about, and nothing bad. */
static void good_answer(struct stage *stage)
{
    struct fixture *f = &stage->f;

    memset(stage, 0, sizeof *stage);
    fixture_init(f);
    f->block.routes[1].reported_models = fixture_list(f, "one-2026");
    f->block.policy.rollback[ROLLBACK_RULE_COST_SPIKE] = (struct policy_rollback){
        .enabled = 1, .multiple = 30, .samples_min = 1, .window_ms = WINDOW_MS};
    f->chain.attempts_count = 1;
    f->chain.attempts[0] = (struct chain_attempt){.entry = 1, .route = 1};
    f->report = (struct report){
        .route = SLICE_LITERAL("beta"),
        .transport = TRANSPORT_COMPLETED,
        .http_status = 200,
        .finish = FINISH_STOP,
        .schema_validation = SCHEMA_VALIDATION_PASSED,
        .reported_model = SLICE_LITERAL("one-2026"),
        .reported_region = SLICE_LITERAL("eu"),
        .reported_account = SLICE_LITERAL("beta"),
        .usage.amounts = {[UNIT_INPUT_TOKEN] = 10},
    };
    f->facts.max_output_tokens = 0;
    f->input.report = &f->report;
    f->input.now_ms = T0;
    stage->output.charged_nusd = 100;
    stage->output.decision.reason = REASON_SUCCESS;
    stage->state.begin_ms = T0;
    stage->state.costs[0] = 1;
    stage->state.cost_nusd[0] = 100;
}

static void judge(struct stage *stage)
{
    rollback_outcome(&stage->f.input, &stage->output, &stage->state, stage->samples);
}

static uint64_t seen(const struct stage *stage)
{
    uint64_t set = 0;

    for (unsigned rule = 0; rule < ROLLBACK_RULE_END; rule++)
        set |= stage->samples[rule].seen ? SET_OF(rule) : 0;
    return set;
}

static uint64_t bad(const struct stage *stage)
{
    uint64_t set = 0;

    for (unsigned rule = 0; rule < ROLLBACK_RULE_END; rule++)
        set |= stage->samples[rule].bad ? SET_OF(rule) : 0;
    return set;
}

static void a_good_answer_is_seen_by_every_rule_that_reads_reports(void **state)
{
    static struct stage stage;

    (void)state;
    good_answer(&stage);
    judge(&stage);
    assert_int_equal(seen(&stage), ANSWERED);
    assert_int_equal(bad(&stage), 0);
}

static const struct {
    enum failure failure;
    bool refusal;
    uint64_t seen, bad;
} classes[] = {
    {FAILURE_NONE, false, ANSWERED, 0},
    {FAILURE_TIMEOUT, false, REPORTED, 0},
    {FAILURE_NETWORK_ERROR, false, REPORTED, 0},
    {FAILURE_RATE_LIMITED, false, REPORTED, 0},
    {FAILURE_OVERLOADED, false, REPORTED, 0},
    {FAILURE_TEMPORARY_5XX, false, REPORTED, 0},
    {FAILURE_UNAVAILABLE, false, REPORTED, 0},
    {FAILURE_STREAM_DROPPED_BEFORE_OUTPUT, false, REPORTED, 0},
    {FAILURE_MALFORMED_RESPONSE, false, REPORTED, 0},
    {FAILURE_EMPTY_RESPONSE, false, REPORTED, 0},
    {FAILURE_PERMISSION_DENIED, false, REPORTED, 0},
    {FAILURE_PROVIDER_QUOTA_EXHAUSTED, false, REPORTED, 0},
    {FAILURE_MODEL_NOT_FOUND, false, REPORTED, 0},
    {FAILURE_CONTEXT_LENGTH_EXCEEDED, false, 0, 0},
    {FAILURE_OUTPUT_SCHEMA_INVALID, false, ANSWERED, 0},
    {FAILURE_AUTH_ERROR, false, REPORTED, 0},
    {FAILURE_REGION_UNSUPPORTED, false, REPORTED, SET_OF(ROLLBACK_RULE_BOUNDARY_ERROR)},
    {FAILURE_INVALID_REQUEST, false, 0, 0},
    {FAILURE_UNSUPPORTED_SCHEMA, false, 0, 0},
    {FAILURE_PAYLOAD_TOO_LARGE, false, 0, 0},
    {FAILURE_BUDGET_EXHAUSTED, false, 0, 0},
    {FAILURE_SAFETY_BLOCK, false, 0, 0},
    {FAILURE_SAFETY_BLOCK, true, ANSWERED, SET_OF(ROLLBACK_RULE_REFUSAL_RATE)},
    {FAILURE_UNAPPROVED_DATA_CLASS, false, 0, 0},
    {FAILURE_DLP_BLOCK, false, 0, 0},
    {FAILURE_TOOL_AUTHORIZATION_BLOCK, false, 0, 0},
    {FAILURE_POLICY_DENIED, false, 0, 0},
    {FAILURE_PARTIAL_STREAM, false, REPORTED, 0},
    {FAILURE_CONTENT_FILTERED_MIDSTREAM, false, ANSWERED, SET_OF(ROLLBACK_RULE_REFUSAL_RATE)},
    {FAILURE_CANCELLED, false, 0, 0},
    {FAILURE_DEADLINE_EXCEEDED, false, 0, 0},
    {FAILURE_BUDGET_IN_FLIGHT, false, 0, 0},
    {FAILURE_RATE_LIMITED_KEY, false, 0, 0},
    {FAILURE_QUEUE_FULL, false, 0, 0},
    {FAILURE_DECIDER_UNAVAILABLE, false, 0, 0},
};

static void what_counts_is_said_for_every_class(void **state)
{
    static struct stage stage;
    uint64_t named = 0;

    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        good_answer(&stage);
        stage.f.input.classification.failure = classes[i].failure;
        stage.f.input.classification.refusal = classes[i].refusal;
        judge(&stage);
        if (seen(&stage) != classes[i].seen || bad(&stage) != classes[i].bad)
            fail_msg("%s: seen %llx, bad %llx", signalbox_failure_name(classes[i].failure),
                     (unsigned long long)seen(&stage), (unsigned long long)bad(&stage));
        assert_true((rollback_cost(&stage.f.input, &stage.output) != ROLLBACK_NO_COST) ==
                    (classes[i].seen == ANSWERED));
        named |= SET_OF(classes[i].failure);
    }
    for (unsigned failure = 0; failure < FAILURE_END; failure++)
        if (signalbox_failure_known(failure) && !set_has(named, failure))
            fail_msg("%s is missing here", signalbox_failure_name((enum failure)failure));
}

static void an_attempt_that_the_caller_ended_says_nothing(void **state)
{
    static const enum reason reasons[] = {REASON_CALLER_LEFT, REASON_CALLER_DEADLINE};
    static const enum failure failures[] = {FAILURE_TIMEOUT, FAILURE_OUTPUT_SCHEMA_INVALID,
                                            FAILURE_REGION_UNSUPPORTED, FAILURE_CANCELLED};
    static struct stage stage;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < sizeof failures / sizeof *failures; j++) {
            good_answer(&stage);
            stage.f.report.reported_model = SLICE_LITERAL("another");
            stage.output.decision.reason = reasons[i];
            stage.f.input.classification.failure = failures[j];
            judge(&stage);
            assert_int_equal(seen(&stage), 0);
            assert_true(rollback_cost(&stage.f.input, &stage.output) == ROLLBACK_NO_COST);
        }
}

static void fail_schema(struct stage *s)
{
    s->f.report.schema_validation = SCHEMA_VALIDATION_FAILED;
    s->f.input.classification.failure = FAILURE_OUTPUT_SCHEMA_INVALID;
}

static void fail_schema_by_policys_cap(struct stage *s)
{
    fail_schema(s);
    s->f.report.finish = FINISH_LENGTH;
}

static void fail_schema_by_callers_cap(struct stage *s)
{
    fail_schema_by_policys_cap(s);
    s->f.facts.max_output_tokens = 5;
}

static void skip_schema(struct stage *s)
{
    s->f.report.schema_validation = SCHEMA_VALIDATION_NOT_RUN;
}

static void move_region(struct stage *s)
{
    s->f.report.reported_region = SLICE_LITERAL("us");
}

static void move_account(struct stage *s)
{
    s->f.report.reported_account = SLICE_LITERAL("alpha");
}

static void say_no_place(struct stage *s)
{
    s->f.report.reported_region = s->f.report.reported_account = SLICE_LITERAL("");
}

static void know_no_region(struct stage *s)
{
    s->f.block.routes[1].region = (struct policy_ref){0};
}

static void say_no_usage(struct stage *s)
{
    s->f.report.usage = (struct usage){.amounts = {0}};
    s->output.charge_estimated = true;
}

static void say_extra_usage_alone(struct stage *s)
{
    static const struct pair pairs[] = {{SLICE_LITERAL("search"), SLICE_LITERAL("2")}};

    say_no_usage(s);
    s->output.charge_estimated = false;
    s->f.report.extra_usage = (struct pairs){pairs, 1};
}

static void fail_without_usage(struct stage *s)
{
    say_no_usage(s);
    s->f.input.classification.failure = FAILURE_TEMPORARY_5XX;
}

static void name_another_model(struct stage *s)
{
    s->f.report.reported_model = SLICE_LITERAL("one-2025");
}

static void name_no_model(struct stage *s)
{
    s->f.report.reported_model = SLICE_LITERAL("");
}

static void cost_thrice(struct stage *s)
{
    s->output.charged_nusd = 300; /* the multiple itself */
}

static void cost_more_than_thrice(struct stage *s)
{
    s->output.charged_nusd = 301;
}

static void cost_by_estimate(struct stage *s)
{
    s->output.charged_nusd = 301;
    s->output.charge_estimated = true;
}

static void cost_too_early(struct stage *s)
{
    s->output.charged_nusd = 301;
    s->f.block.policy.rollback[ROLLBACK_RULE_COST_SPIKE].samples_min = 2;
}

static void cost_without_a_mean(struct stage *s)
{
    s->output.charged_nusd = 301;
    s->f.block.policy.rollback[ROLLBACK_RULE_COST_SPIKE].samples_min = 0;
    s->state.costs[0] = 0;
}

static void cost_after_the_window(struct stage *s)
{
    s->output.charged_nusd = 301;
    s->f.input.now_ms = T0 + WINDOW_MS;
}

static void cost_at_its_end(struct stage *s)
{
    s->output.charged_nusd = 301;
    s->f.input.now_ms = T0 + WINDOW_MS - 1;
}

static void cost_where_all_was_free(struct stage *s)
{
    s->output.charged_nusd = 1;
    s->state.cost_nusd[0] = 0;
}

static void cost_beyond_everything(struct stage *s)
{
    s->output.charged_nusd = UINT64_MAX - 1;
    s->state.costs[0] = UINT32_MAX;
    s->state.cost_nusd[0] = UINT64_MAX;
}

static const struct {
    const char *name;
    void (*spoil)(struct stage *stage);
    enum rollback_rule rule;
    bool seen, bad;
} outcomes[] = {
#define O(spoil, RULE, seen, bad)                                                                  \
    {                                                                                              \
#spoil, spoil, ROLLBACK_RULE_##RULE, seen, bad                                             \
    }
    O(fail_schema, SCHEMA_FAILURES, true, true),
    O(fail_schema_by_policys_cap, SCHEMA_FAILURES, true, true),
    O(fail_schema_by_callers_cap, SCHEMA_FAILURES, false, false),
    O(skip_schema, SCHEMA_FAILURES, false, false),
    O(move_region, BOUNDARY_ERROR, true, true),
    O(move_account, BOUNDARY_ERROR, true, true),
    O(say_no_place, BOUNDARY_ERROR, true, false),
    O(know_no_region, BOUNDARY_ERROR, true, false),
    O(say_no_usage, MISSING_REPORTS, true, true),
    O(say_extra_usage_alone, MISSING_REPORTS, true, false),
    O(fail_without_usage, MISSING_REPORTS, true, false),
    O(name_another_model, MODEL_MISMATCH, true, true),
    O(name_no_model, MODEL_MISMATCH, false, false),
    O(cost_thrice, COST_SPIKE, true, false),
    O(cost_more_than_thrice, COST_SPIKE, true, true),
    O(cost_by_estimate, COST_SPIKE, false, false),
    O(say_no_usage, COST_SPIKE, false, false),
    O(cost_too_early, COST_SPIKE, false, false),
    O(cost_without_a_mean, COST_SPIKE, false, false),
    O(cost_after_the_window, COST_SPIKE, false, false),
    O(cost_at_its_end, COST_SPIKE, true, true),
    O(cost_where_all_was_free, COST_SPIKE, true, true),
    O(cost_beyond_everything, COST_SPIKE, true, true),
#undef O
};

static void each_rule_sees_what_speaks_to_it_and_no_other_finds_it_bad(void **state)
{
    static struct stage stage;

    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        good_answer(&stage);
        outcomes[i].spoil(&stage);
        judge(&stage);
        if (stage.samples[outcomes[i].rule].seen != outcomes[i].seen ||
            stage.samples[outcomes[i].rule].bad != outcomes[i].bad)
            fail_msg("%s: %s", outcomes[i].name, signalbox_rollback_rule_name(outcomes[i].rule));
        if (outcomes[i].bad)
            assert_int_equal(bad(&stage), SET_OF(outcomes[i].rule));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_is_seen_by_every_rule_that_reads_reports),
        cmocka_unit_test(what_counts_is_said_for_every_class),
        cmocka_unit_test(an_attempt_that_the_caller_ended_says_nothing),
        cmocka_unit_test(each_rule_sees_what_speaks_to_it_and_no_other_finds_it_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
