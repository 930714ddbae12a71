/* Rules between fields of a policy document that need no catalog. */
#include "documents.h"

#define FALLBACK(members) POLICY_TEXT(",'fallback_routes':[{" members "}]")
#define ENTRY(members)    FALLBACK("'route':'b'," members)

struct fault {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
};

static void assert_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (parse_policy_text(&d, faults[i].text) != RESULT_INVALID)
            fail_msg("accepted: %s", faults[i].text);
        assert_null(d.document);
        assert_finding(&d, faults[i].code, faults[i].pointer);
        documents_done(&d);
    }
}

static void refuses_what_two_fields_cannot_be_together(void **state)
{
#define RULE(members) POLICY_TEXT(",'rollback':{" members "}")
    static const struct fault faults[] = {
        {POLICY_TEXT(",'latency_target_ms':901,'limits':{'max_elapsed_ms':900}"),
         DIAGNOSTIC_OUT_OF_RANGE, "/latency_target_ms"},
        {POLICY_TEXT(",'budget_rules':{'no_dearer_above_percent':81}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/budget_rules/cheaper_above_percent"},
        {POLICY_TEXT(",'budget_rules':{'cheaper_above_percent':96}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/budget_rules/critical_only_above_percent"},
        {POLICY_TEXT(",'fallback_spend_cap':{'usd':1}"), DIAGNOSTIC_MISSING_FIELD,
         "/fallback_spend_cap/window"},
        {RULE("'disable_on_model_mismatch':false,'thresholds':{'model_mismatch':{}}"),
         DIAGNOSTIC_CONTRADICTION, "/rollback/thresholds/model_mismatch"},
        {RULE("'thresholds':{'failed_eval':{'min_samples':2}}"), DIAGNOSTIC_CONTRADICTION,
         "/rollback/thresholds/failed_eval"},
        {RULE("'disable_on_unapproved_cost_spike':true,'thresholds':{'cost_spike':{"
              "'multiple':1}}"),
         DIAGNOSTIC_OUT_OF_RANGE, "/rollback/thresholds/cost_spike/multiple"},
        {RULE("'disable_on_unapproved_cost_spike':true,'thresholds':{'cost_spike':{"
              "'multiple':2.55}}"),
         DIAGNOSTIC_NOT_EXACT, "/rollback/thresholds/cost_spike/multiple"},
        {RULE("'disable_on_schema_failures':true,'thresholds':{'schema_failures':{"
              "'multiple':3}}"),
         DIAGNOSTIC_UNKNOWN_FIELD, "/rollback/thresholds/schema_failures/multiple"},
        {ENTRY("'requires_user_notice':true"), DIAGNOSTIC_MISSING_FIELD,
         "/fallback_routes/0/notice"},
        {ENTRY("'premium':{}"), DIAGNOSTIC_MISSING_FIELD, "/fallback_routes/0/premium/tenants"},
        {ENTRY("'routes':[{'route':'c'}]"), DIAGNOSTIC_CONTRADICTION, "/fallback_routes/0/route"},
        {FALLBACK("'routes':[{'route':'c'}],'region':'eu'"), DIAGNOSTIC_CONTRADICTION,
         "/fallback_routes/0/region"},
        {FALLBACK("'routes':[{'account':'c'}]"), DIAGNOSTIC_MISSING_FIELD,
         "/fallback_routes/0/routes/0/model"},
        {FALLBACK("'routes':[]"), DIAGNOSTIC_OUT_OF_RANGE, "/fallback_routes/0/routes"},
        {FALLBACK("'route':'b','weight':2"), DIAGNOSTIC_UNKNOWN_FIELD, "/fallback_routes/0/weight"},
        {FALLBACK("'queue':{'name':'q','max_age_ms':9,'hold_ms':10}"), DIAGNOSTIC_OUT_OF_RANGE,
         "/fallback_routes/0/queue/hold_ms"},
        {FALLBACK("'queue':{'name':'q','max_age_ms':9,'job':true}"), DIAGNOSTIC_CONTRADICTION,
         "/fallback_routes/0/queue/job"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'routes':["
         "{'model':'m'}]}}",
         DIAGNOSTIC_MISSING_FIELD, "/primary_route/endpoint_family"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
#undef RULE
}

static void an_entrys_limits_are_no_looser_than_the_policys(void **state)
{
    static const struct {
        const char *entry, *policy, *pointer, *expected;
    } cases[] = {
        {"'max_attempts':3", "'max_total_attempts':2", "max_attempts", "at most the policy's, 2"},
        {"'max_input_tokens':9", "'max_input_tokens':8", "max_input_tokens",
         "at most the policy's, 8"},
        {"'max_output_tokens':9", "'max_output_tokens':8", "max_output_tokens",
         "at most the policy's, 8"},
        {"'max_context_tokens':9", "'max_context_tokens':8", "max_context_tokens",
         "at most the policy's, 8"},
        {"'max_reasoning_tokens':9", "'max_reasoning_tokens':8", "max_reasoning_tokens",
         "at most the policy's, 8"},
        {"'max_estimated_cost_usd':0.06", "'max_estimated_cost_usd':0.05", "max_estimated_cost_usd",
         "at most the policy's, 0.05"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512], pointer[128];
        struct documents d;

        snprintf(text, sizeof text,
                 POLICY_TEXT(",'fallback_routes':[{'route':'b','limits':{%s}}],'limits':{%s}"),
                 cases[i].entry, cases[i].policy);
        snprintf(pointer, sizeof pointer, "/fallback_routes/0/limits/%s", cases[i].pointer);
        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_policy_text(&d, text), RESULT_INVALID);
        assert_finding(&d, DIAGNOSTIC_OUT_OF_RANGE, pointer);
        assert_text(d.diagnostics.first->expected, cases[i].expected);
        documents_done(&d);
    }
}

/* 4 entries of 8 routes and the primary are 33. */
static void a_policy_has_at_most_32_routes(void **state)
{
    for (unsigned last = 7; last <= 8; last++) {
        struct documents d;
        char text[2048];
        struct buf buf;

        (void)state;
        buf_init_fixed(&buf, text, sizeof text);
        buf_put_text(&buf, "{'policy_id':'p','workflow':'w','environment':'e',"
                           "'primary_route':{'route':'r'},'fallback_routes':[");
        for (unsigned i = 0; i < 4; i++) {
            buf_put_text(&buf, i ? ",{'routes':[" : "{'routes':[");
            for (unsigned k = 0; k < (i == 3 ? last : 8); k++)
                buf_format(&buf, "%s{'route':'r%u'}", k ? "," : "", i * 8 + k);
            buf_put_text(&buf, "]}");
        }
        buf_format(&buf, "]}%c", 0);
        assert_false(buf_failed(&buf));
        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_policy_text(&d, text), last == 7 ? RESULT_OK : RESULT_INVALID);
        if (last == 8)
            assert_finding(&d, DIAGNOSTIC_TOO_LARGE, "/fallback_routes");
        documents_done(&d);
    }
}

static void a_set_of_one_route_is_that_route(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, FALLBACK("'routes':[{'route':'b','weight':9}]")),
                     RESULT_OK);
    assert_int_equal(d.document->entries[1].routes_count, 1);
    assert_int_equal(d.document->entries[1].routes[0].weight, 1);
    assert_text(d.document->entries[1].alone.route, "b");
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_two_fields_cannot_be_together),
        cmocka_unit_test(an_entrys_limits_are_no_looser_than_the_policys),
        cmocka_unit_test(a_policy_has_at_most_32_routes),
        cmocka_unit_test(a_set_of_one_route_is_that_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
