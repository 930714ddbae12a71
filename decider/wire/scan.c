/* One pass over the bytes, guided by protobuf-c's descriptors, one frame on the stack for each
 * level of messages.
 *
 * Encoders write fields in the order of their numbers, so a field is looked for behind the one
 * before it first. protobuf-c's descriptors do not mark map entries; they are known by the shape
 * that protoc gives them. Unknown fields are walked over and stay legal, groups are not. */
#include "wire/scan.h"

#include <stdio.h>

#include "base/invariant.h"
#include "base/utf8.h"
#include "signalbox/limits.h"

#define VARINT_BYTES_MAX 10
#define TAG_BYTES_MAX    5
#define FIELDS_AHEAD     6 /* are looked at one by one */
#define FIELDS_MAX       128
#define DEPTH_MAX        16
#define KEYS_MAX         (2 * LIST_ITEMS_MAX) /* no message has more than two maps */

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

/* A map's key that was seen, and the field of the message it belongs to. */
struct seen_key {
    const ProtobufCFieldDescriptor *field;
    struct slice key;
};

struct frame {
    const struct frame *parent;
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCFieldDescriptor *field; /* that is being read; NULL between fields */
    struct wire_error *error;
    uint64_t seen[FIELDS_MAX / 64]; /* singular messages, by index */
    unsigned next;                  /* index of the field behind the last one */
    unsigned depth;
    unsigned keys_count;
    struct slice entry_key; /* of a map entry: its key */
    struct seen_key keys[KEYS_MAX];
};

struct value {
    enum wire_type type;
    uint64_t number;
    struct slice bytes;
};

unsigned scan_varint(const uint8_t *bytes, size_t left, uint64_t *ret_value)
{
    unsigned len = left < VARINT_BYTES_MAX ? (unsigned)left : VARINT_BYTES_MAX;
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++) {
        if (i == VARINT_BYTES_MAX - 1 && bytes[i] > 1)
            return 0;
        value |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
        if (bytes[i] < 0x80) {
            *ret_value = value;
            return i + 1;
        }
    }
    return 0;
}

/* The same; most varints have one byte. */
static unsigned take_varint(const uint8_t *at, const uint8_t *end, uint64_t *ret_value)
{
    if (at < end && *at < 0x80) {
        *ret_value = *at;
        return 1;
    }
    return scan_varint(at, (size_t)(end - at), ret_value);
}

/* ---- refusals ---- */

static size_t put_path(const struct frame *frame, char *text, size_t size)
{
    size_t len = 0;

    if (!frame)
        return 0;
    len = put_path(frame->parent, text, size);
    if (!frame->field || len >= size)
        return len;
    return len +
           (size_t)snprintf(text + len, size - len, "%s%s", len ? "." : "", frame->field->name);
}

static enum result refuse(const struct frame *frame, const char *text)
{
    put_path(frame, frame->error->field, sizeof frame->error->field);
    snprintf(frame->error->text, sizeof frame->error->text, "%s", text);
    return RESULT_INVALID;
}

/* ---- fields ---- */

static const ProtobufCFieldDescriptor *find_field(struct frame *frame, uint32_t number)
{
    const ProtobufCFieldDescriptor *fields = frame->descriptor->fields;
    unsigned low = 0, high = frame->descriptor->n_fields, next = frame->next;

    if (next && fields[next - 1].id == number)
        return &fields[next - 1];
    /* In order, with some left out. */
    for (unsigned i = next; i < high && i < next + FIELDS_AHEAD; i++)
        if (fields[i].id == number) {
            frame->next = i + 1;
            return &fields[i];
        }
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (fields[middle].id < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == frame->descriptor->n_fields || fields[low].id != number)
        return NULL;
    frame->next = low + 1;
    return &fields[low];
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return WIRE_VARINT;
}

/* Reads tag and value at *at and moves it. */
static enum result
read_field(struct frame *frame, const uint8_t **at, const uint8_t *end, struct value *ret_value)
{
    uint64_t tag = 0, len = 0;
    unsigned used = take_varint(*at, end, &tag);

    frame->field = NULL;
    if (used == 0 || used > TAG_BYTES_MAX || tag >> 3 == 0 || tag > UINT32_MAX)
        return refuse(frame, "malformed: a field's tag is cut or out of range");
    *at += used;
    frame->field = find_field(frame, (uint32_t)(tag >> 3));
    ret_value->type = tag & 7;
    ret_value->number = 0;
    ret_value->bytes = (struct slice){NULL, 0};
    if (ret_value->type == WIRE_VARINT) {
        used = take_varint(*at, end, &ret_value->number);
        if (used == 0)
            return refuse(frame, "malformed: a number is cut or longer than 64 bits");
        *at += used;
        return RESULT_OK;
    }
    if (ret_value->type == WIRE_BYTES) {
        used = take_varint(*at, end, &len);
        if (used == 0 || used > TAG_BYTES_MAX)
            return refuse(frame, "malformed: a length is cut or out of range");
        *at += used;
    } else if (ret_value->type == WIRE_FIXED64 || ret_value->type == WIRE_FIXED32) {
        len = ret_value->type == WIRE_FIXED64 ? 8 : 4;
    } else {
        return refuse(frame, "malformed: groups are not accepted");
    }
    if (len > (size_t)(end - *at))
        return refuse(frame, "malformed: the message ends inside a field");
    ret_value->bytes = (struct slice){(const char *)*at, (size_t)len};
    *at += len;
    return RESULT_OK;
}

/* ---- values ---- */

static bool is_ascii_without_nul(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

    return ((eight | ((eight - ones) & ~eight)) & highs) == 0;
}

/* Most texts are short and ASCII: whole words, the last one overlapping. */
static bool is_text(struct slice text)
{
    uint64_t eight = 0;
    size_t i = 0;

    if (text.len < 8) {
        memset(&eight, 'x', sizeof eight);
        memcpy(&eight, text.ptr, text.len);
        return is_ascii_without_nul(eight) || utf8_valid_text(text);
    }
    for (; i + 8 <= text.len; i += 8) {
        memcpy(&eight, text.ptr + i, 8);
        if (!is_ascii_without_nul(eight))
            return utf8_valid_text(text);
    }
    memcpy(&eight, text.ptr + text.len - 8, 8);
    return is_ascii_without_nul(eight) || utf8_valid_text(text);
}

static bool is_member(const ProtobufCEnumDescriptor *list, uint64_t number)
{
    if (number < list->n_values && (uint64_t)list->values[number].value == number)
        return true;
    return number <= INT32_MAX && protobuf_c_enum_descriptor_get_value(list, (int)number);
}

static enum result check_number(const struct frame *frame, uint64_t number)
{
    int64_t wide = (int64_t)number;

    switch (frame->field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        if (!is_member(frame->field->descriptor, number))
            return refuse(frame, "is not a value of its enum");
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        if (number > UINT32_MAX)
            return refuse(frame, "does not fit into 32 bits");
        break;
    case PROTOBUF_C_TYPE_INT32:
        if (wide < INT32_MIN || wide > INT32_MAX)
            return refuse(frame, "does not fit into 32 bits");
        break;
    case PROTOBUF_C_TYPE_BOOL: /* anything but 0 is true */
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return RESULT_OK;
}

static enum result check_packed(const struct frame *frame, struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr, *end = at + bytes.len;
    enum wire_type type = wire_type_of(frame->field->type);

    if (type != WIRE_VARINT)
        return bytes.len % (type == WIRE_FIXED64 ? 8 : 4) == 0
                   ? RESULT_OK
                   : refuse(frame, "malformed: a packed list ends inside a number");
    while (at < end) {
        uint64_t number = 0;
        unsigned used = take_varint(at, end, &number);
        enum result result;

        if (used == 0)
            return refuse(frame, "malformed: a number is cut or longer than 64 bits");
        result = check_number(frame, number);
        if (result)
            return result;
        at += used;
    }
    return RESULT_OK;
}

/* ---- messages in messages ---- */

static bool is_map_entry(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    size_t len;

    if (field->label != PROTOBUF_C_LABEL_REPEATED || entry->n_fields != 2 ||
        strcmp(entry->fields[0].name, "key") != 0 || strcmp(entry->fields[1].name, "value") != 0)
        return false;
    len = strlen(entry->short_name);
    return len > 5 && strcmp(entry->short_name + len - 5, "Entry") == 0;
}

static enum result note_key(struct frame *frame, struct slice key)
{
    unsigned count = 0;

    for (unsigned i = 0; i < frame->keys_count; i++) {
        if (frame->keys[i].field != frame->field)
            continue;
        if (slice_equal(frame->keys[i].key, key))
            return refuse(frame, "a map key is there twice");
        count++;
    }
    if (count == LIST_ITEMS_MAX || frame->keys_count == KEYS_MAX)
        return refuse(frame, "has too many entries");
    frame->keys[frame->keys_count++] = (struct seen_key){frame->field, key};
    return RESULT_OK;
}

static enum result scan_frame(struct frame *frame, struct slice bytes);

static enum result scan_inner(struct frame *frame, struct slice bytes)
{
    struct frame inner;
    unsigned index = (unsigned)(frame->field - frame->descriptor->fields);
    enum result result;

    if (frame->field->label != PROTOBUF_C_LABEL_REPEATED) {
        if (frame->seen[index / 64] >> (index % 64) & 1)
            return refuse(frame, "is there twice");
        frame->seen[index / 64] |= UINT64_C(1) << (index % 64);
    }
    if (frame->depth + 1 == DEPTH_MAX)
        return refuse(frame, "is nested too deep");
    inner.parent = frame;
    inner.descriptor = frame->field->descriptor;
    inner.error = frame->error;
    inner.depth = frame->depth + 1;
    result = scan_frame(&inner, bytes);
    if (result || !is_map_entry(frame->field))
        return result;
    return note_key(frame, inner.entry_key);
}

static enum result check_value(struct frame *frame, const struct value *value)
{
    const ProtobufCFieldDescriptor *field = frame->field;
    enum wire_type expected = wire_type_of(field->type);

    if (value->type != expected) {
        if (value->type == WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED)
            return check_packed(frame, value->bytes);
        return refuse(frame, "malformed: has the wire type of another kind of field");
    }
    if (expected == WIRE_VARINT)
        return check_number(frame, value->number);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return scan_inner(frame, value->bytes);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        if (!is_text(value->bytes))
            return refuse(frame, "is not UTF-8 text without NUL");
        if (field->id == 1)
            frame->entry_key = value->bytes;
    }
    return RESULT_OK;
}

static enum result scan_frame(struct frame *frame, struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr, *end = at + bytes.len;
    struct value value;

    invariant(frame->descriptor->n_fields <= FIELDS_MAX);
    memset(frame->seen, 0, sizeof frame->seen);
    frame->field = NULL;
    frame->next = 0;
    frame->keys_count = 0;
    frame->entry_key = (struct slice){NULL, 0};
    while (at < end) {
        enum result result = read_field(frame, &at, end, &value);

        if (!result && frame->field)
            result = check_value(frame, &value);
        if (result)
            return result;
    }
    return RESULT_OK;
}

enum result scan_message(const ProtobufCMessageDescriptor *descriptor,
                         struct slice bytes,
                         struct wire_error *reterr_error)
{
    struct frame frame;

    frame.parent = NULL;
    frame.descriptor = descriptor;
    frame.error = reterr_error;
    frame.depth = 0;
    reterr_error->field[0] = '\0';
    if (bytes.len == 0)
        return RESULT_OK; /* perhaps there is not even a pointer */
    return scan_frame(&frame, bytes);
}
