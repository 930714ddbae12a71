/* An event stream from any bytes, fed whole and in pieces of a size that the first byte chooses:
 * both give the same events, and all raw bytes come back in order. */
#include <stdint.h>

#include "base/buf.h"
#include "base/invariant.h"
#include "core/sse_parser.h"

#define EVENT_BYTES_MAX 4096
#define SEEN_BYTES_MAX  ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct seen {
    struct buf events;
    struct buf raw;
};

static bool on_event(void *context, const struct sse_event *event)
{
    struct seen *seen = context;

    buf_put_varint(&seen->events, event->name.len);
    buf_put_slice(&seen->events, event->name);
    buf_put_varint(&seen->events, event->data.len);
    buf_put_slice(&seen->events, event->data);
    buf_put_u8(&seen->events, (uint8_t)(event->has_data << 1 | event->strange));
    buf_put_slice(&seen->raw, event->raw);
    return true;
}

static enum sse_parser_result feed(struct slice stream, size_t step, struct seen *seen)
{
    enum sse_parser_result result = SSE_PARSER_OK;
    struct sse_parser parser;

    sse_parser_init(&parser, EVENT_BYTES_MAX);
    buf_init(&seen->events, SEEN_BYTES_MAX);
    buf_init(&seen->raw, SEEN_BYTES_MAX);
    while (stream.len && result == SSE_PARSER_OK) {
        size_t len = step < stream.len ? step : stream.len;

        result = sse_parser_feed(&parser, (struct slice){stream.ptr, len}, on_event, seen);
        stream.ptr += len;
        stream.len -= len;
    }
    if (result == SSE_PARSER_OK)
        buf_put_slice(&seen->raw, sse_parser_rest(&parser));
    sse_parser_done(&parser);
    return result;
}

static void seen_done(struct seen *seen)
{
    buf_done(&seen->events);
    buf_done(&seen->raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice stream = {(const char *)bytes + (len ? 1 : 0), len ? len - 1 : 0};
    size_t step = len ? 1 + bytes[0] % 64 : 1;
    struct seen whole, pieces;
    enum sse_parser_result result = feed(stream, stream.len + 1, &whole);

    invariant(feed(stream, step, &pieces) == result);
    invariant(slice_equal(buf_slice(&whole.events), buf_slice(&pieces.events)));
    if (result == SSE_PARSER_OK) {
        invariant(slice_equal(buf_slice(&whole.raw), stream));
        invariant(slice_equal(buf_slice(&pieces.raw), stream));
    }
    seen_done(&whole);
    seen_done(&pieces);
    return 0;
}
