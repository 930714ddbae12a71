/* One answer on its way to a client: a whole one, or a stream with back-pressure.
 *
 * Nothing here calls into HTTP at once: what is said is noted and flushed when the loop's callback
 * is done, so the functions may be called from anywhere on the worker's thread, a transfer's
 * callback included. A reply belongs to its connection; its owner is told when it goes (on_gone),
 * and must not touch it afterwards. */
#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "core/headers.h"

struct reply;

struct reply_owner {
    /* The client left or half-closed while the answer was not complete. */
    void (*on_left)(void *context);
    /* What was written has been taken; there is room again. */
    void (*on_room)(void *context);
    /* The reply is gone, whatever became of it. What was lent may go too. */
    void (*on_gone)(void *context);
};

/* Without an owner (NULL) nothing is told, and what is lent must be static or inside the reply. */
void reply_own(struct reply *reply, const struct reply_owner *owner, void *context);

/* A whole answer. Headers and body are lent until on_gone. */
void reply_respond(struct reply *reply, const struct response *response);
/* A copy of a short text into the reply's own memory, for answers without an owner. */
struct slice reply_copy(struct reply *reply, struct slice text);

/* The head of a stream (headers lent until on_gone), bytes (copied), the end. Not clean: the
 * connection is cut without the last chunk. */
void reply_begin(struct reply *reply, const struct response *head);
void reply_write(struct reply *reply, struct slice bytes);
void reply_finish(struct reply *reply, bool clean);
/* Cuts the connection, whatever was said before. */
void reply_abort(struct reply *reply);

/* Bytes that the client has not taken yet; a whole answer counts until it is gone. */
size_t reply_backlog_bytes(const struct reply *reply);

#endif
