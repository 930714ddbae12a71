/* Keys: who they stand for, what they default and allow, when they stop to count. */
#include <sys/stat.h>

#include "service/secret.h"
#include "service/state.h"
#include "unit/service/fixture.h"

static struct slice digest_slice(const struct digest *digest)
{
    return (struct slice){(const char *)digest->bytes, DIGEST_BYTES};
}

static void the_first_start_writes_an_operators_token_once(void **state)
{
    struct fixture *f = *state;
    char text[128] = "", again[128] = "";
    enum reason reason;
    struct digest identity;
    struct stat status;
    FILE *file = fopen(f->token_file, "r");

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_int_equal(stat(f->token_file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(strlen(text), SECRET_TEXT_BYTES + 1);
    assert_memory_equal(text, "sbx_", 4);
    identity = service_identity(f->service, (struct slice){text, SECRET_TEXT_BYTES});
    assert_non_null(service_principal(f->service, &identity, f->now_ms, &reason));
    assert_int_equal(service_principal(f->service, &identity, f->now_ms, &reason)->role,
                     ROLE_OPERATOR);
    fixture_reopen(f);
    assert_non_null(service_principal(f->service, &identity, f->now_ms, &reason));
    file = fopen(f->token_file, "r");
    assert_non_null(fgets(again, sizeof again, file));
    fclose(file);
    assert_string_equal(text, again);
}

static void a_start_without_an_operator_makes_another_token(void **state)
{
    struct fixture *f = *state;
    struct principal *keys, revoked;
    struct slice next;
    unsigned count;
    char first[128] = "", second[128] = "";
    FILE *file = fopen(f->token_file, "r");

    assert_non_null(fgets(first, sizeof first, file));
    fclose(file);
    assert_int_equal(
        service_list_keys(f->service, fixture_call(f), slice_of(""), 0, &keys, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(service_revoke_key(f->service, &f->call, keys[0].key_id, &revoked), RESULT_OK);
    fixture_reopen(f);
    file = fopen(f->token_file, "r");
    assert_non_null(fgets(second, sizeof second, file));
    fclose(file);
    assert_string_not_equal(first, second);
}

static void a_key_gives_its_defaults_and_its_principal_holds(void **state)
{
    struct fixture *f = *state;
    const struct principal wanted = {
        .role = ROLE_CLIENT,
        .tenant = SLICE_LITERAL("acme"),
        .team = SLICE_LITERAL("support"),
        .default_workload = SLICE_LITERAL("demo-chat"),
        .default_environment = SLICE_LITERAL("production"),
        .default_traffic_class = TRAFFIC_CLASS_BATCH,
        .default_data_classes = SET_OF(DATA_CLASS_INTERNAL),
    };
    struct digest digest;
    struct principal key = fixture_create_key(f, &wanted, &digest);
    struct question question = question_admission(fixture_id(f));
    struct request_query query = {.has_id = true, .request_id = question.request_id};
    struct asked asked = {.answers = 0};
    struct record record;
    struct decision *decisions;
    unsigned count;
    char key_id[64];

    snprintf(key_id, sizeof key_id, "%.*s", (int)key.key_id.len, key.key_id.ptr);
    assert_memory_equal(key_id, "key_", 4);
    assert_int_equal(strlen(key_id), 20);
    question.facts.key_digest = digest_slice(&digest);
    question.facts.tenant = SLICE_LITERAL("somebody-else");
    question.facts.user = SLICE_LITERAL("ann");
    question.facts.workload = question.facts.environment = SLICE_LITERAL("");
    question.facts.data_classes = 0;
    question.want_record = true;
    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.decision.action, ACTION_SEND);
    assert_int_equal(asked.decision.record.facts.key_digest.len, 0);
    fixture_wait_durable(f, &question);
    assert_int_equal(
        service_get_request(f->service, fixture_call(f), &query, &record, &decisions, &count),
        RESULT_OK);
    assert_text(record.facts.tenant, "acme");
    assert_text(record.facts.team, "support");
    assert_text(record.facts.user, "ann");
    assert_text(record.facts.workload, "demo-chat");
    assert_text(record.facts.environment, "production");
    /* The policy has a class of its own, which counts before the key's. */
    assert_int_equal(record.facts.traffic_class, TRAFFIC_CLASS_NONCRITICAL_USER_FACING);
    assert_true(record.facts.data_classes == SET_OF(DATA_CLASS_INTERNAL));
    assert_int_equal(record.facts.key_digest.len, 0);
    assert_text(record.key_id, key_id);
}

static void data_that_nobody_declared_is_unclassified(void **state)
{
    struct fixture *f = *state;
    struct question question = question_admission(fixture_id(f));
    struct request_query query = {.has_id = false};
    struct asked asked = {.answers = 0};
    struct record record;

    question.facts.data_classes = 0;
    fixture_answer(f, &question, &asked);
    fixture_wait_durable(f, &question);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_true(record.facts.data_classes == SET_OF(DATA_CLASS_UNCLASSIFIED));
}

/* The reason that a question with this key fails closed with. */
static enum reason refusal(struct fixture *f,
                           const struct digest *digest,
                           const char *workload,
                           const char *environment)
{
    struct question question = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};

    question.facts.key_digest = digest_slice(digest);
    question.facts.tenant = SLICE_LITERAL("");
    question.facts.workload = slice_of(workload);
    question.facts.environment = slice_of(environment);
    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    if (asked.decision.action == ACTION_SEND)
        return REASON_UNSPECIFIED;
    assert_int_equal(asked.decision.action, ACTION_FAIL_CLOSED);
    assert_true(asked.decision.durable);
    fixture_answer(f, &question, &asked); /* from history */
    assert_true(asked.decision.durable);
    return asked.decision.reason;
}

static void a_key_that_may_not_is_refused_by_a_durable_decision(void **state)
{
    static const struct slice workloads[] = {SLICE_LITERAL("demo-chat"), SLICE_LITERAL("other")};
    static const struct slice environments[] = {SLICE_LITERAL("production")};
    struct fixture *f = *state;
    const struct principal wanted = {.role = ROLE_CLIENT,
                                     .tenant = SLICE_LITERAL("acme"),
                                     .workloads = {workloads, 2},
                                     .environments = {environments, 1},
                                     .expires_ms = NOW_MS + 60000};
    const struct principal gateway = {.role = ROLE_GATEWAY};
    struct digest digest, gateways, nobodys = {{1}};

    fixture_create_key(f, &wanted, &digest);
    fixture_create_key(f, &gateway, &gateways);
    assert_int_equal(refusal(f, &digest, "demo-chat", "production"), REASON_UNSPECIFIED);
    assert_int_equal(refusal(f, &digest, "secret-plans", "production"),
                     REASON_WORKLOAD_NOT_ALLOWED);
    assert_int_equal(refusal(f, &digest, "demo-chat", "staging"), REASON_ENVIRONMENT_NOT_ALLOWED);
    assert_int_equal(refusal(f, &digest, "other", "production"), REASON_NO_ACTIVE_POLICY);
    assert_int_equal(refusal(f, &nobodys, "demo-chat", "production"), REASON_UNKNOWN_PRINCIPAL);
    assert_int_equal(refusal(f, &gateways, "demo-chat", "production"), REASON_UNKNOWN_PRINCIPAL);
    f->now_ms += 60000;
    assert_int_equal(refusal(f, &digest, "demo-chat", "production"), REASON_KEY_EXPIRED);
}

static void an_unknown_keys_refusal_is_kept_under_the_gateways_word(void **state)
{
    struct fixture *f = *state;
    struct digest nobodys = {{1}};
    struct question question = question_admission(fixture_id(f));
    struct request_query query = {.has_id = true, .request_id = question.request_id};
    struct asked asked = {.answers = 0};
    struct record record;
    static const struct slice tenants[] = {SLICE_LITERAL("globex")};

    question.facts.key_digest = digest_slice(&nobodys);
    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.decision.reason, REASON_UNKNOWN_PRINCIPAL);
    assert_int_equal(asked.decision.error.http_status, 401);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_text(record.facts.tenant, "acme");
    question.request_id = query.request_id = fixture_id(f);
    question.facts.tenant = SLICE_LITERAL("");
    f->gateway.tenants = (struct texts){tenants, 1};
    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.decision.reason, REASON_UNKNOWN_PRINCIPAL);
    assert_int_equal(service_get_request(f->service, fixture_call(f), &query, &record, NULL, NULL),
                     RESULT_OK);
    assert_text(record.facts.tenant, "-");
}

static void a_revoked_key_is_refused_as_soon_as_the_call_returns(void **state)
{
    struct fixture *f = *state;
    const struct principal wanted = {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme")};
    struct digest digest, identity;
    struct principal key = fixture_create_key(f, &wanted, &digest), revoked;
    enum reason reason;
    char key_id[64];

    snprintf(key_id, sizeof key_id, "%.*s", (int)key.key_id.len, key.key_id.ptr);
    identity = service_identity_of_digest(f->service, digest_slice(&digest));
    assert_non_null(service_principal(f->service, &identity, f->now_ms, &reason));
    assert_int_equal(refusal(f, &digest, "demo-chat", "production"), REASON_UNSPECIFIED);
    assert_int_equal(service_revoke_key(f->service, fixture_call(f), slice_of(key_id), &revoked),
                     RESULT_OK);
    assert_true(revoked.revoked_ms == f->now_ms);
    assert_null(service_principal(f->service, &identity, f->now_ms, &reason));
    assert_int_equal(reason, REASON_KEY_REVOKED);
    assert_null(service_admin_principal(f->service, &identity, f->now_ms, &f->arena, &reason));
    assert_int_equal(reason, REASON_KEY_REVOKED);
    assert_int_equal(refusal(f, &digest, "demo-chat", "production"), REASON_KEY_REVOKED);
    f->now_ms += 1000;
    assert_int_equal(service_revoke_key(f->service, fixture_call(f), slice_of(key_id), &revoked),
                     RESULT_OK);
    assert_true(revoked.revoked_ms == f->now_ms - 1000);
    fixture_reopen(f);
    assert_int_equal(refusal(f, &digest, "demo-chat", "production"), REASON_KEY_REVOKED);
    assert_int_equal(
        service_revoke_key(f->service, fixture_call(f), slice_of("key_none"), &revoked),
        RESULT_NOT_FOUND);
}

static void a_key_without_sense_is_not_made(void **state)
{
    static const struct slice only[] = {SLICE_LITERAL("one")};
    static const struct slice empty[] = {SLICE_LITERAL("")};
    struct fixture *f = *state;
    const struct principal bad[] = {
        {.role = ROLE_UNSPECIFIED, .tenant = SLICE_LITERAL("acme")},
        {.role = ROLE_CLIENT},
        {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("-")},
        {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme"), .expires_ms = NOW_MS},
        {.role = ROLE_CLIENT,
         .tenant = SLICE_LITERAL("acme"),
         .workloads = {only, 1},
         .default_workload = SLICE_LITERAL("two")},
        {.role = ROLE_GATEWAY, .tenants = {empty, 1}},
    };
    char secret[SECRET_TEXT_BYTES + 1];
    struct principal made;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(service_create_key(f->service, fixture_call(f), &bad[i], &made, secret),
                         RESULT_INVALID);
        assert_true(f->call.message.len > 0);
    }
}

static void keys_are_listed_page_by_page(void **state)
{
    struct fixture *f = *state;
    const struct principal wanted = {
        .role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme"), .label = SLICE_LITERAL("a label")};
    struct digest digest;
    struct principal *keys;
    struct slice next = slice_of("");
    char token[64] = "";
    unsigned count, total = 0, pages = 0;

    for (int i = 0; i < 6; i++)
        fixture_create_key(f, &wanted, &digest);
    do {
        assert_int_equal(service_list_keys(f->service, fixture_call(f), slice_of(token), 3, &keys,
                                           &count, &next),
                         RESULT_OK);
        assert_true(count <= 3);
        total += count;
        pages++;
        snprintf(token, sizeof token, "%.*s", (int)next.len, next.ptr);
    } while (token[0]);
    assert_int_equal(total, 7); /* and the first operator */
    assert_int_equal(pages, 3);
    assert_int_equal(service_list_keys(f->service, fixture_call(f), slice_of("nonsense"), 3, &keys,
                                       &count, &next),
                     RESULT_INVALID);
}

#define OTHERS 10010

/* Keys of others, before any that are made here. */
static void put_others(struct fixture *f)
{
    static struct store_op ops[OTHERS];
    static char ids[OTHERS][KEY_ID_TEXT_BYTES + 1];
    const struct principal other = {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("other")};
    struct store_write write = {.more_ops = ops, .more_ops_count = OTHERS};
    struct buf bytes;

    buf_init(&bytes, 4096);
    principal_encode(&other, &bytes);
    for (unsigned i = 0; i < OTHERS; i++) {
        snprintf(ids[i], sizeof ids[i], "key_%0*u", KEY_ID_TEXT_BYTES - 4, i);
        ops[i] = (struct store_op){
            STORE_OP_PUT, STORE_TABLE_KEY, {ids[i], KEY_ID_TEXT_BYTES}, buf_slice(&bytes)};
    }
    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    buf_done(&bytes);
}

static void keys_behind_thousands_of_others_are_listed_too(void **state)
{
    static const struct slice acme[] = {SLICE_LITERAL("acme")};
    const struct principal caller = {.role = ROLE_OPERATOR, .tenants = {acme, 1}};
    const struct principal wanted = {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme")};
    struct fixture *f = *state;
    struct digest digest;
    struct principal *keys;
    struct slice next;
    char token[64] = "";
    unsigned count, total = 0, pages = 0;

    put_others(f);
    fixture_create_key(f, &wanted, &digest);
    do {
        fixture_call(f)->caller = &caller;
        assert_int_equal(
            service_list_keys(f->service, &f->call, slice_of(token), 3, &keys, &count, &next),
            RESULT_OK);
        total += count;
        pages++;
        snprintf(token, sizeof token, "%.*s", (int)next.len, next.ptr);
    } while (token[0]);
    assert_int_equal(total, 1);
    assert_int_equal(pages, 2);
}

static void nobody_makes_or_revokes_a_key_with_more_rights_than_its_own(void **state)
{
    static const struct slice acme[] = {SLICE_LITERAL("acme")};
    static const struct slice both[] = {SLICE_LITERAL("acme"), SLICE_LITERAL("other")};
    static const struct slice staging[] = {SLICE_LITERAL("staging")};
    const struct principal caller = {
        .role = ROLE_OPERATOR, .tenants = {acme, 1}, .environments = {staging, 1}};
    const struct {
        struct principal wanted;
        enum result result;
    } cases[] = {
        {{.role = ROLE_OPERATOR}, RESULT_DENIED},
        {{.role = ROLE_OPERATOR, .tenants = {acme, 1}}, RESULT_DENIED},
        {{.role = ROLE_GATEWAY, .environments = {staging, 1}}, RESULT_DENIED},
        {{.role = ROLE_READER, .tenants = {both, 2}, .environments = {staging, 1}}, RESULT_DENIED},
        {{.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("other"), .environments = {staging, 1}},
         RESULT_DENIED},
        {{.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme")}, RESULT_DENIED},
        {{.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme"), .environments = {staging, 1}},
         RESULT_OK},
        {{.role = ROLE_GATEWAY, .tenants = {acme, 1}, .environments = {staging, 1}}, RESULT_OK},
    };
    struct fixture *f = *state;
    struct principal made, revoked, *keys;
    char secret[SECRET_TEXT_BYTES + 1];
    struct digest digest;
    struct slice next;
    unsigned count, allowed = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool mine = cases[i].result == RESULT_OK;

        fixture_call(f)->caller = &caller;
        assert_int_equal(service_create_key(f->service, &f->call, &cases[i].wanted, &made, secret),
                         cases[i].result);
        made = fixture_create_key(f, &cases[i].wanted, &digest);
        f->call.caller = &caller;
        assert_int_equal(service_revoke_key(f->service, &f->call, made.key_id, &revoked),
                         mine ? RESULT_OK : RESULT_NOT_FOUND);
        allowed += mine;
    }
    fixture_call(f)->caller = &caller;
    assert_int_equal(service_list_keys(f->service, &f->call, slice_of(""), 0, &keys, &count, &next),
                     RESULT_OK);
    assert_int_equal(count, 2 * allowed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_first_start_writes_an_operators_token_once),
        TEST(a_start_without_an_operator_makes_another_token),
        TEST(a_key_gives_its_defaults_and_its_principal_holds),
        TEST(data_that_nobody_declared_is_unclassified),
        TEST(a_key_that_may_not_is_refused_by_a_durable_decision),
        TEST(an_unknown_keys_refusal_is_kept_under_the_gateways_word),
        TEST(a_revoked_key_is_refused_as_soon_as_the_call_returns),
        TEST(a_key_without_sense_is_not_made),
        TEST(keys_are_listed_page_by_page),
        TEST(keys_behind_thousands_of_others_are_listed_too),
        TEST(nobody_makes_or_revokes_a_key_with_more_rights_than_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
