/* One unary call, start to end, on a completion queue of its own: it needs nothing of the client's
 * thread and any thread may block in it. It fails at once when the decider is away. */
#include <stdlib.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include "base/invariant.h"
#include "client/client.h"
#include "client/status.h"

#define ERROR_ARENA_BYTES_MAX (256 * 1024)

struct call {
    grpc_completion_queue *cq;
    grpc_call *call;
    grpc_byte_buffer *request;
    grpc_byte_buffer *reply;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    grpc_metadata metadata;
};

static void start(struct call *call, const struct signalbox_client *client)
{
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT},
    };

    ops[0].data.send_initial_metadata.count = client_metadata(client, &call->metadata);
    ops[0].data.send_initial_metadata.metadata = &call->metadata;
    ops[1].data.send_message.send_message = call->request;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    ops[4].data.recv_message.recv_message = &call->reply;
    ops[5].data.recv_status_on_client.trailing_metadata = &call->trailing;
    ops[5].data.recv_status_on_client.status = &call->status;
    ops[5].data.recv_status_on_client.status_details = &call->details;
    invariant(grpc_call_start_batch(call->call, ops, 6, call, NULL) == GRPC_CALL_OK);
}

/* The reply in one malloc'ed piece, never NULL on RESULT_OK. */
static enum result copy_reply(grpc_byte_buffer *message, char **ret_reply, size_t *ret_reply_bytes)
{
    grpc_byte_buffer_reader reader;
    size_t len = 0;
    grpc_slice slice;
    char *reply;

    if (!message || !grpc_byte_buffer_reader_init(&reader, message))
        return RESULT_IO;
    reply = malloc(grpc_byte_buffer_length(message) + 1);
    while (grpc_byte_buffer_reader_next(&reader, &slice)) {
        if (reply)
            memcpy(reply + len, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
        len += GRPC_SLICE_LENGTH(slice);
        grpc_slice_unref(slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
    if (!reply)
        return RESULT_NO_MEMORY;
    *ret_reply = reply;
    *ret_reply_bytes = len;
    return RESULT_OK;
}

static void call_done(struct call *call)
{
    grpc_slice_unref(call->metadata.value);
    grpc_slice_unref(call->details);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_byte_buffer_destroy(call->request);
    grpc_byte_buffer_destroy(call->reply);
    grpc_call_unref(call->call);
    grpc_completion_queue_shutdown(call->cq);
    grpc_completion_queue_pluck(call->cq, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_completion_queue_destroy(call->cq);
}

/* NOLINTNEXTLINE(readability-function-size): the contract has these parameters. */
enum result signalbox_client_call(struct signalbox_client *client,
                                  const char *method,
                                  struct slice request,
                                  uint32_t timeout_ms,
                                  char **ret_reply,
                                  size_t *ret_reply_bytes,
                                  struct signalbox_call_error *reterr_error)
{
    struct call call = {.cq = grpc_completion_queue_create_for_pluck(NULL)};
    grpc_slice path = grpc_slice_from_copied_string(method);
    grpc_slice bytes = grpc_slice_from_copied_buffer(request.ptr, request.len);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
    enum result result;

    *reterr_error = (struct signalbox_call_error){0};
    grpc_metadata_array_init(&call.initial);
    grpc_metadata_array_init(&call.trailing);
    call.request = grpc_raw_byte_buffer_create(&bytes, 1);
    call.call = grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call.cq,
                                         path, NULL, deadline, NULL);
    grpc_slice_unref(path);
    grpc_slice_unref(bytes);
    start(&call, client);
    /* The call's own deadline bounds this wait. */
    grpc_completion_queue_pluck(call.cq, &call, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    if (call.status == GRPC_STATUS_OK) {
        result = copy_reply(call.reply, ret_reply, ret_reply_bytes);
    } else {
        struct status_end end = {call.status, call.details, &call.trailing};
        struct arena arena;

        arena_init(&arena, NULL, 0, ERROR_ARENA_BYTES_MAX);
        result = status_explain(&end, &arena, reterr_error);
        arena_done(&arena);
    }
    call_done(&call);
    return result;
}
