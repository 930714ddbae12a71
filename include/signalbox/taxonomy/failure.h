/* The rows of failure.def, reason.def and group.def; part of taxonomy.h, which includes it. */
#ifndef SIGNALBOX_TAXONOMY_FAILURE_H
#define SIGNALBOX_TAXONOMY_FAILURE_H

enum failure {
    FAILURE_NONE,
#define F(NAME, number, ...) FAILURE_##NAME = number,
#include "signalbox/taxonomy/failure.def"
#undef F
    FAILURE_END
};

enum failure_kind {
    FAILURE_KIND_TRANSIENT = 1,
    FAILURE_KIND_TERMINAL,
    FAILURE_KIND_AFTER_OUTPUT,
    FAILURE_KIND_CALLER,
    FAILURE_KIND_OURS,
};

enum failure_override {
    FAILURE_OVERRIDE_OPEN = 1,
    FAILURE_OVERRIDE_IF_NAMED,
    FAILURE_OVERRIDE_NEVER,
};

enum failure_body {
    FAILURE_BODY_OURS = 1,
    FAILURE_BODY_PROVIDERS,
};

struct failure_row {
    const char *name;  /* NULL where the number is not taken */
    const char *alias; /* parted by spaces */
    enum failure_kind kind;
    bool retryable;
    enum failure_override override;
    unsigned http_status;
    const char *type;
    const char *code;
    bool should_retry;
    enum failure_body body;
    const char *sentence;
};

enum reason {
    REASON_UNSPECIFIED,
#define Q(NAME, number, ...) REASON_##NAME = number,
#include "signalbox/taxonomy/reason.def"
#undef Q
    REASON_END
};

enum reason_use {
    REASON_USE_ROUTE = 1,
    REASON_USE_ADMISSION,
    REASON_USE_STOP,
};

struct reason_row {
    const char *name; /* NULL where the number is not taken */
    enum reason_use use;
    enum failure failure_class;
    unsigned http_status; /* 0: the class's */
    const char *code;     /* "": the class's */
    const char *sentence;
};

struct group_row {
    const char *name;
    uint64_t allowed; /* set of enum failure */
    uint64_t blocked; /* set of enum failure; holds at least allowed */
};

/* Both return an empty row, never NULL, for what is not a member. */
static inline const struct failure_row *signalbox_failure_row(enum failure failure)
{
    static const struct failure_row rows[] = {
        [FAILURE_NONE] = {.name = "none", .alias = "", .type = "", .code = "", .sentence = ""},
#define F(NAME, number, name, alias, kind, retryable, override, http, type, code, retry, body,     \
          sentence)                                                                                \
    [number] = {                                                                                   \
        name, alias, FAILURE_KIND_##kind, retryable, FAILURE_OVERRIDE_##override, http, type,      \
        code, retry, FAILURE_BODY_##body, sentence},
#include "signalbox/taxonomy/failure.def"
#undef F
    };
    bool known = (unsigned)failure < FAILURE_END && rows[failure].name;

    return &rows[known ? failure : FAILURE_NONE];
}

static inline const struct reason_row *signalbox_reason_row(enum reason reason)
{
    static const struct reason_row rows[] = {
        [REASON_UNSPECIFIED] = {.name = "unspecified", .code = "", .sentence = ""},
#define Q(NAME, number, name, use, failure_class, http, code, sentence)                            \
    [number] = {name, REASON_USE_##use, failure_class, http, code, sentence},
#include "signalbox/taxonomy/reason.def"
#undef Q
    };
    bool known = (unsigned)reason < REASON_END && rows[reason].name;

    return &rows[known ? reason : REASON_UNSPECIFIED];
}

static inline bool signalbox_failure_known(unsigned number)
{
    return number && signalbox_failure_row((enum failure)number)->kind;
}

static inline bool signalbox_reason_known(unsigned number)
{
    return number && signalbox_reason_row((enum reason)number)->use;
}

static inline const char *signalbox_failure_name(enum failure failure)
{
    return signalbox_failure_row(failure)->name;
}

static inline const char *signalbox_reason_name(enum reason reason)
{
    return signalbox_reason_row(reason)->name;
}

/* Knows names and aliases. */
static inline bool signalbox_failure_parse(struct slice name, enum failure *ret_failure)
{
    for (unsigned i = 1; i < FAILURE_END; i++) {
        const struct failure_row *row = signalbox_failure_row((enum failure)i);

        if (row->kind && (slice_is(name, row->name) || (name.len && slice_is(name, row->alias)))) {
            *ret_failure = (enum failure)i;
            return true;
        }
    }
    return false;
}

static inline bool signalbox_reason_parse(struct slice name, enum reason *ret_reason)
{
    for (unsigned i = 1; i < REASON_END; i++)
        if (signalbox_reason_known(i) &&
            slice_is(name, signalbox_reason_row((enum reason)i)->name)) {
            *ret_reason = (enum reason)i;
            return true;
        }
    return false;
}

/* The group of that name, or NULL. */
static inline const struct group_row *signalbox_group_find(struct slice name)
{
    static const struct group_row rows[] = {
#define M(NAME)                         SET_OF(FAILURE_##NAME)
#define G(NAME, name, allowed, blocked) {name, allowed, blocked},
#include "signalbox/taxonomy/group.def"
#undef G
#undef M
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

#endif
