/* Administrative calls by the names of methods and fields:
 *
 *   const Signalbox__V1__SetSwitchResponse *answer = admin_ok(
 *       rig, rig->operator_token, POLICY "SetSwitch",
 *       SETS({"scope", "SWITCH_SCOPE_ROUTE"}, {"name", "demo-at-mock-b"}, {"reason", "r"})); */
#ifndef TESTS_WIRE_RIG_ADMIN_H
#define TESTS_WIRE_RIG_ADMIN_H

#include "wire/message.h"
#include "wire/rig.h"

#define POLICY  "signalbox.v1.PolicyService/"
#define HISTORY "signalbox.v1.HistoryService/"

struct set {
    const char *field, *value;
};

/* Ends with a row of nothing. */
#define SETS(...)                                                                                  \
    (const struct set[])                                                                           \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define NO_SETS ((const struct set[]){{NULL, NULL}})

static inline const ProtobufCMethodDescriptor *admin_method(const char *name)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &signalbox__v1__policy_service__descriptor, &signalbox__v1__history_service__descriptor};
    const char *slash = strchr(name, '/');
    const ProtobufCMethodDescriptor *method = NULL;

    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strncmp(services[i]->name, name, (size_t)(slash - name)) == 0)
            method = protobuf_c_service_descriptor_get_method_by_name(services[i], slash + 1);
    if (!method)
        fail_msg("there is no method %s", name);
    return method;
}

static inline struct reply
admin_call(struct rig *rig, const char *token, const char *name, const struct set *sets)
{
    ProtobufCMessage *message = message_new(admin_method(name)->input, &rig->arena);
    char path[128];

    for (; sets->field; sets++)
        message_set(message, &rig->arena, sets->field, sets->value);
    snprintf(path, sizeof path, "/%s", name);
    return rig_call(rig, path, token, rig_pack(rig, message), RIG_WAIT_MS);
}

/* The answer, unpacked. */
static inline const void *
admin_ok(struct rig *rig, const char *token, const char *name, const struct set *sets)
{
    struct reply reply = admin_call(rig, token, name, sets);
    ProtobufCMessage *message = NULL;
    struct wire_error error = {"", ""};

    if (reply.code != GRPC_STATUS_OK)
        fail_msg("%s: status %d: %.*s (%.*s)", name, (int)reply.code, (int)reply.text.len,
                 reply.text.ptr, (int)reply.status.field.len, reply.status.field.ptr);
    if (wire_unpack(admin_method(name)->output, reply.bytes, &rig->arena, &message, &error))
        fail_msg("%s: %s %s", name, error.field, error.text);
    return message;
}

/* field "": the request is well, the state does not allow it. */
static inline void admin_refused(struct rig *rig,
                                 const char *name,
                                 const struct set *sets,
                                 grpc_status_code code,
                                 const char *field)
{
    struct reply reply = admin_call(rig, rig->operator_token, name, sets);

    if (reply.code != code || !slice_is(reply.status.field, field))
        fail_msg("%s: status %d, field '%.*s': %.*s", name, (int)reply.code,
                 (int)reply.status.field.len, reply.status.field.ptr, (int)reply.text.len,
                 reply.text.ptr);
    assert_true(reply.text.len > 0);
    assert_int_not_equal(reply.status.result, RESULT_OK);
}

#define DEMO_POLICY   "demo-chat-v1"
#define DEMO_FALLBACK "demo-at-mock-b"

/* One piece for the demo's fallback; more is further members, each with a comma before it. */
static inline const char *admin_piece(struct rig *rig, const char *kind, const char *more)
{
    return arena_format(&rig->arena,
                        "{\"kind\":\"%s\",\"workflow\":\"demo-chat\","
                        "\"environment\":\"production\",\"route\":\"" DEMO_FALLBACK "\","
                        "\"owner\":\"platform\",\"expires\":\"2099-01-01T00:00:00Z\"%s}",
                        kind, more)
        .ptr;
}

/* All that the demo's fallback needs: the same model at another provider, of another account. */
static inline const char *admin_demo_evidence(struct rig *rig)
{
    static const char compared[] =
        ",\"primary\":\"demo-at-mock-a\",\"passed\":true,\"reviewed_by\":\"quality\",\"checks\":"
        "[\"endpoint\",\"parameters\",\"quota\",\"cost\",\"log_fields\"]";

    return arena_format(
               &rig->arena, "{\"evidence\":[%s,%s,%s,%s]}", admin_piece(rig, "parity", compared),
               admin_piece(rig, "boundary_approval", ""), admin_piece(rig, "quota_owner", ""),
               admin_piece(rig, "account_owner_approval", ""))
        .ptr;
}

#endif
