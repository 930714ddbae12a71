/* One client request as the edge knows it: the body, the facts for the decider, and the places in
 * the body that may be rewritten.
 *
 * Everything a request lends lives in its arena, so that the facts can be said again long after the
 * client's connection is gone. Not thread-safe; one worker owns it. */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "base/arena.h"
#include "base/json_scan.h"
#include "signalbox/facts.h"

enum chat_field {
#define V(NAME, field, verdict, reader, sentence) CHAT_FIELD_##NAME,
#include "core/inspect.def"
#undef V
    CHAT_FIELD_END
};

/* Why the edge itself refuses, in the words of the client's error. Texts are static or in the
 * request's arena. */
struct refusal {
    unsigned status; /* 0: not refused */
    const char *type;
    const char *code;
    struct slice param; /* empty: null */
    struct slice message;
};

#define FORWARDED_HEADERS_MAX 4

struct request {
    struct arena *arena;
    struct uuid id;
    struct slice body; /* followed by JSON_SCAN_PADDING bytes */
    struct facts facts;
    uint32_t deadline_ms; /* the caller's own; 0: none */

    /* Offset of each field's value in body; 0: absent (a value never stands at 0). */
    size_t value_at[CHAT_FIELD_END];
    struct slice model_token; /* with its quotes, inside body */
    size_t include_usage_at;  /* of stream_options.include_usage's value; 0: absent */
    bool usage_asked;         /* the client asked for the usage chunk itself */

    struct pair forwarded[FORWARDED_HEADERS_MAX]; /* headers that go on to the provider */
    unsigned forwarded_count;

    struct slice parameters[LIST_ITEMS_MAX]; /* behind facts.provider_parameters */
    uint8_t key_digest[32];
    uint8_t body_digest[32];
    uint8_t tool_digest[32];
};

/* Empties it; arena and body are borrowed until the next init. */
void request_init(struct request *request, struct arena *arena, struct slice body);

/* False: the refusal says why; message is printf'd into the request's arena. Always false, so that
 * readers can return it. */
bool request_refuse(struct request *request,
                    struct refusal *refusal,
                    const char *code,
                    struct slice param,
                    const char *format,
                    ...) __attribute__((format(printf, 5, 6)));

#endif
