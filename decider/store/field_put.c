/* The encoder: walks a field table over a struct and writes what is not empty. It runs on the
 * decision path for every boundary, so whatever fits into the room a buffer already has is written
 * in place, and only the rest goes through base/buf.h, which grows it or fails it. A length is
 * written into one byte first and the value moved up when it turns out longer: most values are
 * short. */
#include "base/invariant.h"
#include "store/field.h"

#define VARINT_BYTES_MAX 10

static inline void put_varint(struct buf *buf, uint64_t value)
{
    uint8_t *at;

    if (buf->failed || buf->capacity - buf->len < VARINT_BYTES_MAX) {
        buf_put_varint(buf, value);
        return;
    }
    at = (uint8_t *)buf->ptr + buf->len;
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    buf->len = (size_t)((char *)at - buf->ptr);
}

static inline void put_bytes(struct buf *buf, const void *bytes, size_t len)
{
    put_varint(buf, len);
    if (len == 0)
        return;
    if (buf->failed || buf->capacity - buf->len < len) {
        buf_put(buf, bytes, len);
        return;
    }
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

static inline void put_tag(struct buf *buf, const struct field *field, enum field_wire wire)
{
    put_varint(buf, (uint64_t)field->number << 3 | wire);
}

static inline void put_number(struct buf *buf, const struct field *field, uint64_t value)
{
    if (value == 0)
        return;
    put_tag(buf, field, FIELD_WIRE_VARINT);
    put_varint(buf, value);
}

static inline void put_text(struct buf *buf, const struct field *field, struct slice text)
{
    if (text.len == 0)
        return;
    put_tag(buf, field, FIELD_WIRE_BYTES);
    put_bytes(buf, text.ptr, text.len);
}

size_t field_put_begin(struct buf *buf)
{
    size_t begun = buf->len;

    buf_put_u8(buf, 0);
    return begun;
}

void field_put_end(struct buf *buf, size_t begun)
{
    size_t len, more = 0;
    uint8_t *at;

    if (buf_failed(buf))
        return;
    len = buf->len - begun - 1;
    for (size_t rest = len >> 7; rest; rest >>= 7)
        more++;
    if (more && !buf_reserve(buf, more))
        return;
    at = (uint8_t *)buf->ptr + begun;
    if (more)
        memmove(at + 1 + more, at + 1, len);
    for (; len >= 0x80; len >>= 7)
        *at++ = (uint8_t)(len | 0x80);
    *at = (uint8_t)len;
}

static void put_texts(struct buf *buf, const struct texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++)
        put_bytes(buf, texts->items[i].ptr, texts->items[i].len);
}

/* By key. Most maps come sorted already; insertion sort on indices needs no memory but the stack.
 * False when a key is there twice. */
static bool sort_pairs(const struct pairs *pairs, uint8_t order[LIST_ITEMS_MAX])
{
    for (unsigned i = 0; i < pairs->count; i++) {
        unsigned at = i;

        while (at > 0) {
            int order_of = slice_compare(pairs->items[order[at - 1]].key, pairs->items[i].key);

            if (order_of == 0)
                return false;
            if (order_of < 0)
                break;
            order[at] = order[at - 1];
            at--;
        }
        order[at] = (uint8_t)i;
    }
    return true;
}

static void put_pairs(struct buf *buf, const struct pairs *pairs)
{
    uint8_t order[LIST_ITEMS_MAX];

    if (!sort_pairs(pairs, order)) {
        buf->failed = true;
        return;
    }
    for (unsigned i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->items[order[i]];

        put_bytes(buf, pair->key.ptr, pair->key.len);
        put_bytes(buf, pair->value.ptr, pair->value.len);
    }
}

static void put_usage(struct buf *buf, const struct usage *usage)
{
    for (unsigned unit = 1; unit < UNIT_END; unit++)
        if (usage->amounts[unit]) {
            put_varint(buf, unit);
            put_varint(buf, usage->amounts[unit]);
        }
}

static void put_tool_calls(struct buf *buf, const struct tool_calls *calls)
{
    for (unsigned i = 0; i < calls->count; i++) {
        const struct tool_call *call = &calls->items[i];

        put_bytes(buf, call->id.ptr, call->id.len);
        put_bytes(buf, call->name.ptr, call->name.len);
        put_varint(buf, call->side_effect);
    }
}

/* How many items a list holds; of usage, any number above 0 when it holds one. */
static unsigned items_count(enum field_kind kind, const void *at)
{
    unsigned count = 0;

    if (kind == FIELD_TEXTS)
        return ((const struct texts *)at)->count;
    if (kind == FIELD_PAIRS)
        return ((const struct pairs *)at)->count;
    if (kind == FIELD_TOOL_CALLS)
        return ((const struct tool_calls *)at)->count;
    for (unsigned unit = 1; unit < UNIT_END; unit++)
        count += ((const struct usage *)at)->amounts[unit] != 0;
    return count;
}

static void put_list(struct buf *buf, const struct field *field, const void *at)
{
    unsigned count = items_count(field->kind, at);
    size_t begun;

    if (count == 0)
        return;
    if (count > field->bound) {
        buf->failed = true;
        return;
    }
    put_tag(buf, field, FIELD_WIRE_BYTES);
    begun = field_put_begin(buf);
    if (field->kind == FIELD_TEXTS)
        put_texts(buf, at);
    else if (field->kind == FIELD_PAIRS)
        put_pairs(buf, at);
    else if (field->kind == FIELD_TOOL_CALLS)
        put_tool_calls(buf, at);
    else
        put_usage(buf, at);
    field_put_end(buf, begun);
}

static void put_fixed(struct buf *buf, const struct field *field, const uint8_t *bytes)
{
    uint8_t any = 0;

    for (unsigned i = 0; i < field->bound; i++)
        any |= bytes[i];
    if (any)
        put_text(buf, field, (struct slice){(const char *)bytes, field->bound});
}

/* Left out when nothing in it is set. */
static void
put_record(struct buf *buf, const struct field *field, const void *at, enum codec_scope scope)
{
    size_t start = buf->len, begun;

    put_tag(buf, field, FIELD_WIRE_BYTES);
    begun = field_put_begin(buf);
    field_put(buf, field->record, at, scope);
    if (!buf_failed(buf) && buf->len == begun + 1)
        buf->len = start;
    else
        field_put_end(buf, begun);
}

void field_put(struct buf *buf,
               const struct field_table *table,
               const void *record,
               enum codec_scope scope)
{
    const struct field *end = table->fields + table->count;

    for (const struct field *field = table->fields; field < end; field++) {
        const void *at = (const char *)record + field->offset;

        if (field->digested && scope != CODEC_SCOPE_DIGEST)
            continue;
        switch ((enum field_kind)field->kind) {
        case FIELD_TEXT:
        case FIELD_BYTES:
            put_text(buf, field, *(const struct slice *)at);
            break;
        case FIELD_BOOL:
            put_number(buf, field, *(const bool *)at);
            break;
        case FIELD_U8:
        case FIELD_ENUM8:
            put_number(buf, field, *(const uint8_t *)at);
            break;
        case FIELD_U32:
        case FIELD_ENUM:
            put_number(buf, field, *(const uint32_t *)at);
            break;
        case FIELD_U64:
        case FIELD_I64:
        case FIELD_SET:
            put_number(buf, field, *(const uint64_t *)at);
            break;
        case FIELD_TEXTS:
        case FIELD_PAIRS:
        case FIELD_USAGE:
        case FIELD_TOOL_CALLS:
            put_list(buf, field, at);
            break;
        case FIELD_FIXED:
            put_fixed(buf, field, at);
            break;
        case FIELD_RECORD:
            put_record(buf, field, at, scope);
            break;
        }
    }
}
