/* What a provider's chat completion says: one stream event or one whole body, read in one pass.
 *
 * Three parts read three members of the same object: output_chat.c the choices, usage_chat.c the
 * usage, error_chat.c an error in place of an answer. Texts are copied into the arena that the
 * reading is given. Pure. */
#ifndef CORE_CHAT_H
#define CORE_CHAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_scan.h"
#include "core/request.h"
#include "signalbox/facts.h"

/* As failure tables know them; each is bounded, the message is cut. */
struct provider_error {
    bool given;
    struct slice type;
    struct slice code;
    struct slice detail;
    struct slice param;
    struct slice message;
};

struct chat_reading {
    struct arena *arena;
    bool whole; /* choices hold messages; else deltas */

    bool malformed;
    bool choices_given;
    unsigned choices;
    bool output;           /* a non-empty text, reasoning, refusal, tool call or media delta */
    uint64_t output_bytes; /* of text and arguments */
    bool refusal;
    enum finish finish;
    struct slice model; /* only when the arena's owner has none yet: see model_wanted */
    bool model_wanted;
    bool usage_given;
    struct usage usage;
    struct provider_error error;
    struct tool_call *tool_calls; /* TOOL_CALLS_MAX places, kept by the caller */
    unsigned tool_calls_count;    /* counts on */
    bool tool_calls_overflow;
};

/* Reads json, which is followed by JSON_SCAN_PADDING bytes. Adds to what is in the reading: output,
 * finish and the like stay set over events; malformed says that this one is not an object. */
void output_chat_read(struct chat_reading *reading,
                      struct json_scanner *scanner,
                      struct slice json);

/* Members of the usage object; what is missing is 0. False: the scan is to stop. */
bool usage_chat_read(struct usage *usage, struct json_scan_value *value);

/* An error object, or a bare text. False: the scan is to stop. */
bool error_chat_read(struct provider_error *error,
                     struct arena *arena,
                     struct json_scan_value *value);
/* The same out of a whole error body, JSON or not. */
void error_chat_read_body(struct provider_error *error,
                          struct arena *arena,
                          struct json_scanner *scanner,
                          struct slice json);

/* A client's error in the family's shape: {"error":{"message","type","param","code"}}. */
struct error_text {
    struct slice message;
    struct slice type;
    struct slice param; /* empty: null */
    struct slice code;  /* empty: null */
};
void error_chat_write(struct buf *buf, const struct error_text *error);
/* The same as the event that ends a stream. */
void error_chat_write_event(struct buf *buf, const struct error_text *error);

#endif
