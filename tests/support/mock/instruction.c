/* Two spellings, one reader: a model's suffix is turned into the JSON object of the admin call,
 * so that both know the same parameters and bounds. */
#include "instruction.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const struct number {
    const char *name;
    size_t offset;
    int64_t max;
} numbers[] = {
    {"status", offsetof(struct instruction, status), 999},
    {"delay_ms", offsetof(struct instruction, delay_ms), INSTRUCTION_MS_MAX},
    {"chunks", offsetof(struct instruction, chunks), INSTRUCTION_CHUNKS_MAX},
    {"chunk_delay_ms", offsetof(struct instruction, chunk_delay_ms), INSTRUCTION_MS_MAX},
    {"bytes", offsetof(struct instruction, bytes), INSTRUCTION_BYTES_MAX},
};

static const struct string {
    const char *name;
    size_t offset;
} strings[] = {
    {"body", offsetof(struct instruction, body)},
    {"retry_after", offsetof(struct instruction, retry_after)},
    {"as_model", offsetof(struct instruction, as_model)},
};

#define NUMBERS (sizeof numbers / sizeof *numbers)
#define STRINGS (sizeof strings / sizeof *strings)

static int64_t *number_in(struct instruction *instruction, const struct number *number)
{
    return (int64_t *)(void *)((char *)instruction + number->offset);
}

static char **string_in(struct instruction *instruction, const struct string *string)
{
    return (char **)(void *)((char *)instruction + string->offset);
}

struct instruction *instruction_new(enum behaviour behaviour)
{
    struct instruction *fresh = memory_new(sizeof *fresh);
    atomic_init(&fresh->references, 1);
    fresh->row = behaviour_row_of(behaviour);
    for (size_t i = 0; i < NUMBERS; i++)
        *number_in(fresh, &numbers[i]) = INSTRUCTION_UNSET;
    return fresh;
}

static bool set_number(struct instruction *instruction, const char *name, const json_t *value)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        if (strcmp(numbers[i].name, name) != 0)
            continue;
        json_int_t given = json_integer_value(value);
        if (!json_is_integer(value) || given < 0 || given > numbers[i].max)
            return false;
        /* A status below 200 would be an interim one, which no client waits for. */
        if (!strcmp(name, "status") && given < 200)
            return false;
        *number_in(instruction, &numbers[i]) = given;
        return true;
    }
    return false;
}

/* A text is any JSON text; a body may also be given as a JSON value, and retry_after as a
 * number of seconds. */
static bool set_string(struct instruction *instruction, const char *name, const json_t *value)
{
    for (size_t i = 0; i < STRINGS; i++) {
        if (strcmp(strings[i].name, name) != 0)
            continue;
        char **slot = string_in(instruction, &strings[i]);
        free(*slot);
        *slot = json_is_string(value) ? memory_copy(json_string_value(value))
                                      : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        return *slot != NULL;
    }
    return false;
}

static bool headers_good(json_t *headers)
{
    const char *name;
    json_t *value;
    json_object_foreach(headers, name, value)
    {
        if (!*name || (!json_is_string(value) && !json_is_null(value)))
            return false;
        if (json_is_string(value) && strpbrk(json_string_value(value), "\r\n"))
            return false;
    }
    return json_is_object(headers);
}

static const char *set_member(struct instruction *instruction, const char *name, json_t *value)
{
    if (!strcmp(name, "behaviour") || !strcmp(name, "model") || !strcmp(name, "times"))
        return NULL;
    if (!strcmp(name, "headers")) {
        if (!headers_good(value))
            return "headers is an object of texts or nulls, without line ends";
        json_decref(instruction->headers);
        instruction->headers = json_incref(value);
        return NULL;
    }
    if (set_number(instruction, name, value) || set_string(instruction, name, value))
        return NULL;
    return "unknown parameter, or a value out of range";
}

struct instruction *instruction_parse(const json_t *object, const char **reterr_why)
{
    const json_t *named = json_object_get(object, "behaviour");
    const struct behaviour_row *row =
        json_is_string(named) ? behaviour_find(json_string_value(named), json_string_length(named))
                              : NULL;
    if (!row) {
        *reterr_why = "behaviour: no such name; GET /admin/behaviour lists them";
        return NULL;
    }
    struct instruction *fresh = instruction_new(row->number);
    /* jansson iterates through a non-const pointer although it does not write. */
    void *iter = json_object_iter((json_t *)(uintptr_t)object);
    while (iter) {
        const char *why =
            set_member(fresh, json_object_iter_key(iter), json_object_iter_value(iter));
        if (why) {
            instruction_unref(fresh);
            *reterr_why = why;
            return NULL;
        }
        iter = json_object_iter_next((json_t *)(uintptr_t)object, iter);
    }
    return fresh;
}

/* Adds one "parameter=value" to the object; digits become a number, anything else a text. */
static bool add_parameter(json_t *object, const char *parameter)
{
    const char *equals = strchr(parameter, '=');
    if (!equals || equals == parameter)
        return false;
    char *end;
    long long number = strtoll(equals + 1, &end, 10);
    json_t *value = *end || !equals[1] ? json_string(equals + 1) : json_integer(number);
    return value && !json_object_setn_new(object, parameter, (size_t)(equals - parameter), value);
}

struct instruction *instruction_parse_suffix(const char *text)
{
    char *copy = memory_copy(text);
    char *rest = copy;
    const char *name = strsep(&rest, ",");
    json_t *object = json_pack("{s:s}", "behaviour", name);
    bool good = object != NULL;
    const char *parameter;
    while (good && (parameter = strsep(&rest, ",")))
        good = add_parameter(object, parameter);
    const char *why;
    struct instruction *parsed = good ? instruction_parse(object, &why) : NULL;
    json_decref(object);
    free(copy);
    return parsed;
}

json_t *instruction_json(const struct instruction *instruction)
{
    json_t *object = json_pack("{s:s}", "behaviour", instruction->row->name);
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t value;
        memcpy(&value, (const char *)instruction + numbers[i].offset, sizeof value);
        if (value != INSTRUCTION_UNSET)
            json_object_set_new(object, numbers[i].name, json_integer(value));
    }
    for (size_t i = 0; i < STRINGS; i++) {
        const char *value;
        memcpy(&value, (const char *)instruction + strings[i].offset, sizeof value);
        if (value)
            json_object_set_new(object, strings[i].name, json_string(value));
    }
    if (instruction->headers)
        json_object_set(object, "headers", instruction->headers);
    return object;
}

uint64_t instruction_or(int64_t value, uint64_t otherwise)
{
    return value == INSTRUCTION_UNSET ? otherwise : (uint64_t)value;
}

struct instruction *instruction_ref(struct instruction *instruction)
{
    atomic_fetch_add(&instruction->references, 1);
    return instruction;
}

void instruction_unref(struct instruction *instruction)
{
    if (!instruction || atomic_fetch_sub(&instruction->references, 1) != 1)
        return;
    for (size_t i = 0; i < STRINGS; i++)
        free(*string_in(instruction, &strings[i]));
    json_decref(instruction->headers);
    free(instruction);
}
