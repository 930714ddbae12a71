/* Words of a play, and fields of facts and reports by name, from the tables that define them. */
#include "play/script.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/arena.h"

/* A word runs to a blank outside quotes; the quotes are dropped. */
static char *take_word(char **at)
{
    char *from = *at, *to = *at, *word = *at;
    bool quoted = false;

    while (*from && (quoted || !isspace((unsigned char)*from))) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
        from++;
    }
    if (quoted)
        return NULL;
    *at = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

bool script_split(char *line, struct script_line *ret_line)
{
    ret_line->count = 0;
    for (;;) {
        char *word, *equals;

        while (isspace((unsigned char)*line))
            line++;
        if (!*line || *line == '#')
            return true;
        word = take_word(&line);
        if (!word || ret_line->count == SCRIPT_WORDS_MAX)
            return false;
        equals = strchr(word, '=');
        if (equals)
            *equals = '\0';
        ret_line->words[ret_line->count++] =
            equals ? (struct script_word){word, equals + 1} : (struct script_word){NULL, word};
    }
}

const char *script_value(const struct script_line *line, const char *key)
{
    for (unsigned i = 0; i < line->count; i++)
        if (line->words[i].key && !strcmp(line->words[i].key, key))
            return line->words[i].value;
    return NULL;
}

/* ---- values of each kind ---- */

static bool set_text(struct slice *field, char *value)
{
    *field = slice_of(value);
    return true;
}

static bool set_bool(bool *field, const char *value)
{
    *field = !strcmp(value, "true");
    return *field || !strcmp(value, "false");
}

static bool set_number(uint64_t *field, const char *value)
{
    char *end;

    *field = strtoull(value, &end, 10);
    return *value && !*end;
}

static bool set_u32(uint32_t *field, const char *value)
{
    uint64_t number;

    if (!set_number(&number, value) || number > UINT32_MAX)
        return false;
    *field = (uint32_t)number;
    return true;
}

static unsigned count_items(const char *value)
{
    unsigned count = *value != '\0';

    for (; *value; value++)
        count += *value == ',';
    return count;
}

static bool set_texts(struct texts *field, char *value, struct arena *arena)
{
    struct slice *items = arena_calloc(arena, count_items(value), sizeof *items);
    unsigned count = 0;

    for (char *item = strtok_r(value, ",", &value); items && item;
         item = strtok_r(NULL, ",", &value))
        items[count++] = slice_of(item);
    *field = (struct texts){items, count};
    return items != NULL;
}

static bool set_pairs(struct pairs *field, char *value, struct arena *arena)
{
    struct pair *items = arena_calloc(arena, count_items(value), sizeof *items);
    unsigned count = 0;

    for (char *item = strtok_r(value, ",", &value); items && item;
         item = strtok_r(NULL, ",", &value)) {
        char *colon = strchr(item, ':');

        if (!colon)
            return false;
        *colon = '\0';
        items[count++] = (struct pair){slice_of(item), slice_of(colon + 1)};
    }
    *field = (struct pairs){items, count};
    return items != NULL;
}

static bool set_usage(struct usage *field, char *value)
{
    for (char *item = strtok_r(value, ",", &value); item; item = strtok_r(NULL, ",", &value)) {
        char *colon = strchr(item, ':');
        enum unit unit;

        if (!colon)
            return false;
        *colon = '\0';
        if (!signalbox_unit_parse(slice_of(item), &unit) ||
            !set_number(&field->amounts[unit], colon + 1))
            return false;
    }
    return true;
}

static bool set_tool_calls(struct tool_calls *field, char *value, struct arena *arena)
{
    struct tool_call *items = arena_calloc(arena, count_items(value), sizeof *items);
    unsigned count = 0;

    for (char *item = strtok_r(value, ",", &value); items && item;
         item = strtok_r(NULL, ",", &value)) {
        char *name = strchr(item, ':'), *effect = name ? strchr(name + 1, ':') : NULL;

        if (!effect)
            return false;
        *name++ = *effect++ = '\0';
        items[count] = (struct tool_call){.id = slice_of(item), .name = slice_of(name)};
        if (!signalbox_side_effect_parse(slice_of(effect), &items[count++].side_effect))
            return false;
    }
    *field = (struct tool_calls){items, count};
    return items != NULL;
}

/* A function for each list: a set from names parted by commas. */
#define SET_FUNCTION(list)                                                                         \
    static bool set_##list##_set(uint64_t *field, char *value)                                     \
    {                                                                                              \
        for (char *item = strtok_r(value, ",", &value); item;                                      \
             item = strtok_r(NULL, ",", &value)) {                                                 \
            enum list member;                                                                      \
                                                                                                   \
            if (!signalbox_##list##_parse(slice_of(item), &member))                                \
                return false;                                                                      \
            *field |= SET_OF(member);                                                              \
        }                                                                                          \
        return true;                                                                               \
    }
SET_FUNCTION(data_class)
SET_FUNCTION(sensitivity)
SET_FUNCTION(need)
SET_FUNCTION(bound_state)
SET_FUNCTION(block)

#define SET_TEXT(list, field)       set_text(field, value)
#define SET_BYTES(list, field)      set_text(field, value)
#define SET_BOOL(list, field)       set_bool(field, value)
#define SET_U32(list, field)        set_u32(field, value)
#define SET_U64(list, field)        set_number(field, value)
#define SET_ENUM(list, field)       signalbox_##list##_parse(slice_of(value), field)
#define SET_SET(list, field)        set_##list##_set(field, value)
#define SET_TEXTS(list, field)      set_texts(field, value, arena)
#define SET_PAIRS(list, field)      set_pairs(field, value, arena)
#define SET_USAGE(list, field)      set_usage(field, value)
#define SET_TOOL_CALLS(list, field) set_tool_calls(field, value, arena)

bool script_set_fact(struct facts *facts, const char *name, char *value, struct arena *arena)
{
#define X(number, KIND, list, field, keep)                                                         \
    if (!strcmp(name, #field))                                                                     \
        return SET_##KIND(list, &facts->field);
#include "signalbox/facts.def"
#undef X
    return false;
}

bool script_set_report(struct report *report, const char *name, char *value, struct arena *arena)
{
#define X(number, KIND, list, field, keep)                                                         \
    if (!strcmp(name, #field))                                                                     \
        return SET_##KIND(list, &report->field);
#include "signalbox/report.def"
#undef X
    return false;
}
