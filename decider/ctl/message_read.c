/* JSON to message. The first thing that does not fit ends the reading and is named with its place,
 * what was found and what would fit. */
#include <stdarg.h>
#include <stdio.h>

#include "base/decimal.h"
#include "ctl/message.h"
#include "ctl/word.h"

struct reader {
    struct arena *arena;
    struct message_error *error;
    enum result result;
};

void *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    void *message = arena_alloc(arena, descriptor->sizeof_message);

    if (message)
        protobuf_c_message_init(descriptor, message);
    return message;
}

static bool __attribute__((format(printf, 3, 4)))
refuse(struct reader *reader, const struct json_node *node, const char *format, ...)
{
    struct message_error *error = reader->error;
    struct slice pointer = json_pointer(node, reader->arena);
    bool scalar = node->kind == JSON_KIND_STRING || node->kind == JSON_KIND_NUMBER;
    va_list arguments;

    reader->result = RESULT_INVALID;
    snprintf(error->pointer, sizeof error->pointer, "%.*s", (int)pointer.len,
             pointer.ptr ? pointer.ptr : "");
    snprintf(error->found, sizeof error->found, scalar ? "%s \"%.*s\"" : "%s",
             json_kind_name(node->kind), scalar ? (int)(node->text.len % 1000) : 0,
             scalar && node->text.ptr ? node->text.ptr : "");
    va_start(arguments, format);
    vsnprintf(error->expected, sizeof error->expected, format, arguments);
    va_end(arguments);
    return false;
}

static bool no_memory(struct reader *reader)
{
    reader->result = RESULT_NO_MEMORY;
    return false;
}

/* Digits with an optional minus, from a number or, as some writers have it, from a string. */
static bool read_integer(struct reader *reader,
                         const struct json_node *node,
                         int64_t low,
                         uint64_t high,
                         uint64_t *ret_value)
{
    struct slice text = node->text;
    bool minus = text.len > 0 && text.ptr && text.ptr[0] == '-';
    uint64_t value;

    if (minus)
        text = (struct slice){text.ptr + 1, text.len - 1};
    if ((node->kind != JSON_KIND_NUMBER && node->kind != JSON_KIND_STRING) ||
        !decimal_parse(text, 0, &value) || value > (minus ? 0 - (uint64_t)low : high))
        return refuse(reader, node, "a whole number from %lld to %llu", (long long)low,
                      (unsigned long long)high);
    *ret_value = minus ? 0 - value : value;
    return true;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = c ? strchr(digits, c) : NULL;

    return place ? (int)(place - digits) : -1;
}

static bool read_bytes(struct reader *reader, const struct json_node *node, void *ret_value)
{
    ProtobufCBinaryData bytes = {0, arena_alloc(reader->arena, node->text.len + 3)};
    size_t len = node->text.len;

    if (!bytes.data)
        return no_memory(reader);
    if (node->kind != JSON_KIND_STRING || len % 4)
        return refuse(reader, node, "base64 in a string");
    while (len > 0 && node->text.len - len < 2 && node->text.ptr[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(node->text.ptr[i]);
        unsigned bit = i % 4 * 6; /* of the group of 24 where the digit starts */

        if (digit < 0)
            return refuse(reader, node, "base64 in a string");
        if (bit == 0)
            bytes.data[bytes.len] = (uint8_t)(digit << 2);
        else if (bit == 18)
            bytes.data[bytes.len++] |= (uint8_t)digit;
        else {
            unsigned spare = bit == 6 ? 4 : 2; /* bits that belong to this byte: 2, then 4 */

            bytes.data[bytes.len++] |= (uint8_t)(digit >> spare);
            bytes.data[bytes.len] = (uint8_t)(digit << (8 - spare));
        }
    }
    memcpy(ret_value, &bytes, sizeof bytes);
    return true;
}

static bool read_word(struct reader *reader,
                      const struct json_node *node,
                      const ProtobufCEnumDescriptor *list,
                      uint32_t *ret_value)
{
    char words[400];
    struct buf buf;
    unsigned number = node->kind == JSON_KIND_STRING ? word_parse(list, node->text) : 0;

    if (!number) {
        buf_init_fixed(&buf, words, sizeof words - 1);
        word_list(list, &buf);
        words[buf.len] = '\0';
        return refuse(reader, node, "one of: %s", words);
    }
    *ret_value = number;
    return true;
}

static bool read_object(struct reader *reader,
                        const struct json_node *node,
                        const ProtobufCMessageDescriptor *descriptor,
                        ProtobufCMessage **ret_message);

static bool read_text(struct reader *reader, const struct json_node *node, char **ret_value)
{
    if (node->kind != JSON_KIND_STRING)
        return refuse(reader, node, "a string");
    *ret_value = (char *)(uintptr_t)arena_copy(reader->arena, node->text).ptr;
    return *ret_value || no_memory(reader);
}

static bool read_scalar(struct reader *reader,
                        const struct json_node *node,
                        const ProtobufCFieldDescriptor *field,
                        void *ret_value)
{
    uint64_t wide = 0;
    bool good = true;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        good = read_integer(reader, node, INT32_MIN, INT32_MAX, &wide);
        *(int32_t *)ret_value = (int32_t)wide;
        return good;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        good = read_integer(reader, node, 0, UINT32_MAX, &wide);
        *(uint32_t *)ret_value = (uint32_t)wide;
        return good;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_integer(reader, node, INT64_MIN, INT64_MAX, ret_value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(reader, node, 0, UINT64_MAX, ret_value);
    case PROTOBUF_C_TYPE_BOOL:
        if (node->kind != JSON_KIND_BOOL)
            return refuse(reader, node, "true or false");
        *(protobuf_c_boolean *)ret_value = node->truth;
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        return read_word(reader, node, field->descriptor, ret_value);
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, node, ret_value);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, node, ret_value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_object(reader, node, field->descriptor, ret_value);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break; /* no message that people write has one */
    }
    return refuse(reader, node, "nothing: this field cannot be given");
}

/* Fills a repeated field from the children of an array or, for a map, of an object. */
static bool read_list(struct reader *reader,
                      const struct json_node *node,
                      const ProtobufCFieldDescriptor *field,
                      ProtobufCMessage *message)
{
    bool map = message_is_map(field);
    size_t stride = message_value_bytes(field);
    char *values;
    size_t count = 0;

    if (node->kind != (map ? JSON_KIND_OBJECT : JSON_KIND_ARRAY))
        return refuse(reader, node, map ? "an object" : "an array");
    values = arena_calloc(reader->arena, node->count ? node->count : 1, stride);
    if (!values)
        return no_memory(reader);
    for (const struct json_node *item = node->child; item; item = item->next, count++) {
        const ProtobufCMessageDescriptor *entry = field->descriptor;
        char *value = values + count * stride;

        if (!map) {
            if (!read_scalar(reader, item, field, value))
                return false;
            continue;
        }
        *(void **)(void *)value = message_new(entry, reader->arena);
        value = *(void **)(void *)value;
        if (!value)
            return no_memory(reader);
        *(const char **)(void *)(value + entry->fields[0].offset) = item->key.ptr;
        if (!read_scalar(reader, item, &entry->fields[1], value + entry->fields[1].offset))
            return false;
    }
    *(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
    *(void **)(void *)((char *)message + field->offset) = values;
    return true;
}

static bool
read_member(struct reader *reader, const struct json_node *node, ProtobufCMessage *message)
{
    char name[128];
    const ProtobufCFieldDescriptor *field;

    snprintf(name, sizeof name, "%.*s", (int)(node->key.len % sizeof name), node->key.ptr);
    field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field)
        return refuse(reader, node, "no such field: %s has no %s", message->descriptor->short_name,
                      name);
    if (node->kind == JSON_KIND_NULL)
        return true; /* as if it were left out */
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reader, node, field, message);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)(void *)((char *)message + field->quantifier_offset) = field->id;
    return read_scalar(reader, node, field, (char *)message + field->offset);
}

static bool read_object(struct reader *reader,
                        const struct json_node *node,
                        const ProtobufCMessageDescriptor *descriptor,
                        ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = message_new(descriptor, reader->arena);

    if (!message)
        return no_memory(reader);
    if (node->kind != JSON_KIND_OBJECT)
        return refuse(reader, node, "an object");
    for (const struct json_node *member = node->child; member; member = member->next)
        if (!read_member(reader, member, message))
            return false;
    *ret_message = message;
    return true;
}

enum result message_read(const struct json_node *node,
                         const ProtobufCMessageDescriptor *descriptor,
                         struct arena *arena,
                         ProtobufCMessage **ret_message,
                         struct message_error *reterr_error)
{
    struct reader reader = {arena, reterr_error, RESULT_OK};

    *reterr_error = (struct message_error){"", "", ""};
    read_object(&reader, node, descriptor, ret_message);
    return reader.result;
}
