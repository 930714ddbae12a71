/* StreamDecide, for the files stream*.c: stream.c is a stream's life, stream_item.c what comes in,
 * stream_reply.c what goes out. All of it runs on the owner thread.
 *
 * A stream has at most one RECV, one SEND and one RECV_CLOSE outstanding. It reads on only while
 * fewer than STREAM_OPEN_MAX items wait for their answers or for being sent, and while the caller
 * takes what is sent: a slow reader stops being read from. Whatever ends a stream from this side
 * (half-close, drain, a revoked token, a malformed message) lets open items be answered first; a
 * stream that broke forgets them. */
#ifndef RPC_STREAM_H
#define RPC_STREAM_H

#include "rpc/auth.h"
#include "rpc/state.h"

#define STREAM_OPEN_MAX         1024
#define STREAM_QUEUED_BYTES_MAX (256 * 1024)

struct stream {
    struct list link;       /* of all streams */
    struct list flush_link; /* of those with something to send or to end */
    struct rpc_server *server;
    struct tag on_request;
    struct tag on_receive;
    struct tag on_send;
    struct tag on_close;
    struct tag on_status;
    grpc_call *call;
    struct call_head head;
    struct auth auth;
    grpc_byte_buffer *received;
    grpc_byte_buffer sending;
    grpc_slice_buffer queued; /* whole replies, not yet sent */
    grpc_slice chunk;         /* the next replies go here */
    size_t chunk_used;
    unsigned queued_replies; /* in queued and chunk */
    struct list items;       /* struct item: asked, not answered */
    unsigned open;
    unsigned tags; /* outstanding */
    int cancelled;
    struct call_status end; /* with ending */
    bool started;           /* initial metadata is on its way */
    bool receiving;
    bool sending_now;
    bool ending; /* nothing more is read; the status follows the last reply */
    bool ended;  /* the status is on its way */
    bool dead;   /* nothing can be sent any more */
    bool closed; /* RECV_CLOSE has come back */
};

/* One open item. */
struct item {
    struct list link; /* of its stream's items, or of the idle ones */
    struct stream *stream;
    uint64_t correlation_id;
    struct ticket ticket;
};

/* Asks every item of a message; what is wrong with one is its reply. What is wrong with the message
 * ends the stream. */
void stream_take_message(struct stream *stream, grpc_byte_buffer *message);

/* Ends the stream with this status once open items are answered. The first end counts. */
void stream_end(struct stream *stream, const struct wire_status *status);
/* Forgets every open item. */
void stream_forget_items(struct stream *stream);

/* The reply to one item; goes out with the others of this burst. */
void stream_reply(struct stream *stream,
                  uint64_t correlation_id,
                  const struct ticket_answer *answer);
/* Sends what is queued, or the status when that is all; reads on when there is room. */
void stream_flush(struct stream *stream);
void stream_mark(struct stream *stream);
void stream_read(struct stream *stream);

#endif
