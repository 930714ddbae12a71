/* Health and reflection of a real decider: neither needs a token. */
#include <signal.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "wire/rig.h"

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"
#define V1    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

#define SERVING     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define NO_SERVICE  GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static void *
unpack(struct rig *rig, const ProtobufCMessageDescriptor *descriptor, struct slice bytes)
{
    ProtobufCMessage *message = NULL;
    struct wire_error error = {"", ""};

    if (wire_unpack(descriptor, bytes, &rig->arena, &message, &error) != RESULT_OK)
        fail_msg("%s %s", error.field, error.text);
    return message;
}

static int status_in(struct rig *rig, struct slice bytes)
{
    const Grpc__Health__V1__HealthCheckResponse *response;

    assert_non_null(bytes.ptr);
    response = unpack(rig, &grpc__health__v1__health_check_response__descriptor, bytes);
    return (int)response->status;
}

static struct slice health_request(struct rig *rig, const char *service)
{
    Grpc__Health__V1__HealthCheckRequest request;

    grpc__health__v1__health_check_request__init(&request);
    request.service = wire_text(slice_of(service), &rig->arena);
    return rig_pack(rig, &request.base);
}

static void check_knows_every_service(void **state)
{
    static const char *const services[] = {"", "signalbox.v1.DecisionService",
                                           "signalbox.v1.PolicyService", "grpc.health.v1.Health"};
    struct rig *rig = *state;
    struct reply reply;

    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        reply = rig_call(rig, CHECK, NULL, health_request(rig, services[i]), RIG_WAIT_MS);
        assert_int_equal(reply.code, GRPC_STATUS_OK);
        assert_int_equal(status_in(rig, reply.bytes), SERVING);
    }
    reply = rig_call(rig, CHECK, NULL, health_request(rig, "no.such.Service"), RIG_WAIT_MS);
    assert_int_equal(reply.code, GRPC_STATUS_NOT_FOUND);
}

static void watch_sees_the_drain(void **state)
{
    struct rig *rig = *state;
    struct rig_stream known, unknown;

    rig_stream_open(&known, rig, WATCH, NULL);
    assert_true(rig_stream_send(&known, health_request(rig, "")));
    rig_stream_half_close(&known);
    assert_int_equal(status_in(rig, rig_stream_receive(&known, RIG_WAIT_MS)), SERVING);
    rig_stream_open(&unknown, rig, WATCH, NULL);
    assert_true(rig_stream_send(&unknown, health_request(rig, "no.such.Service")));
    rig_stream_half_close(&unknown);
    assert_int_equal(status_in(rig, rig_stream_receive(&unknown, RIG_WAIT_MS)), NO_SERVICE);
    assert_null(rig_stream_receive(&known, 100).ptr); /* nothing changed, nothing comes */

    rig_signal(rig, SIGTERM);
    assert_int_equal(status_in(rig, rig_stream_receive(&known, RIG_WAIT_MS)), NOT_SERVING);
    assert_int_equal(rig_stream_finish(&known), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_stream_finish(&unknown), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_wait_exit(rig), 0);
    rig_restart(rig, NULL);
}

/* ---- reflection ---- */

#define REQUEST(KIND)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##KIND
#define RESPONSE(KIND) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##KIND

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

static const reflection_response *reflect(struct rig_stream *stream,
                                          const reflection_request *request)
{
    struct rig *rig = stream->rig;
    struct slice bytes;

    assert_true(rig_stream_send(stream, rig_pack(rig, &request->base)));
    bytes = rig_stream_receive(stream, RIG_WAIT_MS);
    assert_non_null(bytes.ptr);
    return unpack(rig, &grpc__reflection__v1__server_reflection_response__descriptor, bytes);
}

static void list_services(struct rig_stream *stream)
{
    reflection_request request;
    const reflection_response *response;
    bool found = false;
    char all[] = "*";

    grpc__reflection__v1__server_reflection_request__init(&request);
    request.message_request_case = REQUEST(LIST_SERVICES);
    request.list_services = all;
    response = reflect(stream, &request);
    assert_int_equal((int)response->message_response_case, RESPONSE(LIST_SERVICES_RESPONSE));
    assert_int_equal(response->list_services_response->n_service, 7);
    for (size_t i = 0; i < response->list_services_response->n_service; i++)
        found |= strcmp(response->list_services_response->service[i]->name,
                        "signalbox.v1.DecisionService") == 0;
    assert_true(found);
}

static void find_symbols(struct rig_stream *stream)
{
    static const struct {
        const char *symbol;
        size_t files; /* with what they import; 0: not found */
    } rows[] = {
        {"signalbox.v1.DecisionService", 6},
        {"signalbox.v1.DecisionService.Decide", 6},
        {"signalbox.v1.DecideRequest", 6},
        {"signalbox.v1.DecideRequest.admission", 6},
        {"signalbox.v1.Admission.TagsEntry", 2},
        {"signalbox.v1.Action", 1},
        {"signalbox.v1.ACTION_SEND", 1},
        {"grpc.health.v1.Health", 1},
        {"signalbox.v1.Nothing", 0},
        {"", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reflection_request request;
        const reflection_response *response;

        grpc__reflection__v1__server_reflection_request__init(&request);
        request.message_request_case = REQUEST(FILE_CONTAINING_SYMBOL);
        request.file_containing_symbol = wire_text(slice_of(rows[i].symbol), &stream->rig->arena);
        response = reflect(stream, &request);
        if (rows[i].files == 0) {
            assert_int_equal((int)response->message_response_case, RESPONSE(ERROR_RESPONSE));
            assert_int_equal(response->error_response->error_code, GRPC_STATUS_NOT_FOUND);
            continue;
        }
        assert_int_equal((int)response->message_response_case, RESPONSE(FILE_DESCRIPTOR_RESPONSE));
        if (response->file_descriptor_response->n_file_descriptor_proto != rows[i].files)
            fail_msg("%s: %zu files", rows[i].symbol,
                     response->file_descriptor_response->n_file_descriptor_proto);
    }
}

static void reflection_answers(struct rig *rig, const char *method)
{
    reflection_request request;
    const reflection_response *response;
    struct rig_stream stream;
    char name[] = "signalbox/v1/facts.proto";

    rig_stream_open(&stream, rig, method, NULL);
    list_services(&stream);
    find_symbols(&stream);
    grpc__reflection__v1__server_reflection_request__init(&request);
    request.message_request_case = REQUEST(FILE_BY_FILENAME);
    request.file_by_filename = name;
    response = reflect(&stream, &request);
    assert_int_equal(response->file_descriptor_response->n_file_descriptor_proto, 2);
    rig_stream_half_close(&stream);
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_OK);
}

static void reflection_answers_as_v1(void **state)
{
    reflection_answers(*state, V1);
}

static void reflection_answers_as_v1alpha(void **state)
{
    reflection_answers(*state, ALPHA);
}

static void an_open_reflection_stream_does_not_hold_up_the_drain(void **state)
{
    struct rig *rig = *state;
    struct rig_stream stream;

    rig_stream_open(&stream, rig, V1, NULL);
    list_services(&stream);
    rig_signal(rig, SIGTERM);
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_wait_exit(rig), 0);
    rig_restart(rig, NULL);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig_start(rig, NULL);
    *state = rig;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_knows_every_service, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(watch_sees_the_drain, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(reflection_answers_as_v1, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(reflection_answers_as_v1alpha, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_open_reflection_stream_does_not_hold_up_the_drain, setup,
                                        rig_teardown),
    };

    return rig_main("decider_probes", tests, sizeof tests / sizeof *tests);
}
