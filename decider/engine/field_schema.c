/* One small writer per kind of field, beside the readers of field_value.c.
 *
 * Bytes are counted in characters, which are never more; so a schema takes a text of many bytes
 * that the reader refuses, and never the other way round. Numbers are bounded as the document has
 * them, not as they are kept. */
#include "engine/field_schema.h"

#include "base/decimal.h"
#include "base/invariant.h"

#define NUSD_DIGITS    9
#define PERCENT_DIGITS 2
#define DECIMAL_BYTES  32
#define DAY_PATTERN    "(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#define TIME_PATTERN   "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\\\.[0-9]{1,3})?Z"

_Static_assert(NAME_BYTES_MAX == 128, "FIELD_SCHEMA_NAME_PATTERN says so");

static void put_text(struct buf *buf, uint64_t low, uint64_t high)
{
    buf_put_text(buf, "\"type\": \"string\"");
    if (low)
        buf_put_text(buf, ", \"minLength\": 1");
    buf_format(buf, ", \"maxLength\": %llu", (unsigned long long)high);
}

static void put_pattern(struct buf *buf, const char *pattern)
{
    buf_format(buf, "\"type\": \"string\", \"pattern\": \"%s\"", pattern);
}

static void put_number(struct buf *buf, const struct field *field, unsigned digits)
{
    char low[DECIMAL_BYTES], high[DECIMAL_BYTES];

    decimal_format(field->low, digits, low);
    decimal_format(field->high, digits, high);
    buf_format(buf, "\"type\": \"%s\", \"minimum\": %s, \"maximum\": %s",
               digits ? "number" : "integer", low, high);
}

static void put_words(struct buf *buf, const struct field *field)
{
    const char *separator = "";

    buf_put_text(buf, "\"type\": \"string\", \"enum\": [");
    for (unsigned i = 1; i < field->words->end; i++) {
        if (!field->words->rows[i].name)
            continue;
        if (field->kind == FIELD_KIND_FAMILY && !field_family_served((enum family)i))
            continue;
        buf_put_text(buf, separator);
        buf_put_json_string(buf, slice_of(field->words->rows[i].name));
        separator = ", ";
    }
    buf_put_text(buf, "]");
}

static void put_bounds(struct buf *buf, const struct field *field)
{
    if (field->low)
        buf_format(buf, ", \"minItems\": %llu", (unsigned long long)field->low);
    buf_format(buf, ", \"maxItems\": %llu", (unsigned long long)field->high);
}

static void put_list(struct buf *buf, const struct field *field)
{
    buf_put_text(buf, "\"type\": \"array\"");
    put_bounds(buf, field);
    if (field->kind != FIELD_KIND_TEXTS && !field->items)
        buf_put_text(buf, ", \"uniqueItems\": true");
    buf_put_text(buf, ", \"items\": {");
    if (field->kind == FIELD_KIND_WORDS)
        put_words(buf, field);
    else if (field->kind == FIELD_KIND_NAMES)
        put_pattern(buf, FIELD_SCHEMA_NAME_PATTERN);
    else if (field->kind == FIELD_KIND_TEXTS)
        put_text(buf, 1, TEXT_BYTES_MAX);
    else
        field_schema_put_object(buf, field->items, field->schema);
    buf_put_text(buf, "}");
}

/* A text that makes a list or an object of any members leaves its bounds to the row. */
static void put_own(struct buf *buf, const struct field *field)
{
    if (field->items) {
        put_list(buf, field);
        return;
    }
    if (field->decimals) {
        put_number(buf, field, field->decimals);
        return;
    }
    invariant(field->schema);
    buf_put_text(buf, field->schema);
    if (strncmp(field->schema, FIELD_SCHEMA_ARRAY, sizeof FIELD_SCHEMA_ARRAY - 1) == 0)
        put_bounds(buf, field);
    if (strncmp(field->schema, FIELD_SCHEMA_OBJECT, sizeof FIELD_SCHEMA_OBJECT - 1) == 0 &&
        field->high)
        buf_format(buf, ", \"maxProperties\": %llu", (unsigned long long)field->high);
}

static void put_kind(struct buf *buf, const struct field *field)
{
    switch (field->kind) {
    case FIELD_KIND_NAME:
        put_pattern(buf, FIELD_SCHEMA_NAME_PATTERN);
        break;
    case FIELD_KIND_TEXT:
        put_text(buf, field->low, field->high);
        break;
    case FIELD_KIND_FLAG:
        buf_put_text(buf, "\"type\": \"boolean\"");
        break;
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
    case FIELD_KIND_DAYS:
        put_number(buf, field, 0);
        break;
    case FIELD_KIND_USD:
        put_number(buf, field, NUSD_DIGITS);
        break;
    case FIELD_KIND_PERCENT:
        put_number(buf, field, PERCENT_DIGITS);
        break;
    case FIELD_KIND_DATE:
        put_pattern(buf, "^" DAY_PATTERN "$");
        break;
    case FIELD_KIND_TIME:
        put_pattern(buf, "^" DAY_PATTERN "(T" TIME_PATTERN ")?$");
        break;
    case FIELD_KIND_WORD:
    case FIELD_KIND_FAMILY:
        put_words(buf, field);
        break;
    case FIELD_KIND_WORDS:
    case FIELD_KIND_NAMES:
    case FIELD_KIND_TEXTS:
        put_list(buf, field);
        break;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_PART:
        field_schema_put_object(buf, field->table, field->schema);
        break;
    case FIELD_KIND_OWN:
        put_own(buf, field);
        break;
    }
}

/* What an absent member counts as, where that is one value. */
static void put_default(struct buf *buf, const struct field *field)
{
    if (field->required || (!field->initial && field->kind != FIELD_KIND_FLAG))
        return;
    buf_put_text(buf, ", \"default\": ");
    if (field->kind == FIELD_KIND_FLAG)
        buf_put_text(buf, field->initial ? "true" : "false");
    else if (field->kind == FIELD_KIND_WORD)
        buf_put_json_string(buf, slice_of(field->words->rows[field->initial].name));
    else
        buf_format(buf, "%llu", (unsigned long long)field->initial);
}

void field_schema_put_value(struct buf *buf, const struct field *field)
{
    buf_put_text(buf, "{");
    if (field->sentence && *field->sentence) {
        buf_put_text(buf, "\"description\": ");
        buf_put_json_string(buf, slice_of(field->sentence));
        buf_put_text(buf, ", ");
    }
    put_kind(buf, field);
    put_default(buf, field);
    buf_put_text(buf, "}");
}

/* Recursion is bounded by the tables, which are constants. */
void field_schema_put_object(struct buf *buf, const struct field_table *table, const char *more)
{
    const char *separator = "";

    invariant(table);
    buf_put_text(buf, "\"type\": \"object\", \"properties\": {");
    for (unsigned i = 0; i < table->count; i++) {
        buf_put_text(buf, i ? ", " : "");
        buf_put_json_string(buf, slice_of(table->fields[i].name));
        buf_put_text(buf, ": ");
        field_schema_put_value(buf, &table->fields[i]);
    }
    buf_put_text(buf, "}, \"required\": [");
    for (unsigned i = 0; i < table->count; i++)
        if (table->fields[i].required) {
            buf_put_text(buf, separator);
            buf_put_json_string(buf, slice_of(table->fields[i].name));
            separator = ", ";
        }
    buf_put_text(buf, "], \"additionalProperties\": false");
    if (more) {
        buf_put_text(buf, ", ");
        buf_put_text(buf, more);
    }
}
