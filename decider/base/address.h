/* Internet addresses as 16 bytes: IPv6, and IPv4 as ::ffff:a.b.c.d, so that one comparison does for
 * both. Text only; no names are resolved. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdint.h>

#include "signalbox/slice.h"

#define ADDRESS_BYTES 16
#define ADDRESS_BITS  128

/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1". False for all else: leading zeros (some read them
 * as octal), zones, brackets, ports. */
bool address_parse(struct slice text, uint8_t ret_address[ADDRESS_BYTES]);
/* "192.0.2.0/24", "2001:db8::/32", or one address. Bits are counted in the 16 bytes, 96 more than
 * an IPv4 text says. False also where a bit behind the prefix is set: who wrote it meant something
 * else. */
bool address_parse_network(struct slice text,
                           uint8_t ret_address[ADDRESS_BYTES],
                           unsigned *ret_bits);
/* The address starts with the network's first bits. */
bool address_within(const uint8_t address[ADDRESS_BYTES],
                    const uint8_t network[ADDRESS_BYTES],
                    unsigned bits);

#endif
