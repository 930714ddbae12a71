/* Where the server listens: a unix socket and loopback TCP. */
#ifndef RPC_LISTEN_H
#define RPC_LISTEN_H

#include <grpc/grpc.h>

#include "rpc/server.h"

/* True for "127.x.y.z:port", "[::1]:port" and "localhost:port". */
bool listen_is_loopback(const char *address);

/* Binds a socket file with mode 0660. RESULT_INVALID: the path is empty or too long. RESULT_IO. */
MUST_USE enum result
listen_unix(grpc_server *core, const char *path, struct rpc_server_error *reterr_error);
/* RESULT_INVALID: not an address, or beyond loopback. RESULT_IO: taken, or refused by the system.
 */
MUST_USE enum result listen_tcp(grpc_server *core,
                                const char *address,
                                unsigned *ret_port,
                                struct rpc_server_error *reterr_error);

#endif
