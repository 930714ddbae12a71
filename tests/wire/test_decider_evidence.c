/* Evidence, reviews and the catalog's review, asked of a real decider. */
#include "wire/rig_admin.h"

static const struct set demo[] = {{"policy.policy_id", DEMO_POLICY}, {NULL, NULL}};

static const Signalbox__V1__PutEvidenceResponse *put_demo(struct rig *rig, const char *token)
{
    return admin_ok(rig, token, POLICY "PutEvidence", SETS({"document", admin_demo_evidence(rig)}));
}

/* ---- evidence ---- */

static void evidence_is_put_found_and_taken_back(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__PutEvidenceResponse *put = put_demo(rig, rig->operator_token);
    const Signalbox__V1__GetEvidenceResponse *got;
    const Signalbox__V1__RevokeEvidenceResponse *revoked;
    const char *id = put->n_evidence ? put->evidence[0]->evidence_id : "";

    assert_int_equal(put->n_evidence, 4);
    assert_int_equal(put->n_diagnostics, 0);
    got =
        admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "GetEvidence", SETS({"evidence_id", id}));
    assert_string_equal(got->evidence->evidence_id, id);
    assert_int_equal(got->evidence->kind, SIGNALBOX__V1__EVIDENCE_KIND__EVIDENCE_KIND_PARITY);
    assert_int_equal(got->evidence->gate, SIGNALBOX__V1__GATE__GATE_QUALITY);
    assert_string_equal(got->evidence->workload, "demo-chat");
    assert_string_equal(got->evidence->owner, "platform");
    assert_true(got->evidence->passed);
    assert_true(got->evidence->n_bindings > 0);
    assert_int_not_equal(got->evidence->bindings[0]->field, 0);
    assert_non_null(strstr(got->evidence->document, DEMO_FALLBACK));
    revoked = admin_ok(rig, rig->operator_token, POLICY "RevokeEvidence",
                       SETS({"evidence_id", id}, {"reason", "it was another build"}));
    assert_true(revoked->evidence->revoked);
    assert_string_equal(revoked->evidence->revoke_reason, "it was another build");
    admin_refused(rig, POLICY "RevokeEvidence", SETS({"evidence_id", id}, {"reason", "again"}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    admin_refused(rig, POLICY "RevokeEvidence", SETS({"evidence_id", "ev-99"}, {"reason", "r"}),
                  GRPC_STATUS_NOT_FOUND, "");
    admin_refused(rig, POLICY "GetEvidence", SETS({"evidence_id", "ev-99"}), GRPC_STATUS_NOT_FOUND,
                  "");
    admin_refused(rig, POLICY "RevokeEvidence", SETS({"evidence_id", id}),
                  GRPC_STATUS_INVALID_ARGUMENT, "reason");
}

static void evidence_is_listed_by_place_kind_and_page(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__PutEvidenceResponse *put = put_demo(rig, rig->operator_token);
    const Signalbox__V1__ListEvidenceResponse *list;

    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence", NO_SETS);
    assert_int_equal(list->n_evidence, put->n_evidence);
    assert_string_equal(list->evidence[0]->document, ""); /* lists leave it out */
    assert_int_equal(list->evidence[0]->n_bindings, 0);
    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence",
                    SETS({"workload", "demo-chat"}, {"environment", "production"},
                         {"kind", "EVIDENCE_KIND_QUOTA_OWNER"}));
    assert_int_equal(list->n_evidence, 1);
    assert_int_equal(list->evidence[0]->kind,
                     SIGNALBOX__V1__EVIDENCE_KIND__EVIDENCE_KIND_QUOTA_OWNER);
    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence",
                    SETS({"workload", "demo-chat"}, {"environment", "staging"}));
    assert_int_equal(list->n_evidence, 0);
    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence", SETS({"page_size", "3"}));
    assert_int_equal(list->n_evidence, 3);
    assert_string_equal(list->evidence[0]->evidence_id, put->evidence[0]->evidence_id);
    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence",
                    SETS({"page_size", "3"}, {"page_token", list->next_page_token}));
    assert_int_equal(list->n_evidence, 1);
    assert_string_equal(list->next_page_token, "");
    (void)admin_ok(rig, rig->operator_token, POLICY "RevokeEvidence",
                   SETS({"evidence_id", put->evidence[3]->evidence_id}, {"reason", "r"}));
    list = admin_ok(rig, rig->operator_token, POLICY "ListEvidence", NO_SETS);
    assert_int_equal(list->n_evidence, 3);
    list =
        admin_ok(rig, rig->operator_token, POLICY "ListEvidence", SETS({"want_revoked", "true"}));
    assert_int_equal(list->n_evidence, 4);
}

static void a_bad_document_is_an_answer_with_findings(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__PutEvidenceResponse *put =
        admin_ok(rig, rig->operator_token, POLICY "PutEvidence",
                 SETS({"document", "{\"kind\":\"parity\",\"colour\":\"blue\"}"}));

    assert_int_equal(put->n_evidence, 0);
    assert_true(put->n_diagnostics > 1);
    assert_true(put->diagnostics[0]->error);
}

static void the_same_write_gives_the_first_answer_again(void **state)
{
    struct rig *rig = *state;
    const struct set *sets = SETS({"document", admin_demo_evidence(rig)}, {"write_id", "w1"});
    const Signalbox__V1__PutEvidenceResponse *first, *again;

    first = admin_ok(rig, rig->operator_token, POLICY "PutEvidence", sets);
    again = admin_ok(rig, rig->operator_token, POLICY "PutEvidence", sets);
    assert_int_equal(again->n_evidence, first->n_evidence);
    assert_string_equal(again->evidence[0]->evidence_id, first->evidence[0]->evidence_id);
    admin_refused(rig, POLICY "PutEvidence",
                  SETS({"document", admin_piece(rig, "quota_owner", "")}, {"write_id", "w1"}),
                  GRPC_STATUS_ALREADY_EXISTS, "");
}

/* ---- reviews ---- */

static const Signalbox__V1__ChecklistRow *find_row(const Signalbox__V1__ChecklistEntry *entry,
                                                   const char *check)
{
    for (size_t i = 0; i < entry->n_rows; i++)
        if (strcmp(entry->rows[i]->check, check) == 0)
            return entry->rows[i];
    fail_msg("the checklist has no row %s", check);
    return NULL;
}

static void the_checklist_says_what_is_missing_until_it_is_there(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__ChecklistResponse *list;
    const Signalbox__V1__ChecklistRow *row;

    list = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "Checklist", demo);
    assert_false(list->go);
    assert_int_equal(list->n_entries, 2);
    assert_true(list->entries[0]->go);
    assert_false(list->entries[1]->go);
    assert_string_equal(list->entries[1]->route, DEMO_FALLBACK);
    row = find_row(list->entries[1], "parity");
    assert_int_equal(row->gate, SIGNALBOX__V1__GATE__GATE_QUALITY);
    assert_int_equal(row->verdict, SIGNALBOX__V1__VERDICT__VERDICT_BLOCK);
    assert_true(*row->pass_condition && *row->stop_condition && *row->needed);
    assert_string_equal(row->found, "none");
    /* Who published it may not approve it; somebody else may. */
    (void)put_demo(rig, rig->operator_token);
    list = admin_ok(rig, rig->operator_token, POLICY "Checklist", demo);
    assert_false(list->go);
    (void)put_demo(rig, rig_token(rig, ROLE_OPERATOR));
    list = admin_ok(rig, rig->operator_token, POLICY "Checklist", demo);
    row = find_row(list->entries[1], "parity");
    assert_int_equal(row->verdict, SIGNALBOX__V1__VERDICT__VERDICT_PASS);
    assert_true(strncmp(row->evidence_id, "ev-", 3) == 0);
    assert_true(row->evidence_expires_unix_ms > row->evidence_put_unix_ms);
    assert_true(list->go);
    assert_string_equal(list->workload, "demo-chat");
    assert_int_equal(list->version, 1);
}

static void a_draft_is_looked_at_as_if_it_were_published(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__ChecklistResponse *list;

    list = admin_ok(rig, rig->operator_token, POLICY "Checklist",
                    SETS({"policy.document", rig_document(rig, "policies/demo-chat.json")}));
    assert_int_equal(list->version, 0);
    assert_int_equal(list->n_entries, 2);
    list = admin_ok(rig, rig->operator_token, POLICY "Checklist", SETS({"policy.document", "{}"}));
    assert_int_equal(list->n_entries, 0);
    assert_false(list->go);
    assert_true(list->n_diagnostics > 0);
    admin_refused(rig, POLICY "Checklist", SETS({"policy.policy_id", "none"}),
                  GRPC_STATUS_NOT_FOUND, "");
}

static void a_teams_tests_run(void **state)
{
    static const char tests[] =
        "{\"policy\":\"" DEMO_POLICY "\",\"tests\":["
        "{\"name\":\"goes to the primary\",\"request\":{\"requested_model\":\"demo-model\"},"
        "\"steps\":[{\"expect\":{\"action\":\"send\"}}]},"
        "{\"name\":\"is wrong\",\"request\":{\"requested_model\":\"demo-model\"},"
        "\"steps\":[{\"expect\":{\"action\":\"fail_closed\"}}]}]}";
    struct rig *rig = *state;
    const Signalbox__V1__TestPolicyResponse *answer =
        admin_ok(rig, rig->operator_token, POLICY "TestPolicy",
                 SETS({"policy.policy_id", DEMO_POLICY}, {"tests", tests}));

    for (size_t i = 0; i < answer->n_diagnostics; i++)
        print_message("%s %s\n", answer->diagnostics[i]->code, answer->diagnostics[i]->pointer);
    assert_int_equal(answer->n_outcomes, 2);
    assert_int_equal(answer->passed, 1);
    assert_true(answer->outcomes[0]->passed);
    assert_false(answer->outcomes[1]->passed);
    assert_int_equal(answer->outcomes[1]->n_differences, 1);
    assert_string_equal(answer->outcomes[1]->differences[0]->expected, "fail_closed");
    assert_string_equal(answer->outcomes[1]->differences[0]->found, "send");
    assert_true(answer->n_rules > answer->rules_reached);
    answer = admin_ok(rig, rig->operator_token, POLICY "TestPolicy",
                      SETS({"policy.policy_id", DEMO_POLICY}, {"tests", "{"}));
    assert_int_equal(answer->n_outcomes, 0);
    assert_true(answer->n_diagnostics > 0);
}

static void two_versions_differ_in_fields_and_consequences(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__DiffPoliciesResponse *diff;
    char *draft = rig_document(rig, "policies/demo-chat.json");
    char *reason = strstr(draft, "\"primary_timeout\",");

    assert_non_null(reason);
    memset(reason, ' ', strlen("\"primary_timeout\","));
    diff = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "DiffPolicies",
                    SETS({"before.policy_id", DEMO_POLICY}, {"after.document", draft}));
    assert_true(diff->n_fields > 0);
    assert_true(diff->n_consequences > 0);
    diff = admin_ok(rig, rig->operator_token, POLICY "DiffPolicies",
                    SETS({"before.policy_id", DEMO_POLICY}, {"after.policy_id", DEMO_POLICY}));
    assert_int_equal(diff->n_fields, 0);
    assert_int_equal(diff->n_consequences, 0);
}

static const Signalbox__V1__Suggestion *
find_suggestion(const Signalbox__V1__SuggestRoutesResponse *ranked, const char *route)
{
    for (size_t i = 0; i < ranked->n_suggestions; i++)
        if (strcmp(ranked->suggestions[i]->route, route) == 0)
            return ranked->suggestions[i];
    fail_msg("%s is not among the candidates", route);
    return NULL;
}

static void candidates_are_ranked_and_routes_told(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__SuggestRoutesResponse *ranked;
    const Signalbox__V1__Suggestion *suggestion;
    const Signalbox__V1__GetRouteResponse *route;

    ranked = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "SuggestRoutes",
                      SETS({"primary_route", "demo-at-mock-a"}, {"needs", "NEED_STREAMING"},
                           {"data_classes", "DATA_CLASS_CUSTOMER_CONTENT"},
                           {"environment", "production"}, {"input_tokens", "1000"},
                           {"output_tokens", "200"}));
    suggestion = find_suggestion(ranked, DEMO_FALLBACK);
    assert_string_equal(suggestion->provider, "mock-b");
    assert_int_equal(suggestion->tier, SIGNALBOX__V1__TIER__TIER_SAME_MODEL);
    assert_true(suggestion->fits);
    assert_true(*suggestion->why != '\0');
    assert_true(suggestion->n_evidence > 0);
    for (size_t i = 1; i < ranked->n_suggestions; i++)
        assert_true(ranked->suggestions[i]->score <= ranked->suggestions[i - 1]->score ||
                    ranked->suggestions[i]->fits < ranked->suggestions[i - 1]->fits);
    admin_refused(rig, POLICY "SuggestRoutes", SETS({"primary_route", "none"}),
                  GRPC_STATUS_NOT_FOUND, "");
    route = admin_ok(rig, rig->operator_token, POLICY "GetRoute", SETS({"route", DEMO_FALLBACK}));
    assert_string_equal(route->provider, "mock-b");
    assert_string_equal(route->model, "demo-model");
    assert_true(*route->base_url && *route->credential && *route->provider_model);
    assert_true(route->n_reported_models > 0 && route->total_ms > 0);
    admin_refused(rig, POLICY "GetRoute", SETS({"route", "none"}), GRPC_STATUS_NOT_FOUND, "");
}

/* ---- the catalog ---- */

static void a_catalog_is_reviewed_before_it_serves(void **state)
{
    struct rig *rig = *state;
    char *document = rig_document(rig, "policies/catalog.json");
    char *price = strstr(strstr(document, DEMO_FALLBACK), "\"output\": ");
    const Signalbox__V1__PublishCatalogResponse *review, *published;
    const Signalbox__V1__CatalogChange *change;

    assert_non_null(price);
    price += strlen("\"output\": ");
    *price = *price == '9' ? '8' : '9';
    review = admin_ok(rig, rig->operator_token, POLICY "PublishCatalog",
                      SETS({"document", document}, {"review_only", "true"}));
    assert_int_equal(review->version, 0);
    assert_int_equal(review->compared_version, 1);
    assert_int_equal(review->n_changes, 1);
    change = review->changes[0];
    assert_int_equal(change->kind, SIGNALBOX__V1__CATALOG_CHANGE_KIND__CATALOG_CHANGE_KIND_ALTERED);
    assert_non_null(strstr(change->pointer, DEMO_FALLBACK));
    assert_int_equal(change->n_voids, 1);
    assert_int_equal(change->voids[0], SIGNALBOX__V1__BINDING__BINDING_PRICES);
    assert_true(review->n_touched_policies > 0);
    admin_refused(rig, POLICY "PublishCatalog",
                  SETS({"document", document}, {"expected_version", "7"}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    published = admin_ok(rig, rig->operator_token, POLICY "PublishCatalog",
                         SETS({"document", document}, {"expected_version", "1"}));
    assert_int_equal(published->version, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(evidence_is_put_found_and_taken_back),
        RIG_TEST(evidence_is_listed_by_place_kind_and_page),
        RIG_TEST(a_bad_document_is_an_answer_with_findings),
        RIG_TEST(the_same_write_gives_the_first_answer_again),
        RIG_TEST(the_checklist_says_what_is_missing_until_it_is_there),
        RIG_TEST(a_draft_is_looked_at_as_if_it_were_published),
        RIG_TEST(a_teams_tests_run),
        RIG_TEST(two_versions_differ_in_fields_and_consequences),
        RIG_TEST(candidates_are_ranked_and_routes_told),
        RIG_TEST(a_catalog_is_reviewed_before_it_serves),
    };

    return rig_main("decider_evidence", tests, sizeof tests / sizeof *tests);
}
