#include "rpc/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <grpc/grpc_security.h>

#define HOST_BYTES_MAX 64
#define SOCKET_UMASK   0117 /* leaves 0660 */

static enum result refuse(enum result result,
                          const char *what,
                          const char *address,
                          struct rpc_server_error *reterr_error)
{
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s: %.120s", what, address);
    return result;
}

/* Host without brackets; false: there is no port. */
static bool split(const char *address, char ret_host[HOST_BYTES_MAX])
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;

    if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len == 0 || len >= HOST_BYTES_MAX || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    memcpy(ret_host, address, len);
    ret_host[len] = '\0';
    return true;
}

bool listen_is_loopback(const char *address)
{
    char host[HOST_BYTES_MAX];
    struct in_addr four;
    struct in6_addr six;

    if (!split(address, host))
        return false;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcmp(host, "localhost") == 0;
}

static int add_port(grpc_server *core, const char *address)
{
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(core, address, credentials);

    grpc_server_credentials_release(credentials);
    return port;
}

enum result listen_unix(grpc_server *core, const char *path, struct rpc_server_error *reterr_error)
{
    char address[sizeof "unix:" + sizeof((struct sockaddr_un *)0)->sun_path];
    struct stat there;
    mode_t mask;
    int port;

    if (!*path || strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return refuse(RESULT_INVALID, "the path of a unix socket has 1 to 107 bytes", path,
                      reterr_error);
    if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
        return refuse(RESULT_IO, "what is there is not a socket", path, reterr_error);
    snprintf(address, sizeof address, "unix:%s", path);
    /* The file is made inside bind; a chmod after it would be too late. */
    mask = umask(SOCKET_UMASK);
    port = add_port(core, address);
    umask(mask);
    return port ? RESULT_OK : refuse(RESULT_IO, "cannot listen on", path, reterr_error);
}

enum result listen_tcp(grpc_server *core,
                       const char *address,
                       unsigned *ret_port,
                       struct rpc_server_error *reterr_error)
{
    char host[HOST_BYTES_MAX];
    int port;

    if (!split(address, host))
        return refuse(RESULT_INVALID, "not an address of the form host:port", address,
                      reterr_error);
    if (!listen_is_loopback(address))
        return refuse(RESULT_INVALID,
                      "without client certificates the decider listens on loopback only", address,
                      reterr_error);
    port = add_port(core, address);
    if (!port)
        return refuse(RESULT_IO, "cannot listen on", address, reterr_error);
    *ret_port = (unsigned)port;
    return RESULT_OK;
}
