/* grpc.health.v1 Check and Watch. The server serves until it drains, all its services alike, so a
 * watch has two moments: its beginning and the drain. */
#include <stdlib.h>

#include "grpc/health/v1/health.pb-c.h"
#include "rpc/state.h"

#define ARMED_COUNT 2

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define SERVING     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define NO_SERVICE  GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

/* One Check or one Watch. */
struct watch {
    struct list link; /* of all watches */
    struct rpc_server *server;
    enum method_id method;
    struct tag on_request;
    struct tag on_close;
    struct tag on_send;
    struct tag on_end;
    grpc_call *call;
    struct call_head head;
    grpc_byte_buffer *payload;
    grpc_byte_buffer sending;
    serving_status status; /* of the service that was asked for */
    int cancelled;
    unsigned tags;
    bool started; /* initial metadata is on its way */
    bool sending_now;
    bool ended;
    bool closed;
};

static void arm(struct rpc_server *server, enum method_id method);

static void release(struct watch *watch)
{
    if (watch->tags)
        return;
    list_remove(&watch->link);
    if (watch->payload)
        grpc_byte_buffer_destroy(watch->payload);
    grpc_metadata_array_destroy(&watch->head.metadata);
    if (watch->call)
        grpc_call_unref(watch->call);
    watch->server->owner.live--;
    free(watch);
}

static serving_status status_of(struct rpc_server *server, struct slice service)
{
    if (service.len && !method_serves(service))
        return NO_SERVICE;
    return server_draining(server) ? NOT_SERVING : SERVING;
}

static grpc_slice pack_status(serving_status status)
{
    Grpc__Health__V1__HealthCheckResponse response;

    grpc__health__v1__health_check_response__init(&response);
    response.status = status;
    return call_pack(&response.base);
}

static void end(struct watch *watch, const struct wire_status *from)
{
    struct call_batch batch = {.count = 0};
    struct call_status status;

    if (watch->ended || watch->closed)
        return;
    watch->ended = true;
    call_status_set(&status, from, &watch->server->reply);
    arena_reset(&watch->server->reply);
    if (!watch->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    watch->started = true;
    call_add_status(&batch, &status);
    watch->tags++;
    call_start(watch->call, &batch, &watch->on_end);
    call_status_done(&status);
}

static void send(struct watch *watch)
{
    struct call_batch batch = {.count = 0};

    call_buffer_init(&watch->sending);
    call_buffer_add(&watch->sending, pack_status(watch->status));
    if (!watch->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    watch->started = true;
    call_add_message(&batch, &watch->sending, 0);
    watch->sending_now = true;
    watch->tags++;
    call_start(watch->call, &batch, &watch->on_send);
}

static const struct wire_status stopping = {.result = RESULT_UNAVAILABLE,
                                            .message = {"the decider is stopping", 23}};

/* The service's name that was asked for; false: it was refused. Lent by the question arena. */
static bool read_service(struct watch *watch, struct slice *ret_service)
{
    const struct method *method = method_row(watch->method);
    struct arena *arena = &watch->server->question;
    const Grpc__Health__V1__HealthCheckRequest *request;
    ProtobufCMessage *message = NULL;
    struct wire_error error;
    struct wire_status status;
    struct slice bytes;
    enum result result = call_bytes(watch->payload, method->bytes_max, arena, &bytes, &error);

    if (!result)
        result = wire_unpack(method->request, bytes, arena, &message, &error);
    if (result) {
        status = call_wire_error(result, &error);
        end(watch, &status);
        return false;
    }
    request = (const Grpc__Health__V1__HealthCheckRequest *)message;
    *ret_service = slice_of(request->service);
    return true;
}

static void answer_check(struct watch *watch)
{
    static const struct wire_status unknown = {.result = RESULT_NOT_FOUND,
                                               .message = {"no such service", 15}};
    struct call_batch batch = {.count = 0};
    struct call_status status;

    if (watch->status == NO_SERVICE) {
        end(watch, &unknown);
        return;
    }
    watch->ended = true;
    watch->sending_now = true;
    call_buffer_init(&watch->sending);
    call_buffer_add(&watch->sending, pack_status(watch->status));
    call_status_set_ok(&status);
    call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    call_add_message(&batch, &watch->sending, 0);
    call_add_status(&batch, &status);
    watch->tags++;
    call_start(watch->call, &batch, &watch->on_send);
    call_status_done(&status);
}

static void listen_for_close(struct watch *watch)
{
    struct call_batch batch = {.count = 0};

    call_add_close(&batch, &watch->cancelled);
    watch->tags++;
    call_start(watch->call, &batch, &watch->on_close);
}

static void on_request(struct tag *tag, bool ok)
{
    struct watch *watch = CONTAINER_OF(tag, struct watch, on_request);
    struct rpc_server *server = watch->server;
    struct slice service;

    watch->tags--;
    if (!ok) {
        watch->call = NULL;
        release(watch);
        return;
    }
    arm(server, watch->method);
    listen_for_close(watch);
    if (read_service(watch, &service)) {
        watch->status = status_of(server, service);
        if (watch->method == METHOD_HEALTH_CHECK) {
            answer_check(watch);
        } else {
            list_append(&server->watches, &watch->link);
            send(watch);
        }
    }
    arena_reset(&server->question);
}

static void on_send(struct tag *tag, bool ok)
{
    struct watch *watch = CONTAINER_OF(tag, struct watch, on_send);

    watch->tags--;
    watch->sending_now = false;
    call_buffer_done(&watch->sending);
    if (ok && !watch->ended && server_draining(watch->server)) {
        if (watch->status == SERVING) {
            watch->status = NOT_SERVING;
            send(watch);
        } else {
            end(watch, &stopping);
        }
    }
    release(watch);
}

static void on_end(struct tag *tag, bool ok)
{
    struct watch *watch = CONTAINER_OF(tag, struct watch, on_end);

    (void)ok;
    watch->tags--;
    release(watch);
}

static void on_close(struct tag *tag, bool ok)
{
    struct watch *watch = CONTAINER_OF(tag, struct watch, on_close);

    (void)ok;
    watch->tags--;
    watch->closed = true;
    release(watch);
}

static void arm(struct rpc_server *server, enum method_id method)
{
    struct watch *watch = server_draining(server) ? NULL : calloc(1, sizeof *watch);

    if (!watch)
        return;
    server->owner.live++;
    watch->server = server;
    watch->method = method;
    watch->on_request.fn = on_request;
    watch->on_close.fn = on_close;
    watch->on_send.fn = on_send;
    watch->on_end.fn = on_end;
    list_init(&watch->link);
    grpc_metadata_array_init(&watch->head.metadata);
    if (server_request(server, method, &watch->call, &watch->head, &watch->payload,
                       &watch->on_request))
        watch->tags++;
    else
        release(watch);
}

void health_open(struct rpc_server *server)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++) {
        arm(server, METHOD_HEALTH_CHECK);
        arm(server, METHOD_HEALTH_WATCH);
    }
}

void health_drain(struct rpc_server *server)
{
    LIST_EACH(&server->watches, link)
    {
        struct watch *watch = CONTAINER_OF(link, struct watch, link);

        if (watch->sending_now || watch->ended || watch->closed)
            continue; /* on_send goes on from here */
        if (watch->status == SERVING) {
            watch->status = NOT_SERVING;
            send(watch);
        } else {
            end(watch, &stopping);
        }
    }
}
