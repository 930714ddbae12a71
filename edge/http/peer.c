/* The socket's own word. X-Forwarded-For and its kin are the client's claim and are not read: who
 * runs a proxy in front gives the proxy's address to the accounts that have an allow-list. */
#include "http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>

_Static_assert(PEER_TEXT_BYTES >= INET6_ADDRSTRLEN, "every address has room");

struct slice peer_text(const struct sockaddr *address, char ret_text[PEER_TEXT_BYTES])
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    const char *text = NULL;

    if (address->sa_family == AF_INET)
        text = inet_ntop(AF_INET, &v4->sin_addr, ret_text, PEER_TEXT_BYTES);
    else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        text = inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, ret_text, PEER_TEXT_BYTES);
    else if (address->sa_family == AF_INET6)
        text = inet_ntop(AF_INET6, &v6->sin6_addr, ret_text, PEER_TEXT_BYTES);
    return slice_of(text);
}
