/* Tables keep their cells until the widths are known. Values take their unit from the field's name,
 * which the proto's naming promises. */
#include "ctl/render.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/decimal.h"
#include "base/invariant.h"
#include "ctl/display.h"
#include "ctl/message.h"
#include "ctl/word.h"

#define CELL_BYTES_MAX     (64 * 1024)
#define CELL_COLUMNS       60
#define CELL_COLUMNS_LEAST 10
#define COLUMN_GAP         2
#define GROUP_INDENT       2
#define NANO_DIGITS        9
#define DECIMAL_BYTES      32
#define MS_PER_SECOND      1000

struct table_row {
    struct table_row *next;
    struct slice cells[TABLE_COLUMNS_MAX];
};

/* ---- tables ---- */

static unsigned line_columns; /* 0: no bound */

void table_line_columns(unsigned columns)
{
    line_columns = columns;
}

void table_init(struct table *table, struct arena *arena, const char *const *titles)
{
    *table = (struct table){.arena = arena, .cell_columns = CELL_COLUMNS};
    while (titles[table->columns]) {
        invariant(table->columns < TABLE_COLUMNS_MAX);
        table->titles[table->columns] = titles[table->columns];
        table->columns++;
    }
    table->end = &table->first;
    table->filled = table->columns;
}

/* Cells are made harmless once, here. */
static struct slice clean(struct slice text, struct arena *arena)
{
    struct buf buf;
    struct slice copy;

    buf_init(&buf, CELL_BYTES_MAX);
    display_put(text, false, &buf);
    copy = arena_copy(arena, buf_slice(&buf));
    buf_done(&buf);
    return copy;
}

void table_add(struct table *table, struct slice text)
{
    struct table_row *row;

    if (table->filled == table->columns) {
        row = arena_calloc(table->arena, 1, sizeof *row);
        if (!row)
            return;
        *table->end = row;
        table->filled = 0;
    } else {
        row = *table->end;
    }
    row->cells[table->filled++] = clean(text, table->arena);
    if (table->filled == table->columns)
        table->end = &row->next;
}

void table_add_text(struct table *table, const char *text)
{
    table_add(table, slice_of(text));
}

void table_add_format(struct table *table, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    table_add(table, slice_of(text));
}

static bool is_right(const char *title)
{
    return *title && title[strlen(title) - 1] == '>';
}

static struct slice title_text(const char *title)
{
    return (struct slice){title, strlen(title) - is_right(title)};
}

static void put_spaces(struct buf *out, unsigned count)
{
    buf_format(out, "%*s", (int)count, "");
}

/* Takes the next line of a cell off rest: up to so many columns, broken at spaces and behind commas
 * only, so that an id or a pointer can be copied whole. */
static struct slice next_line(struct slice *rest, unsigned columns)
{
    struct slice all = *rest;
    size_t end = 0; /* of the line; 0: no place to break yet */

    for (size_t i = 1; i <= all.len; i++) {
        if (i < all.len && all.ptr[i] != ' ' && all.ptr[i - 1] != ',')
            continue;
        if (end && display_width((struct slice){all.ptr, i}) > columns)
            break;
        end = i;
    }
    *rest = (struct slice){all.ptr + end, all.len - end};
    if (rest->len && *rest->ptr == ' ')
        *rest = (struct slice){rest->ptr + 1, rest->len - 1};
    return (struct slice){all.ptr, end};
}

static void put_cell(struct slice text, unsigned width, bool right, struct buf *out)
{
    unsigned spaces = width - display_width(text);

    if (right)
        put_spaces(out, spaces);
    buf_put_slice(out, text);
    if (!right)
        put_spaces(out, spaces);
}

static void put_row(const struct table *table,
                    const struct slice *cells,
                    const unsigned *widths,
                    const unsigned *limits,
                    struct buf *out)
{
    struct slice rest[TABLE_COLUMNS_MAX];
    bool more = true;

    memcpy(rest, cells, table->columns * sizeof *rest);
    while (more) {
        size_t start = out->len;

        more = false;
        for (unsigned i = 0; i < table->columns; i++) {
            if (widths[i] == 0)
                continue;
            if (out->len > start)
                put_spaces(out, COLUMN_GAP);
            put_cell(next_line(&rest[i], limits[i]), widths[i], is_right(table->titles[i]), out);
            more |= rest[i].len > 0;
        }
        while (out->len > start && out->ptr[out->len - 1] == ' ')
            out->len--;
        buf_put_text(out, "\n");
    }
}

static unsigned widest_line(struct slice cell, unsigned columns)
{
    unsigned widest = 0;

    while (cell.len > 0) {
        unsigned width = display_width(next_line(&cell, columns));

        widest = width > widest ? width : widest;
    }
    return widest;
}

/* How wide the column is when its cells are broken at limit; 0 when it holds nothing. */
static unsigned column_width(const struct table *table, unsigned column, unsigned limit)
{
    unsigned title = display_width(title_text(table->titles[column])), widest = 0;

    for (const struct table_row *row = table->first; row; row = row->next) {
        unsigned width = widest_line(row->cells[column], limit);

        widest = width > widest ? width : widest;
    }
    return widest && widest < title ? title : widest;
}

/* The widest column that may still become narrower; table->columns: none may. */
static unsigned widest_column(const struct table *table, const unsigned *widths, const bool *fixed)
{
    unsigned widest = table->columns;

    for (unsigned i = 0; i < table->columns; i++)
        if (!fixed[i] && widths[i] > CELL_COLUMNS_LEAST &&
            (widest == table->columns || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

/* Breaks the widest columns further until a row fits into the line, or words forbid it. */
static void fit(const struct table *table, unsigned columns, unsigned *widths, unsigned *limits)
{
    bool fixed[TABLE_COLUMNS_MAX] = {false};
    unsigned widest, total = 0;

    for (unsigned i = 0; i < table->columns; i++)
        total += widths[i] ? widths[i] + COLUMN_GAP : 0;
    while (total > columns + COLUMN_GAP &&
           (widest = widest_column(table, widths, fixed)) < table->columns) {
        unsigned width = column_width(table, widest, widths[widest] - 1);

        fixed[widest] = width >= widths[widest];
        if (fixed[widest])
            continue;
        limits[widest] = widths[widest] - 1;
        total -= widths[widest] - width;
        widths[widest] = width;
    }
}

static void print_table(const struct table *table, unsigned columns, struct buf *out)
{
    unsigned widths[TABLE_COLUMNS_MAX], limits[TABLE_COLUMNS_MAX];
    struct slice titles[TABLE_COLUMNS_MAX];

    for (unsigned i = 0; i < table->columns; i++) {
        titles[i] = title_text(table->titles[i]);
        limits[i] = table->cell_columns;
        widths[i] = column_width(table, i, limits[i]);
    }
    if (columns)
        fit(table, columns, widths, limits);
    put_row(table, titles, widths, limits, out);
    for (const struct table_row *row = table->first; row; row = row->next)
        put_row(table, row->cells, widths, limits, out);
}

void table_print(const struct table *table, struct buf *out)
{
    print_table(table, line_columns, out);
}

void table_print_below(const char *title, const struct table *table, struct buf *out)
{
    struct buf lines;
    bool untitled = !*table->titles[0]; /* then the first line is empty */

    buf_init(&lines, out->bytes_max);
    print_table(table, line_columns > GROUP_INDENT ? line_columns - GROUP_INDENT : line_columns,
                &lines);
    buf_format(out, "\n%s%s", title, untitled ? "" : *title ? "\n  " : "  ");
    for (size_t i = 0; i < lines.len; i++) {
        buf_put(out, &lines.ptr[i], 1);
        if (lines.ptr[i] == '\n' && i + 1 < lines.len)
            put_spaces(out, GROUP_INDENT);
    }
    buf_done(&lines);
}

void render_markdown(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\\`*[]<>|&#~", text.ptr[i]))
            buf_put_text(out, "\\");
        buf_put(out, &text.ptr[i], 1);
    }
}

void table_print_markdown(const struct table *table, struct buf *out)
{
    bool used[TABLE_COLUMNS_MAX] = {false};

    for (const struct table_row *row = table->first; row; row = row->next)
        for (unsigned i = 0; i < table->columns; i++)
            used[i] |= row->cells[i].len > 0;
    for (unsigned i = 0; i < table->columns; i++)
        if (used[i])
            buf_format(out, "| %.*s ", (int)title_text(table->titles[i]).len, table->titles[i]);
    buf_put_text(out, "|\n");
    for (unsigned i = 0; i < table->columns; i++)
        if (used[i])
            buf_put_text(out, is_right(table->titles[i]) ? "|--:" : "|---");
    buf_put_text(out, "|\n");
    for (const struct table_row *row = table->first; row; row = row->next) {
        for (unsigned i = 0; i < table->columns; i++) {
            if (!used[i])
                continue;
            buf_put_text(out, "| ");
            render_markdown(row->cells[i], out);
            buf_put_text(out, " ");
        }
        buf_put_text(out, "|\n");
    }
}

/* ---- values ---- */

struct slice render_time(int64_t unix_ms, struct arena *arena)
{
    time_t seconds = (time_t)(unix_ms / MS_PER_SECOND);
    char text[64];
    struct tm parts;

    if (unix_ms <= 0 || !gmtime_r(&seconds, &parts) ||
        !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts))
        return unix_ms ? arena_format(arena, "%" PRId64 " ms", unix_ms) : SLICE_LITERAL("");
    return arena_format(arena, "%s.%03d UTC", text, (int)(unix_ms % MS_PER_SECOND));
}

struct slice render_usd(int64_t nusd, struct arena *arena)
{
    char text[DECIMAL_BYTES];

    decimal_format(nusd < 0 ? 0 - (uint64_t)nusd : (uint64_t)nusd, NANO_DIGITS, text);
    return arena_format(arena, "%s%s USD", nusd < 0 ? "-" : "", text);
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static struct slice render_number(const char *name, int64_t number, struct arena *arena)
{
    if (ends_with(name, "_unix_ms"))
        return render_time(number, arena);
    if (ends_with(name, "_nusd"))
        return render_usd(number, arena);
    if (ends_with(name, "_ms"))
        return arena_format(arena, "%" PRId64 " ms", number);
    return arena_format(arena, "%" PRId64, number);
}

static struct slice render_bytes(const ProtobufCBinaryData *bytes, struct arena *arena)
{
    char *text = arena_alloc(arena, bytes->len * 2 + 1);

    if (!text)
        return SLICE_LITERAL("");
    for (size_t i = 0; i < bytes->len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes->data[i]);
    return (struct slice){text, bytes->len * 2};
}

/* The fields of a small message, "input 1200" for a usage; parted by spaces. */
static struct slice render_message(const ProtobufCMessage *message, struct arena *arena)
{
    struct slice text = SLICE_LITERAL("");

    for (unsigned i = 0; message && i < message->descriptor->n_fields; i++) {
        struct slice next = render_field(message, &message->descriptor->fields[i], arena);

        if (next.len)
            text = arena_format(arena, "%.*s%s%.*s", (int)text.len, text.ptr, text.len ? " " : "",
                                (int)next.len, next.ptr);
    }
    return text;
}

static struct slice
render_value(const ProtobufCFieldDescriptor *field, const void *value, struct arena *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return render_number(field->name, *(const int32_t *)value, arena);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return render_number(field->name, *(const uint32_t *)value, arena);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return render_number(field->name, *(const int64_t *)value, arena);
    case PROTOBUF_C_TYPE_FLOAT:
        return arena_format(arena, "%g", (double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return arena_format(arena, "%g", *(const double *)value);
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value ? SLICE_LITERAL("yes") : SLICE_LITERAL("no");
    case PROTOBUF_C_TYPE_ENUM:
        return slice_of(word_of(field->descriptor, *(const uint32_t *)value));
    case PROTOBUF_C_TYPE_STRING:
        return slice_of(*(const char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
        return render_bytes(value, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        return render_message(*(const ProtobufCMessage *const *)value, arena);
    }
    return SLICE_LITERAL("");
}

struct slice render_field(const ProtobufCMessage *message,
                          const ProtobufCFieldDescriptor *field,
                          struct arena *arena)
{
    size_t count = message_count(message, field);
    const char *values = message_field(message, field);
    struct slice text = SLICE_LITERAL("");

    if (count == 0)
        return text;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return render_value(field, values, arena);
    values = *(const char *const *)(const void *)values;
    for (size_t i = 0; i < count; i++) {
        struct slice next = render_value(field, values + i * message_value_bytes(field), arena);

        text = arena_format(arena, "%.*s%s%.*s", (int)text.len, text.ptr, i ? ", " : "",
                            (int)next.len, next.ptr ? next.ptr : "");
    }
    return text;
}

/* "policy_version" -> "policy version", without what the value's unit says. */
static struct slice label_of(const char *name, struct arena *arena)
{
    static const char *const units[] = {"_unix_ms", "_nusd", "_ms"};
    struct slice label = arena_copy(arena, slice_of(name));

    for (unsigned i = 0; i < sizeof units / sizeof *units; i++)
        if (ends_with(name, units[i])) {
            label.len -= strlen(units[i]);
            break;
        }
    for (size_t i = 0; i < label.len; i++)
        if (label.ptr[i] == '_')
            ((char *)(uintptr_t)label.ptr)[i] = ' ';
    return label;
}

void render_group(const char *title,
                  const ProtobufCMessage *message,
                  const char *names,
                  struct arena *arena,
                  struct buf *out)
{
    static const char *const titles[] = {"", "", NULL};
    struct table table;
    char name[64];
    int len;

    table_init(&table, arena, titles);
    for (; sscanf(names, " %63s%n", name, &len) == 1; names += len) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
        struct slice text;

        invariant(field);
        text = render_field(message, field, arena);
        if (text.len == 0)
            continue;
        table_add(&table, label_of(name, arena));
        table_add(&table, text);
    }
    if (table.first)
        table_print_below(title, &table, out);
}
