/* JSON Schema (2020-12) of an object that a table of fields describes: what field_read_object
 * refuses for its shape, the schema refuses too. Types, words, ranges, names, missing and unknown
 * members are shape; what compares two members, or needs a catalog, is not. For schema.c. */
#ifndef ENGINE_FIELD_SCHEMA_H
#define ENGINE_FIELD_SCHEMA_H

#include "engine/field.h"

/* The members of the object's schema, without braces. more: further ones as JSON text, or NULL. */
void field_schema_put_object(struct buf *buf, const struct field_table *table, const char *more);
/* The schema of one value, with braces. */
void field_schema_put_value(struct buf *buf, const struct field *field);

/* How a schema text of a field begins, when its low and high are to bound the elements or members.
 */
#define FIELD_SCHEMA_ARRAY  "\"type\": \"array\""
#define FIELD_SCHEMA_OBJECT "\"type\": \"object\""
#define FIELD_SCHEMA_STRING "\"type\": \"string\""
/* An object has at least one of the members; for one that has them all in its table. */
#define FIELD_SCHEMA_HAS(name)                                                                     \
    "{\"properties\": {\"" name "\": true}, \"required\": [\"" name "\"]}"

/* An object whose member is so has the other member too. */
#define FIELD_SCHEMA_IF(name, so, other)                                                           \
    "\"if\": {\"properties\": {\"" name "\": {" so "}}, \"required\": [\"" name                    \
    "\"]}, \"then\": " FIELD_SCHEMA_HAS(other)

/* What is a name, for members' names and other places where no field is. */
#define FIELD_SCHEMA_NAME_PATTERN "^[A-Za-z0-9._:/@-]{1,128}$"

#endif
