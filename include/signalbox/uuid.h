/* Sixteen bytes of a UUID, in the order in which they are written (RFC 9562). */
#ifndef SIGNALBOX_UUID_H
#define SIGNALBOX_UUID_H

#include <stdint.h>

struct uuid {
    uint8_t bytes[16];
};

#endif
