/* One line per field, made from the tables: a new field is copied as soon as it is in facts.def or
 * report.def. */
#include "service/copy.h"

static struct texts texts_of(struct arena *arena, struct texts texts)
{
    struct slice *items;

    if (texts.count == 0)
        return (struct texts){NULL, 0};
    items = arena_calloc(arena, texts.count, sizeof *items);
    for (unsigned i = 0; items && i < texts.count; i++)
        items[i] = arena_copy(arena, texts.items[i]);
    return (struct texts){items, items ? texts.count : 0};
}

static struct pairs pairs_of(struct arena *arena, struct pairs pairs)
{
    struct pair *items;

    if (pairs.count == 0)
        return (struct pairs){NULL, 0};
    items = arena_calloc(arena, pairs.count, sizeof *items);
    for (unsigned i = 0; items && i < pairs.count; i++)
        items[i] = (struct pair){arena_copy(arena, pairs.items[i].key),
                                 arena_copy(arena, pairs.items[i].value)};
    return (struct pairs){items, items ? pairs.count : 0};
}

static struct tool_calls calls_of(struct arena *arena, struct tool_calls calls)
{
    struct tool_call *items;

    if (calls.count == 0)
        return (struct tool_calls){NULL, 0};
    items = arena_calloc(arena, calls.count, sizeof *items);
    for (unsigned i = 0; items && i < calls.count; i++)
        items[i] =
            (struct tool_call){arena_copy(arena, calls.items[i].id),
                               arena_copy(arena, calls.items[i].name), calls.items[i].side_effect};
    return (struct tool_calls){items, items ? calls.count : 0};
}

#define COPY_TEXT(from, name)       arena_copy(arena, (from)->name)
#define COPY_BYTES(from, name)      arena_copy(arena, (from)->name)
#define COPY_BOOL(from, name)       (from)->name
#define COPY_U32(from, name)        (from)->name
#define COPY_U64(from, name)        (from)->name
#define COPY_ENUM(from, name)       (from)->name
#define COPY_SET(from, name)        (from)->name
#define COPY_USAGE(from, name)      (from)->name
#define COPY_TEXTS(from, name)      texts_of(arena, (from)->name)
#define COPY_PAIRS(from, name)      pairs_of(arena, (from)->name)
#define COPY_TOOL_CALLS(from, name) calls_of(arena, (from)->name)
#define KEEP_STORED(KIND, name)     to->name = COPY_##KIND(from, name);
#define KEEP_DIGESTED(KIND, name)
#define X(number, KIND, list, name, keep) KEEP_##keep(KIND, name)

bool copy_facts(struct arena *arena, const struct facts *from, struct facts *to)
{
    memset(to, 0, sizeof *to);
#include "signalbox/facts.def"
    return !arena->failed;
}

bool copy_report(struct arena *arena, const struct report *from, struct report *to)
{
    memset(to, 0, sizeof *to);
#include "signalbox/report.def"
    return !arena->failed;
}

bool copy_principal(struct arena *arena, const struct principal *from, struct principal *to)
{
    *to = *from;
    to->key_id = arena_copy(arena, from->key_id);
    to->tenant = arena_copy(arena, from->tenant);
    to->team = arena_copy(arena, from->team);
    to->user = arena_copy(arena, from->user);
    to->app = arena_copy(arena, from->app);
    to->workloads = texts_of(arena, from->workloads);
    to->environments = texts_of(arena, from->environments);
    to->tenants = texts_of(arena, from->tenants);
    to->default_workload = arena_copy(arena, from->default_workload);
    to->default_environment = arena_copy(arena, from->default_environment);
    to->label = arena_copy(arena, from->label);
    return !arena->failed;
}
