/* Two steps: find the end of an event byte by byte with two flags of state, then read its lines.
 *
 * A whole event inside one piece is read in place; only one that is split is copied. */
#include "core/sse_parser.h"

void sse_parser_init(struct sse_parser *parser, size_t bytes_max)
{
    buf_init(&parser->held, bytes_max);
    buf_init(&parser->joined, bytes_max);
    parser->line_open = false;
    parser->after_cr = false;
}

void sse_parser_done(struct sse_parser *parser)
{
    buf_done(&parser->held);
    buf_done(&parser->joined);
}

void sse_parser_reset(struct sse_parser *parser)
{
    buf_clear(&parser->held);
    buf_clear(&parser->joined);
    parser->line_open = false;
    parser->after_cr = false;
}

struct slice sse_parser_rest(const struct sse_parser *parser)
{
    return buf_slice(&parser->held);
}

/* The place behind the blank line that ends the event, or 0 when it does not end in bytes. */
static size_t find_end(struct sse_parser *parser, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c != '\n' && c != '\r') {
            parser->line_open = true;
            parser->after_cr = false;
            continue;
        }
        if (c == '\n' && parser->after_cr) {
            parser->after_cr = false;
            continue;
        }
        parser->after_cr = c == '\r';
        if (!parser->line_open)
            return i + 1;
        parser->line_open = false;
    }
    return 0;
}

static bool next_line(struct slice *text, struct slice *ret_line)
{
    size_t i = 0;

    if (!text->len)
        return false;
    while (i < text->len && text->ptr[i] != '\n' && text->ptr[i] != '\r')
        i++;
    *ret_line = (struct slice){text->ptr, i};
    if (i < text->len)
        i += text->ptr[i] == '\r' && i + 1 < text->len && text->ptr[i + 1] == '\n' ? 2 : 1;
    text->ptr += i;
    text->len -= i;
    return true;
}

static bool take_field(struct slice line, struct slice name, struct slice *ret_value)
{
    if (line.len < name.len || memcmp(line.ptr, name.ptr, name.len) != 0)
        return false;
    line.ptr += name.len;
    line.len -= name.len;
    if (line.len && *line.ptr != ':')
        return false;
    if (line.len) {
        line.ptr++;
        line.len--;
    }
    if (line.len && *line.ptr == ' ') {
        line.ptr++;
        line.len--;
    }
    *ret_value = line;
    return true;
}

static void read_line(struct sse_parser *parser, struct slice line, struct sse_event *event)
{
    struct slice value;

    if (!line.len || *line.ptr == ':')
        return;
    if (take_field(line, SLICE_LITERAL("data"), &value)) {
        if (!event->has_data) {
            event->data = value;
        } else {
            if (!parser->joined.len)
                buf_put_slice(&parser->joined, event->data);
            buf_put_u8(&parser->joined, '\n');
            buf_put_slice(&parser->joined, value);
            event->data = buf_slice(&parser->joined);
        }
        event->has_data = true;
    } else if (take_field(line, SLICE_LITERAL("event"), &value)) {
        event->name = value;
    } else if (!take_field(line, SLICE_LITERAL("id"), &value) &&
               !take_field(line, SLICE_LITERAL("retry"), &value)) {
        event->strange = true;
    }
}

static enum sse_parser_result
read_event(struct sse_parser *parser, struct slice raw, sse_parser_event on_event, void *context)
{
    struct sse_event event = {.raw = raw};
    struct slice text = raw;
    struct slice line;

    buf_clear(&parser->joined);
    while (next_line(&text, &line))
        read_line(parser, line, &event);
    if (buf_failed(&parser->joined))
        return SSE_PARSER_TOO_LONG;
    return on_event(context, &event) ? SSE_PARSER_OK : SSE_PARSER_STOPPED;
}

enum sse_parser_result sse_parser_feed(struct sse_parser *parser,
                                       struct slice bytes,
                                       sse_parser_event on_event,
                                       void *context)
{
    size_t end;

    while ((end = find_end(parser, bytes.ptr, bytes.len))) {
        struct slice raw = {bytes.ptr, end};
        enum sse_parser_result result;

        if (parser->held.len) {
            buf_put(&parser->held, bytes.ptr, end);
            raw = buf_slice(&parser->held);
        }
        if (buf_failed(&parser->held) || raw.len > parser->held.bytes_max)
            return SSE_PARSER_TOO_LONG;
        result = read_event(parser, raw, on_event, context);
        buf_clear(&parser->held);
        if (result != SSE_PARSER_OK)
            return result;
        bytes.ptr += end;
        bytes.len -= end;
    }
    buf_put(&parser->held, bytes.ptr, bytes.len);
    return buf_failed(&parser->held) ? SSE_PARSER_TOO_LONG : SSE_PARSER_OK;
}
