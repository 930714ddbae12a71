/* One field from a message to its struct (GET_) and back (PUT_), by kind, for the .c files here.
 *
 * The kinds are those of facts.def and report.def, and I64, UUID, HEX (a 64-bit number that is 16
 * hex digits on the wire). A file lists each message's fields once, or takes a .def, and expands
 * the list with one of
 *
 *   GET_<KIND>(number, list, name)   message->name, checked, to to->name; uses `get`
 *   PUT_<KIND>(number, list, name)   from->name to message->name; uses `arena`
 *   ANY_<KIND>(list, name)           whether from->name is more than nothing
 *
 * Both directions are sticky: after a get, get.result; after a put, arena->failed. */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include "wire/wire.h"

struct getter {
    struct arena *arena;
    struct wire_error *error;
    const char *place; /* "admission.", the way to the message; "" at the top */
    enum result result;
};

/* Sets get->result and the error, unless something failed before. */
void field_refuse(struct getter *get, const char *name, enum result result, const char *text);

struct slice
field_get_text(struct getter *get, const char *name, const char *text, size_t bytes_max);
struct slice field_get_bytes(struct getter *get,
                             const char *name,
                             const ProtobufCBinaryData *bytes,
                             size_t bytes_max);
/* As field_get_bytes for a SHA-256: 32 bytes or none. */
struct slice
field_get_digest(struct getter *get, const char *name, const ProtobufCBinaryData *bytes);
unsigned field_get_enum(struct getter *get,
                        const char *name,
                        unsigned number,
                        bool (*known)(unsigned number));
uint64_t field_get_set(struct getter *get,
                       const char *name,
                       const unsigned *numbers,
                       size_t count,
                       bool (*known)(unsigned number));
struct texts
field_get_texts(struct getter *get, const char *name, char *const *texts, size_t count);
/* Room for count pairs, or NULL. */
struct pair *field_get_pairs(struct getter *get, const char *name, size_t count, size_t count_max);
struct usage field_get_usage(struct getter *get,
                             const char *name,
                             Signalbox__V1__Usage *const *items,
                             size_t count);
struct tool_calls field_get_tool_calls(struct getter *get,
                                       const char *name,
                                       Signalbox__V1__ToolCall *const *items,
                                       size_t count);
uint64_t field_get_hex(struct getter *get, const char *name, const char *text);
struct uuid field_get_uuid(struct getter *get, const char *name, const char *text);

ProtobufCBinaryData field_put_bytes(struct slice bytes);
/* A message of this type in the arena, or NULL. */
void *field_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor);
/* Room for count pointers to messages; NULL when there are none. */
void *field_new_list(struct arena *arena, size_t count);
const ProtobufCMessageDescriptor *field_entry(const ProtobufCMessage *message, unsigned number);
Signalbox__V1__Usage **
field_put_usage(struct arena *arena, const struct usage *usage, size_t *ret_count);
Signalbox__V1__ToolCall **
field_put_tool_calls(struct arena *arena, struct tool_calls calls, size_t *ret_count);
char *field_put_hex(struct arena *arena, uint64_t number);
char *field_put_uuid(struct arena *arena, const struct uuid *uuid);
bool field_any_usage(const struct usage *usage);

#define GET_TEXT(number, list, name)                                                               \
    to->name = field_get_text(get, #name, message->name, TEXT_BOUND(number));
#define GET_BYTES(number, list, name) to->name = field_get_digest(get, #name, &message->name);
#define GET_BOOL(number, list, name)  to->name = message->name;
#define GET_U32(number, list, name)   to->name = message->name;
#define GET_U64(number, list, name)   to->name = message->name;
#define GET_I64(number, list, name)   to->name = message->name;
#define GET_ENUM(number, list, name)                                                               \
    to->name =                                                                                     \
        (enum list)field_get_enum(get, #name, (unsigned)message->name, signalbox_##list##_known);
#define GET_SET(number, list, name)                                                                \
    to->name = field_get_set(get, #name, (const unsigned *)message->name, message->n_##name,       \
                             signalbox_##list##_known);
#define GET_TEXTS(number, list, name)                                                              \
    to->name = field_get_texts(get, #name, message->name, message->n_##name);
#define GET_PAIRS(number, list, name)                                                              \
    do {                                                                                           \
        struct pair *pairs = field_get_pairs(get, #name, message->n_##name, PAIRS_BOUND);          \
                                                                                                   \
        to->name = (struct pairs){pairs, pairs ? (unsigned)message->n_##name : 0};                 \
        for (unsigned i = 0; i < to->name.count; i++) {                                            \
            pairs[i].key = field_get_text(get, #name, message->name[i]->key, NAME_BYTES_MAX);      \
            pairs[i].value = field_get_text(get, #name, message->name[i]->value, TEXT_BYTES_MAX);  \
        }                                                                                          \
    } while (0);
#define GET_USAGE(number, list, name)                                                              \
    to->name = field_get_usage(get, #name, message->name, message->n_##name);
#define GET_TOOL_CALLS(number, list, name)                                                         \
    to->name = field_get_tool_calls(get, #name, message->name, message->n_##name);
#define GET_HEX(number, list, name)  to->name = field_get_hex(get, #name, message->name);
#define GET_UUID(number, list, name) to->name = field_get_uuid(get, #name, message->name);

#define PUT_TEXT(number, list, name)  message->name = wire_text(from->name, arena);
#define PUT_BYTES(number, list, name) message->name = field_put_bytes(from->name);
#define PUT_BOOL(number, list, name)  message->name = from->name;
#define PUT_U32(number, list, name)   message->name = from->name;
#define PUT_U64(number, list, name)   message->name = from->name;
#define PUT_I64(number, list, name)   message->name = from->name;
#define PUT_ENUM(number, list, name)  message->name = (typeof(message->name))from->name;
#define PUT_SET(number, list, name)                                                                \
    message->name = (typeof(message->name))wire_set(from->name, arena, &message->n_##name);
#define PUT_TEXTS(number, list, name)                                                              \
    message->name = wire_texts(from->name, arena, &message->n_##name);
#define PUT_PAIRS(number, list, name)                                                              \
    do {                                                                                           \
        const ProtobufCMessageDescriptor *entry = field_entry(&message->base, number);             \
                                                                                                   \
        message->name = field_new_list(arena, from->name.count);                                   \
        for (unsigned i = 0; message->name && i < from->name.count; i++) {                         \
            if (!(message->name[i] = field_new(arena, entry)))                                     \
                break;                                                                             \
            message->name[i]->key = wire_text(from->name.items[i].key, arena);                     \
            message->name[i]->value = wire_text(from->name.items[i].value, arena);                 \
            message->n_##name = i + 1;                                                             \
        }                                                                                          \
    } while (0);
#define PUT_USAGE(number, list, name)                                                              \
    message->name = field_put_usage(arena, &from->name, &message->n_##name);
#define PUT_TOOL_CALLS(number, list, name)                                                         \
    message->name = field_put_tool_calls(arena, from->name, &message->n_##name);
#define PUT_HEX(number, list, name)  message->name = field_put_hex(arena, from->name);
#define PUT_UUID(number, list, name) message->name = field_put_uuid(arena, &from->name);

#define ANY_TEXT(list, name) (from->name.len != 0)
#define ANY_BOOL(list, name) (from->name)
#define ANY_U32(list, name)  (from->name != 0)
#define ANY_U64(list, name)  (from->name != 0)
#define ANY_I64(list, name)  (from->name != 0)
#define ANY_ENUM(list, name) (from->name != 0)

/* For lists F(KIND, list, name) that stand in a .c: no number is needed there. */
#define FIELD_GET(KIND, list, name) GET_##KIND(0, list, name)
#define FIELD_PUT(KIND, list, name) PUT_##KIND(0, list, name)
#define FIELD_ANY(KIND, list, name) || ANY_##KIND(list, name)

/* Parts of Decision and Record that other files own; NULL messages give the empty struct. */
void field_get_facts(struct getter *get, const Signalbox__V1__Admission *message, struct facts *to);
void field_get_report(struct getter *get,
                      const Signalbox__V1__AttemptReport *message,
                      struct report *to);
void field_get_record(struct getter *get, const Signalbox__V1__Record *message, struct record *to);
void field_get_trace(struct getter *get, const Signalbox__V1__Trace *message, struct trace *to);
void field_get_trace_item(struct getter *get,
                          const Signalbox__V1__TraceItem *message,
                          struct trace_item *to);
Signalbox__V1__TraceItem *field_put_trace_item(const struct trace_item *from, struct arena *arena);

#endif
