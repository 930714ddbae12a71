/* Keeps the channel connected for as long as somebody wants it, and says when it is.
 *
 * gRPC would reconnect after 100 ms at the earliest and hold calls meanwhile. Here calls start only
 * on a channel that is ready: a question whose time runs out while the decider is away was then
 * never sent, and nothing is reserved for it. The client's thread owns it all but connection_ready.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <grpc/grpc.h>

#include "client/backoff.h"
#include "client/event.h"
#include "client/timer.h"

struct signalbox_client;

struct connection {
    struct event watch;
    struct timer retry;
    struct backoff backoff;
    grpc_connectivity_state state; /* as last seen */
    _Atomic bool ready;            /* that it is READY; for any thread */
    bool watching;
    bool wanted;
};

void connection_init(struct connection *connection);
/* Connects, and again whenever the connection is lost. Harmless when wanted already. */
void connection_want(struct signalbox_client *client);
bool connection_ready(const struct connection *connection);
/* The decider answered: the next loss starts with the shortest wait. */
void connection_prove(struct connection *connection);

#endif
