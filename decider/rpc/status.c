/* Statuses as gRPC sends them: code, text, and the packed google.rpc.Status as trailing metadata.
 */
#include "base/invariant.h"
#include "rpc/call.h"

#define DETAILS_KEY "grpc-status-details-bin"

void call_status_set_ok(struct call_status *status)
{
    *status = (struct call_status){.code = GRPC_STATUS_OK, .text = grpc_empty_slice()};
}

void call_status_set(struct call_status *status,
                     const struct wire_status *from,
                     struct arena *arena)
{
    Google__Rpc__Status *message = wire_put_status(from, arena);

    call_status_set_ok(status);
    status->code = (grpc_status_code)result_row(from->result)->grpc_status;
    if (!message)
        return;
    status->text = grpc_slice_from_copied_string(message->message);
    if (message->n_details) {
        status->details.key = grpc_slice_from_static_string(DETAILS_KEY);
        status->details.value = call_pack(&message->base);
        status->has_details = true;
    }
}

void call_status_done(struct call_status *status)
{
    grpc_slice_unref(status->text);
    if (status->has_details)
        grpc_slice_unref(status->details.value);
}

void call_add_status(struct call_batch *batch, struct call_status *status)
{
    grpc_op *op;

    call_add(batch, GRPC_OP_SEND_STATUS_FROM_SERVER);
    op = &batch->ops[batch->count - 1];
    op->data.send_status_from_server.status = status->code;
    op->data.send_status_from_server.status_details = &status->text;
    if (status->has_details) {
        op->data.send_status_from_server.trailing_metadata_count = 1;
        op->data.send_status_from_server.trailing_metadata = &status->details;
    }
}

struct wire_status call_wire_error(enum result result, const struct wire_error *error)
{
    return (struct wire_status){
        .result = result, .message = slice_of(error->text), .field = slice_of(error->field)};
}
