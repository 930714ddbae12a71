/* What every RPC of this folder does with gRPC's calls: start batches, read a message's bytes
 * without copying, send bytes without another allocation, end with a status and its details. */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "rpc/loop.h"
#include "wire/wire.h"

/* What comes with a call. gRPC enforces the deadline by itself, but wants a place to write it. */
struct call_head {
    grpc_metadata_array metadata;
    gpr_timespec deadline;
};

/* A batch in the making. */
#define CALL_OPS_MAX 4

struct call_batch {
    grpc_op ops[CALL_OPS_MAX];
    unsigned count;
};

void call_add(struct call_batch *batch, grpc_op_type type);
void call_add_message(struct call_batch *batch, grpc_byte_buffer *message, uint32_t flags);
void call_add_receive(struct call_batch *batch, grpc_byte_buffer **ret_message);
/* *ret_cancelled is written before the batch's tag comes back. */
void call_add_close(struct call_batch *batch, int *ret_cancelled);
/* The tag comes back exactly once. */
void call_start(grpc_call *call, const struct call_batch *batch, struct tag *tag);

/* A byte buffer that lives in its RPC's object; gRPC's own would be one malloc more. It takes over
 * references to slices that are added to it. */
void call_buffer_init(grpc_byte_buffer *buffer);
void call_buffer_add(grpc_byte_buffer *buffer, grpc_slice bytes);
void call_buffer_done(grpc_byte_buffer *buffer);

/* The bytes of a received message, lent by the buffer where they are in one piece, else copied into
 * the arena. RESULT_TOO_LARGE beyond bytes_max or the arena's bound; NULL is RESULT_INVALID. */
MUST_USE enum result call_bytes(grpc_byte_buffer *buffer,
                                size_t bytes_max,
                                struct arena *arena,
                                struct slice *ret_bytes,
                                struct wire_error *reterr_error);

/* A packed message as a slice of its own. */
grpc_slice call_pack(const ProtobufCMessage *message);

/* How an RPC ends: code, text and google.rpc details, as gRPC wants to have them. */
struct call_status {
    grpc_status_code code;
    grpc_slice text;
    grpc_metadata details; /* grpc-status-details-bin */
    bool has_details;
};

/* Nothing but the code when the arena is full. */
void call_status_set(struct call_status *status,
                     const struct wire_status *from,
                     struct arena *arena);
void call_status_set_ok(struct call_status *status);
void call_status_done(struct call_status *status);
/* status is lent until the batch has been started. */
void call_add_status(struct call_batch *batch, struct call_status *status);

/* A status from what the wire layer found. */
struct wire_status call_wire_error(enum result result, const struct wire_error *error);

#endif
