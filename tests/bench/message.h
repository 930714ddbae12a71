/* gRPC messages and the queue that they come out of, for both ends of the benchmark.
 *
 * Written for the benchmark alone: the no-op service shares nothing with the decider's own gRPC
 * code, so that what that code costs shows. */
#ifndef TESTS_BENCH_MESSAGE_H
#define TESTS_BENCH_MESSAGE_H

#include <stdint.h>

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* As much as gRPC takes of one message unless told otherwise. */
#define MESSAGE_BUFFER_BYTES (4 * 1024 * 1024)

/* What a batch gives back when it is done. */
struct tag {
    void (*fn)(struct tag *tag, bool ok);
};

/* Starts ops; gRPC refusing them is a mistake here, and ends the program. */
void message_start(grpc_call *call, const grpc_op *ops, size_t count, struct tag *tag);

/* Makes *buffer hold bytes, and takes over the reference. The buffer lives in its owner's object.
 */
void message_put(grpc_byte_buffer *buffer, grpc_slice bytes);
void message_done(grpc_byte_buffer *buffer);
/* The bytes of a received message; lent by it, or by the arena where they came in pieces. */
struct slice message_bytes(grpc_byte_buffer *buffer, struct arena *arena);

grpc_slice message_pack(const ProtobufCMessage *message);
/* NULL when it is malformed. */
ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor,
                                 struct slice bytes,
                                 struct arena *arena);

/* Handles at most events_max tags; waits for the first one until wait_until. False: none came. */
bool message_burst(grpc_completion_queue *queue, gpr_timespec wait_until, unsigned events_max);

#endif
