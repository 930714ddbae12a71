/* Document against catalog: which route is meant, which tier follows, what the tier demands. */
#include "documents.h"

#define FALLBACK(members) POLICY_TEXT(",'fallback_routes':[{" members "}]")
#define REASONS           ",'allowed_reasons':['rate_limited']"
#define PRIMARY(members)                                                                           \
    "{'policy_id':'p','workflow':'w','environment':'e','primary_route':{" members "}}"

static void the_public_template_resolves_in_the_example_catalog(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
    assert_int_equal(parse_policy_file(&d, "policies/support-chat-fallback-v1.json"), RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
    assert_text(d.document->entries[0].route.resolved->id, "primary-approved-at-mock-a");
    assert_text(d.document->entries[1].route.resolved->id, "approved-backup-at-mock-b");
    assert_int_equal(d.document->entries[0].tier, TIER_PRIMARY);
    assert_int_equal(d.document->entries[1].tier, TIER_DIFFERENT_FAMILY);
    documents_done(&d);
}

static void the_templates_rollback_rules_are_warned_of(void **state)
{
    static const char *const pointers[] = {"/rollback/disable_on_schema_failures",
                                           "/rollback/disable_on_unapproved_cost_spike",
                                           "/rollback/disable_on_policy_boundary_error"};
    const struct diagnostic *each;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
    assert_int_equal(parse_policy_file(&d, "policies/support-chat-fallback-v1.json"), RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
    assert_int_equal(d.diagnostics.errors, 0);
    each = d.diagnostics.first;
    for (unsigned i = 0; i < 3; i++, each = each->next) {
        assert_int_equal(each->code, DIAGNOSTIC_ROLLBACK_NOT_ENFORCED);
        assert_text(each->pointer, pointers[i]);
    }
    assert_null(each);
    documents_done(&d);
}

static void the_demo_policy_falls_back_to_the_same_model(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
    assert_int_equal(parse_policy_file(&d, "policies/demo-chat.json"), RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
    assert_text(d.document->entries[0].route.resolved->id, "demo-at-mock-a");
    assert_text(d.document->entries[1].route.resolved->id, "demo-at-mock-b");
    assert_int_equal(d.document->entries[1].tier, TIER_SAME_MODEL);
    assert_false(d.document->entries[1].requires_eval_pass);
    documents_done(&d);
}

static void the_tier_follows_from_model_and_family(void **state)
{
    static const char catalog[] =
        "{'providers':[{'id':'p'}],"
        "'accounts':[{'id':'a','provider':'p','owner':'o','credential':'K'}],"
        "'models':[{'id':'big','family':'f','version':'1','quality_class':'frontier',"
        "'capabilities':[]},{'id':'small','family':'f','version':'1','quality_class':'low_cost',"
        "'capabilities':[]},{'id':'other','family':'g','version':'1','quality_class':'balanced',"
        "'capabilities':[]}],'routes':["
#define ROUTE(id, model, region)                                                                   \
    "{'id':'" id "','model':'" model "','account':'a','region':'" region                           \
    "','endpoint_family':'openai-chat-completions','base_url':'https://h','data_classes':[]}"
        ROUTE("one", "big", "eu") "," ROUTE("two", "big", "us") "," ROUTE(
            "three", "small", "eu") "," ROUTE("four", "other", "eu") "]}";
#undef ROUTE
    static const enum tier tiers[] = {TIER_PRIMARY,     TIER_SAME_MODEL,
                                      TIER_SAME_FAMILY, TIER_DIFFERENT_FAMILY,
                                      TIER_QUEUE,       TIER_DEFAULT_RESPONSE};
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, catalog), RESULT_OK);
    assert_int_equal(parse_policy_text(&d,
                                       "{'policy_id':'p','workflow':'w','environment':'e',"
                                       "'primary_route':{'route':'one'},'fallback_routes':["
                                       "{'model':'big','region':'us'" REASONS "},"
                                       "{'model':'small'" REASONS "},{'route':'four'" REASONS "},"
                                       "{'queue':{'name':'q','max_age_ms':1}" REASONS "},"
                                       "{'default_response':'x'" REASONS "}]}"),
                     RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
    for (unsigned i = 0; i < 6; i++) {
        bool demanded = tiers[i] == TIER_SAME_FAMILY || tiers[i] == TIER_DIFFERENT_FAMILY;

        assert_int_equal(d.document->entries[i].tier, tiers[i]);
        assert_int_equal(d.document->entries[i].requires_eval_pass, demanded);
        assert_false(d.document->entries[i].requires_cost_owner);
        assert_false(d.document->entries[i].requires_tool_contract_pass);
    }
    documents_done(&d);
}

struct verdict_case {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
};

static void refuses_what_the_catalog_cannot_serve(void **state)
{
    static const struct verdict_case cases[] = {
        {PRIMARY("'route':'nowhere'"), DIAGNOSTIC_UNKNOWN_NAME, "/primary_route/route"},
        {PRIMARY("'model':'nothing','endpoint_family':'openai-chat-completions'"),
         DIAGNOSTIC_UNKNOWN_NAME, "/primary_route/model"},
        {PRIMARY("'model':'demo-model','endpoint_family':'openai-chat-completions'"),
         DIAGNOSTIC_AMBIGUOUS_ROUTE, "/primary_route"},
        {PRIMARY("'model':'demo-model','endpoint_family':'openai-embeddings'"), DIAGNOSTIC_NO_ROUTE,
         "/primary_route"},
        {PRIMARY("'model':'demo-model','provider':'mock-c','endpoint_family':"
                 "'openai-chat-completions'"),
         DIAGNOSTIC_NO_ROUTE, "/primary_route"},
        {PRIMARY("'model':'demo-model','account':'mock-c','endpoint_family':"
                 "'openai-chat-completions'"),
         DIAGNOSTIC_NO_ROUTE, "/primary_route"},
        {PRIMARY("'route':'demo-at-mock-a','provider':'mock-b'"), DIAGNOSTIC_NO_ROUTE,
         "/primary_route"},
        {PRIMARY("'route':'demo-at-mock-a','endpoint_family':'openai-responses'"),
         DIAGNOSTIC_NO_ROUTE, "/primary_route/endpoint_family"},
        {FALLBACK("'route':'demo-at-mock-b','endpoint_family':'openai-responses'" REASONS),
         DIAGNOSTIC_FAMILY_DIFFERS, "/fallback_routes/0/endpoint_family"},
        {FALLBACK("'model':'demo-model'" REASONS), DIAGNOSTIC_AMBIGUOUS_ROUTE,
         "/fallback_routes/0"},
        {FALLBACK("'route':'demo-at-mock-a'" REASONS), DIAGNOSTIC_SAME_ROUTE, "/fallback_routes/0"},
        {FALLBACK("'model':'demo-model','provider':'mock-a'" REASONS), DIAGNOSTIC_SAME_ROUTE,
         "/fallback_routes/0"},
        {FALLBACK("'route':'approved-backup-at-mock-b','requires_eval_pass':false" REASONS),
         DIAGNOSTIC_EVIDENCE_DEMANDED, "/fallback_routes/0/requires_eval_pass"},
        {POLICY_TEXT(",'fallback_routes':[{'route':'demo-at-mock-b'" REASONS "},"
                     "{'model':'demo-model','provider':'mock-b'" REASONS "}]"),
         DIAGNOSTIC_SAME_ROUTE, "/fallback_routes/1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (check_policy_text(&d, cases[i].text) != RESULT_INVALID)
            fail_msg("accepted: %s", cases[i].text);
        assert_finding(&d, cases[i].code, cases[i].pointer);
        documents_done(&d);
    }
}

static void a_fallback_route_of_another_family_is_refused(void **state)
{
    static const char catalog[] =
        "{'providers':[{'id':'p'}],"
        "'accounts':[{'id':'a','provider':'p','owner':'o','credential':'K'}],"
        "'models':[{'id':'m','family':'f','version':'1','quality_class':'frontier',"
        "'capabilities':[]}],'routes':["
        "{'id':'demo-at-mock-a','model':'m','account':'a','region':'eu','endpoint_family':"
        "'openai-chat-completions','base_url':'https://h','data_classes':[]},"
        "{'id':'b','model':'m','account':'a','region':'eu','endpoint_family':"
        "'openai-responses','base_url':'https://h','data_classes':[]}]}";
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, catalog), RESULT_OK);
    assert_int_equal(parse_policy_text(&d, FALLBACK("'route':'b'" REASONS)), RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_INVALID);
    assert_finding(&d, DIAGNOSTIC_FAMILY_DIFFERS, "/fallback_routes/0/route");
    documents_done(&d);
}

static void an_ambiguous_model_is_refused_with_the_list(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        check_policy_text(
            &d, PRIMARY("'model':'demo-model','endpoint_family':'openai-chat-completions'")),
        RESULT_INVALID);
    assert_text(d.diagnostics.first->expected, "one of: demo-at-mock-a, demo-at-mock-b");
    assert_text(d.diagnostics.first->found,
                "model demo-model, endpoint_family openai-chat-completions");
    documents_done(&d);
}

static void evidence_may_be_demanded_where_the_tier_would_not(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        check_policy_text(&d, FALLBACK("'route':'demo-at-mock-b','requires_eval_pass':true,"
                                       "'requires_cost_owner':true" REASONS)),
        RESULT_OK);
    assert_true(d.document->entries[1].requires_eval_pass);
    assert_true(d.document->entries[1].requires_cost_owner);
    documents_done(&d);
}

static void evidence_may_be_waived_where_the_tier_does_not_demand_it(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        check_policy_text(&d,
                          FALLBACK("'route':'demo-at-mock-b','requires_eval_pass':false" REASONS)),
        RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
    documents_done(&d);
}

static void a_policy_with_fallbacks_records_everything(void **state)
{
    static const char *const flags[] = {"record_attempt_chain",
                                        "record_requested_and_selected_model",
                                        "record_error_class_per_attempt", "record_usage_and_cost"};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        char text[512], pointer[64];
        struct documents d;

        snprintf(pointer, sizeof pointer, "/logging/%s", flags[i]);
        documents_init(&d, ARENA_BYTES_MAX);
        snprintf(text, sizeof text,
                 POLICY_TEXT(",'fallback_routes':[{'route':'demo-at-mock-b'" REASONS "}],"
                             "'logging':{'%s':false}"),
                 flags[i]);
        assert_int_equal(check_policy_text(&d, text), RESULT_INVALID);
        assert_finding(&d, DIAGNOSTIC_RECORDING_OFF, pointer);
        documents_done(&d);

        documents_init(&d, ARENA_BYTES_MAX);
        snprintf(text, sizeof text, POLICY_TEXT(",'logging':{'%s':false}"), flags[i]);
        assert_int_equal(check_policy_text(&d, text), RESULT_OK);
        documents_done(&d);
    }
}

static void an_entry_without_reasons_is_warned_of(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(check_policy_text(&d, FALLBACK("'route':'demo-at-mock-b'")), RESULT_OK);
    assert_finding(&d, DIAGNOSTIC_ENTRY_UNREACHABLE, "/fallback_routes/0/allowed_reasons");
    assert_int_equal(d.diagnostics.errors, 0);
    documents_done(&d);
}

static void names_all_faults_of_a_document_at_once(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(check_policy_text(&d, POLICY_TEXT(",'fallback_routes':["
                                                       "{'route':'nowhere'" REASONS "},"
                                                       "{'model':'demo-model'" REASONS "},"
                                                       "{'route':'demo-at-mock-a'" REASONS "}],"
                                                       "'logging':{'record_usage_and_cost':"
                                                       "false}")),
                     RESULT_INVALID);
    assert_int_equal(d.diagnostics.errors, 4);
    documents_done(&d);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    size_t catalog_len = 0, policy_len = 0, bound = 0;
    char *catalog = file_read("policies/catalog.json", &catalog_len);
    char *policy = file_read("policies/support-chat-fallback-v1.json", &policy_len);
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    assert_true(catalog && policy);
    for (; result == RESULT_NO_MEMORY; bound += 16) {
        struct diagnostics findings;
        struct arena small;
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(catalog_parse((struct slice){catalog, catalog_len}, &d.arena,
                                       &d.diagnostics, &d.catalog),
                         RESULT_OK);
        assert_int_equal(
            policy_parse((struct slice){policy, policy_len}, &d.arena, &d.diagnostics, &d.document),
            RESULT_OK);
        arena_init(&small, NULL, 0, bound);
        diagnostics_init(&findings, &small);
        result = policy_check(d.document, d.catalog, &findings);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        arena_done(&small);
        documents_done(&d);
    }
    assert_true(bound > 16); /* the three warnings need some */
    free(catalog);
    free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_template_resolves_in_the_example_catalog),
        cmocka_unit_test(the_templates_rollback_rules_are_warned_of),
        cmocka_unit_test(the_demo_policy_falls_back_to_the_same_model),
        cmocka_unit_test(the_tier_follows_from_model_and_family),
        cmocka_unit_test(refuses_what_the_catalog_cannot_serve),
        cmocka_unit_test(a_fallback_route_of_another_family_is_refused),
        cmocka_unit_test(an_ambiguous_model_is_refused_with_the_list),
        cmocka_unit_test(evidence_may_be_demanded_where_the_tier_would_not),
        cmocka_unit_test(evidence_may_be_waived_where_the_tier_does_not_demand_it),
        cmocka_unit_test(a_policy_with_fallbacks_records_everything),
        cmocka_unit_test(an_entry_without_reasons_is_warned_of),
        cmocka_unit_test(names_all_faults_of_a_document_at_once),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
