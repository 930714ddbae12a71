/* The decoder: the encoder's mirror, and as strict as canonical bytes allow. Every value that the
 * encoder would have left out or written in another way is refused, so that one struct has one
 * record. Lists are read twice: once to check and count, once into an array of that size. */
#include "base/invariant.h"
#include "store/field.h"

static bool varint_kind(enum field_kind kind)
{
    return kind == FIELD_BOOL || kind == FIELD_U8 || kind == FIELD_U32 || kind == FIELD_U64 ||
           kind == FIELD_I64 || kind == FIELD_ENUM || kind == FIELD_ENUM8 || kind == FIELD_SET;
}

struct slice field_get_value(struct cursor *cursor)
{
    uint64_t len = cursor_varint(cursor);

    if (!cursor->failed && len > cursor->left)
        cursor->failed = true;
    return cursor->failed ? (struct slice){NULL, 0} : cursor_bytes(cursor, (size_t)len);
}

static bool set_known(uint64_t set, bool (*known)(unsigned number))
{
    for (unsigned number = 0; number < 64; number++)
        if (set_has(set, number) && !known(number))
            return false;
    return true;
}

static bool get_number(const struct field *field, uint64_t value, char *at)
{
    if (value == 0)
        return false;
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL:
        *(bool *)at = true;
        return value == 1;
    case FIELD_ENUM8:
    case FIELD_U8:
        *(uint8_t *)at = (uint8_t)value;
        return value <= UINT8_MAX && (!field->known || field->known((unsigned)value));
    case FIELD_ENUM:
    case FIELD_U32:
        *(uint32_t *)at = (uint32_t)value;
        return value <= UINT32_MAX && (!field->known || field->known((unsigned)value));
    case FIELD_SET:
        *(uint64_t *)at = value;
        return set_known(value, field->known);
    case FIELD_U64:
    case FIELD_I64:
        *(uint64_t *)at = value;
        return true;
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_TEXTS:
    case FIELD_PAIRS:
    case FIELD_USAGE:
    case FIELD_TOOL_CALLS:
    case FIELD_FIXED:
    case FIELD_RECORD:
        break;
    }
    return false;
}

/* Reads one item; into *ret_ where it is not NULL. */
static void get_tool_call(struct cursor *cursor, struct tool_call *ret_call)
{
    struct slice id = field_get_value(cursor);
    struct slice name = field_get_value(cursor);
    uint64_t effect = cursor_varint(cursor);

    if (effect > UINT32_MAX || (effect && !signalbox_side_effect_known((unsigned)effect)))
        cursor->failed = true;
    if (ret_call && !cursor->failed)
        *ret_call = (struct tool_call){id, name, (enum side_effect)effect};
}

/* The number of items in a list, 0 when it is not one. */
static unsigned count_items(const struct field *field, struct slice bytes)
{
    struct cursor cursor = cursor_of(bytes);
    struct slice key, before = {NULL, 0};
    unsigned count = 0;

    while (cursor.left && !cursor.failed && count <= field->bound) {
        if (field->kind == FIELD_TEXTS) {
            field_get_value(&cursor);
        } else if (field->kind == FIELD_TOOL_CALLS) {
            get_tool_call(&cursor, NULL);
        } else {
            key = field_get_value(&cursor);
            field_get_value(&cursor);
            if (count && slice_compare(before, key) >= 0)
                return 0;
            before = key;
        }
        count++;
    }
    return cursor.failed || count > field->bound ? 0 : count;
}

static enum result
get_texts(struct cursor cursor, unsigned count, struct arena *arena, struct texts *ret_texts)
{
    struct slice *items = arena_calloc(arena, count, sizeof *items);

    if (!items)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < count; i++)
        items[i] = field_get_value(&cursor);
    *ret_texts = (struct texts){items, count};
    return RESULT_OK;
}

static enum result
get_pairs(struct cursor cursor, unsigned count, struct arena *arena, struct pairs *ret_pairs)
{
    struct pair *items = arena_calloc(arena, count, sizeof *items);

    if (!items)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < count; i++) {
        items[i].key = field_get_value(&cursor);
        items[i].value = field_get_value(&cursor);
    }
    *ret_pairs = (struct pairs){items, count};
    return RESULT_OK;
}

static enum result get_tool_calls(struct cursor cursor,
                                  unsigned count,
                                  struct arena *arena,
                                  struct tool_calls *ret_calls)
{
    struct tool_call *items = arena_calloc(arena, count, sizeof *items);

    if (!items)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < count; i++)
        get_tool_call(&cursor, &items[i]);
    *ret_calls = (struct tool_calls){items, count};
    return RESULT_OK;
}

static enum result get_usage(struct slice bytes, struct usage *ret_usage)
{
    struct cursor cursor = cursor_of(bytes);
    uint64_t before = 0;

    while (cursor.left && !cursor.failed) {
        uint64_t unit = cursor_varint(&cursor);
        uint64_t amount = cursor_varint(&cursor);

        if (cursor.failed || unit <= before || unit >= UNIT_END || amount == 0 ||
            !signalbox_unit_known((unsigned)unit))
            return RESULT_CORRUPT;
        ret_usage->amounts[unit] = amount;
        before = unit;
    }
    return cursor.failed ? RESULT_CORRUPT : RESULT_OK;
}

static enum result
get_list(const struct field *field, struct slice bytes, struct arena *arena, void *at)
{
    unsigned count = count_items(field, bytes);

    if (count == 0)
        return RESULT_CORRUPT;
    if (field->kind == FIELD_TEXTS)
        return get_texts(cursor_of(bytes), count, arena, at);
    if (field->kind == FIELD_PAIRS)
        return get_pairs(cursor_of(bytes), count, arena, at);
    return get_tool_calls(cursor_of(bytes), count, arena, at);
}

static enum result get_fixed(const struct field *field, struct slice bytes, void *at)
{
    static const char zero[DIGEST_BYTES];

    if (bytes.len != field->bound || bytes.len > sizeof zero ||
        memcmp(bytes.ptr, zero, bytes.len) == 0)
        return RESULT_CORRUPT;
    memcpy(at, bytes.ptr, bytes.len);
    return RESULT_OK;
}

/* Nested records are one level deep: no table holds itself. */
static enum result
get_value(const struct field *field, struct slice bytes, struct arena *arena, void *at)
{
    if (bytes.len == 0)
        return RESULT_CORRUPT;
    if (field->kind == FIELD_FIXED)
        return get_fixed(field, bytes, at);
    if (field->kind == FIELD_RECORD)
        return field_get(bytes, arena, field->record, at); /* NOLINT(misc-no-recursion) */
    if (field->kind == FIELD_USAGE)
        return get_usage(bytes, at);
    if (field->kind != FIELD_TEXT && field->kind != FIELD_BYTES)
        return get_list(field, bytes, arena, at);
    *(struct slice *)at = bytes;
    return RESULT_OK;
}

enum result field_get(struct slice bytes,
                      struct arena *arena,
                      const struct field_table *table,
                      void *ret_record)
{
    const struct field *field = table->fields, *end = table->fields + table->count;
    struct cursor cursor = cursor_of(bytes);
    uint64_t before = 0;

    while (cursor.left) {
        uint64_t tag = cursor_varint(&cursor), number = tag >> 3, value = 0;
        bool is_varint = (tag & 7) == FIELD_WIRE_VARINT;
        struct slice body = {NULL, 0};
        char *at;
        enum result result;

        if (cursor.failed || number <= before || (!is_varint && (tag & 7) != FIELD_WIRE_BYTES))
            return RESULT_CORRUPT;
        before = number;
        if (is_varint)
            value = cursor_varint(&cursor);
        else
            body = field_get_value(&cursor);
        if (cursor.failed)
            return RESULT_CORRUPT;
        while (field < end && field->number < number)
            field++;
        if (field == end || field->number != number)
            continue; /* a newer writer's */
        if (is_varint != varint_kind(field->kind))
            return RESULT_CORRUPT;
        at = (char *)ret_record + field->offset;
        if (is_varint)
            result = get_number(field, value, at) ? RESULT_OK : RESULT_CORRUPT;
        else
            result = get_value(field, body, arena, at);
        if (result)
            return result;
    }
    return RESULT_OK;
}
