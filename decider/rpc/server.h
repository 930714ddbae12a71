/* The gRPC server of the decider: listeners, two loops, and the order of a shutdown.
 *
 *   rpc_server_open(&options, service, &server, &error);   binds; nothing is answered yet
 *   rpc_server_run(server, &error);                        starts both threads and returns
 *   ... signals ...
 *   rpc_server_drain(server, grace_ms);     blocks until every call and both threads have ended
 *   service_close(service);                 its writer may ring the server's bell until here
 *   rpc_server_close(server);
 *
 * The owner thread is the one that owns the service's live state: it answers Decide, StreamDecide
 * and health checks. The admin thread answers all other methods and may block on commits.
 *
 * All functions are for one thread, the program's main thread, with SIGTERM and SIGINT blocked
 * before open (gRPC's threads inherit that) and SIGPIPE ignored. The service outlives the server.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "service/service.h"
#include "signalbox/result.h"

struct rpc_server;

struct rpc_server_options {
    const char *unix_path;   /* NULL: no unix socket. Mode 0660; a stale file is replaced, so the
                                store must be locked by now */
    const char *tcp_address; /* "127.0.0.1:7450"; port 0: the kernel chooses. NULL: no TCP */
};

struct rpc_server_error {
    char text[256];
};

/* RESULT_INVALID: an address that cannot be one, or one beyond loopback. RESULT_IO: it is taken or
 * the system refuses. */
MUST_USE enum result rpc_server_open(const struct rpc_server_options *options,
                                     struct service *service,
                                     struct rpc_server **ret_server,
                                     struct rpc_server_error *reterr_error);
/* RESULT_NO_MEMORY: no thread to be had; nothing runs. */
MUST_USE enum result rpc_server_run(struct rpc_server *server,
                                    struct rpc_server_error *reterr_error);
/* The port that TCP got; 0 without TCP. */
unsigned rpc_server_tcp_port(const struct rpc_server *server);
/* Health turns NOT_SERVING, no new call is taken, streams get what is pending and end with
 * UNAVAILABLE; what has not ended after grace_ms is cancelled. Then the threads end. */
void rpc_server_drain(struct rpc_server *server, uint32_t grace_ms);
/* After drain and service_close, or when run was never called. Takes NULL. */
void rpc_server_close(struct rpc_server *server);

#endif
