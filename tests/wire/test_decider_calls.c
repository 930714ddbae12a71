/* Unary calls to a real decider. */
#include "base/clock.h"
#include "wire/rig.h"

#define DECIDE         "/signalbox.v1.DecisionService/Decide"
#define LIST_KEYS      "/signalbox.v1.KeyService/ListKeys"
#define PUBLISH_POLICY "/signalbox.v1.PolicyService/PublishPolicy"

static struct slice admission_bytes(struct rig *rig)
{
    struct question question = rig_admission(uuid_make(clock_unix_ms()));

    return rig_question_bytes(rig, &question);
}

static struct decision decide(struct rig *rig, const struct question *question)
{
    struct reply reply =
        rig_call(rig, DECIDE, rig->gateway_token, rig_question_bytes(rig, question), RIG_WAIT_MS);
    const Signalbox__V1__DecideResponse *response;
    ProtobufCMessage *message = NULL;
    struct decision decision;
    struct wire_error error;

    if (reply.code != GRPC_STATUS_OK)
        fail_msg("status %d: %.*s", (int)reply.code, (int)reply.text.len, reply.text.ptr);
    assert_int_equal(wire_unpack(&signalbox__v1__decide_response__descriptor, reply.bytes,
                                 &rig->arena, &message, &error),
                     RESULT_OK);
    response = (const void *)message;
    assert_non_null(response->decision);
    assert_int_equal(wire_get_decision(response->decision, &rig->arena, &decision, &error),
                     RESULT_OK);
    return decision;
}

static void a_request_goes_from_admission_to_its_record(void **state)
{
    struct rig *rig = *state;
    struct uuid id = uuid_make(clock_unix_ms());
    struct question question = rig_admission(id);
    struct decision first, again, last;

    question.want_trace = true;
    first = decide(rig, &question);
    assert_int_equal(first.action, ACTION_SEND);
    assert_true(first.has_route);
    assert_true(first.has_trace);
    assert_true(first.resume_token.len > 0);
    again = decide(rig, &question);
    assert_int_equal(again.decision_id, first.decision_id);

    question = rig_report(id, 1, "");
    question.report.route = first.route.id;
    question.resume_token = first.resume_token;
    last = decide(rig, &question);
    assert_int_equal(last.action, ACTION_COMPLETE);
    assert_true(last.durable);
    assert_int_equal(last.disposition, DISPOSITION_PRIMARY_SUCCESS);
    assert_true(last.has_record);
    assert_int_equal(last.record.attempts_count, 1);
    assert_memory_equal(last.record.request_id.bytes, id.bytes, sizeof id.bytes);
}

static void the_same_question_with_other_facts_is_refused(void **state)
{
    struct rig *rig = *state;
    struct question question = rig_admission(uuid_make(clock_unix_ms()));
    struct reply reply;

    (void)decide(rig, &question);
    question.facts.max_output_tokens++;
    reply =
        rig_call(rig, DECIDE, rig->gateway_token, rig_question_bytes(rig, &question), RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_ALREADY_EXISTS);
}

static void who_calls_is_checked_first(void **state)
{
    struct rig *rig = *state;
    struct slice bytes = admission_bytes(rig), nothing = {"", 0};
    struct reply reply = rig_call(rig, DECIDE, NULL, bytes, RIG_WAIT_MS);

    assert_int_equal(reply.code, GRPC_STATUS_UNAUTHENTICATED);
    assert_true(slice_is(reply.status.reason, "NO_TOKEN"));
    reply = rig_call(rig, DECIDE, "sbx_wrong", bytes, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_UNAUTHENTICATED);
    assert_true(slice_is(reply.status.reason, "UNKNOWN_PRINCIPAL"));
    reply = rig_call(rig, LIST_KEYS, "sbx_wrong", nothing, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_UNAUTHENTICATED);
    reply = rig_call(rig, LIST_KEYS, rig->gateway_token, nothing, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_PERMISSION_DENIED);
    assert_int_equal(reply.status.result, RESULT_DENIED);
    assert_true(slice_is(reply.status.reason, "ROLE_NOT_ALLOWED"));
    reply = rig_call(rig, LIST_KEYS, rig->operator_token, nothing, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_OK);
}

static void a_method_that_does_not_exist_is_unimplemented(void **state)
{
    struct rig *rig = *state;
    struct slice nothing = {"", 0};
    int64_t before_ms = clock_unix_ms();

    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(
            rig_call(rig, "/signalbox.v1.DecisionService/Nothing", NULL, nothing, RIG_WAIT_MS).code,
            GRPC_STATUS_UNIMPLEMENTED);
    assert_int_equal(rig_call(rig, "/no.such.Service/Do", NULL, nothing, RIG_WAIT_MS).code,
                     GRPC_STATUS_UNIMPLEMENTED);
    assert_true(clock_unix_ms() - before_ms < 2000);
}

static void what_is_malformed_names_its_field(void **state)
{
    static const struct {
        struct slice bytes;
        const char *field;
    } rows[] = {
        {{"\x1a\x04\x0a\x02\xc3\x28", 6}, "admission.tenant"},
        {{"\x1a\x02\x40\x63", 4}, "admission.traffic_class"},
        {{"\x0a\x03"
          "abc",
          5},
         "request_id"},
        {{"\xff\xff\xff", 3}, ""},
        {{"", 0}, "request_id"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply = rig_call(rig, DECIDE, rig->gateway_token, rows[i].bytes, RIG_WAIT_MS);

        assert_int_equal(reply.code, GRPC_STATUS_INVALID_ARGUMENT);
        assert_true(slice_is(reply.status.field, rows[i].field));
        assert_true(reply.text.len > 0);
    }
}

static struct slice large(struct rig *rig, size_t len, char tag)
{
    char *bytes = arena_alloc(&rig->arena, len + 8);
    size_t value = len, at = 1;

    assert_non_null(bytes);
    bytes[0] = tag;
    for (; value >= 0x80; value >>= 7)
        bytes[at++] = (char)(value | 0x80);
    bytes[at++] = (char)value;
    memset(bytes + at, 'x', len);
    return (struct slice){bytes, at + len};
}

static void what_is_too_large_is_refused_by_method(void **state)
{
    struct rig *rig = *state;
    struct slice two_mb = large(rig, 2 * 1024 * 1024, 0x2a), over = large(rig, 17825792, 0x0a);
    struct slice text = large(rig, 2 * 1024 * 1024, 0x0a);
    struct reply reply = rig_call(rig, DECIDE, rig->gateway_token, two_mb, RIG_WAIT_MS);

    assert_int_equal(reply.code, GRPC_STATUS_RESOURCE_EXHAUSTED);
    /* A document may be larger than a question, and this one is only bad. */
    reply = rig_call(rig, PUBLISH_POLICY, rig->operator_token, text, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_OK);
    reply = rig_call(rig, PUBLISH_POLICY, rig->operator_token, over, RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_RESOURCE_EXHAUSTED);
}

static void a_small_message_cannot_blow_up(void **state)
{
    struct rig *rig = *state;
    static const uint8_t empty_call[] = {0xc2, 0x01, 0x00};
    size_t len = 1024 * 1000 / 3 * 3;
    char *bytes = arena_alloc(&rig->arena, len + 8);
    size_t before = rig_memory_bytes(rig), value = len, at = 1;
    struct reply reply;

    assert_non_null(bytes);
    bytes[0] = 0x22;
    for (; value >= 0x80; value >>= 7)
        bytes[at++] = (char)(value | 0x80);
    bytes[at++] = (char)value;
    for (size_t i = 0; i < len; i += 3)
        memcpy(bytes + at + i, empty_call, sizeof empty_call);
    for (unsigned i = 0; i < 10; i++) {
        reply =
            rig_call(rig, DECIDE, rig->gateway_token, (struct slice){bytes, at + len}, RIG_WAIT_MS);
        assert_int_equal(reply.code, GRPC_STATUS_RESOURCE_EXHAUSTED);
    }
    assert_true(RIG_SANITIZED || rig_memory_bytes(rig) < before + (size_t)48 * 1024 * 1024);
}

static void deadlines_and_cancellations_leave_the_decider_well(void **state)
{
    struct rig *rig = *state;

    for (unsigned i = 0; i < 300; i++) {
        /* A question that waits for its commit: nobody knows the key. */
        struct question question = rig_admission(uuid_make(clock_unix_ms()));
        struct slice bytes;
        struct reply reply;

        question.facts.workload = SLICE_LITERAL("no-such-workload");
        bytes = rig_question_bytes(rig, &question);
        if (i % 2) {
            rig_call_and_cancel(rig, DECIDE, rig->gateway_token, bytes);
            continue;
        }
        reply = rig_call(rig, DECIDE, rig->gateway_token, bytes, i % 3);
        assert_true(reply.code == GRPC_STATUS_OK || reply.code == GRPC_STATUS_DEADLINE_EXCEEDED);
    }
    assert_int_equal(
        rig_call(rig, DECIDE, rig->gateway_token, admission_bytes(rig), RIG_WAIT_MS).code,
        GRPC_STATUS_OK);
}

static void a_revoked_token_stops_at_once(void **state)
{
    struct rig *rig = *state;
    Signalbox__V1__CreateKeyRequest create;
    Signalbox__V1__CreateKeyResponse *made;
    Signalbox__V1__RevokeKeyRequest revoke;
    Signalbox__V1__RevokeKeyResponse *revoked;
    Signalbox__V1__Key key;
    struct reply reply;

    signalbox__v1__create_key_request__init(&create);
    signalbox__v1__key__init(&key);
    key.role = SIGNALBOX__V1__ROLE__ROLE_GATEWAY;
    create.key = &key;
    made = rig_ask(rig, "/signalbox.v1.KeyService/CreateKey", &create.base,
                   &signalbox__v1__create_key_response__descriptor);
    reply = rig_call(rig, DECIDE, made->secret, admission_bytes(rig), RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_OK);
    signalbox__v1__revoke_key_request__init(&revoke);
    revoke.key_id = made->key->key_id;
    revoked = rig_ask(rig, "/signalbox.v1.KeyService/RevokeKey", &revoke.base,
                      &signalbox__v1__revoke_key_response__descriptor);
    assert_true(revoked->key->revoked_unix_ms > 0);
    reply = rig_call(rig, DECIDE, made->secret, admission_bytes(rig), RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_UNAUTHENTICATED);
    assert_true(slice_is(reply.status.reason, "KEY_REVOKED"));
}

static void admin_methods_answer(void **state)
{
    struct rig *rig = *state;
    struct question question = rig_admission(uuid_make(clock_unix_ms()));
    Signalbox__V1__GetPolicyRequest get;
    Signalbox__V1__GetPolicyResponse *policy;
    Signalbox__V1__ListPoliciesRequest list;
    Signalbox__V1__ListPoliciesResponse *policies;
    Signalbox__V1__GetRequestRequest history;
    Signalbox__V1__GetRequestResponse *request;
    Signalbox__V1__ReplayRequestRequest replay;
    Signalbox__V1__ReplayRequestResponse *replayed;
    Signalbox__V1__ExplainRequest explain;
    Signalbox__V1__ExplainResponse *explained;
    char id[UUID_TEXT_BYTES + 1], name[] = "demo-chat-v1";

    signalbox__v1__get_policy_request__init(&get);
    get.policy_id = name;
    policy = rig_ask(rig, "/signalbox.v1.PolicyService/GetPolicy", &get.base,
                     &signalbox__v1__get_policy_response__descriptor);
    assert_string_equal(policy->policy->workload, "demo-chat");
    assert_true(policy->policy->active);
    signalbox__v1__list_policies_request__init(&list);
    policies = rig_ask(rig, "/signalbox.v1.PolicyService/ListPolicies", &list.base,
                       &signalbox__v1__list_policies_response__descriptor);
    assert_true(policies->n_policies >= 1);

    question.facts.workload = SLICE_LITERAL("no-such-workload"); /* a terminal answer */
    assert_int_equal(decide(rig, &question).action, ACTION_FAIL_CLOSED);
    uuid_format(question.request_id, id);
    signalbox__v1__get_request_request__init(&history);
    history.request_id = id;
    request = rig_ask(rig, "/signalbox.v1.HistoryService/GetRequest", &history.base,
                      &signalbox__v1__get_request_response__descriptor);
    assert_string_equal(request->record->request_id, id);
    signalbox__v1__replay_request_request__init(&replay);
    replay.request_id = id;
    replayed = rig_ask(rig, "/signalbox.v1.HistoryService/ReplayRequest", &replay.base,
                       &signalbox__v1__replay_request_response__descriptor);
    assert_true(replayed->same);

    signalbox__v1__explain_request__init(&explain);
    question = rig_admission(uuid_make(clock_unix_ms()));
    explain.admission = wire_put_admission(&question.facts, &rig->arena);
    explained = rig_ask(rig, "/signalbox.v1.DecisionService/Explain", &explain.base,
                        &signalbox__v1__explain_response__descriptor);
    assert_int_equal(explained->decision->action, SIGNALBOX__V1__ACTION__ACTION_SEND);
    assert_true(explained->decision->trace->n_items > 0);
    assert_int_equal(explained->decision->resume_token.len, 0);
}

static Signalbox__V1__GetPolicyResponse *get_policy(struct rig *rig, uint32_t version, bool dump)
{
    char name[] = "demo-chat-v1";
    Signalbox__V1__GetPolicyRequest get;

    signalbox__v1__get_policy_request__init(&get);
    get.policy_id = name;
    get.version = version;
    get.want_canonical = dump;
    return rig_ask(rig, "/signalbox.v1.PolicyService/GetPolicy", &get.base,
                   &signalbox__v1__get_policy_response__descriptor);
}

static void the_canonical_form_of_a_policy_is_that_of_itself(void **state)
{
    struct rig *rig = *state;
    Signalbox__V1__GetPolicyResponse *first = get_policy(rig, 0, true), *second;
    Signalbox__V1__PublishPolicyRequest publish;
    Signalbox__V1__PublishPolicyResponse *published;

    assert_string_equal(get_policy(rig, 0, false)->canonical, "");
    assert_true(strlen(first->canonical) > 0);
    assert_string_not_equal(first->canonical, first->policy->document);
    signalbox__v1__publish_policy_request__init(&publish);
    publish.document = first->canonical;
    published = rig_ask(rig, "/signalbox.v1.PolicyService/PublishPolicy", &publish.base,
                        &signalbox__v1__publish_policy_response__descriptor);
    assert_non_null(published->policy);
    assert_int_equal(published->policy->version, first->policy->version + 1);
    second = get_policy(rig, published->policy->version, true);
    assert_string_equal(second->policy->document, first->canonical);
    assert_string_equal(second->canonical, first->canonical);
}

static void admin_methods_refuse_with_a_place(void **state)
{
    static const struct {
        const char *method;
        struct slice bytes;
        grpc_status_code code;
        const char *field;
    } rows[] = {
        {"/signalbox.v1.PolicyService/GetPolicy",
         {"", 0},
         GRPC_STATUS_INVALID_ARGUMENT,
         "policy_id"},
        {"/signalbox.v1.PolicyService/GetPolicy", {"\x0a\x02no", 4}, GRPC_STATUS_NOT_FOUND, ""},
        {"/signalbox.v1.PolicyService/ListPolicies",
         {"\x08\xd0\x0f", 3},
         GRPC_STATUS_INVALID_ARGUMENT,
         "page_size"},
        {"/signalbox.v1.KeyService/CreateKey", {"", 0}, GRPC_STATUS_INVALID_ARGUMENT, "key"},
        {"/signalbox.v1.KeyService/CreateKey",
         {"\x0a\x00", 2},
         GRPC_STATUS_INVALID_ARGUMENT,
         "key.role"},
        {"/signalbox.v1.KeyService/RevokeKey", {"\x0a\x02no", 4}, GRPC_STATUS_NOT_FOUND, ""},
        {"/signalbox.v1.HistoryService/GetRequest",
         {"\x0a\x02no", 4},
         GRPC_STATUS_INVALID_ARGUMENT,
         "request_id"},
        {"/signalbox.v1.DecisionService/Explain",
         {"", 0},
         GRPC_STATUS_INVALID_ARGUMENT,
         "admission"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply =
            rig_call(rig, rows[i].method, rig->operator_token, rows[i].bytes, RIG_WAIT_MS);

        if (reply.code != rows[i].code || !slice_is(reply.status.field, rows[i].field))
            fail_msg("%s: status %d, field '%.*s', %.*s", rows[i].method, (int)reply.code,
                     (int)reply.status.field.len, reply.status.field.ptr, (int)reply.text.len,
                     reply.text.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_request_goes_from_admission_to_its_record),
        RIG_TEST(the_same_question_with_other_facts_is_refused),
        RIG_TEST(who_calls_is_checked_first),
        RIG_TEST(a_method_that_does_not_exist_is_unimplemented),
        RIG_TEST(what_is_malformed_names_its_field),
        RIG_TEST(what_is_too_large_is_refused_by_method),
        RIG_TEST(a_small_message_cannot_blow_up),
        RIG_TEST(deadlines_and_cancellations_leave_the_decider_well),
        RIG_TEST(a_revoked_token_stops_at_once),
        RIG_TEST(admin_methods_answer),
        RIG_TEST(the_canonical_form_of_a_policy_is_that_of_itself),
        RIG_TEST(admin_methods_refuse_with_a_place),
    };

    return rig_main("decider_calls", tests, sizeof tests / sizeof *tests);
}
