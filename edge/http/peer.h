/* Who is on the other side of a socket, as text for the facts. Pure. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <sys/socket.h>

#include "signalbox/slice.h"

#define PEER_TEXT_BYTES 46 /* the longest IPv6 form and a NUL */

/* "192.0.2.7", "2001:db8::7"; IPv4 that came through an IPv6 socket reads as IPv4, and a zone is
 * left out. The empty slice for a unix socket and all else. The text is in ret_text. */
struct slice peer_text(const struct sockaddr *address, char ret_text[PEER_TEXT_BYTES]);

#endif
