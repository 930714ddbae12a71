/* What fields say and how they are written: the texts of findings, and objects back to JSON. */
#include "base/decimal.h"
#include "engine/field.h"
#include "engine/field_time.h"

#define MS_PER_DAY      UINT64_C(86400000)
#define NUSD_DIGITS     9
#define PERCENT_DIGITS  2
#define FOUND_BYTES_MAX 80
#define DECIMAL_BYTES   32

/* A cut text ends at a whole character. */
static struct slice cut(struct slice text, size_t bytes_max)
{
    if (text.len <= bytes_max)
        return text;
    text.len = bytes_max;
    while (text.len && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80)
        text.len--;
    return text;
}

static struct slice found_at(struct field_reader *reader, const struct json_node *node)
{
    struct slice text = cut(node->text, FOUND_BYTES_MAX);
    const char *more = text.len < node->text.len ? "..." : "";

    if (node->kind == JSON_KIND_STRING)
        return arena_format(reader->arena, "\"%.*s%s\"", (int)text.len, text.ptr ? text.ptr : "",
                            more);
    if (node->kind == JSON_KIND_NUMBER)
        return arena_format(reader->arena, "%.*s%s", (int)text.len, text.ptr, more);
    if (node->kind == JSON_KIND_BOOL)
        return node->truth ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
    return slice_of(json_kind_name(node->kind));
}

void field_fault(struct field_reader *reader,
                 const struct json_node *node,
                 enum diagnostic_code code,
                 struct slice expected)
{
    struct slice found = found_at(reader, node);

    if (code == DIAGNOSTIC_TOO_LARGE)
        found = arena_format(reader->arena, "%u elements", node->count);
    if (code == DIAGNOSTIC_UNKNOWN_FIELD)
        found = cut(node->key, FOUND_BYTES_MAX);
    diagnostics_add(reader->diagnostics, code, json_pointer(node, reader->arena), found, expected);
}

void field_fault_member(struct field_reader *reader,
                        struct slice object,
                        const char *member,
                        enum diagnostic_code code,
                        struct slice found,
                        struct slice expected)
{
    struct slice pointer = arena_format(reader->arena, "%.*s/%s", (int)object.len,
                                        object.ptr ? object.ptr : "", member);

    diagnostics_add(reader->diagnostics, code, pointer,
                    found.len ? found : SLICE_LITERAL("nothing"), expected);
}

struct slice field_list_words(struct arena *arena, const struct field_words *words, uint64_t set)
{
    char memory[2048];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    for (unsigned i = 1; i < words->end; i++)
        if (words->rows[i].name && set_has(set, i))
            buf_format(&buf, "%s%s", buf.len ? ", " : "", words->rows[i].name);
    return arena_copy(arena, buf_slice(&buf));
}

static struct slice describe_words(struct field_reader *reader, const struct field *field)
{
    uint64_t set = ~UINT64_C(0);
    struct slice list;

    if (field->kind == FIELD_KIND_FAMILY)
        for (unsigned i = 1; i < field->words->end; i++)
            if (!field_family_served((enum family)i))
                set &= ~SET_OF(i);
    list = field_list_words(reader->arena, field->words, set);
    return arena_format(reader->arena, "%s: %.*s",
                        field->kind == FIELD_KIND_WORDS ? "a list of" : "one of", (int)list.len,
                        list.ptr ? list.ptr : "");
}

static struct slice describe_usd(struct field_reader *reader, const struct field *field)
{
    char low[DECIMAL_BYTES], high[DECIMAL_BYTES];

    decimal_format(field->low, NUSD_DIGITS, low);
    decimal_format(field->high, NUSD_DIGITS, high);
    return arena_format(reader->arena, "an amount from %s to %s USD", low, high);
}

static struct slice describe_percent(struct field_reader *reader, const struct field *field)
{
    char low[DECIMAL_BYTES], high[DECIMAL_BYTES];

    decimal_format(field->low, PERCENT_DIGITS, low);
    decimal_format(field->high, PERCENT_DIGITS, high);
    return arena_format(reader->arena, "a percentage from %s to %s", low, high);
}

struct slice field_describe(struct field_reader *reader, const struct field *field)
{
    unsigned long long low = field->low, high = field->high;

    switch (field->kind) {
    case FIELD_KIND_NAME:
        return SLICE_LITERAL("a name");
    case FIELD_KIND_TEXT:
        return arena_format(reader->arena, "a text of %llu to %llu bytes", low, high);
    case FIELD_KIND_FLAG:
        return SLICE_LITERAL("true or false");
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
    case FIELD_KIND_DAYS:
        return arena_format(reader->arena, "a whole number from %llu to %llu%s%s", low, high,
                            *field->unit ? " " : "", field->unit);
    case FIELD_KIND_USD:
        return describe_usd(reader, field);
    case FIELD_KIND_PERCENT:
        return describe_percent(reader, field);
    case FIELD_KIND_DATE:
        return SLICE_LITERAL("a date, YYYY-MM-DD, from 1970 on");
    case FIELD_KIND_TIME:
        return SLICE_LITERAL("a date, YYYY-MM-DD, or a time, YYYY-MM-DDTHH:MM:SSZ, from 1970 on");
    case FIELD_KIND_WORD:
    case FIELD_KIND_FAMILY:
    case FIELD_KIND_WORDS:
        return describe_words(reader, field);
    case FIELD_KIND_NAMES:
        return arena_format(reader->arena, "a list of %llu to %llu names", low, high);
    case FIELD_KIND_TEXTS:
        return arena_format(reader->arena, "a list of %llu to %llu texts of 1 to %d bytes", low,
                            high, TEXT_BYTES_MAX);
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_PART:
        return SLICE_LITERAL("an object");
    case FIELD_KIND_OWN:
        return slice_of(field->unit);
    }
    return SLICE_LITERAL("");
}

static void put_scalar(struct buf *buf, const struct json_node *node)
{
    if (node->kind == JSON_KIND_STRING)
        buf_put_json_string(buf, node->text);
    else if (node->kind == JSON_KIND_NUMBER)
        buf_put_slice(buf, node->text);
    else if (node->kind == JSON_KIND_BOOL)
        buf_put_text(buf, node->truth ? "true" : "false");
    else
        buf_put_text(buf, "null");
}

/* Recursion is bounded by the depth that json_parse accepts. */
void field_put_json(struct buf *buf, const struct json_node *node)
{
    bool object = node->kind == JSON_KIND_OBJECT;

    if (!object && node->kind != JSON_KIND_ARRAY) {
        put_scalar(buf, node);
        return;
    }
    buf_put_text(buf, object ? "{" : "[");
    for (const struct json_node *item = node->child; item; item = item->next) {
        if (item != node->child)
            buf_put_text(buf, ",");
        if (object) {
            buf_put_json_string(buf, item->key);
            buf_put_text(buf, ":");
        }
        field_put_json(buf, item);
    }
    buf_put_text(buf, object ? "}" : "]");
}

void field_write_line(struct buf *buf, unsigned depth)
{
    buf_format(buf, "\n%*s", (int)(2 * depth), "");
}

static uint64_t number_at(const struct field *field, const void *member)
{
    uint64_t number = 0;

    if (field->kind == FIELD_KIND_FLAG)
        return *(const uint8_t *)member;
    if (field->kind == FIELD_KIND_U32 || field->kind == FIELD_KIND_PERCENT ||
        field->kind == FIELD_KIND_WORD || field->kind == FIELD_KIND_FAMILY) {
        uint32_t narrow;

        memcpy(&narrow, member, sizeof narrow);
        return narrow;
    }
    memcpy(&number, member, sizeof number);
    return number;
}

static bool write_number(struct buf *buf, const struct field *field, const void *member)
{
    uint64_t number = number_at(field, member);
    char decimal[DECIMAL_BYTES];

    if (number == 0 && field->low > 0)
        return false;
    if (field->kind == FIELD_KIND_USD || field->kind == FIELD_KIND_PERCENT) {
        decimal_format(number, field->kind == FIELD_KIND_USD ? NUSD_DIGITS : PERCENT_DIGITS,
                       decimal);
        buf_put_text(buf, decimal);
        return true;
    }
    if (field->kind == FIELD_KIND_DAYS)
        number /= MS_PER_DAY;
    buf_format(buf, "%llu", (unsigned long long)number);
    return true;
}

/* The first instant of 1970 stands for none, except where there has to be one. */
static bool write_date(struct buf *buf, const struct field *field, const void *member)
{
    int64_t unix_ms = (int64_t)number_at(field, member);

    if (unix_ms == 0 && !field->required)
        return false;
    buf_put_text(buf, "\"");
    if (field->kind == FIELD_KIND_DATE)
        field_time_put_date(buf, unix_ms);
    else
        field_time_put(buf, unix_ms);
    buf_put_text(buf, "\"");
    return true;
}

static bool write_texts(struct buf *buf, const struct slice *items, unsigned count)
{
    buf_put_text(buf, "[");
    for (unsigned i = 0; i < count; i++) {
        buf_put_text(buf, i ? ", " : "");
        buf_put_json_string(buf, items[i]);
    }
    buf_put_text(buf, "]");
    return count > 0;
}

static bool write_words(struct buf *buf, const struct field *field, uint64_t set)
{
    struct slice words[64];
    unsigned count = 0;

    for (unsigned i = 1; i < field->words->end; i++)
        if (field->words->rows[i].name && set_has(set, i))
            words[count++] = slice_of(field->words->rows[i].name);
    return write_texts(buf, words, count);
}

static bool write_word(struct buf *buf, const struct field *field, uint64_t number)
{
    if (number)
        buf_put_json_string(buf, slice_of(field->words->rows[number].name));
    return number != 0;
}

static bool
write_value(struct buf *buf, const struct field *field, const void *target, unsigned depth)
{
    const void *member = (const char *)target + field->offset;

    switch (field->kind) {
    case FIELD_KIND_NAME:
    case FIELD_KIND_TEXT:
        buf_put_json_string(buf, *(const struct slice *)member);
        return ((const struct slice *)member)->len > 0;
    case FIELD_KIND_FLAG:
        buf_put_text(buf, number_at(field, member) ? "true" : "false");
        return true;
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
    case FIELD_KIND_USD:
    case FIELD_KIND_DAYS:
    case FIELD_KIND_PERCENT:
        return write_number(buf, field, member);
    case FIELD_KIND_DATE:
    case FIELD_KIND_TIME:
        return write_date(buf, field, member);
    case FIELD_KIND_WORD:
    case FIELD_KIND_FAMILY:
        return write_word(buf, field, number_at(field, member));
    case FIELD_KIND_WORDS:
        return write_words(buf, field, number_at(field, member));
    case FIELD_KIND_NAMES:
    case FIELD_KIND_TEXTS:
        return write_texts(buf, ((const struct texts *)member)->items,
                           ((const struct texts *)member)->count);
    case FIELD_KIND_OBJECT:
        return field_write_object(buf, field->table, member, depth);
    case FIELD_KIND_PART:
        return field_write_object(buf, field->table, target, depth);
    case FIELD_KIND_OWN:
        return field->write(buf, field, target, depth);
    }
    return false;
}

bool field_write_object(struct buf *buf,
                        const struct field_table *table,
                        const void *target,
                        unsigned depth)
{
    size_t start = buf->len;
    bool any = false;

    buf_put_text(buf, "{");
    for (unsigned i = 0; i < table->count; i++) {
        size_t before = buf->len;

        if (any)
            buf_put_text(buf, ",");
        field_write_line(buf, depth + 1);
        buf_put_json_string(buf, slice_of(table->fields[i].name));
        buf_put_text(buf, ": ");
        if (write_value(buf, &table->fields[i], target, depth + 1))
            any = true;
        else
            buf->len = before; /* the field stands at nothing */
    }
    if (any) {
        field_write_line(buf, depth);
        buf_put_text(buf, "}");
    } else {
        buf->len = start;
    }
    return any;
}
