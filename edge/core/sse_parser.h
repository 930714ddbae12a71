/* Server-sent events out of a byte stream that arrives in any pieces.
 *
 * The same bytes under every split give the same events. An event ends right behind the line end
 * that makes its blank line (CR, LF or CR LF; an LF that follows a CR belongs to what comes next),
 * so the raw slices of all events, put together, are the stream. Bounded: an event is at most
 * bytes_max long. Pure. */
#ifndef CORE_SSE_PARSER_H
#define CORE_SSE_PARSER_H

#include "base/buf.h"

struct sse_event {
    struct slice raw;  /* every byte, the blank line included */
    struct slice data; /* the data lines joined by LF, without a last LF; empty: there were none */
    struct slice name; /* of the last event: line; empty: none */
    bool has_data;     /* a data line was there, maybe an empty one */
    bool strange;      /* a line that is no field, comment or blank: not server-sent events */
};

/* The event is lent for the call. False stops the feed; the parser is not to be fed again. */
typedef bool (*sse_parser_event)(void *context, const struct sse_event *event);

enum sse_parser_result {
    SSE_PARSER_OK,
    SSE_PARSER_STOPPED,
    SSE_PARSER_TOO_LONG, /* an event beyond bytes_max, or no memory for it */
};

struct sse_parser {
    struct buf held;   /* an event that has begun */
    struct buf joined; /* data of an event with several data lines */
    bool line_open;    /* bytes since the last line end */
    bool after_cr;
};

void sse_parser_init(struct sse_parser *parser, size_t bytes_max);
void sse_parser_done(struct sse_parser *parser);
/* Empties it for another stream; keeps the memory. */
void sse_parser_reset(struct sse_parser *parser);

enum sse_parser_result sse_parser_feed(struct sse_parser *parser,
                                       struct slice bytes,
                                       sse_parser_event on_event,
                                       void *context);
/* What came behind the last whole event; a clean stream leaves nothing but line ends. */
struct slice sse_parser_rest(const struct sse_parser *parser);

#endif
