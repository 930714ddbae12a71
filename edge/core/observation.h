/* One attempt as seen from the edge: response head, events or body in, report out.
 *
 * Tells apart what may leave for the client (output, and the quiet events around it) and what must
 * not (an error in place of an answer, a page of HTML, the usage chunk nobody asked for, the end
 * mark). Judges nothing: the decider classifies. Pure; time comes with the calls. */
#ifndef CORE_OBSERVATION_H
#define CORE_OBSERVATION_H

#include "core/chat.h"
#include "core/headers.h"
#include "core/request.h"
#include "core/sse_parser.h"

#define SSE_EVENT_BYTES_MAX  (8 * 1024 * 1024)
#define ERROR_BODY_BYTES_MAX (256 * 1024)

/* What a worker lends to all its attempts, one after another. */
struct bench {
    struct json_scanner *scanner;
    struct buf scratch; /* an event with its padding */
};

enum piece {
    PIECE_QUIET,  /* belongs to the answer, without output */
    PIECE_OUTPUT, /* holds output */
    PIECE_END,    /* the end mark; nothing follows */
};

/* raw is lent for the call. */
typedef void (*observation_piece)(void *context, enum piece piece, struct slice raw);

enum observation_state {
    OBSERVATION_HEAD,   /* no status yet */
    OBSERVATION_STREAM, /* events of a 2xx */
    OBSERVATION_WHOLE,  /* a body that is read whole, of any status */
    OBSERVATION_ENDED,  /* the end mark came */
    OBSERVATION_FAULT,  /* not what it should be: report and cancel */
};

struct observation {
    struct arena *arena;
    struct bench *bench;
    const struct request *request;
    observation_piece on_piece;
    void *context;

    enum observation_state state;
    unsigned status;
    struct provider_headers headers;
    struct chat_reading reading;
    struct tool_call tool_calls[TOOL_CALLS_MAX];
    struct sse_parser parser;
    struct buf body; /* WHOLE; the provider's bytes */
    size_t body_bytes_max;
    enum body_state fault;
    const char *fault_code;

    uint64_t started_ms; /* monotonic, of the owner's clock */
    int64_t started_unix_ms;
    uint64_t now_ms; /* of the call that runs */
    uint64_t first_output_ms;
    bool output_seen;
    uint64_t events;
    uint64_t bytes;
};

/* How an attempt ended. */
struct attempt_end {
    enum transport transport;
    enum phase phase; /* with TRANSPORT_TIMED_OUT */
    bool body_sent;
    const char *code; /* what the edge itself found; NULL: nothing */
    bool caller_gone;
    bool caller_deadline_passed;
};

void observation_init(struct observation *observation, struct bench *bench, size_t body_bytes_max);
void observation_done(struct observation *observation);
/* Forgets the last attempt. arena keeps what the report lends. */
void observation_start(struct observation *observation,
                       const struct request *request,
                       uint64_t now_ms,
                       int64_t now_unix_ms);

void observation_header(struct observation *observation, struct slice name, struct slice value);
/* The status of the final head, after its headers. */
void observation_head(struct observation *observation, unsigned status);
void observation_bytes(struct observation *observation, struct slice bytes, uint64_t now_ms);

/* Reads a whole body, and fills the report; visible says that output left for the client. Call it
 * once. What it lends lives in the request's arena and in the observation. */
void observation_report(struct observation *observation,
                        const struct attempt_end *end,
                        bool visible,
                        uint64_t now_ms,
                        struct report *ret_report);

/* The provider's body as it came. Lent until the next start. */
struct slice observation_body(const struct observation *observation);

#endif
