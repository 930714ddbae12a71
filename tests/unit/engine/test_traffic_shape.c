/* Shapes of traffic classes: what a policy of a class starts from, what it may say otherwise, and
 * what it may not. */
#include "policy_texts.h"

#define CLASS(name, more) TEXTS_POLICY(",'traffic_class':'" name "'" more)
#define WITH(name, list)  CLASS(name, ",'fallback_routes':[" list "]")
#define NOTICED           "'requires_user_notice':true,'notice':'less sure'"

static const uint64_t sick = SET_OF(FAILURE_TIMEOUT) | SET_OF(FAILURE_NETWORK_ERROR) |
                             SET_OF(FAILURE_RATE_LIMITED) | SET_OF(FAILURE_OVERLOADED) |
                             SET_OF(FAILURE_TEMPORARY_5XX) | SET_OF(FAILURE_UNAVAILABLE) |
                             SET_OF(FAILURE_STREAM_DROPPED_BEFORE_OUTPUT) |
                             SET_OF(FAILURE_MALFORMED_RESPONSE) | SET_OF(FAILURE_EMPTY_RESPONSE);
static const uint64_t healthless = SET_OF(REASON_BREAKER_OPEN) | SET_OF(REASON_RATE_LIMITED_UNTIL) |
                                   SET_OF(REASON_LATENCY_OVER_TARGET) |
                                   SET_OF(REASON_ACCOUNT_DRAINED);

static void every_class_has_the_limits_of_its_shape(void **state)
{
    static const struct {
        const char *text;
        uint32_t attempts, retries, providers_failed;
        unsigned rules;
    } cases[] = {
        {CLASS("critical_user_facing", ""), 4, 1, 2, 8},
        {CLASS("noncritical_user_facing", ""), 4, 1, 0, 8},
        {CLASS("internal_automation", ""), 4, 1, 0, 5},
        {CLASS("batch", ""), 3, 1, 0, 5},
        {CLASS("experiment", ""), 1, 0, 0, 1}, /* another model is no answer anywhere */
        {TEXTS_POLICY(""), 2, 1, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool shaped = i + 1 < sizeof cases / sizeof *cases;
        const struct policy *settings;
        struct documents d;
        unsigned rules = 0;

        documents_init(&d, ARENA_BYTES_MAX);
        texts_check(&d, cases[i].text);
        settings = &d.document->settings;
        assert_int_equal(settings->attempts_max, cases[i].attempts);
        assert_int_equal(settings->retries_per_route_max, cases[i].retries);
        assert_int_equal(settings->providers_failed_max, cases[i].providers_failed);
        assert_int_equal(settings->budget_no_dearer_percent, shaped ? 70 : 0);
        assert_int_equal(settings->budget_cheaper_percent, shaped ? 80 : 0);
        assert_int_equal(settings->budget_critical_only_percent, shaped ? 95 : 0);
        for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++)
            rules += d.document->rollback[rule].enabled;
        assert_int_equal(rules, cases[i].rules);
        assert_int_equal(d.diagnostics.count, 0);
        documents_done(&d);
    }
}

static void what_the_policy_says_wins_over_the_shape(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d,
                CLASS("critical_user_facing",
                      ",'limits':{'max_total_attempts':7},'retry':{'max_retries_per_route':0},"
                      "'budget_rules':{'no_dearer_above_percent':60},"
                      "'rollback':{'disable_on_schema_failures':false,"
                      "'disable_on_quality_regression':false},"
                      "'fallback_routes':[{'route':'big-beta','allowed_reasons':['timeout']}]"));
    assert_int_equal(d.document->settings.attempts_max, 7);
    assert_int_equal(d.document->settings.retries_per_route_max, 0);
    assert_int_equal(d.document->settings.budget_no_dearer_percent, 60);
    assert_int_equal(d.document->settings.budget_cheaper_percent, 80);
    assert_false(d.document->rollback[ROLLBACK_RULE_SCHEMA_FAILURES].enabled);
    assert_false(d.document->rollback[ROLLBACK_RULE_FAILED_EVAL].enabled);
    assert_true(d.document->rollback[ROLLBACK_RULE_COST_SPIKE].enabled);
    assert_int_equal(d.document->entries[1].allowed, SET_OF(FAILURE_TIMEOUT));
    assert_int_equal(d.document->entries[1].admission_reasons, 0);
    documents_done(&d);
}

static void entries_without_reasons_take_those_of_their_place(void **state)
{
    const uint64_t quota = SET_OF(FAILURE_PROVIDER_QUOTA_EXHAUSTED);
    const uint64_t review =
        SET_OF(FAILURE_OUTPUT_SCHEMA_INVALID) | SET_OF(FAILURE_CONTEXT_LENGTH_EXCEEDED);
    const uint64_t cheaper = healthless | SET_OF(REASON_BUDGET_DOWNGRADE);
    const struct {
        const char *text;
        unsigned entry;
        uint64_t allowed, admission_reasons;
    } cases[] = {
        {WITH("critical_user_facing", "{'route':'big-beta'}"), 1, sick, healthless},
        {WITH("critical_user_facing", "{'route':'big-beta'},{'route':'other-gamma'," NOTICED "}"),
         2, sick, healthless},
        {WITH("noncritical_user_facing", "{'route':'other-gamma'}"), 1, sick, cheaper},
        {WITH("noncritical_user_facing", "{'default_response':'x'}"), 1, sick, cheaper},
        {WITH("internal_automation",
              "{'route':'small-beta'},{'queue':{'name':'q','max_age_ms':1}}"),
         2, sick | quota, cheaper},
        {WITH("batch", "{'queue':{'name':'q','max_age_ms':1}}"), 1, sick | quota, cheaper},
        {WITH("batch", "{'queue':{'name':'q','max_age_ms':1}},"
                       "{'queue':{'name':'r','max_age_ms':1}}"),
         2, review, 0},
        {WITH("batch", "{'queue':{'name':'q','max_age_ms':1},'blocked_reasons':['timeout']}"), 1,
         (sick | quota) & ~SET_OF(FAILURE_TIMEOUT), cheaper},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct document_entry *entry;
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        texts_check(&d, cases[i].text);
        entry = &d.document->entries[cases[i].entry];
        assert_int_equal(entry->allowed, cases[i].allowed);
        assert_int_equal(entry->admission_reasons, cases[i].admission_reasons);
        assert_int_equal(d.diagnostics.count, 0);
        documents_done(&d);
    }
}

static void entries_outside_the_shape_have_to_name_their_reasons(void **state)
{
    static const char *const texts[] = {
        WITH("batch", "{'route':'small-beta'}"),
        WITH("noncritical_user_facing", "{'queue':{'name':'q','max_age_ms':1}}"),
        WITH("critical_user_facing", "{'default_response':'x'}"),
        WITH("critical_user_facing", "{'route':'big-beta','allowed_reasons':[]}"),
        TEXTS_POLICY(",'fallback_routes':[{'route':'big-beta'}]"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *catalog = texts_catalog();
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, catalog), RESULT_OK);
        assert_int_equal(parse_policy_text(&d, texts[i]), RESULT_OK);
        assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
        assert_finding(&d, DIAGNOSTIC_ENTRY_UNREACHABLE, "/fallback_routes/0/allowed_reasons");
        documents_done(&d);
        free(catalog);
    }
}

static void a_noticed_entry_of_critical_traffic_is_tried_once(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, WITH("critical_user_facing",
                         "{'route':'big-beta'},{'route':'other-gamma'," NOTICED "}"));
    assert_int_equal(d.document->entries[1].limits.attempts_max, 0);
    assert_int_equal(d.document->entries[2].limits.attempts_max, 1);
    documents_done(&d);
}

static void refuses_what_a_class_does_not_let_differ(void **state)
{
    static const struct {
        const char *text;
        enum diagnostic_code code;
        const char *pointer;
    } cases[] = {
        {WITH("experiment", "{'route':'big-beta','allowed_reasons':['timeout']}"),
         DIAGNOSTIC_HARD_STOP, "/fallback_routes"},
        {WITH("experiment", "{'default_response':'x','allowed_reasons':['timeout']}"),
         DIAGNOSTIC_HARD_STOP, "/fallback_routes"},
        {CLASS("experiment", ",'limits':{'max_total_attempts':2}"), DIAGNOSTIC_HARD_STOP,
         "/limits/max_total_attempts"},
        {CLASS("experiment", ",'retry':{'max_retries_per_route':1}"), DIAGNOSTIC_HARD_STOP,
         "/retry/max_retries_per_route"},
        {WITH("critical_user_facing", "{'route':'other-gamma'}"), DIAGNOSTIC_SHAPE_DIFFERS,
         "/fallback_routes/0"},
        {WITH("critical_user_facing", "{'route':'other-gamma'," NOTICED "}"),
         DIAGNOSTIC_SHAPE_DIFFERS, "/fallback_routes/0"},
        {WITH("critical_user_facing", "{'route':'big-alpha-us'}"), DIAGNOSTIC_SHAPE_DIFFERS,
         "/fallback_routes/0"},
        {WITH("critical_user_facing", "{'routes':[{'route':'big-beta'},{'route':'big-alpha-us'}]}"),
         DIAGNOSTIC_SHAPE_DIFFERS, "/fallback_routes/0/routes/1"},
        {WITH("critical_user_facing", "{'route':'big-beta'},{'route':'other-gamma'}"),
         DIAGNOSTIC_SHAPE_DIFFERS, "/fallback_routes/1"},
        {WITH("critical_user_facing", "{'route':'big-beta'},{'route':'other-gamma'," NOTICED
                                      ",'limits':{'max_attempts':2}}"),
         DIAGNOSTIC_SHAPE_DIFFERS, "/fallback_routes/1/limits/max_attempts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *catalog = texts_catalog();
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, catalog), RESULT_OK);
        assert_int_equal(parse_policy_text(&d, cases[i].text), RESULT_OK);
        if (policy_check(d.document, d.catalog, &d.diagnostics) != RESULT_INVALID)
            fail_msg("accepted: %s", cases[i].text);
        assert_finding(&d, cases[i].code, cases[i].pointer);
        documents_done(&d);
        free(catalog);
    }
}

static void a_critical_policy_may_have_more_equal_models(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, WITH("critical_user_facing", "{'route':'big-beta'},{'route':'big-alpha-us'}"));
    assert_int_equal(d.diagnostics.count, 0);
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_has_the_limits_of_its_shape),
        cmocka_unit_test(what_the_policy_says_wins_over_the_shape),
        cmocka_unit_test(entries_without_reasons_take_those_of_their_place),
        cmocka_unit_test(entries_outside_the_shape_have_to_name_their_reasons),
        cmocka_unit_test(a_noticed_entry_of_critical_traffic_is_tried_once),
        cmocka_unit_test(refuses_what_a_class_does_not_let_differ),
        cmocka_unit_test(a_critical_policy_may_have_more_equal_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
