/* Document against catalog: which route is meant, which tier follows, what the tier demands. */
#include "policy_texts.h"

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
    assert_text(d.document->entries[0].routes[0].resolved->id, "primary-approved-at-mock-a");
    assert_text(d.document->entries[1].routes[0].resolved->id, "approved-backup-at-mock-b");
    assert_int_equal(d.document->entries[0].tier, TIER_PRIMARY);
    assert_int_equal(d.document->entries[1].tier, TIER_DIFFERENT_FAMILY);
    documents_done(&d);
}

static void the_template_has_no_findings(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
    assert_int_equal(parse_policy_file(&d, "policies/support-chat-fallback-v1.json"), RESULT_OK);
    assert_int_equal(policy_check(d.document, d.catalog, &d.diagnostics), RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
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
    assert_text(d.document->entries[0].routes[0].resolved->id, "demo-at-mock-a");
    assert_text(d.document->entries[1].routes[0].resolved->id, "demo-at-mock-b");
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
        {"{'policy_id':'p','workflow':'w','environment':'staging','primary_route':{"
         "'route':'demo-at-mock-a'},'fallback_routes':[{'route':'approved-backup-at-mock-b',"
         "'requires_eval_pass':false" REASONS "}]}",
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
        assert_finding(&d, DIAGNOSTIC_NOT_SERVED, pointer);
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

/* Against the catalog of policy_texts.h. */
static void refuses_sets_and_names_that_do_not_fit(void **state)
{
#define SET(routes) TEXTS_POLICY(",'fallback_routes':[{'routes':[" routes "]" REASONS "}]")
    static const struct verdict_case cases[] = {
        {SET("{'route':'big-beta'},{'route':'small-beta'}"), DIAGNOSTIC_OTHER_MODEL,
         "/fallback_routes/0/routes/1"},
        {SET("{'route':'big-beta'},{'route':'big-beta'}"), DIAGNOSTIC_SAME_ROUTE,
         "/fallback_routes/0/routes/1"},
        {SET("{'route':'big-beta'},{'route':'big-alpha'}"), DIAGNOSTIC_SAME_ROUTE,
         "/fallback_routes/0/routes/1"},
        {SET("{'route':'big-beta'},{'model':'big','provider':'beta'}"), DIAGNOSTIC_AMBIGUOUS_ROUTE,
         "/fallback_routes/0/routes/1"},
        {SET("{'route':'nowhere'},{'route':'big-beta'}"), DIAGNOSTIC_UNKNOWN_NAME,
         "/fallback_routes/0/routes/0/route"},
        {SET("{'route':'big-beta','region':'us'}"), DIAGNOSTIC_NO_ROUTE,
         "/fallback_routes/0/routes/0"},
        {TEXTS_POLICY(",'fallback_routes':[{'routes':[{'route':'big-beta'}],"
                      "'endpoint_family':'openai-responses'" REASONS "}]"),
         DIAGNOSTIC_FAMILY_DIFFERS, "/fallback_routes/0/endpoint_family"},
        {TEXTS_POLICY(",'fallback_routes':[{'route':'big-beta','requires_quota_owner':false" REASONS
                      "}]"),
         DIAGNOSTIC_EVIDENCE_DEMANDED, "/fallback_routes/0/requires_quota_owner"},
        {TEXTS_POLICY(",'regions':['eu','mars']"), DIAGNOSTIC_UNKNOWN_NAME, "/regions/1"},
        {TEXTS_POLICY(",'providers':['alpha','delta']"), DIAGNOSTIC_UNKNOWN_NAME, "/providers/1"},
        {TEXTS_POLICY(",'accounts':['nobody','alpha-main']"), DIAGNOSTIC_UNKNOWN_NAME,
         "/accounts/0"},
        {TEXTS_POLICY(",'service_tiers':['flex']"), DIAGNOSTIC_UNKNOWN_NAME, "/service_tiers/0"},
    };
#undef SET

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

static void the_primary_may_be_a_set_in_several_regions(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, "{'policy_id':'p','workflow':'w','environment':'e','primary_route':{"
                    "'endpoint_family':'openai-chat-completions','routes':["
                    "{'model':'big','account':'alpha-main','region':'us'},"
                    "{'model':'big','account':'beta-team','weight':2}]}}");
    assert_text(d.document->entries[0].routes[0].resolved->id, "big-alpha-us");
    assert_text(d.document->entries[0].routes[1].resolved->id, "big-team");
    assert_int_equal(d.document->entries[0].routes[1].weight, 2);
    assert_int_equal(d.document->entries[0].tier, TIER_PRIMARY);
    documents_done(&d);
}

static void a_route_outside_the_policys_own_boundary_is_warned_of(void **state)
{
    static const struct {
        const char *members, *pointer, *found;
    } cases[] = {
        {"'regions':['us']", "/primary_route", "region eu"},
        {"'providers':['beta']", "/primary_route", "provider alpha"},
        {"'accounts':['beta-main']", "/primary_route", "account alpha-main"},
        {"'data_classes':['secret']", "/primary_route", "big-alpha"},
        {"'fallback_routes':[{'route':'small-beta','allowed_reasons':['timeout']}],"
         "'traffic_class':'noncritical_user_facing'",
         "/fallback_routes/0", "small-beta"},
        {"'fallback_routes':[{'route':'small-beta','allowed_reasons':['timeout']}],"
         "'traffic_class':'internal_automation'",
         NULL, NULL},
        {"'fallback_routes':[{'route':'small-beta','allowed_reasons':['timeout']}]", NULL, NULL},
        {"'service_tiers':['priority']", NULL, NULL},
        {"'regions':['eu','us'],'data_classes':['pii','secret'],'zero_retention':true", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;
        char text[512];

        snprintf(text, sizeof text, TEXTS_POLICY(",%s"), cases[i].members);
        documents_init(&d, ARENA_BYTES_MAX);
        texts_check(&d, text);
        if (cases[i].pointer) {
            assert_finding(&d, DIAGNOSTIC_ENTRY_UNREACHABLE, cases[i].pointer);
            assert_text(d.diagnostics.first->found, cases[i].found);
        }
        assert_int_equal(d.diagnostics.count, cases[i].pointer != NULL);
        documents_done(&d);
    }
}

static void a_route_of_other_environments_is_warned_of(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(check_policy_text(&d, FALLBACK("'route':'approved-backup-at-mock-b'" REASONS)),
                     RESULT_OK);
    assert_finding(&d, DIAGNOSTIC_ENTRY_UNREACHABLE, "/fallback_routes/0");
    assert_text(d.diagnostics.first->found, "approved-backup-at-mock-b");
    assert_text(d.diagnostics.first->expected, "a route for the policy's environment");
    documents_done(&d);
}

static void demands_follow_from_tier_boundary_and_document(void **state)
{
#define K(KIND) SET_OF(EVIDENCE_KIND_##KIND)
    const uint64_t model = K(PARITY) | K(EVAL) | K(TOOL_CONTRACT);
    const struct {
        const char *entry;
        uint64_t kinds;
        uint64_t roles;
    } cases[] = {
        {"'route':'big-alpha-us'", K(PARITY) | K(BOUNDARY_APPROVAL), 0},
        {"'route':'big-beta'", K(PARITY) | K(BOUNDARY_APPROVAL) | K(QUOTA_OWNER), 0},
        {"'route':'big-team'",
         K(PARITY) | K(BOUNDARY_APPROVAL) | K(QUOTA_OWNER) | K(ACCOUNT_OWNER_APPROVAL), 0},
        {"'routes':[{'route':'big-alpha-us'},{'route':'big-team'}]",
         K(PARITY) | K(BOUNDARY_APPROVAL) | K(QUOTA_OWNER) | K(ACCOUNT_OWNER_APPROVAL), 0},
        {"'route':'small-alpha'", model, 0},
        {"'route':'small-alpha','requires_cost_owner':true,'requires_quota_owner':true",
         model | K(COST_OWNER) | K(QUOTA_OWNER), 0},
        {"'route':'other-gamma','requires_sign_offs':['finance']",
         model | K(BOUNDARY_APPROVAL) | K(QUOTA_OWNER) | K(SIGN_OFF),
         SET_OF(SIGN_OFF_PRODUCT) | SET_OF(SIGN_OFF_ENGINEERING) | SET_OF(SIGN_OFF_POLICY) |
             SET_OF(SIGN_OFF_FINANCE)},
        {"'queue':{'name':'q','max_age_ms':1}", 0, 0},
    };
#undef K

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct documents d;
        char text[512];

        snprintf(text, sizeof text, TEXTS_POLICY(",'fallback_routes':[{%s" REASONS "}]"),
                 cases[i].entry);
        documents_init(&d, ARENA_BYTES_MAX);
        texts_check(&d, text);
        assert_int_equal(policy_demands(d.document, 1), cases[i].kinds);
        assert_int_equal(policy_sign_offs(d.document, 1), cases[i].roles);
        assert_int_equal(policy_demands(d.document, 0), 0);
        documents_done(&d);
    }
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

/* A document with findings of every pass: their texts take the memory. */
static void every_shortage_of_memory_is_reported(void **state)
{
    static const char text[] =
        TEXTS_POLICY(",'traffic_class':'critical_user_facing','regions':['mars'],"
                     "'fallback_routes':[{'route':'small-alpha'},{'model':'big'},"
                     "{'routes':[{'route':'big-beta'},{'route':'small-beta'}]}],"
                     "'logging':{'record_usage_and_cost':false}");
    enum result result = RESULT_NO_MEMORY;
    char *catalog = texts_catalog();

    (void)state;
    for (size_t bound = 0; result == RESULT_NO_MEMORY; bound += 16) {
        struct diagnostics findings;
        struct arena small;
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, catalog), RESULT_OK);
        assert_int_equal(parse_policy_text(&d, text), RESULT_OK);
        arena_init(&small, NULL, 0, bound);
        diagnostics_init(&findings, &small);
        result = policy_check(d.document, d.catalog, &findings);
        assert_true(result == RESULT_INVALID || result == RESULT_NO_MEMORY);
        assert_true(findings.errors > 4);
        arena_done(&small);
        documents_done(&d);
    }
    assert_int_equal(result, RESULT_INVALID);
    free(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_template_resolves_in_the_example_catalog),
        cmocka_unit_test(the_template_has_no_findings),
        cmocka_unit_test(the_demo_policy_falls_back_to_the_same_model),
        cmocka_unit_test(the_tier_follows_from_model_and_family),
        cmocka_unit_test(refuses_what_the_catalog_cannot_serve),
        cmocka_unit_test(a_fallback_route_of_another_family_is_refused),
        cmocka_unit_test(an_ambiguous_model_is_refused_with_the_list),
        cmocka_unit_test(evidence_may_be_demanded_where_the_tier_would_not),
        cmocka_unit_test(evidence_may_be_waived_where_the_tier_does_not_demand_it),
        cmocka_unit_test(a_policy_with_fallbacks_records_everything),
        cmocka_unit_test(an_entry_without_reasons_is_warned_of),
        cmocka_unit_test(refuses_sets_and_names_that_do_not_fit),
        cmocka_unit_test(the_primary_may_be_a_set_in_several_regions),
        cmocka_unit_test(a_route_outside_the_policys_own_boundary_is_warned_of),
        cmocka_unit_test(a_route_of_other_environments_is_warned_of),
        cmocka_unit_test(demands_follow_from_tier_boundary_and_document),
        cmocka_unit_test(names_all_faults_of_a_document_at_once),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
