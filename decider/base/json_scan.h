/* A request body seen once: top-level members with the byte offsets of their values, in one pass of
 * simdjson On Demand, behind extern "C" (the only C++ of the project).
 *
 * Calls back for every top-level member in document order. The callee may look into the value with
 * the json_scan_* readers; what it does not look into is skipped (its nesting and strings are
 * checked by simdjson's structural pass, bad literals inside skipped values are not). Callbacks can
 * go 64 levels deep; what is skipped may be deeper.
 *
 * The body must be followed by JSON_SCAN_PADDING readable bytes. One scanner per thread; slices are
 * lent until the next scan with the same scanner. */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "signalbox/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_SCAN_PADDING 64

struct json_scanner;
struct json_scan_value; /* lives inside a callback */

enum json_scan_result {
    JSON_SCAN_OK,
    JSON_SCAN_MALFORMED,     /* not JSON, not UTF-8, trailing text, too deep */
    JSON_SCAN_NOT_AN_OBJECT, /* the top level is something else */
    JSON_SCAN_WRONG_TYPE,    /* a reader met another type than it reads */
    JSON_SCAN_STOPPED,       /* a callback said stop */
    JSON_SCAN_NO_MEMORY,
};

enum json_scan_type {
    JSON_SCAN_NULL,
    JSON_SCAN_BOOL,
    JSON_SCAN_NUMBER,
    JSON_SCAN_STRING,
    JSON_SCAN_ARRAY,
    JSON_SCAN_OBJECT,
};

/* Return false to stop the scan (JSON_SCAN_STOPPED). key is unescaped. */
typedef bool (*json_scan_member)(void *context, struct slice key, struct json_scan_value *value);
typedef bool (*json_scan_element)(void *context, uint64_t index, struct json_scan_value *value);

/* NULL: out of memory. */
struct json_scanner *json_scanner_new(void);
void json_scanner_free(struct json_scanner *scanner);

enum json_scan_result json_scan_object(struct json_scanner *scanner,
                                       struct slice body,
                                       json_scan_member on_member,
                                       void *context);

enum json_scan_type json_scan_type(struct json_scan_value *value);
/* The value's token as it stands in the body: for a scalar, without trailing white space; for the
 * offset of a string's opening quote use ptr - body.ptr. */
struct slice json_scan_raw(struct json_scan_value *value);
/* The whole of an array or object, from bracket to bracket as it stands in the body, once
 * json_scan_members or json_scan_elements has read it to its end; before that, and of a scalar, the
 * empty slice. */
struct slice json_scan_span(struct json_scan_value *value);
/* Readers: true, and the result set, when the value is of that type. A reader of its type consumes
 * the value; a second one reads nothing. */
bool json_scan_bool(struct json_scan_value *value, bool *ret_truth);
bool json_scan_u64(struct json_scan_value *value, uint64_t *ret_number);
bool json_scan_string(struct json_scan_value *value, struct slice *ret_text);
/* Nested: call back for each member or element; the result as for json_scan_object. */
enum json_scan_result
json_scan_members(struct json_scan_value *value, json_scan_member on_member, void *context);
enum json_scan_result
json_scan_elements(struct json_scan_value *value, json_scan_element on_element, void *context);

#ifdef __cplusplus
}
#endif

#endif
