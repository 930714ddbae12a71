/* The words of the closed lists, found by the wire's enum: what people read and type is what the
 * taxonomy says ("temporary_5xx", "openai-chat-completions"), never FAILURE_TEMPORARY_5XX. */
#ifndef CTL_WORD_H
#define CTL_WORD_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"

/* NULL for 0 and for what is not a member. */
const char *word_of(const ProtobufCEnumDescriptor *list, unsigned number);
/* The same with "" in place of NULL. */
const char *word_text(const ProtobufCEnumDescriptor *list, unsigned number);
#define WORD(list, number) word_text(&signalbox__v1__##list##__descriptor, (unsigned)(number))
/* Knows the taxonomy's names and aliases, and the wire's names. 0: not a member. */
unsigned word_parse(const ProtobufCEnumDescriptor *list, struct slice word);
/* "send, retry, fallback, ..." */
void word_list(const ProtobufCEnumDescriptor *list, struct buf *buf);

#endif
