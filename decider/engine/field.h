/* Objects of a document as tables of fields: one row per field, and one reader for all of them.
 *
 * A table drives everything that is the same for every object: reading values into a struct,
 * defaults, missing and unknown fields, wrong types, ranges, unknown words, and writing the object
 * again. What only one field does stands in its own two functions. Rows come from a .def file.
 *
 * Who calls it: the parsers of policies and catalogs. Every fault becomes a finding and reading
 * goes on, so that all the findings of a document come at once. Whether memory ran out is known at
 * the end, from the arena's sticky failure. */
#ifndef ENGINE_FIELD_H
#define ENGINE_FIELD_H

#include "base/buf.h"
#include "base/json.h"
#include "engine/diagnostic.h"
#include "signalbox/facts.h"

/* What the member is: */
enum field_kind {
    FIELD_KIND_NAME = 1, /* struct slice; letters, digits and . _ - : / @ */
    FIELD_KIND_TEXT,     /* struct slice of low to high bytes */
    FIELD_KIND_FLAG,     /* bool or uint8_t */
    FIELD_KIND_U32,      /* uint32_t from low to high */
    FIELD_KIND_U64,      /* uint64_t from low to high */
    FIELD_KIND_USD,      /* uint64_t: nano-USD, low to high too */
    FIELD_KIND_DAYS,     /* uint64_t: milliseconds; low to high are days */
    FIELD_KIND_PERCENT,  /* uint32_t: hundredths of a percent, low to high too */
    FIELD_KIND_DATE,     /* int64_t: milliseconds since 1970 at 0:00 UTC */
    FIELD_KIND_TIME,     /* int64_t: milliseconds since 1970; a date or a time in UTC */
    FIELD_KIND_WORD,     /* an enum: one of words */
    FIELD_KIND_FAMILY,   /* enum family: one of words, and one that is served */
    FIELD_KIND_WORDS,    /* uint64_t: a set of words; low to high of them */
    FIELD_KIND_NAMES,    /* struct texts; low to high of them, none twice */
    FIELD_KIND_TEXTS,    /* struct texts; low to high of them, 1 to TEXT_BYTES_MAX bytes each */
    FIELD_KIND_OBJECT,   /* a struct with a table of its own */
    FIELD_KIND_PART,     /* members of the same struct; member names the first of them */
    FIELD_KIND_OWN,      /* read and write know */
};

struct field;
struct field_reader;
struct field_table;

/* Reads the value at node into target, the struct that holds the field. */
typedef void (*field_read)(struct field_reader *reader,
                           const struct json_node *node,
                           const struct field *field,
                           void *target);
/* Writes the value, without the name. False, and nothing written: the field is left out. */
typedef bool (*field_write)(struct buf *buf,
                            const struct field *field,
                            const void *target,
                            unsigned depth);

struct field_words {
    const struct taxonomy_row *rows;
    unsigned end;
};

struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    size_t offset;
    uint64_t low, high;
    uint64_t initial; /* of FLAG, WORD and numbers when the field is absent; 0: nothing */
    const char *unit; /* of a number; with OWN: what is expected */
    const char *sentence;
    const struct field_words *words;
    const struct field_table *table;
    /* What only a JSON Schema says (engine/field_schema.h). items: OWN is a list of such objects.
     * decimals: OWN is a number, and low and high are in units of 10^-decimals. schema: of OWN
     * without items the members of its schema, as JSON text; else more members of the object's. */
    const struct field_table *items;
    unsigned decimals;
    const char *schema;
    field_read read;
    field_write write;
};

struct field_table {
    const struct field *fields;
    unsigned count;
};

struct field_reader {
    struct arena *arena;
    struct diagnostics *diagnostics;
};

#define FIELD_SIZE_NAME    sizeof(struct slice)
#define FIELD_SIZE_TEXT    sizeof(struct slice)
#define FIELD_SIZE_FLAG    1
#define FIELD_SIZE_U32     4
#define FIELD_SIZE_U64     8
#define FIELD_SIZE_USD     8
#define FIELD_SIZE_DAYS    8
#define FIELD_SIZE_PERCENT 4
#define FIELD_SIZE_DATE    8
#define FIELD_SIZE_TIME    8
#define FIELD_SIZE_WORD    sizeof(unsigned)
#define FIELD_SIZE_FAMILY  sizeof(unsigned)
#define FIELD_SIZE_WORDS   8
#define FIELD_SIZE_NAMES   sizeof(struct texts)
#define FIELD_SIZE_TEXTS   sizeof(struct texts)
#define FIELD_SIZE_OBJECT  0
#define FIELD_SIZE_PART    0
#define FIELD_SIZE_OWN     0

/* offsetof that does not compile when the member is not of the kind's size. */
#define FIELD_OFFSET(KIND, type, member)                                                           \
    (offsetof(type, member) +                                                                      \
     0 * sizeof(                                                                                   \
             char[FIELD_SIZE_##KIND == 0 || sizeof(((type *)0)->member) == FIELD_SIZE_##KIND + 0   \
                      ? 1                                                                          \
                      : -1]))

/* A row of a .def file as a struct field; extra is empty or designated initialisers. */
#define FIELD_ROW(type, name_, KIND, member, need, low_, high_, initial_, unit_, sentence_, ...)   \
    {.name = name_,                                                                                \
     .kind = FIELD_KIND_##KIND,                                                                    \
     .required = FIELD_NEED_##need,                                                                \
     .offset = FIELD_OFFSET(KIND, type, member),                                                   \
     .low = low_,                                                                                  \
     .high = high_,                                                                                \
     .initial = initial_,                                                                          \
     .unit = unit_,                                                                                \
     .sentence = sentence_,                                                                        \
     __VA_ARGS__},
#define FIELD_NEED_NEEDED   true
#define FIELD_NEED_OPTIONAL false

#define FIELD_WORDS_OF(list, PREFIX)                                                               \
    .words = &(const struct field_words)                                                           \
    {                                                                                              \
        list##_rows, PREFIX##_END                                                                  \
    }
#define FIELD_TABLE_OF(fields_)                                                                    \
    (const struct field_table)                                                                     \
    {                                                                                              \
        fields_, sizeof(fields_) / sizeof *(fields_)                                               \
    }

/* Parses a document of at most bytes_max. Its faults become findings; NULL when there was one or
 * when memory ran out. */
const struct json_node *
field_read_document(struct field_reader *reader, struct slice text, size_t bytes_max);
/* Sets every member of the table to its initial value, objects within it too; target is cleared. */
void field_set_initial(const struct field_table *table, void *target);
/* Reads node's members into target, whose members have their initial values. */
void field_read_object(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field_table *table,
                       void *target);

/* As field_read_object, of those members only that the table knows: for a node that has a fault
 * which leaves open what else belongs into it. */
void field_read_known(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field_table *table,
                      void *target);

/* Reads one value into the field's member of target. */
void field_read_value(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      void *target);

/* For read functions. node is an array of field->low to field->high elements, or there is a finding
 * and the result is false. */
bool field_expect_list(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field *field);
/* The word's number, or 0 after a finding. */
unsigned field_expect_word(struct field_reader *reader,
                           const struct json_node *node,
                           const struct field *field);
/* A finding at the node with its value as what was found. */
void field_fault(struct field_reader *reader,
                 const struct json_node *node,
                 enum diagnostic_code code,
                 struct slice expected);
/* A finding at the place where object would have the member. found empty: it is missing. */
void field_fault_member(struct field_reader *reader,
                        struct slice object,
                        const char *member,
                        enum diagnostic_code code,
                        struct slice found,
                        struct slice expected);
/* What the field accepts, in words; in the arena. */
struct slice field_describe(struct field_reader *reader, const struct field *field);
/* "a, b, c" of a set's members; in the arena. */
struct slice field_list_words(struct arena *arena, const struct field_words *words, uint64_t set);
/* An amount of money from a number's text, times 10^digits; false after a finding. */
bool field_read_amount(struct field_reader *reader,
                       const struct json_node *node,
                       unsigned digits,
                       const struct field *field,
                       uint64_t *ret_amount);
/* An element of an array says what one before it says. */
bool field_stands_before(const struct json_node *item);
bool field_is_name(struct slice text);
bool field_family_served(enum family family);

/* Compact JSON; members keep their order and numbers their text. */
void field_put_json(struct buf *buf, const struct json_node *node);
/* The object with one member per line, indented by two spaces per depth; members that stand at
 * "nothing" are left out. False, and nothing written: all of them were. */
bool field_write_object(struct buf *buf,
                        const struct field_table *table,
                        const void *target,
                        unsigned depth);
/* A line break and the indentation of depth. */
void field_write_line(struct buf *buf, unsigned depth);

#endif
