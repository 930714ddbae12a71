/* Methods that the server does not have. gRPC answers them only when somebody has asked for calls
 * of any method; without that they would hang until their deadlines. */
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "rpc/state.h"

#define ARMED_COUNT 2

struct unknown {
    struct rpc_server *server;
    struct loop *loop;
    struct tag on_request;
    struct tag on_done;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    int cancelled;
};

static void arm(struct rpc_server *server, struct loop *loop);

static void release(struct unknown *unknown)
{
    if (unknown->call)
        grpc_call_unref(unknown->call);
    grpc_call_details_destroy(&unknown->details);
    grpc_metadata_array_destroy(&unknown->metadata);
    unknown->loop->live--;
    free(unknown);
}

static void on_request(struct tag *tag, bool ok)
{
    struct unknown *unknown = CONTAINER_OF(tag, struct unknown, on_request);
    struct call_batch batch = {.count = 0};
    struct call_status status;
    char text[160];
    size_t len;

    if (!ok) {
        unknown->call = NULL;
        release(unknown);
        return;
    }
    arm(unknown->server, unknown->loop);
    len = GRPC_SLICE_LENGTH(unknown->details.method);
    snprintf(text, sizeof text, "there is no method %.*s", len > 120 ? 120 : (int)len,
             (const char *)GRPC_SLICE_START_PTR(unknown->details.method));
    call_status_set_ok(&status);
    status.code = GRPC_STATUS_UNIMPLEMENTED;
    status.text = grpc_slice_from_copied_string(text);
    call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    call_add_status(&batch, &status);
    call_add_close(&batch, &unknown->cancelled);
    call_start(unknown->call, &batch, &unknown->on_done);
    call_status_done(&status);
}

static void on_done(struct tag *tag, bool ok)
{
    (void)ok;
    release(CONTAINER_OF(tag, struct unknown, on_done));
}

static void arm(struct rpc_server *server, struct loop *loop)
{
    struct unknown *unknown = server_draining(server) ? NULL : calloc(1, sizeof *unknown);

    if (!unknown)
        return;
    loop->live++;
    unknown->server = server;
    unknown->loop = loop;
    unknown->on_request.fn = on_request;
    unknown->on_done.fn = on_done;
    grpc_call_details_init(&unknown->details);
    grpc_metadata_array_init(&unknown->metadata);
    if (grpc_server_request_call(server->core, &unknown->call, &unknown->details,
                                 &unknown->metadata, loop->queue, loop->queue,
                                 &unknown->on_request) != GRPC_CALL_OK)
        release(unknown);
}

void unimplemented_open(struct rpc_server *server, struct loop *loop)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++)
        arm(server, loop);
}
