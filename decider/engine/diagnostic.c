/* Findings of a document, appended to a list in the arena.
 *
 * The counters are the truth: they go on when a finding cannot be kept, because there are
 * DIAGNOSTICS_MAX already or because the arena is full, so that an error is never forgotten. */
#include "engine/diagnostic.h"

struct diagnostic_row {
    const char *name;
    bool error;
    const char *hint;
};

static const struct diagnostic_row *row_of(enum diagnostic_code code)
{
    static const struct diagnostic_row rows[] = {
        [DIAGNOSTIC_UNSPECIFIED] = {"unspecified", true, ""},
#define D(NAME, name, error, hint) [DIAGNOSTIC_##NAME] = {name, error, hint},
#include "engine/diagnostic.def"
#undef D
    };

    return &rows[(unsigned)code < DIAGNOSTIC_END ? code : DIAGNOSTIC_UNSPECIFIED];
}

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
    *diagnostics = (struct diagnostics){.arena = arena};
}

struct diagnostic *diagnostics_add(struct diagnostics *diagnostics,
                                   enum diagnostic_code code,
                                   struct slice pointer,
                                   struct slice found,
                                   struct slice expected)
{
    struct diagnostic *diagnostic;

    diagnostics->count++;
    if (diagnostic_is_error(code))
        diagnostics->errors++;
    if (diagnostics->count > DIAGNOSTICS_MAX)
        return NULL;
    diagnostic = arena_alloc(diagnostics->arena, sizeof *diagnostic);
    if (!diagnostic)
        return NULL;
    *diagnostic = (struct diagnostic){
        .code = code,
        .pointer = arena_copy(diagnostics->arena, pointer),
        .found = arena_copy(diagnostics->arena, found),
        .expected = arena_copy(diagnostics->arena, expected),
    };
    if (diagnostics->last)
        diagnostics->last->next = diagnostic;
    else
        diagnostics->first = diagnostic;
    diagnostics->last = diagnostic;
    return diagnostic;
}

const char *diagnostic_name(enum diagnostic_code code)
{
    return row_of(code)->name;
}

bool diagnostic_is_error(enum diagnostic_code code)
{
    return row_of(code)->error;
}

const char *diagnostic_hint(enum diagnostic_code code)
{
    return row_of(code)->hint;
}
