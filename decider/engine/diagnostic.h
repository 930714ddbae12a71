/* What is wrong with a document: all findings at once, each with place, found and expected. */
#ifndef ENGINE_DIAGNOSTIC_H
#define ENGINE_DIAGNOSTIC_H

#include "base/arena.h"
#include "signalbox/slice.h"

enum diagnostic_code {
    DIAGNOSTIC_UNSPECIFIED,
#define D(NAME, name, error, hint) DIAGNOSTIC_##NAME,
#include "engine/diagnostic.def"
#undef D
    DIAGNOSTIC_END
};

struct diagnostic {
    enum diagnostic_code code;
    struct slice pointer; /* RFC 6901 */
    struct slice found;
    struct slice expected;
    unsigned line, column; /* of a syntax error; from 1 */
    struct diagnostic *next;
};

/* In the order of the document's checks. Lives in the arena. Once max findings are in it, more are
 * counted but not kept. */
struct diagnostics {
    struct arena *arena;
    struct diagnostic *first, *last;
    unsigned count;
    unsigned errors; /* those whose row says error */
};

#define DIAGNOSTICS_MAX 200

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);
/* Copies its texts. Returns the finding to set line and column on, or NULL when none was kept. */
struct diagnostic *diagnostics_add(struct diagnostics *diagnostics,
                                   enum diagnostic_code code,
                                   struct slice pointer,
                                   struct slice found,
                                   struct slice expected);

const char *diagnostic_name(enum diagnostic_code code);
bool diagnostic_is_error(enum diagnostic_code code);
const char *diagnostic_hint(enum diagnostic_code code);

#endif
