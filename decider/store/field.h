/* Field tables: a struct described row by row, and the one encoder and decoder that read them. The
 * bytes are those that store/codec.h promises. Internal to the store; codec, history, policy and
 * principal have tables.
 *
 * A table's rows are in ascending number order. Lists are one value: their items one after another,
 * each with its length. A nested record is a value that holds its fields. */
#ifndef STORE_FIELD_H
#define STORE_FIELD_H

#include <stdint.h>

#include "store/codec.h"

enum field_kind {
    FIELD_TEXT,
    FIELD_BYTES,
    FIELD_BOOL,
    FIELD_U8,
    FIELD_U32,
    FIELD_U64,
    FIELD_I64,   /* two's complement as a varint: meant for times, which are positive */
    FIELD_ENUM,  /* 4 bytes wide */
    FIELD_ENUM8, /* a member kept in a uint8_t */
    FIELD_SET,
    FIELD_TEXTS,
    FIELD_PAIRS,
    FIELD_USAGE,
    FIELD_TOOL_CALLS,
    FIELD_FIXED, /* an array of `bound` bytes; all zero is left out */
    FIELD_RECORD,
};

enum field_wire {
    FIELD_WIRE_VARINT = 0,
    FIELD_WIRE_BYTES = 2,
};

struct field {
    uint16_t number;
    uint8_t kind;
    bool digested;  /* in digest scope only */
    uint16_t bound; /* items of a list, bytes of FIXED */
    uint32_t offset;
    bool (*known)(unsigned number);   /* ENUM, ENUM8, SET: is it a member */
    const struct field_table *record; /* RECORD */
};

struct field_table {
    const struct field *fields;
    unsigned count;
};

#define FIELD(owner, number, KIND, name)                                                           \
    {                                                                                              \
        number, FIELD_##KIND, false, 0, offsetof(struct owner, name), NULL, NULL                   \
    }
#define FIELD_BOUNDED(owner, number, KIND, bound, name)                                            \
    {                                                                                              \
        number, FIELD_##KIND, false, bound, offsetof(struct owner, name), NULL, NULL               \
    }
#define FIELD_MEMBER(owner, number, KIND, list, name)                                              \
    {                                                                                              \
        number, FIELD_##KIND, false, 0, offsetof(struct owner, name), signalbox_##list##_known,    \
            NULL                                                                                   \
    }
#define FIELD_NESTED(owner, number, table, name)                                                   \
    {                                                                                              \
        number, FIELD_RECORD, false, 0, offsetof(struct owner, name), NULL, table                  \
    }
#define FIELD_TABLE(rows)                                                                          \
    {                                                                                              \
        rows, sizeof rows / sizeof *rows                                                           \
    }

/* The tables of facts.def and report.def, for records that hold them. */
extern const struct field_table codec_facts_table;
extern const struct field_table codec_report_table;

/* Appends record's fields. What field_get would refuse for its shape (a list over its bound, a map
 * key twice) fails the buffer. */
void field_put(struct buf *buf,
               const struct field_table *table,
               const void *record,
               enum codec_scope scope);
/* Fills the all-zero *ret_record. arena may be NULL where the table has no lists. */
MUST_USE enum result field_get(struct slice bytes,
                               struct arena *arena,
                               const struct field_table *table,
                               void *ret_record);

/* A value with its length before it, written before the length is known: begin, write, end. */
size_t field_put_begin(struct buf *buf);
void field_put_end(struct buf *buf, size_t begun);
/* Reads such a value; the empty slice with cursor->failed when it is cut short. */
struct slice field_get_value(struct cursor *cursor);

/* Sealed records: u8 version, body, 16 bytes of SHA-256 over both. Starts at buf->len on begin. */
#define RECORD_SEAL_BYTES 16
size_t record_begin(struct buf *buf, uint8_t version);
void record_seal(struct buf *buf, size_t begun);
/* RESULT_CORRUPT: another version, or not the bytes that were sealed. Lends the body. */
MUST_USE enum result record_unseal(struct slice bytes, uint8_t version, struct slice *ret_body);

#endif
