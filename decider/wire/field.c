/* The kinds that need more than an assignment. Getting checks bounds and membership; putting copies
 * texts only, because protobuf-c wants them with a NUL. */
#include "wire/field.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/uuid.h"
#include "signalbox/limits.h"

#define HEX_DIGITS 16

/* What protobuf-c packs as nothing; never written to. */
static char empty_text[1];

void field_refuse(struct getter *get, const char *name, enum result result, const char *text)
{
    if (get->result)
        return;
    get->result = result;
    snprintf(get->error->field, sizeof get->error->field, "%s%s", get->place, name);
    snprintf(get->error->text, sizeof get->error->text, "%s", text);
}

static void *take(struct getter *get, const char *name, size_t count, size_t size)
{
    void *memory = arena_calloc(get->arena, count, size);

    if (!memory)
        field_refuse(get, name, RESULT_TOO_LARGE, "the message takes too much memory");
    return memory;
}

/* ---- get ---- */

static struct slice
checked(struct getter *get, const char *name, struct slice text, size_t bytes_max)
{
    char why[64];

    if (text.len <= bytes_max)
        return text;
    snprintf(why, sizeof why, "is longer than %zu bytes", bytes_max);
    field_refuse(get, name, RESULT_INVALID, why);
    return (struct slice){NULL, 0};
}

struct slice
field_get_text(struct getter *get, const char *name, const char *text, size_t bytes_max)
{
    return checked(get, name, slice_of(text), bytes_max);
}

struct slice field_get_bytes(struct getter *get,
                             const char *name,
                             const ProtobufCBinaryData *bytes,
                             size_t bytes_max)
{
    return checked(get, name, (struct slice){(const char *)bytes->data, bytes->len}, bytes_max);
}

struct slice
field_get_digest(struct getter *get, const char *name, const ProtobufCBinaryData *bytes)
{
    if (bytes->len != 0 && bytes->len != 32)
        field_refuse(get, name, RESULT_INVALID, "is not the 32 bytes of a SHA-256");
    return (struct slice){(const char *)bytes->data, bytes->len};
}

unsigned field_get_enum(struct getter *get,
                        const char *name,
                        unsigned number,
                        bool (*known)(unsigned number))
{
    if (number == 0 || known(number))
        return number;
    field_refuse(get, name, RESULT_INVALID, "is not a value of its enum");
    return 0;
}

uint64_t field_get_set(struct getter *get,
                       const char *name,
                       const unsigned *numbers,
                       size_t count,
                       bool (*known)(unsigned number))
{
    uint64_t set = 0;

    for (size_t i = 0; i < count; i++) {
        if (numbers[i] >= 64 || !known(numbers[i])) {
            field_refuse(get, name, RESULT_INVALID, "holds what is not a value of its enum");
            return 0;
        }
        set |= SET_OF(numbers[i]);
    }
    return set;
}

struct texts field_get_texts(struct getter *get, const char *name, char *const *texts, size_t count)
{
    struct slice *items;

    if (count == 0)
        return (struct texts){NULL, 0};
    if (count > LIST_ITEMS_MAX) {
        field_refuse(get, name, RESULT_INVALID, "has too many items");
        return (struct texts){NULL, 0};
    }
    items = take(get, name, count, sizeof *items);
    if (!items)
        return (struct texts){NULL, 0};
    for (size_t i = 0; i < count; i++)
        items[i] = field_get_text(get, name, texts[i], NAME_BYTES_MAX);
    return (struct texts){items, (unsigned)count};
}

struct pair *field_get_pairs(struct getter *get, const char *name, size_t count, size_t count_max)
{
    if (count == 0)
        return NULL;
    if (count > count_max) {
        field_refuse(get, name, RESULT_INVALID, "has too many entries");
        return NULL;
    }
    return take(get, name, count, sizeof(struct pair));
}

struct usage field_get_usage(struct getter *get,
                             const char *name,
                             Signalbox__V1__Usage *const *items,
                             size_t count)
{
    struct usage usage = {0};
    uint64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned unit = (unsigned)items[i]->unit;

        if (!signalbox_unit_known(unit)) {
            field_refuse(get, name, RESULT_INVALID, "has an amount without a unit");
            break;
        }
        if (set_has(seen, unit)) {
            field_refuse(get, name, RESULT_INVALID, "has the same unit twice");
            break;
        }
        seen |= SET_OF(unit);
        usage.amounts[unit] = items[i]->amount;
    }
    return usage;
}

struct tool_calls field_get_tool_calls(struct getter *get,
                                       const char *name,
                                       Signalbox__V1__ToolCall *const *items,
                                       size_t count)
{
    struct tool_call *calls;

    if (count == 0)
        return (struct tool_calls){NULL, 0};
    if (count > TOOL_CALLS_MAX) {
        field_refuse(get, name, RESULT_INVALID, "has too many items");
        return (struct tool_calls){NULL, 0};
    }
    calls = take(get, name, count, sizeof *calls);
    if (!calls)
        return (struct tool_calls){NULL, 0};
    for (size_t i = 0; i < count; i++) {
        calls[i].id = field_get_text(get, name, items[i]->id, NAME_BYTES_MAX);
        calls[i].name = field_get_text(get, name, items[i]->name, NAME_BYTES_MAX);
        calls[i].side_effect = (enum side_effect)field_get_enum(
            get, name, (unsigned)items[i]->side_effect, signalbox_side_effect_known);
    }
    return (struct tool_calls){calls, (unsigned)count};
}

uint64_t field_get_hex(struct getter *get, const char *name, const char *text)
{
    struct slice digits = slice_of(text);
    uint8_t bytes[HEX_DIGITS / 2];
    uint64_t number = 0;

    if (digits.len == 0)
        return 0;
    if (!digest_from_hex(digits, bytes, sizeof bytes)) {
        field_refuse(get, name, RESULT_INVALID, "is not 16 hex digits");
        return 0;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        number = number << 8 | bytes[i];
    return number;
}

struct uuid field_get_uuid(struct getter *get, const char *name, const char *text)
{
    struct uuid uuid = {0};

    if (!uuid_parse(slice_of(text), &uuid) || !uuid_is_v7(uuid))
        field_refuse(get, name, RESULT_INVALID, "is not a UUIDv7 in its 36-character form");
    return uuid;
}

/* ---- put ---- */

char *wire_text(struct slice text, struct arena *arena)
{
    char *copy;

    if (text.len == 0)
        return empty_text;
    copy = arena_alloc(arena, text.len + 1);
    if (copy) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

ProtobufCBinaryData field_put_bytes(struct slice bytes)
{
    /* Through an integer: protobuf-c has no const here, and packing only reads. */
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
}

unsigned *wire_set(uint64_t set, struct arena *arena, size_t *ret_count)
{
    unsigned *numbers;
    size_t count = 0;

    *ret_count = 0;
    if (set == 0)
        return NULL;
    numbers = arena_alloc(arena, (size_t)__builtin_popcountll(set) * sizeof *numbers);
    if (!numbers)
        return NULL;
    for (; set; set &= set - 1)
        numbers[count++] = (unsigned)__builtin_ctzll(set);
    *ret_count = count;
    return numbers;
}

char **wire_texts(struct texts texts, struct arena *arena, size_t *ret_count)
{
    char **items = field_new_list(arena, texts.count);

    *ret_count = 0;
    for (unsigned i = 0; items && i < texts.count; i++) {
        items[i] = wire_text(texts.items[i], arena);
        *ret_count = i + 1;
    }
    return items;
}

void *field_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = arena_alloc(arena, descriptor->sizeof_message);

    if (message)
        protobuf_c_message_init(descriptor, message);
    return message;
}

void *field_new_list(struct arena *arena, size_t count)
{
    return count ? arena_calloc(arena, count, sizeof(void *)) : NULL;
}

const ProtobufCMessageDescriptor *field_entry(const ProtobufCMessage *message, unsigned number)
{
    return protobuf_c_message_descriptor_get_field(message->descriptor, number)->descriptor;
}

Signalbox__V1__Usage **
field_put_usage(struct arena *arena, const struct usage *usage, size_t *ret_count)
{
    Signalbox__V1__Usage **items = NULL;

    *ret_count = 0;
    if (field_any_usage(usage))
        items = field_new_list(arena, UNIT_END);
    for (unsigned unit = 1; items && unit < UNIT_END; unit++) {
        Signalbox__V1__Usage *item;

        if (usage->amounts[unit] == 0)
            continue;
        item = field_new(arena, &signalbox__v1__usage__descriptor);
        if (!item)
            return NULL;
        item->unit = (Signalbox__V1__Unit)unit;
        item->amount = usage->amounts[unit];
        items[(*ret_count)++] = item;
    }
    return items;
}

Signalbox__V1__ToolCall **
field_put_tool_calls(struct arena *arena, struct tool_calls calls, size_t *ret_count)
{
    Signalbox__V1__ToolCall **items = field_new_list(arena, calls.count);

    *ret_count = 0;
    for (unsigned i = 0; items && i < calls.count; i++) {
        items[i] = field_new(arena, &signalbox__v1__tool_call__descriptor);
        if (!items[i])
            return NULL;
        items[i]->id = wire_text(calls.items[i].id, arena);
        items[i]->name = wire_text(calls.items[i].name, arena);
        items[i]->side_effect = (Signalbox__V1__SideEffect)calls.items[i].side_effect;
        *ret_count = i + 1;
    }
    return items;
}

char *field_put_hex(struct arena *arena, uint64_t number)
{
    char *text = arena_alloc(arena, HEX_DIGITS + 1);

    if (text)
        for (unsigned i = 0; i <= HEX_DIGITS; i++)
            text[i] = i < HEX_DIGITS ? "0123456789abcdef"[number >> (60 - 4 * i) & 15] : '\0';
    return text;
}

char *field_put_uuid(struct arena *arena, const struct uuid *uuid)
{
    char *text = arena_alloc(arena, UUID_TEXT_BYTES + 1);

    if (text)
        uuid_format(*uuid, text);
    return text;
}

bool field_any_usage(const struct usage *usage)
{
    uint64_t any = 0;

    for (unsigned unit = 1; unit < UNIT_END; unit++)
        any |= usage->amounts[unit];
    return any != 0;
}
