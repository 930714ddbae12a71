/* Recursion over the schema, with a depth bound because a $ref may point at itself. Every
 * declared property is filled in, as a strict schema requires. */
#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define DEPTH_MAX  12
#define ITEMS_MAX  64
#define LENGTH_MAX 4096

struct path {
    const json_t *root;
    unsigned depth;
};

static json_t *make(struct path path, const json_t *schema, const char *name);

static json_int_t bound(const json_t *schema, const char *name, json_int_t otherwise)
{
    const json_t *value = json_object_get(schema, name);
    return json_is_number(value) ? (json_int_t)ceil(json_number_value(value)) : otherwise;
}

/* The type, or the first of several that is not null. */
static const char *type_of(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    for (size_t i = 0; i < json_array_size(type); i++) {
        const char *one = json_string_value(json_array_get(type, i));
        if (one && strcmp(one, "null") != 0)
            return one;
    }
    if (json_is_string(type))
        return json_string_value(type);
    if (json_object_get(schema, "properties"))
        return "object";
    return json_object_get(schema, "items") ? "array" : "string";
}

/* Follows "#/a/b" from the root; NULL when it leads nowhere. */
static const json_t *resolve(const json_t *root, const char *reference)
{
    if (strncmp(reference, "#", 1) != 0)
        return NULL;
    char *copy = strdup(reference + 1);
    char *rest = copy;
    const json_t *at = root;
    const char *part;
    while (at && copy && (part = strsep(&rest, "/")))
        if (*part)
            at = json_object_get(at, part);
    free(copy);
    return at;
}

static json_t *make_string(const json_t *schema, const char *name)
{
    json_int_t least = bound(schema, "minLength", 0);
    json_int_t most = bound(schema, "maxLength", LENGTH_MAX);
    struct text value = {0};
    text_add_format(&value, "sample %s", name);
    if (least > LENGTH_MAX)
        least = LENGTH_MAX;
    if (least > 0 && value.len < (size_t)least)
        text_add_fill(&value, 'x', (size_t)least - value.len);
    if (most >= 0 && value.len > (size_t)most)
        value.ptr[value.len = (size_t)most] = '\0';
    json_t *made = json_string(value.ptr);
    text_done(&value);
    return made ? made : json_string("sample");
}

static json_t *make_number(const json_t *schema, bool whole)
{
    json_int_t least = bound(schema, "minimum", bound(schema, "exclusiveMinimum", 0) + 1);
    json_int_t most = bound(schema, "maximum", least);
    json_int_t value = most < least ? most : least;
    return whole ? json_integer(value) : json_real((double)value + (most > least ? 0.5 : 0.0));
}

static json_t *make_array(struct path path, const json_t *schema, const char *name)
{
    json_t *list = json_array();
    json_int_t least = bound(schema, "minItems", 1);
    for (json_int_t i = 0; i < least && i < ITEMS_MAX; i++)
        json_array_append_new(list, make(path, json_object_get(schema, "items"), name));
    return list;
}

static json_t *make_object(struct path path, const json_t *schema)
{
    json_t *object = json_object();
    json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *property;
    json_object_foreach(properties, name, property)
        json_object_set_new(object, name, make(path, property, name));
    return object;
}

static json_t *make_typed(struct path path, const json_t *schema, const char *name)
{
    const char *type = type_of(schema);
    if (!strcmp(type, "object"))
        return make_object(path, schema);
    if (!strcmp(type, "array"))
        return make_array(path, schema, name);
    if (!strcmp(type, "integer") || !strcmp(type, "number"))
        return make_number(schema, *type == 'i');
    if (!strcmp(type, "boolean"))
        return json_true();
    if (!strcmp(type, "null"))
        return json_null();
    return make_string(schema, name);
}

static json_t *make(struct path path, const json_t *schema, const char *name)
{
    if (path.depth++ >= DEPTH_MAX)
        return json_null();
    json_t *fixed = json_object_get(schema, "const");
    if (!fixed)
        fixed = json_array_get(json_object_get(schema, "enum"), 0);
    if (fixed)
        return json_deep_copy(fixed);
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    const json_t *branch = reference ? resolve(path.root, reference) : NULL;
    if (!branch)
        branch = json_array_get(json_object_get(schema, "anyOf"), 0);
    if (!branch)
        branch = json_array_get(json_object_get(schema, "oneOf"), 0);
    return branch ? make(path, branch, name) : make_typed(path, schema, name);
}

json_t *sample_make(const json_t *root, const json_t *schema, const char *name)
{
    return make((struct path){root, 0}, schema, name);
}
