/* Server reflection, v1 and v1alpha, which differ in nothing but the name. A stream is answered
 * message by message: receive, send, receive. */
#include "rpc/reflection.h"

#include <stdlib.h>

#include "rpc/state.h"

#define ARMED_COUNT 2

struct reflection {
    struct list link; /* of all open ones */
    struct rpc_server *server;
    enum method_id method;
    struct tag on_request;
    struct tag on_receive;
    struct tag on_send;
    struct tag on_close;
    struct tag on_end;
    grpc_call *call;
    struct call_head head;
    grpc_byte_buffer *received;
    grpc_byte_buffer sending;
    int cancelled;
    unsigned tags;
    bool started;
    bool ended;
    bool closed;
};

static void arm(struct rpc_server *server, enum method_id method);

static void release(struct reflection *reflection)
{
    if (reflection->tags)
        return;
    list_remove(&reflection->link);
    grpc_metadata_array_destroy(&reflection->head.metadata);
    if (reflection->call)
        grpc_call_unref(reflection->call);
    reflection->server->admin.live--;
    free(reflection);
}

/* from NULL: OK. */
static void end(struct reflection *reflection, const struct wire_status *from)
{
    struct call_batch batch = {.count = 0};
    struct call_status status;

    if (reflection->ended || reflection->closed)
        return;
    reflection->ended = true;
    call_status_set_ok(&status);
    if (from)
        call_status_set(&status, from, &reflection->server->handling);
    if (!reflection->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    reflection->started = true;
    call_add_status(&batch, &status);
    reflection->tags++;
    call_start(reflection->call, &batch, &reflection->on_end);
    call_status_done(&status);
}

static void receive(struct reflection *reflection)
{
    struct call_batch batch = {.count = 0};

    if (reflection->ended || reflection->closed)
        return;
    reflection->received = NULL;
    call_add_receive(&batch, &reflection->received);
    reflection->tags++;
    call_start(reflection->call, &batch, &reflection->on_receive);
}

static void send(struct reflection *reflection, const ProtobufCMessage *message)
{
    struct call_batch batch = {.count = 0};

    call_buffer_init(&reflection->sending);
    call_buffer_add(&reflection->sending, call_pack(message));
    if (!reflection->started)
        call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    reflection->started = true;
    call_add_message(&batch, &reflection->sending, 0);
    reflection->tags++;
    call_start(reflection->call, &batch, &reflection->on_send);
}

static void answer(struct reflection *reflection)
{
    struct arena *arena = &reflection->server->handling;
    const ProtobufCMessageDescriptor *descriptor =
        &grpc__reflection__v1__server_reflection_request__descriptor;
    const ProtobufCMessage *response = NULL;
    ProtobufCMessage *request = NULL;
    struct wire_error error = {"", ""};
    struct wire_status status;
    struct slice bytes;
    enum result result = call_bytes(reflection->received, MESSAGE_BYTES_MAX, arena, &bytes, &error);

    if (!result)
        result = wire_unpack(descriptor, bytes, arena, &request, &error);
    if (!result) {
        response = reflection_answer((const Grpc__Reflection__V1__ServerReflectionRequest *)request,
                                     arena);
        result = response ? RESULT_OK : RESULT_NO_MEMORY;
    }
    if (result) {
        status = call_wire_error(result, &error);
        end(reflection, &status);
    } else {
        send(reflection, response);
    }
    arena_reset(arena);
}

static void on_receive(struct tag *tag, bool ok)
{
    struct reflection *reflection = CONTAINER_OF(tag, struct reflection, on_receive);

    reflection->tags--;
    if (!ok || !reflection->received)
        end(reflection, NULL);
    else if (!reflection->ended && !reflection->closed)
        answer(reflection);
    if (reflection->received)
        grpc_byte_buffer_destroy(reflection->received);
    reflection->received = NULL;
    release(reflection);
}

static void on_send(struct tag *tag, bool ok)
{
    struct reflection *reflection = CONTAINER_OF(tag, struct reflection, on_send);

    reflection->tags--;
    call_buffer_done(&reflection->sending);
    if (ok)
        receive(reflection);
    release(reflection);
}

static void on_end(struct tag *tag, bool ok)
{
    struct reflection *reflection = CONTAINER_OF(tag, struct reflection, on_end);

    (void)ok;
    reflection->tags--;
    release(reflection);
}

static void on_close(struct tag *tag, bool ok)
{
    struct reflection *reflection = CONTAINER_OF(tag, struct reflection, on_close);

    (void)ok;
    reflection->tags--;
    reflection->closed = true;
    release(reflection);
}

static const struct wire_status stopping = {.result = RESULT_UNAVAILABLE,
                                            .message = {"the decider is stopping", 23}};

static void on_request(struct tag *tag, bool ok)
{
    struct reflection *reflection = CONTAINER_OF(tag, struct reflection, on_request);
    struct call_batch batch = {.count = 0};

    reflection->tags--;
    if (!ok) {
        reflection->call = NULL;
        release(reflection);
        return;
    }
    arm(reflection->server, reflection->method);
    list_append(&reflection->server->reflections, &reflection->link);
    call_add_close(&batch, &reflection->cancelled);
    reflection->tags++;
    call_start(reflection->call, &batch, &reflection->on_close);
    if (server_draining(reflection->server))
        end(reflection, &stopping);
    else
        receive(reflection);
}

static void arm(struct rpc_server *server, enum method_id method)
{
    struct reflection *reflection = server_draining(server) ? NULL : calloc(1, sizeof *reflection);

    if (!reflection)
        return;
    server->admin.live++;
    reflection->server = server;
    reflection->method = method;
    reflection->on_request.fn = on_request;
    reflection->on_receive.fn = on_receive;
    reflection->on_send.fn = on_send;
    reflection->on_close.fn = on_close;
    reflection->on_end.fn = on_end;
    list_init(&reflection->link);
    grpc_metadata_array_init(&reflection->head.metadata);
    if (server_request(server, method, &reflection->call, &reflection->head, NULL,
                       &reflection->on_request))
        reflection->tags++;
    else
        release(reflection);
}

void reflection_open(struct rpc_server *server)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++) {
        arm(server, METHOD_REFLECTION);
        arm(server, METHOD_REFLECTION_ALPHA);
    }
}

void reflection_drain(struct rpc_server *server)
{
    LIST_EACH(&server->reflections, link)
    {
        end(CONTAINER_OF(link, struct reflection, link), &stopping);
    }
    arena_reset(&server->handling);
}
