/* A JSON value that satisfies a simple schema.
 *
 * Knows type, properties, items, enum, const, anyOf/oneOf (the first branch), local $ref, the
 * bounds minimum, maximum, minItems, minLength and maxLength. Not a validator: a schema beyond
 * that gets a plausible value. Pure. */
#ifndef MOCK_SAMPLE_H
#define MOCK_SAMPLE_H

#include <jansson.h>

/* The value for schema, whose $refs point into root; gives. name flavours the texts. */
json_t *sample_make(const json_t *root, const json_t *schema, const char *name);

#endif
