/* Reads the bytes of a message from outside once, before protobuf-c does; called by wire_unpack. */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include "wire/wire.h"

/* Bytes of one base-128 number, 1 to 10; 0 when it does not end within left bytes or does not fit
 * into 64 bits. */
unsigned scan_varint(const uint8_t *bytes, size_t left, uint64_t *ret_value);

/* RESULT_INVALID with reterr_error for what wire.h lists. Allocates nothing. */
MUST_USE enum result scan_message(const ProtobufCMessageDescriptor *descriptor,
                                  struct slice bytes,
                                  struct wire_error *reterr_error);

#endif
