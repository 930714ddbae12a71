/* Messages by the names of their fields, for tables of requests:
 *
 *   message_set(message, arena, "policy.policy_id", "demo-chat-v1");
 *   message_set(message, arena, "scope", "SWITCH_SCOPE_ENTRY");
 *   message_set(message, arena, "reason", "*513");      513 letters
 *
 * Messages on the way are made, repeated fields grow by one with each call. */
#ifndef TESTS_WIRE_MESSAGE_H
#define TESTS_WIRE_MESSAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

#define MESSAGE_ITEMS_MAX 128

static inline ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor,
                                            struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

    assert_non_null(message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static inline char *message_text(struct arena *arena, const char *value)
{
    size_t len = *value == '*' ? strtoul(value + 1, NULL, 10) : strlen(value);
    char *text = arena_alloc(arena, len + 1);

    assert_non_null(text);
    if (*value == '*')
        memset(text, 'x', len);
    else
        memcpy(text, value, len);
    text[len] = '\0';
    return text;
}

static inline void message_set_scalar(const ProtobufCFieldDescriptor *field,
                                      void *member,
                                      struct arena *arena,
                                      const char *value)
{
    const ProtobufCEnumValue *row;

    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = message_text(arena, value);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        row = protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, value);
        if (!row)
            fail_msg("%s has no %s", field->name, value);
        *(int *)member = row->value;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = strcmp(value, "true") == 0;
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)member = (uint32_t)strtoul(value, NULL, 10);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(int64_t *)member = strtoll(value, NULL, 10);
        break;
    default:
        fail_msg("%s has a type that no table sets", field->name);
    }
}

static inline void message_append(const ProtobufCFieldDescriptor *field,
                                  ProtobufCMessage *message,
                                  struct arena *arena,
                                  const char *value)
{
    size_t *count = (size_t *)((char *)message + field->quantifier_offset);
    void **items = (void **)((char *)message + field->offset);
    size_t size = field->type == PROTOBUF_C_TYPE_STRING ? sizeof(char *) : sizeof(int);

    if (!*items)
        *items = arena_calloc(arena, MESSAGE_ITEMS_MAX, sizeof(void *));
    assert_non_null(*items);
    assert_true(*count < MESSAGE_ITEMS_MAX);
    message_set_scalar(field, (char *)*items + *count * size, arena, value);
    (*count)++;
}

static inline void
message_set(ProtobufCMessage *message, struct arena *arena, const char *path, const char *value)
{
    const char *dot = strchr(path, '.');
    char *name = message_text(arena, path);
    const ProtobufCFieldDescriptor *field;
    ProtobufCMessage **inner;

    if (dot)
        name[dot - path] = '\0';
    field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field)
        fail_msg("%s has no field %s", message->descriptor->name, name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        message_append(field, message, arena, value);
        return;
    }
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        message_set_scalar(field, (char *)message + field->offset, arena, value);
        return;
    }
    inner = (ProtobufCMessage **)((char *)message + field->offset);
    if (!*inner)
        *inner = message_new(field->descriptor, arena);
    if (dot)
        message_set(*inner, arena, dot + 1, value);
}

#endif
