/* jansson judges the text; then its tree and the raw text are walked side by side, because jansson
 * keeps members in document order but not the text of numbers. In a text that jansson took, a digit
 * or minus sign outside a string can only be the start of a number, so that walk needs no grammar.
 *
 * One look ahead of jansson bounds what it may build: nesting, and the number of nodes. A number
 * beyond the range of a double is refused, as jansson does. */
#include "base/json.h"

#include <stdio.h>

#include <jansson.h>

#include "base/decimal.h"

#define DEPTH_MAX          64
#define SHOWN_KEY_BYTES    80
#define JANSSON_TEXT_BYTES ((int)sizeof((struct json_error){0}.text) - 1)

struct walk {
    struct arena *arena;
    const char *p; /* in the raw text: behind the last number seen */
    const char *end;
};

/* Behind the string whose opening quote is at p. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && end - p > 1)
            p++;
    return p < end ? p + 1 : end;
}

static enum result
invalid(struct json_error *error, unsigned line, unsigned column, const char *text)
{
    error->line = line;
    error->column = column;
    snprintf(error->text, sizeof error->text, "%s", text);
    return RESULT_INVALID;
}

/* Refuses what is nested too deep, and what has more nodes than the arena can hold: every comma
 * stands between two of them, and every array or object is one. */
static enum result
check_bounds(struct slice text, const struct arena *arena, struct json_error *reterr_error)
{
    const char *end = text.ptr + text.len, *line_start = text.ptr, *p = text.ptr;
    size_t commas = 0, containers = 0, nodes;
    unsigned depth = 0, line = 1;

    while (p < end) {
        switch (*p) {
        case '"':
            p = skip_string(p, end);
            continue;
        case '\n':
            line++;
            line_start = p + 1;
            break;
        case ',':
            commas++;
            break;
        case '[':
        case '{':
            containers++;
            if (++depth > DEPTH_MAX)
                return invalid(reterr_error, line, (unsigned)(p - line_start) + 1,
                               "nested deeper than 64 arrays and objects");
            break;
        case ']':
        case '}':
            depth -= depth > 0;
            break;
        default:
            break;
        }
        p++;
    }
    nodes = commas + 1 > containers ? commas + 1 : containers;
    if (nodes > (arena->bytes_max - arena->total_bytes) / sizeof(struct json_node))
        return RESULT_NO_MEMORY;
    return RESULT_OK;
}

/* jansson names a duplicate key only when it is short; its error stands right behind the key. */
static void name_duplicate(struct slice text, const json_error_t *found, struct json_error *error)
{
    size_t end = found->position > 0 ? (size_t)found->position : 0, start;
    const char *more = "";

    if (end < 2 || end > text.len || text.ptr[end - 1] != '"')
        return;
    for (start = end - 1; start > 0; start--) {
        size_t slashes = 0;

        if (text.ptr[start - 1] != '"')
            continue;
        while (start > 1 + slashes && text.ptr[start - 2 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            break;
    }
    end--;
    if (end - start > SHOWN_KEY_BYTES) {
        end = start + SHOWN_KEY_BYTES;
        while (end > start && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
            end--;
        more = "...";
    }
    snprintf(error->text, sizeof error->text, "duplicate key \"%.*s%s\"", (int)(end - start),
             text.ptr + start, more);
}

static enum result
explain(struct slice text, const json_error_t *found, struct json_error *reterr_error)
{
    if (found->text[0] == '\0' || json_error_code(found) == json_error_out_of_memory)
        return RESULT_NO_MEMORY;
    reterr_error->line = found->line > 0 ? (unsigned)found->line : 0;
    reterr_error->column = found->column > 0 ? (unsigned)found->column : 1;
    snprintf(reterr_error->text, sizeof reterr_error->text, "%.*s", JANSSON_TEXT_BYTES,
             found->text);
    if (json_error_code(found) == json_error_duplicate_key)
        name_duplicate(text, found, reterr_error);
    return RESULT_INVALID;
}

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The text of the next number in document order. */
static struct slice next_number(struct walk *walk)
{
    struct slice number;

    while (walk->p < walk->end && *walk->p != '-' && (*walk->p < '0' || *walk->p > '9'))
        walk->p = *walk->p == '"' ? skip_string(walk->p, walk->end) : walk->p + 1;
    number = (struct slice){walk->p, 0};
    while (walk->p < walk->end && in_number(*walk->p))
        walk->p++;
    number.len = (size_t)(walk->p - number.ptr);
    return number;
}

static struct json_node *make_node(struct walk *walk, json_t *value, struct json_node *parent);

static void append(struct json_node *parent, struct json_node **last, struct json_node *node)
{
    node->index = parent->count++;
    if (*last)
        (*last)->next = node;
    else
        parent->child = node;
    *last = node;
}

static bool make_elements(struct walk *walk, json_t *array, struct json_node *parent)
{
    struct json_node *last = NULL;
    json_t *value;
    size_t i;

    json_array_foreach(array, i, value)
    {
        struct json_node *node = make_node(walk, value, parent);

        if (!node)
            return false;
        append(parent, &last, node);
    }
    return true;
}

static bool make_members(struct walk *walk, json_t *object, struct json_node *parent)
{
    struct json_node *last = NULL;
    const char *key;
    json_t *value;
    size_t len;

    json_object_keylen_foreach(object, key, len, value)
    {
        struct json_node *node = make_node(walk, value, parent);

        if (!node)
            return false;
        append(parent, &last, node);
        node->index = 0;
        node->key = arena_copy(walk->arena, (struct slice){key, len});
    }
    return !walk->arena->failed;
}

/* Recursion is bounded by DEPTH_MAX. NULL: the arena is full. */
static struct json_node *make_node(struct walk *walk, json_t *value, struct json_node *parent)
{
    struct json_node *node = arena_calloc(walk->arena, 1, sizeof *node);
    bool made = true;

    if (!node)
        return NULL;
    node->parent = parent;
    switch (json_typeof(value)) {
    case JSON_NULL:
        node->kind = JSON_KIND_NULL;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = JSON_KIND_BOOL;
        node->truth = json_is_true(value);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        node->kind = JSON_KIND_NUMBER;
        node->text = arena_copy(walk->arena, next_number(walk));
        break;
    case JSON_STRING:
        node->kind = JSON_KIND_STRING;
        node->text = arena_copy(
            walk->arena, (struct slice){json_string_value(value), json_string_length(value)});
        break;
    case JSON_ARRAY:
        node->kind = JSON_KIND_ARRAY;
        made = make_elements(walk, value, node);
        break;
    case JSON_OBJECT:
        node->kind = JSON_KIND_OBJECT;
        made = make_members(walk, value, node);
        break;
    }
    return made && !walk->arena->failed ? node : NULL;
}

enum result json_parse(struct slice text,
                       struct arena *arena,
                       struct json_node **ret_root,
                       struct json_error *reterr_error)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    struct walk walk = {arena, text.ptr, text.ptr + text.len};
    enum result result;
    struct json_node *root;
    json_error_t found;
    json_t *document;

    if (text.len == 0)
        return invalid(reterr_error, 1, 1, "empty text");
    result = check_bounds(text, arena, reterr_error);
    if (result != RESULT_OK)
        return result;
    document = json_loadb(text.ptr, text.len, flags, &found);
    if (!document)
        return explain(text, &found, reterr_error);
    root = make_node(&walk, document, NULL);
    json_decref(document);
    if (!root)
        return RESULT_NO_MEMORY;
    *ret_root = root;
    return RESULT_OK;
}

struct json_node *json_member(const struct json_node *node, const char *key)
{
    if (node->kind != JSON_KIND_OBJECT)
        return NULL;
    for (struct json_node *member = node->child; member; member = member->next)
        if (slice_is(member->key, key))
            return member;
    return NULL;
}

/* Writes key in front of end with ~ and / escaped; counts only when end is NULL. */
static size_t put_key_before(char *end, struct slice key)
{
    size_t len = 0;

    for (size_t i = key.len; i > 0; i--) {
        char c = key.ptr[i - 1];

        if (c == '~' || c == '/') {
            len += 2;
            if (end) {
                *--end = c == '~' ? '0' : '1';
                *--end = '~';
            }
        } else {
            len++;
            if (end)
                *--end = c;
        }
    }
    return len;
}

/* The same for the whole way up from node, each step with its slash. */
static size_t put_steps_before(char *end, const struct json_node *node)
{
    size_t len = 0;

    for (; node->parent; node = node->parent) {
        char index[16];
        struct slice step = node->key;

        if (node->parent->kind == JSON_KIND_ARRAY) {
            int digits = snprintf(index, sizeof index, "%u", node->index);

            step = (struct slice){index, (size_t)digits};
        }
        len += put_key_before(end ? end - len : NULL, step) + 1;
        if (end)
            *(end - len) = '/';
    }
    return len;
}

struct slice json_pointer(const struct json_node *node, struct arena *arena)
{
    size_t len = put_steps_before(NULL, node);
    char *text = arena_alloc(arena, len + 1);

    if (!text)
        return (struct slice){NULL, 0};
    put_steps_before(text + len, node);
    text[len] = '\0';
    return (struct slice){text, len};
}

const char *json_kind_name(enum json_kind kind)
{
    switch (kind) {
    case JSON_KIND_NULL:
        return "null";
    case JSON_KIND_BOOL:
        return "a boolean";
    case JSON_KIND_NUMBER:
        return "a number";
    case JSON_KIND_STRING:
        return "a string";
    case JSON_KIND_ARRAY:
        return "an array";
    case JSON_KIND_OBJECT:
        return "an object";
    }
    return "nothing";
}

bool json_u64(const struct json_node *node, uint64_t *ret_value)
{
    return node->kind == JSON_KIND_NUMBER && decimal_parse(node->text, 0, ret_value);
}
