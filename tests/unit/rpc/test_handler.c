/* What handlers refuse before the service is asked: each field at fault by its name. There is no
 * service here, so a row that were let through would show. */
#include "rpc/handler.h"
#include "wire/message.h"

struct set {
    const char *field, *value;
};

#define SETS_MAX 8

struct row {
    enum method_id method;
    const char *field; /* that is refused */
    struct set sets[SETS_MAX];
};

static void run(enum method_id id, const struct set *sets, struct handling *handling)
{
    struct arena *arena = handling->admin.arena;
    ProtobufCMessage *message = message_new(method_row(id)->request, arena);

    for (unsigned i = 0; i < SETS_MAX && sets[i].field; i++)
        message_set(message, arena, sets[i].field, sets[i].value);
    handling->request = message;
    assert_int_equal(method_row(id)->handle(handling), RESULT_INVALID);
    assert_null(handling->response);
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        struct handling handling = {.admin = {.arena = &arena}};

        arena_init(&arena, NULL, 0, 1 << 20);
        run(rows[i].method, rows[i].sets, &handling);
        if (strcmp(handling.error.field, rows[i].field) != 0)
            fail_msg("row %zu, %s: %s %s", i, method_row(rows[i].method)->path,
                     handling.error.field, handling.error.text);
        assert_true(handling.error.text[0] != '\0');
        arena_done(&arena);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

static void policies_and_their_versions(void **state)
{
    static const struct row rows[] = {
        {METHOD_GET_POLICY, "policy_id", {{NULL, NULL}}},
        {METHOD_GET_POLICY, "policy_id", {{"policy_id", "*129"}}},
        {METHOD_LIST_POLICIES, "page_size", {{"page_size", "1001"}}},
        {METHOD_LIST_POLICIES, "page_token", {{"page_token", "*1025"}}},
        {METHOD_ACTIVATE_POLICY, "policy_id", {{"percent", "20"}}},
        {METHOD_ACTIVATE_POLICY, "percent", {{"policy_id", "p"}, {"percent", "101"}}},
        {METHOD_ACTIVATE_POLICY, "reason", {{"policy_id", "p"}, {"reason", "*513"}}},
        {METHOD_ACTIVATE_POLICY, "etag", {{"policy_id", "p"}, {"etag", "*129"}}},
        {METHOD_ACTIVATE_POLICY, "write_id", {{"policy_id", "p"}, {"write_id", "*129"}}},
        {METHOD_ROLL_BACK_POLICY, "policy_id", {{NULL, NULL}}},
        {METHOD_ROLL_BACK_POLICY, "policy_id", {{"policy_id", "p"}, {"workload", "w"}}},
        {METHOD_ROLL_BACK_POLICY, "environment", {{"workload", "w"}}},
        {METHOD_ROLL_BACK_POLICY, "workload", {{"environment", "e"}}},
        {METHOD_ROLL_BACK_POLICY, "workload", {{"workload", "*129"}, {"environment", "e"}}},
        {METHOD_ROLL_BACK_POLICY, "reason", {{"policy_id", "p"}, {"reason", "*513"}}},
        {METHOD_ROLL_BACK_POLICY, "write_id", {{"policy_id", "p"}, {"write_id", "*129"}}},
        {METHOD_PUBLISH_CATALOG, "write_id", {{"write_id", "*129"}}},
        {METHOD_GET_ROUTE, "route", {{NULL, NULL}}},
        {METHOD_GET_ROUTE, "route", {{"route", "*129"}}},
    };

    (void)state;
    CHECK(rows);
}

static void evidence(void **state)
{
    static const struct row rows[] = {
        {METHOD_PUT_EVIDENCE, "write_id", {{"document", "{}"}, {"write_id", "*129"}}},
        {METHOD_REVOKE_EVIDENCE, "evidence_id", {{"reason", "r"}}},
        {METHOD_REVOKE_EVIDENCE, "evidence_id", {{"evidence_id", "*129"}, {"reason", "r"}}},
        {METHOD_REVOKE_EVIDENCE, "reason", {{"evidence_id", "ev-1"}}},
        {METHOD_REVOKE_EVIDENCE, "reason", {{"evidence_id", "ev-1"}, {"reason", "*513"}}},
        {METHOD_REVOKE_EVIDENCE,
         "write_id",
         {{"evidence_id", "ev-1"}, {"reason", "r"}, {"write_id", "*129"}}},
        {METHOD_GET_EVIDENCE, "evidence_id", {{NULL, NULL}}},
        {METHOD_LIST_EVIDENCE, "environment", {{"workload", "w"}}},
        {METHOD_LIST_EVIDENCE, "workload", {{"environment", "e"}}},
        {METHOD_LIST_EVIDENCE, "workload", {{"workload", "*129"}, {"environment", "e"}}},
        {METHOD_LIST_EVIDENCE, "page_size", {{"page_size", "1001"}}},
        {METHOD_LIST_EVIDENCE, "page_token", {{"page_token", "*1025"}}},
    };

    (void)state;
    CHECK(rows);
}

static void switches_pins_and_the_audit_trail(void **state)
{
    static const struct row rows[] = {
        {METHOD_SET_SWITCH, "reason", {{"scope", "SWITCH_SCOPE_ROUTE"}, {"name", "r"}}},
        {METHOD_SET_SWITCH, "scope", {{"name", "r"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH, "policy_id", {{"scope", "SWITCH_SCOPE_POLICY"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "name",
         {{"scope", "SWITCH_SCOPE_POLICY"}, {"policy_id", "p"}, {"name", "x"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "policy_id",
         {{"scope", "SWITCH_SCOPE_ENTRY"}, {"name", "x"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "name",
         {{"scope", "SWITCH_SCOPE_ENTRY"}, {"policy_id", "p"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH, "name", {{"scope", "SWITCH_SCOPE_ROUTE"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "policy_id",
         {{"scope", "SWITCH_SCOPE_ACCOUNT"}, {"policy_id", "p"}, {"name", "x"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH, "name", {{"scope", "SWITCH_SCOPE_PROVIDER"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "name",
         {{"scope", "SWITCH_SCOPE_ROUTE"}, {"name", "*135"}, {"reason", "r"}}},
        {METHOD_SET_SWITCH,
         "etag",
         {{"scope", "SWITCH_SCOPE_ROUTE"}, {"name", "x"}, {"reason", "r"}, {"etag", "*129"}}},
        {METHOD_LIST_SWITCHES, "page_size", {{"page_size", "1001"}}},
        {METHOD_SET_PIN, "policy_id", {{"reason", "r"}}},
        {METHOD_SET_PIN, "reason", {{"policy_id", "p"}}},
        {METHOD_SET_PIN, "expires_unix_ms", {{"policy_id", "p"}, {"entry", "e"}, {"reason", "r"}}},
        {METHOD_SET_PIN,
         "expires_unix_ms",
         {{"policy_id", "p"}, {"entry", "e"}, {"reason", "r"}, {"expires_unix_ms", "-1"}}},
        {METHOD_SET_PIN,
         "expires_unix_ms",
         {{"policy_id", "p"}, {"reason", "r"}, {"expires_unix_ms", "1"}}},
        {METHOD_SET_PIN,
         "entry",
         {{"policy_id", "p"}, {"entry", "*135"}, {"reason", "r"}, {"expires_unix_ms", "1"}}},
        {METHOD_LIST_PINS, "page_size", {{"page_size", "1001"}}},
        {METHOD_LIST_AUDIT, "page_size", {{"page_size", "1001"}}},
        {METHOD_LIST_AUDIT, "policy_id", {{"policy_id", "*129"}}},
        {METHOD_LIST_AUDIT, "workload", {{"workload", "*129"}}},
        {METHOD_LIST_AUDIT, "environment", {{"environment", "*129"}}},
    };

    (void)state;
    CHECK(rows);
}

static void reviews(void **state)
{
    static const struct row rows[] = {
        {METHOD_CHECKLIST, "policy", {{NULL, NULL}}},
        {METHOD_CHECKLIST, "policy.policy_id", {{"policy.version", "1"}}},
        {METHOD_CHECKLIST, "policy.policy_id", {{"policy.policy_id", "*129"}}},
        {METHOD_CHECKLIST,
         "policy.policy_id",
         {{"policy.policy_id", "p"}, {"policy.document", "{}"}}},
        {METHOD_CHECKLIST, "policy.version", {{"policy.version", "1"}, {"policy.document", "{}"}}},
        {METHOD_TEST_POLICY, "tests", {{"policy.policy_id", "p"}}},
        {METHOD_TEST_POLICY, "policy", {{"tests", "{}"}}},
        {METHOD_DIFF_POLICIES, "before", {{"after.policy_id", "p"}}},
        {METHOD_DIFF_POLICIES, "after", {{"before.policy_id", "p"}}},
        {METHOD_DIFF_POLICIES,
         "after.policy_id",
         {{"before.policy_id", "p"}, {"after.version", "2"}}},
        {METHOD_SUGGEST_ROUTES, "family", {{NULL, NULL}}},
        {METHOD_SUGGEST_ROUTES, "primary_route", {{"primary_route", "*129"}}},
        {METHOD_SUGGEST_ROUTES, "needs", {{"primary_route", "r"}, {"needs", "NEED_UNSPECIFIED"}}},
        {METHOD_SUGGEST_ROUTES,
         "strengths",
         {{"primary_route", "r"}, {"strengths", "STRENGTH_UNSPECIFIED"}}},
        {METHOD_SUGGEST_ROUTES,
         "data_classes",
         {{"primary_route", "r"}, {"data_classes", "DATA_CLASS_UNSPECIFIED"}}},
        {METHOD_SUGGEST_ROUTES, "environment", {{"primary_route", "r"}, {"environment", "*129"}}},
        {METHOD_SUGGEST_ROUTES, "region", {{"primary_route", "r"}, {"region", "*129"}}},
    };

    (void)state;
    CHECK(rows);
}

#define ID "01890000-0000-7000-8000-000000000000"

static void history_and_keys(void **state)
{
    static const struct row rows[] = {
        {METHOD_GET_REQUEST, "request_id", {{"request_id", "x"}}},
        {METHOD_GET_REQUEST, "tenant", {{"tenant", "*129"}}},
        {METHOD_REPLAY_REQUEST, "request_id", {{"request_id", "x"}}},
        {METHOD_SUBMIT_FEEDBACK, "request_id", {{"feedback", "FEEDBACK_NEGATIVE"}}},
        {METHOD_SUBMIT_FEEDBACK,
         "request_id",
         {{"request_id", "x"}, {"feedback", "FEEDBACK_NEGATIVE"}}},
        {METHOD_SUBMIT_FEEDBACK, "feedback", {{"request_id", ID}}},
        {METHOD_SUBMIT_FEEDBACK,
         "tenant",
         {{"request_id", ID}, {"feedback", "FEEDBACK_NEGATIVE"}, {"tenant", "*129"}}},
        {METHOD_SUBMIT_FEEDBACK,
         "source",
         {{"request_id", ID}, {"feedback", "FEEDBACK_NEGATIVE"}, {"source", "*129"}}},
        {METHOD_SUBMIT_FEEDBACK,
         "comment",
         {{"request_id", ID}, {"feedback", "FEEDBACK_NEGATIVE"}, {"comment", "*513"}}},
        {METHOD_CREATE_KEY, "key", {{NULL, NULL}}},
        {METHOD_CREATE_KEY, "key.role", {{"key.tenant", "t"}}},
        {METHOD_CREATE_KEY, "key.tenant", {{"key.role", "ROLE_CLIENT"}, {"key.tenant", "*129"}}},
        {METHOD_CREATE_KEY,
         "key.workloads",
         {{"key.role", "ROLE_CLIENT"}, {"key.workloads", "w"}, {"key.workloads", "*129"}}},
        {METHOD_CREATE_KEY,
         "key.default_data_classes",
         {{"key.role", "ROLE_CLIENT"}, {"key.default_data_classes", "DATA_CLASS_UNSPECIFIED"}}},
        {METHOD_LIST_KEYS, "page_size", {{"page_size", "1001"}}},
        {METHOD_REVOKE_KEY, "key_id", {{NULL, NULL}}},
    };

    (void)state;
    CHECK(rows);
}

static void the_first_refusal_stays(void **state)
{
    static const struct set sets[SETS_MAX] = {{"policy_id", "*129"}, {"percent", "101"}};
    struct arena arena;
    struct handling handling = {.admin = {.arena = &arena}};

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 20);
    run(METHOD_ACTIVATE_POLICY, sets, &handling);
    assert_string_equal(handling.error.field, "policy_id");
    assert_string_equal(handling.error.text, "is longer than 128 bytes");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_and_their_versions),
        cmocka_unit_test(evidence),
        cmocka_unit_test(switches_pins_and_the_audit_trail),
        cmocka_unit_test(reviews),
        cmocka_unit_test(history_and_keys),
        cmocka_unit_test(the_first_refusal_stays),
    };

    return cmocka_run_group_tests_name("rpc/handler", tests, NULL, NULL);
}
