/* A watch on the channel's connectivity is always outstanding once a connection is wanted; it comes
 * back through the completion queue. A lost connection is made again after our own back-off, by
 * resetting gRPC's, whose shortest wait is too long for a local decider that was restarted.
 *
 * Destroying the channel ends the watch, which is how it comes home at close. */
#include "client/connection.h"

#include "base/random.h"
#include "client/client.h"
#include "client/worker.h"

static void look(struct signalbox_client *client);

static void on_watch(struct event *event, bool ok)
{
    struct connection *connection = CONTAINER_OF(event, struct connection, watch);
    struct signalbox_client *client = CONTAINER_OF(connection, struct signalbox_client, connection);

    (void)ok;
    connection->watching = false;
    if (!atomic_load(&client->closing))
        look(client);
}

/* Acts on the state as it is now and waits for the next. */
static void look(struct signalbox_client *client)
{
    struct connection *connection = &client->connection;

    connection->state = grpc_channel_check_connectivity_state(client->channel, 0);
    atomic_store(&connection->ready, connection->state == GRPC_CHANNEL_READY);
    switch (connection->state) {
    case GRPC_CHANNEL_READY:
        timer_disarm(&client->timers, &connection->retry);
        worker_connected(client);
        break;
    case GRPC_CHANNEL_IDLE:
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
        if (!connection->retry.place)
            timer_arm(&client->timers, &connection->retry,
                      client->now_ms + backoff_next_ms(&connection->backoff));
        break;
    case GRPC_CHANNEL_CONNECTING:
    case GRPC_CHANNEL_SHUTDOWN:
        break;
    }
    connection->watching = true;
    grpc_channel_watch_connectivity_state(client->channel, connection->state,
                                          gpr_inf_future(GPR_CLOCK_MONOTONIC), client->cq,
                                          &connection->watch);
}

static void on_retry(struct timer *timer)
{
    struct connection *connection = CONTAINER_OF(timer, struct connection, retry);
    struct signalbox_client *client = CONTAINER_OF(connection, struct signalbox_client, connection);
    grpc_connectivity_state state;

    grpc_channel_reset_connect_backoff(client->channel);
    state = grpc_channel_check_connectivity_state(client->channel, 1);
    /* An attempt that failed between two looks leaves the state as it was: no watch will tell. */
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_IDLE)
        timer_arm(&client->timers, &connection->retry,
                  client->now_ms + backoff_next_ms(&connection->backoff));
}

void connection_init(struct connection *connection)
{
    *connection = (struct connection){
        .watch = {on_watch}, .retry = {.on_due = on_retry}, .state = GRPC_CHANNEL_IDLE};
    backoff_init(&connection->backoff, random_u64());
}

void connection_want(struct signalbox_client *client)
{
    if (client->connection.wanted)
        return;
    client->connection.wanted = true;
    grpc_channel_check_connectivity_state(client->channel, 1);
    look(client);
}

bool connection_ready(const struct connection *connection)
{
    return atomic_load(&connection->ready);
}

void connection_prove(struct connection *connection)
{
    backoff_reset(&connection->backoff);
}
