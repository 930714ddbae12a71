/* One bidirectional StreamDecide call of one worker, made again whenever it ends.
 *
 *   down     no call; waits for the connection, for its back-off, or (lazy) for a first question
 *   up       a call is under way: one RECV and at most one SEND outstanding
 *   ending   the status has come or the call was cancelled; down when every operation is back
 *
 * Questions wait in the worker's waiting list. Whenever no SEND is outstanding, all that wait go
 * into one message, STREAM_ITEMS_MAX and STREAM_BYTES_MAX at most; nothing waits for company. Only
 * the client's thread comes here. */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <grpc/grpc.h>

#include "base/list.h"
#include "client/backoff.h"
#include "client/event.h"
#include "client/timer.h"

/* Of one message, unless its first item alone is larger. */
#define STREAM_BYTES_MAX (256 * 1024)

enum stream_state {
    STREAM_STATE_DOWN,
    STREAM_STATE_UP,
    STREAM_STATE_ENDING,
};

struct stream {
    enum stream_state state;
    grpc_call *call;
    unsigned outstanding; /* operations under way */
    bool sending;
    struct event opened, sent, received, ended;
    grpc_byte_buffer *outgoing;
    grpc_byte_buffer *incoming;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    struct timer restart;
    struct backoff backoff;
    struct list flush; /* in the client's list when it may have something to send */
};

void stream_init(struct stream *stream);
/* Makes the call when the connection is there and no back-off runs. Harmless when it is up. */
void stream_start(struct stream *stream);
/* Sends what waits, if it can. */
void stream_flush(struct stream *stream);
/* Ends the call for good; it is down once the completion queue has given everything back. */
void stream_stop(struct stream *stream);

#endif
