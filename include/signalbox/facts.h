/* What a gateway says: the question. Facts, never opinions.
 *
 * Plain structs, one set for engine, store, client and edge. They own nothing: every slice and
 * array is lent by whoever filled the struct (an arena, a request body, a decoded record) and must
 * live as long as the struct is used. All-zero is a valid, empty value. facts.def and report.def
 * say what each field means; limits.h bounds them, and who decodes them from outside enforces that.
 */
#ifndef SIGNALBOX_FACTS_H
#define SIGNALBOX_FACTS_H

#include <stdint.h>

#include "signalbox/limits.h"
#include "signalbox/slice.h"
#include "signalbox/taxonomy.h"
#include "signalbox/uuid.h"

struct texts {
    const struct slice *items;
    unsigned count;
};

struct pair {
    struct slice key;
    struct slice value;
};

struct pairs {
    const struct pair *items;
    unsigned count;
};

struct tool_call {
    struct slice id;
    struct slice name;
    enum side_effect side_effect;
};

struct tool_calls {
    const struct tool_call *items;
    unsigned count;
};

/* Indexed by enum unit. */
struct usage {
    uint64_t amounts[UNIT_END];
};

#define FIELD_TEXT(list, name)            struct slice name;
#define FIELD_BYTES(list, name)           struct slice name;
#define FIELD_BOOL(list, name)            bool name;
#define FIELD_U32(list, name)             uint32_t name;
#define FIELD_U64(list, name)             uint64_t name;
#define FIELD_ENUM(list, name)            enum list name;
#define FIELD_SET(list, name)             uint64_t name; /* of enum list */
#define FIELD_TEXTS(list, name)           struct texts name;
#define FIELD_PAIRS(list, name)           struct pairs name;
#define FIELD_USAGE(list, name)           struct usage name;
#define FIELD_TOOL_CALLS(list, name)      struct tool_calls name;
#define X(number, KIND, list, name, keep) FIELD_##KIND(list, name)

struct facts {
#include "signalbox/facts.def"
};

struct report {
#include "signalbox/report.def"
};

#undef X
#undef FIELD_TEXT
#undef FIELD_BYTES
#undef FIELD_BOOL
#undef FIELD_U32
#undef FIELD_U64
#undef FIELD_ENUM
#undef FIELD_SET
#undef FIELD_TEXTS
#undef FIELD_PAIRS
#undef FIELD_USAGE
#undef FIELD_TOOL_CALLS

/* One question at an attempt boundary. boundary 0 is the admission; boundary n follows attempt n.
 * (tenant, request id, boundary) names a question: the same again gets the same answer. */
struct question {
    struct uuid request_id; /* UUIDv7; within REQUEST_ID_SKEW_MS_MAX of now at admission */
    uint32_t boundary;
    bool has_facts; /* true at boundary 0; later only when the decider asked for them again */
    struct facts facts;
    bool has_report; /* true from boundary 1 on */
    struct report report;
    uint32_t deadline_ms; /* left until the caller's own deadline; 0: none. The first one binds */
    struct slice resume_token; /* from the last answer; empty at boundary 0 */
    bool want_trace;
    bool want_record; /* terminal answers carry the record anyway */
};

#endif
