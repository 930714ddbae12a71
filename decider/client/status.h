/* How a gRPC status reads: which operational result it is, and what its google.rpc details say. */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

#include <grpc/grpc.h>

#include "base/arena.h"
#include "signalbox/client.h"
#include "wire/wire.h"

/* What a call ended with. */
struct status_end {
    grpc_status_code code;
    grpc_slice details; /* the status message */
    const grpc_metadata_array *trailing;
};
/* Texts come from the arena. The result is never RESULT_OK unless the code is. */
struct wire_status status_read(const struct status_end *end, struct arena *arena);

/* The same for a blocking call, as text, with one line per detail. */
enum result status_explain(const struct status_end *end,
                           struct arena *arena,
                           struct signalbox_call_error *reterr_error);

#endif
