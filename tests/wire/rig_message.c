/* What the rig's tests say and how a decider is made ready, by its own methods. */
#include "base/clock.h"
#include "wire/rig.h"

struct slice rig_pack(struct rig *rig, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(&rig->arena, len);

    assert_non_null(bytes);
    protobuf_c_message_pack(message, bytes);
    return (struct slice){(const char *)bytes, len};
}

void *rig_ask(struct rig *rig,
              const char *method,
              const ProtobufCMessage *request,
              const ProtobufCMessageDescriptor *response)
{
    struct reply reply =
        rig_call(rig, method, rig->operator_token, rig_pack(rig, request), RIG_WAIT_MS);
    ProtobufCMessage *message = NULL;
    struct wire_error error = {"", ""};

    if (reply.code != GRPC_STATUS_OK)
        fail_msg("%s: status %d: %.*s", method, (int)reply.code, (int)reply.text.len,
                 reply.text.ptr);
    if (wire_unpack(response, reply.bytes, &rig->arena, &message, &error) != RESULT_OK)
        fail_msg("%s: %s %s", method, error.field, error.text);
    return message;
}

char *rig_document(struct rig *rig, const char *path)
{
    char *text = arena_alloc(&rig->arena, 1 << 20);
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(text);
    assert_non_null(file);
    len = fread(text, 1, (1 << 20) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void activate_demo(struct rig *rig)
{
    Signalbox__V1__PublishCatalogRequest catalog;
    Signalbox__V1__PublishCatalogResponse *catalog_made;
    Signalbox__V1__PublishPolicyRequest policy;
    Signalbox__V1__PublishPolicyResponse *policy_made;
    Signalbox__V1__ActivatePolicyRequest activate;

    signalbox__v1__publish_catalog_request__init(&catalog);
    catalog.document = rig_document(rig, "policies/catalog.json");
    catalog_made = rig_ask(rig, "/signalbox.v1.PolicyService/PublishCatalog", &catalog.base,
                           &signalbox__v1__publish_catalog_response__descriptor);
    assert_int_equal(catalog_made->version, 1);
    signalbox__v1__publish_policy_request__init(&policy);
    policy.document = rig_document(rig, "policies/demo-chat.json");
    policy_made = rig_ask(rig, "/signalbox.v1.PolicyService/PublishPolicy", &policy.base,
                          &signalbox__v1__publish_policy_response__descriptor);
    assert_int_equal(policy_made->policy->version, 1);
    signalbox__v1__activate_policy_request__init(&activate);
    activate.policy_id = policy_made->policy->policy_id;
    (void)rig_ask(rig, "/signalbox.v1.PolicyService/ActivatePolicy", &activate.base,
                  &signalbox__v1__activate_policy_response__descriptor);
}

const char *rig_token(struct rig *rig, enum role role)
{
    Signalbox__V1__CreateKeyRequest create;
    Signalbox__V1__CreateKeyResponse *made;
    Signalbox__V1__Key key;

    signalbox__v1__create_key_request__init(&create);
    signalbox__v1__key__init(&key);
    key.role = (Signalbox__V1__Role)role;
    create.key = &key;
    made = rig_ask(rig, "/signalbox.v1.KeyService/CreateKey", &create.base,
                   &signalbox__v1__create_key_response__descriptor);
    return made->secret;
}

void rig_start_ready(struct rig *rig)
{
    rig_start(rig, NULL);
    activate_demo(rig);
    snprintf(rig->gateway_token, sizeof rig->gateway_token, "%s", rig_token(rig, ROLE_GATEWAY));
}

int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig_start_ready(rig);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_stop(*state);
    free(*state);
    return 0;
}

/* ---- questions ---- */

struct question rig_admission(struct uuid id)
{
    return (struct question){
        .request_id = id,
        .has_facts = true,
        .facts = {.tenant = SLICE_LITERAL("acme"),
                  .workload = SLICE_LITERAL("demo-chat"),
                  .environment = SLICE_LITERAL("production"),
                  .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
                  .requested_model = SLICE_LITERAL("demo-model"),
                  .data_classes = SET_OF(DATA_CLASS_CUSTOMER_CONTENT),
                  .body_bytes = 400,
                  .body_digest = {"0123456789abcdef0123456789abcdef", 32},
                  .input_tokens_estimate = 100,
                  .max_output_tokens = 200},
    };
}

struct question rig_report(struct uuid id, uint32_t boundary, const char *route)
{
    return (struct question){
        .request_id = id,
        .boundary = boundary,
        .has_report = true,
        .report = {.route = slice_of(route),
                   .transport = TRANSPORT_COMPLETED,
                   .http_status = 200,
                   .started_unix_ms = (uint64_t)clock_unix_ms(),
                   .elapsed_ms = 700,
                   .first_output_ms = 200,
                   .output_seen = true,
                   .output_visible = true,
                   .finish = FINISH_STOP,
                   .end_seen = true,
                   .body_state = BODY_STATE_ANSWER,
                   .body_sent = true},
    };
}

struct slice rig_question_bytes(struct rig *rig, const struct question *question)
{
    Signalbox__V1__DecideRequest *message = wire_put_question(question, &rig->arena);

    assert_non_null(message);
    return rig_pack(rig, &message->base);
}

static void put(struct rig_items *items, const void *bytes, size_t len)
{
    assert_true(items->len + len <= sizeof items->bytes);
    memcpy(items->bytes + items->len, bytes, len);
    items->len += len;
}

static size_t varint(uint64_t value, uint8_t bytes[10])
{
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (uint8_t)(value | 0x80);
    bytes[len++] = (uint8_t)value;
    return len;
}

/* By hand, so that a question may be any bytes. */
void rig_items_add(struct rig_items *items, uint64_t correlation_id, struct slice question)
{
    uint8_t correlation[10], question_len[10], item_len[10];
    size_t a = varint(correlation_id, correlation), b = varint(question.len, question_len);
    size_t c = varint(1 + a + 1 + b + question.len, item_len);

    put(items, "\x0a", 1);
    put(items, item_len, c);
    put(items, "\x08", 1);
    put(items, correlation, a);
    put(items, "\x12", 1);
    put(items, question_len, b);
    put(items, question.ptr, question.len);
}

Signalbox__V1__StreamDecideResponse *rig_replies(struct rig *rig, struct slice bytes)
{
    ProtobufCMessage *message = NULL;
    struct wire_error error = {"", ""};

    if (wire_unpack(&signalbox__v1__stream_decide_response__descriptor, bytes, &rig->arena,
                    &message, &error) != RESULT_OK)
        fail_msg("%s %s", error.field, error.text);
    return (void *)message;
}
