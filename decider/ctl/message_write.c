/* Message to JSON, a field at a time, in the order of the descriptor. */
#include <inttypes.h>

#include "base/invariant.h"
#include "ctl/message.h"
#include "ctl/word.h"

#define INDENT_SPACES 2

size_t message_value_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    }
    return 0;
}

const void *message_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

static const void *pointer_at(const void *value)
{
    return *(const void *const *)value;
}

static bool is_set(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const char zeros[sizeof(uint64_t)];

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return pointer_at(value) && *(const char *)pointer_at(value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return pointer_at(value);
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len > 0;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return memcmp(value, zeros, message_value_bytes(field)) != 0;
}

size_t message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *start = (const char *)message;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)(start + field->quantifier_offset);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(const void *)(start + field->quantifier_offset) == field->id;
    return is_set(field, message_field(message, field));
}

bool message_is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;

    return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
           entry->n_fields == 2 && strcmp(entry->fields[0].name, "key") == 0 &&
           strcmp(entry->fields[1].name, "value") == 0;
}

static void put_base64(const ProtobufCBinaryData *bytes, struct buf *buf)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    buf_put_text(buf, "\"");
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t left = bytes->len - i;
        unsigned three = (unsigned)bytes->data[i] << 16 |
                         (left > 1 ? (unsigned)bytes->data[i + 1] << 8 : 0) |
                         (left > 2 ? bytes->data[i + 2] : 0U);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '='};

        buf_put(buf, four, 4);
    }
    buf_put_text(buf, "\"");
}

static void put_word(const ProtobufCEnumDescriptor *list, unsigned number, struct buf *buf)
{
    const char *word = word_of(list, number);

    if (word || number == 0)
        buf_put_json_string(buf, slice_of(word ? word : "unspecified"));
    else
        buf_format(buf, "%u", number);
}

static void
put_value(const ProtobufCFieldDescriptor *field, const void *value, unsigned depth, struct buf *buf)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        buf_format(buf, "%" PRId32, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        buf_format(buf, "%" PRId64, *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        buf_format(buf, "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buf_format(buf, "%" PRIu64, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        buf_format(buf, "%.9g", (double)*(const float *)value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        buf_format(buf, "%.17g", *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buf_put_text(buf, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_word(field->descriptor, *(const uint32_t *)value, buf);
        break;
    case PROTOBUF_C_TYPE_STRING:
        buf_put_json_string(buf, slice_of(pointer_at(value)));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        put_base64(value, buf);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        message_write(pointer_at(value), depth, buf);
        break;
    }
}

static void put_line(struct buf *buf, unsigned depth)
{
    buf_format(buf, "\n%*s", (int)(depth * INDENT_SPACES), "");
}

static void
put_map(const ProtobufCMessage *const *entries, size_t count, unsigned depth, struct buf *buf)
{
    buf_put_text(buf, "{");
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;

        put_line(buf, depth + 1);
        buf_put_json_string(buf, slice_of(pointer_at(message_field(entries[i], &fields[0]))));
        buf_put_text(buf, ": ");
        put_value(&fields[1], message_field(entries[i], &fields[1]), depth + 1, buf);
        buf_put_text(buf, i + 1 < count ? "," : "");
    }
    put_line(buf, depth);
    buf_put_text(buf, "}");
}

static void put_list(const ProtobufCFieldDescriptor *field,
                     const char *values,
                     size_t count,
                     unsigned depth,
                     struct buf *buf)
{
    buf_put_text(buf, "[");
    for (size_t i = 0; i < count; i++) {
        put_line(buf, depth + 1);
        put_value(field, values + i * message_value_bytes(field), depth + 1, buf);
        buf_put_text(buf, i + 1 < count ? "," : "");
    }
    put_line(buf, depth);
    buf_put_text(buf, "]");
}

void message_write(const ProtobufCMessage *message, unsigned depth, struct buf *buf)
{
    const char *separator = "";

    invariant(message->descriptor->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
    buf_put_text(buf, "{");
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const void *value = message_field(message, field);
        size_t count = message_count(message, field);

        if (count == 0)
            continue;
        buf_put_text(buf, separator);
        separator = ",";
        put_line(buf, depth + 1);
        buf_format(buf, "\"%s\": ", field->name);
        if (message_is_map(field))
            put_map(pointer_at(value), count, depth + 1, buf);
        else if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_list(field, pointer_at(value), count, depth + 1, buf);
        else
            put_value(field, value, depth + 1, buf);
    }
    if (*separator)
        put_line(buf, depth);
    buf_put_text(buf, "}");
}
