/* Reading values by kind: each kind has one small function that either writes the member or adds a
 * finding. Members are written with memcpy, so that padding beside them keeps the zeros it was
 * allocated with: compiled policies are compared byte for byte. */
#include "base/decimal.h"
#include "engine/field.h"
#include "engine/field_time.h"

#define MS_PER_DAY     UINT64_C(86400000)
#define NUSD_DIGITS    9
#define PERCENT_DIGITS 2

/* The type that every array's index and word's number is kept in. */
_Static_assert(sizeof(enum family) == sizeof(unsigned), "an enum is as wide as unsigned");

static void *member_of(const struct field *field, void *target)
{
    return field->kind == FIELD_KIND_PART ? target : (char *)target + field->offset;
}

static void set_number(const struct field *field, void *target, uint64_t value)
{
    void *member = member_of(field, target);

    if (field->kind == FIELD_KIND_FLAG)
        memcpy(member, &(uint8_t){(uint8_t)value}, sizeof(uint8_t));
    else if (field->kind == FIELD_KIND_U32 || field->kind == FIELD_KIND_PERCENT)
        memcpy(member, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    else if (field->kind == FIELD_KIND_WORD || field->kind == FIELD_KIND_FAMILY)
        memcpy(member, &(unsigned){(unsigned)value}, sizeof(unsigned));
    else
        memcpy(member, &value, sizeof value);
}

void field_set_initial(const struct field_table *table, void *target)
{
    for (unsigned i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];

        if (field->table)
            field_set_initial(field->table, member_of(field, target));
        else if (field->initial)
            set_number(field, target, field->initial);
    }
}

static bool expect_kind(struct field_reader *reader,
                        const struct json_node *node,
                        enum json_kind kind,
                        const struct field *field)
{
    if (node->kind == kind)
        return true;
    field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
    return false;
}

bool field_is_name(struct slice text)
{
    static const char others[] = "._-:/@";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return text.len > 0 && text.len <= NAME_BYTES_MAX;
}

static bool
expect_name(struct field_reader *reader, const struct json_node *node, const struct field *field)
{
    if (!expect_kind(reader, node, JSON_KIND_STRING, field))
        return false;
    if (field_is_name(node->text))
        return true;
    field_fault(reader, node, DIAGNOSTIC_BAD_NAME, SLICE_LITERAL("a name"));
    return false;
}

/* The node's text stays where it is: the tree lives in the same arena as what is read from it. */
static void read_text(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      void *member)
{
    if (field->kind == FIELD_KIND_NAME) {
        if (!expect_name(reader, node, field))
            return;
    } else if (!expect_kind(reader, node, JSON_KIND_STRING, field)) {
        return;
    } else if (node->text.len < field->low || node->text.len > field->high) {
        field_fault(reader, node, DIAGNOSTIC_OUT_OF_RANGE, field_describe(reader, field));
        return;
    }
    memcpy(member, &node->text, sizeof node->text);
}

static void read_number(struct field_reader *reader,
                        const struct json_node *node,
                        const struct field *field,
                        void *target)
{
    uint64_t value;

    if (!expect_kind(reader, node, JSON_KIND_NUMBER, field))
        return;
    if (!json_u64(node, &value) || value < field->low || value > field->high) {
        field_fault(reader, node, DIAGNOSTIC_OUT_OF_RANGE, field_describe(reader, field));
        return;
    }
    set_number(field, target, field->kind == FIELD_KIND_DAYS ? value * MS_PER_DAY : value);
}

/* Of an amount that decimal_parse refused: true when it is too fine rather than too large. */
static bool is_too_fine(struct slice text, unsigned digits)
{
    uint64_t ignored;
    size_t whole = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == 'e' || text.ptr[i] == 'E')
            return memchr(text.ptr + i, '-', text.len - i);
    while (whole < text.len && text.ptr[whole] != '.')
        whole++;
    return whole < text.len && decimal_parse((struct slice){text.ptr, whole}, digits, &ignored);
}

bool field_read_amount(struct field_reader *reader,
                       const struct json_node *node,
                       unsigned digits,
                       const struct field *field,
                       uint64_t *ret_amount)
{
    enum diagnostic_code code = DIAGNOSTIC_OUT_OF_RANGE;
    uint64_t amount;

    if (!expect_kind(reader, node, JSON_KIND_NUMBER, field))
        return false;
    if (decimal_parse(node->text, digits, &amount)) {
        if (amount >= field->low && amount <= field->high) {
            *ret_amount = amount;
            return true;
        }
    } else if (node->text.ptr[0] != '-' && is_too_fine(node->text, digits)) {
        code = DIAGNOSTIC_NOT_EXACT;
    }
    field_fault(reader, node, code,
                code == DIAGNOSTIC_NOT_EXACT
                    ? arena_format(reader->arena, "at most %u decimals", digits)
                    : field_describe(reader, field));
    return false;
}

static void read_usd(struct field_reader *reader,
                     const struct json_node *node,
                     const struct field *field,
                     void *member)
{
    uint64_t amount;

    if (field_read_amount(reader, node, NUSD_DIGITS, field, &amount))
        memcpy(member, &amount, sizeof amount);
}

static void read_percent(struct field_reader *reader,
                         const struct json_node *node,
                         const struct field *field,
                         void *target)
{
    uint64_t hundredths;

    if (field_read_amount(reader, node, PERCENT_DIGITS, field, &hundredths))
        set_number(field, target, hundredths);
}

static void read_date(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      void *member)
{
    int64_t unix_ms;

    if (!expect_kind(reader, node, JSON_KIND_STRING, field))
        return;
    if (field->kind == FIELD_KIND_DATE ? field_time_parse_date(node->text, &unix_ms)
                                       : field_time_parse(node->text, &unix_ms))
        memcpy(member, &unix_ms, sizeof unix_ms);
    else
        field_fault(reader, node, DIAGNOSTIC_BAD_DATE, field_describe(reader, field));
}

bool field_family_served(enum family family)
{
    static const bool served[] = {
#define T(NAME, number, name, sentence, served) [number] = served,
#include "signalbox/taxonomy/family.def"
#undef T
    };

    return (unsigned)family < sizeof served && served[family];
}

unsigned field_expect_word(struct field_reader *reader,
                           const struct json_node *node,
                           const struct field *field)
{
    unsigned number;

    if (!expect_kind(reader, node, JSON_KIND_STRING, field))
        return 0;
    number = taxonomy_find(field->words->rows, field->words->end, node->text);
    if (!number)
        field_fault(reader, node, DIAGNOSTIC_UNKNOWN_NAME, field_describe(reader, field));
    return number;
}

static void read_word(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      void *target)
{
    unsigned number = field_expect_word(reader, node, field);

    if (!number)
        return;
    if (field->kind == FIELD_KIND_FAMILY && !field_family_served((enum family)number)) {
        field_fault(reader, node, DIAGNOSTIC_FAMILY_NOT_SERVED, field_describe(reader, field));
        return;
    }
    set_number(field, target, number);
}

bool field_expect_list(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field *field)
{
    if (!expect_kind(reader, node, JSON_KIND_ARRAY, field))
        return false;
    if (node->count >= field->low && node->count <= field->high)
        return true;
    field_fault(reader, node,
                node->count > field->high ? DIAGNOSTIC_TOO_LARGE : DIAGNOSTIC_OUT_OF_RANGE,
                arena_format(reader->arena, "%llu to %llu elements", (unsigned long long)field->low,
                             (unsigned long long)field->high));
    return false;
}

static void read_words(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field *field,
                       void *target)
{
    uint64_t set = 0;

    if (!field_expect_list(reader, node, field))
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        unsigned number = field_expect_word(reader, item, field);

        if (number && set_has(set, number))
            field_fault(reader, item, DIAGNOSTIC_DUPLICATE_NAME, SLICE_LITERAL("each word once"));
        if (number)
            set |= SET_OF(number);
    }
    set_number(field, target, set);
}

bool field_stands_before(const struct json_node *item)
{
    const struct json_node *other = item->parent->child;

    while (other != item && !(other->kind == item->kind && slice_equal(other->text, item->text)))
        other = other->next;
    return other != item;
}

static void read_names(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field *field,
                       void *member)
{
    struct texts names = {0};
    struct slice *items;

    if (!field_expect_list(reader, node, field) || !node->count)
        return;
    items = arena_calloc(reader->arena, node->count, sizeof *items);
    if (!items)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        if (item->kind != JSON_KIND_STRING || !field_is_name(item->text))
            field_fault(reader, item,
                        item->kind == JSON_KIND_STRING ? DIAGNOSTIC_BAD_NAME
                                                       : DIAGNOSTIC_WRONG_TYPE,
                        SLICE_LITERAL("a name"));
        else if (field_stands_before(item))
            field_fault(reader, item, DIAGNOSTIC_DUPLICATE_NAME, SLICE_LITERAL("each name once"));
        else
            items[names.count++] = item->text;
    }
    names.items = items;
    memcpy(member, &names, sizeof names);
}

static void read_texts(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field *field,
                       void *member)
{
    struct texts texts = {0};
    struct slice *items;

    if (!field_expect_list(reader, node, field) || !node->count)
        return;
    items = arena_calloc(reader->arena, node->count, sizeof *items);
    if (!items)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        bool text = item->kind == JSON_KIND_STRING;

        if (!text || item->text.len < 1 || item->text.len > TEXT_BYTES_MAX)
            field_fault(reader, item, text ? DIAGNOSTIC_OUT_OF_RANGE : DIAGNOSTIC_WRONG_TYPE,
                        arena_format(reader->arena, "a text of 1 to %d bytes", TEXT_BYTES_MAX));
        else
            items[texts.count++] = item->text;
    }
    texts.items = items;
    memcpy(member, &texts, sizeof texts);
}

void field_read_value(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      void *target)
{
    void *member = member_of(field, target);

    switch (field->kind) {
    case FIELD_KIND_NAME:
    case FIELD_KIND_TEXT:
        read_text(reader, node, field, member);
        break;
    case FIELD_KIND_FLAG:
        if (expect_kind(reader, node, JSON_KIND_BOOL, field))
            set_number(field, target, node->truth);
        break;
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
    case FIELD_KIND_DAYS:
        read_number(reader, node, field, target);
        break;
    case FIELD_KIND_USD:
        read_usd(reader, node, field, member);
        break;
    case FIELD_KIND_PERCENT:
        read_percent(reader, node, field, target);
        break;
    case FIELD_KIND_DATE:
    case FIELD_KIND_TIME:
        read_date(reader, node, field, member);
        break;
    case FIELD_KIND_WORD:
    case FIELD_KIND_FAMILY:
        read_word(reader, node, field, target);
        break;
    case FIELD_KIND_WORDS:
        read_words(reader, node, field, target);
        break;
    case FIELD_KIND_NAMES:
        read_names(reader, node, field, member);
        break;
    case FIELD_KIND_TEXTS:
        read_texts(reader, node, field, member);
        break;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_PART:
        field_read_object(reader, node, field->table, member);
        break;
    case FIELD_KIND_OWN:
        field->read(reader, node, field, target);
        break;
    }
}
