/* Unary methods of the admin thread: token, role, message, handler, answer, one batch. A handler
 * may block on a commit; calls that come meanwhile wait in gRPC. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "rpc/auth.h"
#include "rpc/handler.h"
#include "rpc/state.h"

#define ARMED_COUNT         2
#define FINDINGS_BYTES_MAX  2048
#define FINDINGS_IN_MESSAGE 10

struct admin_rpc {
    struct rpc_server *server;
    enum method_id method;
    struct tag on_request;
    struct tag on_done;
    grpc_call *call;
    struct call_head head;
    grpc_byte_buffer *payload;
    grpc_byte_buffer reply;
    int cancelled;
    bool has_reply;
};

static void arm(struct rpc_server *server, enum method_id method);

static void release(struct admin_rpc *rpc)
{
    if (rpc->has_reply)
        call_buffer_done(&rpc->reply);
    if (rpc->payload)
        grpc_byte_buffer_destroy(rpc->payload);
    grpc_metadata_array_destroy(&rpc->head.metadata);
    if (rpc->call)
        grpc_call_unref(rpc->call);
    rpc->server->admin.live--;
    free(rpc);
}

/* What failed, with the first findings: an error has no message to carry them in. */
static struct slice explain(const struct admin_call *call, struct arena *arena)
{
    char memory[FINDINGS_BYTES_MAX];
    struct buf buf;
    unsigned count = 0;

    if (!call->diagnostics.first)
        return call->message;
    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_slice(&buf, call->message);
    for (const struct diagnostic *finding = call->diagnostics.first;
         finding && count < FINDINGS_IN_MESSAGE; finding = finding->next, count++) {
        buf_put_text(&buf, buf.len ? "; " : "");
        buf_put_slice(&buf, finding->pointer);
        buf_put_text(&buf, finding->pointer.len ? ": " : "");
        buf_put_text(&buf, diagnostic_name(finding->code));
        if (finding->found.len) {
            buf_put_text(&buf, ", found ");
            buf_put_slice(&buf, finding->found);
        }
    }
    return arena_copy(arena, buf_slice(&buf));
}

/* False: *reterr_status. */
static bool
handle(struct admin_rpc *rpc, struct handling *handling, struct wire_status *reterr_status)
{
    struct rpc_server *server = rpc->server;
    const struct method *method = method_row(rpc->method);
    struct arena *arena = &server->handling;
    struct auth auth = auth_read(server->service, &rpc->head.metadata);
    const struct principal *caller =
        auth_check_admin(server, method, &auth, server->admin.now_ms, reterr_status);
    ProtobufCMessage *request = NULL;
    struct slice bytes;
    enum result result;

    if (!caller)
        return false;
    result = call_bytes(rpc->payload, method->bytes_max, arena, &bytes, &handling->error);
    if (!result)
        result = wire_unpack(method->request, bytes, arena, &request, &handling->error);
    if (result) {
        *reterr_status = call_wire_error(result, &handling->error);
        return false;
    }
    handling->service = server->service;
    handling->request = request;
    admin_call_init(&handling->admin, arena, caller, server->admin.now_ms);
    result = method->handle(handling);
    if (!result)
        return true;
    *reterr_status = call_wire_error(result, &handling->error);
    if (!reterr_status->message.len)
        reterr_status->message = explain(&handling->admin, arena);
    return false;
}

/* One call after another runs here. Who waited in vain has gone, and must not find later that its
 * call was carried out after all. */
static bool too_late(const struct admin_rpc *rpc)
{
    gpr_timespec deadline = gpr_convert_clock_type(rpc->head.deadline, GPR_CLOCK_REALTIME);

    return deadline.tv_sec < INT64_MAX / 2000 &&
           deadline.tv_sec * 1000 + deadline.tv_nsec / 1000000 < clock_unix_ms();
}

static void on_request(struct tag *tag, bool ok)
{
    struct admin_rpc *rpc = CONTAINER_OF(tag, struct admin_rpc, on_request);
    struct rpc_server *server = rpc->server;
    struct handling handling = {.response = NULL};
    struct wire_status failed = {.result = RESULT_UNAVAILABLE};
    struct call_batch batch = {.count = 0};
    struct call_status status;

    if (!ok) {
        rpc->call = NULL;
        release(rpc);
        return;
    }
    arm(server, rpc->method);
    call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    if (too_late(rpc))
        failed.result = RESULT_TIMEOUT;
    if (failed.result != RESULT_TIMEOUT && !server_draining(server) &&
        handle(rpc, &handling, &failed)) {
        call_buffer_init(&rpc->reply);
        call_buffer_add(&rpc->reply, call_pack(handling.response));
        rpc->has_reply = true;
        call_add_message(&batch, &rpc->reply, 0);
        call_status_set_ok(&status);
    } else {
        call_status_set(&status, &failed, &server->handling);
    }
    call_add_status(&batch, &status);
    call_add_close(&batch, &rpc->cancelled);
    call_start(rpc->call, &batch, &rpc->on_done);
    call_status_done(&status);
    arena_reset(&server->handling);
}

static void on_done(struct tag *tag, bool ok)
{
    (void)ok;
    release(CONTAINER_OF(tag, struct admin_rpc, on_done));
}

static void arm(struct rpc_server *server, enum method_id method)
{
    struct admin_rpc *rpc = server_draining(server) ? NULL : calloc(1, sizeof *rpc);

    if (!rpc)
        return;
    server->admin.live++;
    rpc->server = server;
    rpc->method = method;
    rpc->on_request.fn = on_request;
    rpc->on_done.fn = on_done;
    grpc_metadata_array_init(&rpc->head.metadata);
    if (!server_request(server, method, &rpc->call, &rpc->head, &rpc->payload, &rpc->on_request))
        release(rpc);
}

void admin_open(struct rpc_server *server)
{
    for (unsigned method = 0; method < METHOD_END; method++)
        for (unsigned i = 0; method_row(method)->handle && i < ARMED_COUNT; i++)
            arm(server, method);
}

/* ---- what handlers share ---- */

void *handler_message(struct handling *handling, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = arena_alloc(handling->admin.arena, descriptor->sizeof_message);

    if (message)
        protobuf_c_message_init(descriptor, message);
    return message;
}

void *handler_items(struct handling *handling, size_t count)
{
    return arena_calloc(handling->admin.arena, count, sizeof(void *));
}

enum result handler_answer(struct handling *handling, void *response)
{
    if (!response || handling->admin.arena->failed)
        return RESULT_NO_MEMORY;
    handling->response = response;
    return RESULT_OK;
}
