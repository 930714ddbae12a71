/* JSON documents (policies, catalog, configuration) by jansson, with what jansson alone loses:
 * duplicate keys are errors that name the key, every value knows the JSON pointer it stands at, and
 * errors carry line and column.
 *
 * Numbers keep their text: the text of a number's node is "0.05" as it stood, so that money can be
 * read exactly. (The document is scanned once more for number tokens; jansson itself gives doubles,
 * and refuses a number that no double can hold.)
 *
 * A document owns everything it lends: nodes and texts live in the arena, and every text has a NUL
 * behind it. Request bodies go through json_scan instead. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdint.h>

#include "base/arena.h"
#include "signalbox/result.h"
#include "signalbox/slice.h"

enum json_kind {
    JSON_KIND_NULL = 1,
    JSON_KIND_BOOL,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

struct json_error {
    unsigned line, column; /* from 1; 0: not known */
    char text[160];
};

struct json_node {
    enum json_kind kind;
    bool truth;              /* BOOL */
    struct slice text;       /* STRING: its content; NUMBER: as written */
    struct slice key;        /* as a member of an object; else empty */
    unsigned index;          /* as an element of an array */
    unsigned count;          /* ARRAY, OBJECT */
    struct json_node *child; /* first element or member, in document order */
    struct json_node *next;  /* sibling */
    struct json_node *parent;
};

/* Parses text into nodes in the arena. RESULT_INVALID with reterr_error filled: not JSON, not
 * UTF-8, a duplicate key, an embedded NUL, nested deeper than 64, or trailing text.
 * RESULT_NO_MEMORY: the arena's bound. */
MUST_USE enum result json_parse(struct slice text,
                                struct arena *arena,
                                struct json_node **ret_root,
                                struct json_error *reterr_error);
/* The member, or NULL (also when node is not an object). */
struct json_node *json_member(const struct json_node *node, const char *key);
/* RFC 6901 pointer of the node ("" for the root), in the arena. */
struct slice json_pointer(const struct json_node *node, struct arena *arena);
/* "null", "a boolean", "a number", ...: for messages. */
const char *json_kind_name(enum json_kind kind);
/* True for an integral number that fits; 1.0 and 1e3 count as integral. */
bool json_u64(const struct json_node *node, uint64_t *ret_value);

#endif
