/* JSON lines on stderr, one write(2) each. Never prompts, outputs, secrets or provider texts.
 *
 *   log_event(LOG_INFO, "listening", log_text("address", a), log_number("port", p));
 *
 * writes {"time":"2026-01-02T03:04:05.678Z","level":"info","event":"listening","address":"..."}.
 * Field names are plain identifiers; values are escaped. Thread-safe. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "signalbox/slice.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
};

struct log_field {
    const char *name; /* NULL ends the list */
    enum { LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_BOOL, LOG_FIELD_JSON } kind;
    struct slice text; /* TEXT, or JSON: a value that is JSON already */
    int64_t number;
};

static inline struct log_field log_slice(const char *name, struct slice text)
{
    return (struct log_field){name, LOG_FIELD_TEXT, text, 0};
}
static inline struct log_field log_text(const char *name, const char *text)
{
    return log_slice(name, slice_of(text));
}
static inline struct log_field log_number(const char *name, int64_t number)
{
    return (struct log_field){name, LOG_FIELD_NUMBER, {NULL, 0}, number};
}
static inline struct log_field log_bool(const char *name, bool value)
{
    return (struct log_field){name, LOG_FIELD_BOOL, {NULL, 0}, value};
}
static inline struct log_field log_json(const char *name, struct slice json)
{
    return (struct log_field){name, LOG_FIELD_JSON, json, 0};
}

/* Names: debug info warn error. False: not one of them. Default info. */
bool log_level_parse(struct slice name, enum log_level *ret_level);
void log_level_set(enum log_level level);

void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* fields is a run of log_* values; at least one is not needed. */
#define log_event(level, event, ...)                                                               \
    log_write(level, event, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, 0, {0}, 0}})

#endif
