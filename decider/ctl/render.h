/* What people read: tables whose columns line up, groups of named values, and values as text.
 *
 * Everything that comes from elsewhere goes through display_put on its way out. Texts live in the
 * caller's arena. */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buf.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    struct arena *arena;
    unsigned columns;
    unsigned cell_columns; /* where the text of a cell goes on in the next line: 60 */
    const char *titles[TABLE_COLUMNS_MAX];
    struct table_row *first, **end;
    unsigned filled; /* cells of the last row */
};

/* From now on tables are broken into lines of at most so many columns, as far as words allow that;
 * 0, as at first: lines are as long as they are. For a terminal; called once, before any output. */
void table_line_columns(unsigned columns);

/* titles ends with NULL. A title that ends in '>' has its column on the right, without the mark.
 * A column in which no row has a text is not printed. */
void table_init(struct table *table, struct arena *arena, const char *const *titles);
/* Adds the next cell, in rows from left to right; the text is lent until the table is printed. */
void table_add(struct table *table, struct slice text);
void table_add_text(struct table *table, const char *text);
void table_add_format(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Cells of more than cell_columns go on in the next line, broken at spaces and behind commas. */
void table_print(const struct table *table, struct buf *out);
/* The same, indented below a title with an empty line before it; "": only the empty line. */
void table_print_below(const char *title, const struct table *table, struct buf *out);
/* As a table of Markdown (GitHub's); every cell in one line. */
void table_print_markdown(const struct table *table, struct buf *out);
/* Text in Markdown that shows as it is: whatever means something there is escaped. */
void render_markdown(struct slice text, struct buf *out);

/* ---- values ---- */

/* "2026-01-02 03:04:05.678 UTC"; empty for 0. */
struct slice render_time(int64_t unix_ms, struct arena *arena);
/* Nano-USD exactly: "0.05 USD". */
struct slice render_usd(int64_t nusd, struct arena *arena);
/* A field as people read it: its unit from its name (_nusd, _ms, _unix_ms), words of closed
 * lists, lists parted by commas, maps as key=value. Empty when it has nothing to say. */
struct slice render_field(const ProtobufCMessage *message,
                          const ProtobufCFieldDescriptor *field,
                          struct arena *arena);

/* A title and, indented below it, those of the named fields that say something; nothing when none
 * does. names are parted by spaces. */
void render_group(const char *title,
                  const ProtobufCMessage *message,
                  const char *names,
                  struct arena *arena,
                  struct buf *out);

#endif
