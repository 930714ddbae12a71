/* Wire messages as JSON, both ways, from their descriptors alone: members have the proto's names,
 * members of closed lists the taxonomy's words, 64-bit numbers stay numbers, bytes are base64, maps
 * are objects. What has its default is left out. */
#ifndef CTL_MESSAGE_H
#define CTL_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

/* Appends message, indented by two spaces a level, without a line end. depth is that of the place
 * it stands at. */
void message_write(const ProtobufCMessage *message, unsigned depth, struct buf *buf);

struct message_error {
    char pointer[256]; /* of the place in the document */
    char found[128];
    char expected[512];
};

/* Reads an object into a message in the arena. RESULT_INVALID with reterr_error: a member that the
 * message does not have, a value of the wrong type, a word that is not in its list.
 * RESULT_NO_MEMORY: the arena's bound. */
MUST_USE enum result message_read(const struct json_node *node,
                                  const ProtobufCMessageDescriptor *descriptor,
                                  struct arena *arena,
                                  ProtobufCMessage **ret_message,
                                  struct message_error *reterr_error);

/* A message of the descriptor's type with nothing set; NULL at the arena's bound. */
void *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena);
/* The address of a field's value (of a repeated one: of its array pointer). */
const void *message_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* How many values a field has: those of a list, or 1 when it is more than its default, or 0. */
size_t message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* A map is a list of messages that have just key and value. */
bool message_is_map(const ProtobufCFieldDescriptor *field);
/* Bytes of one value of a field inside a list. */
size_t message_value_bytes(const ProtobufCFieldDescriptor *field);

#endif
