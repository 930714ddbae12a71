/* Provider errors into report fields, and our errors into the family's shape.
 *
 * Where the finer code stands differs by provider: details.error_code, metadata.reason,
 * innererror.code, or an ErrorInfo among details. A numeric code is kept as its digits. */
#include "base/utf8.h"
#include "core/chat.h"

struct error_reader {
    struct provider_error *error;
    struct arena *arena;
    const char *nested; /* the key that counts inside the object being read */
};

/* A copy of at most bytes_max bytes, cut between characters. */
static struct slice copy_bounded(struct arena *arena, struct slice text, size_t bytes_max)
{
    if (text.len > bytes_max) {
        text.len = bytes_max;
        while (text.len && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    return utf8_valid_text(text) ? arena_copy(arena, text) : (struct slice){NULL, 0};
}

static bool read_text(struct error_reader *reader,
                      struct json_scan_value *value,
                      size_t bytes_max,
                      struct slice *ret_text)
{
    enum json_scan_type type = json_scan_type(value);
    struct slice text;

    if (type == JSON_SCAN_NUMBER) {
        *ret_text = copy_bounded(reader->arena, json_scan_raw(value), bytes_max);
        return true;
    }
    if (type != JSON_SCAN_STRING)
        return true;
    if (!json_scan_string(value, &text))
        return false;
    *ret_text = copy_bounded(reader->arena, text, bytes_max);
    return true;
}

static bool on_nested(void *context, struct slice key, struct json_scan_value *value)
{
    struct error_reader *reader = context;

    return !slice_is(key, reader->nested) ||
           read_text(reader, value, NAME_BYTES_MAX, &reader->error->detail);
}

static bool read_nested(struct error_reader *reader, struct json_scan_value *value, const char *key)
{
    reader->nested = key;
    return json_scan_members(value, on_nested, reader) == JSON_SCAN_OK;
}

static bool on_detail(void *context, uint64_t index, struct json_scan_value *value)
{
    (void)index;
    return json_scan_type(value) != JSON_SCAN_OBJECT || read_nested(context, value, "reason");
}

static bool on_error_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct error_reader *reader = context;
    struct provider_error *error = reader->error;
    enum json_scan_type type = json_scan_type(value);

    if (slice_is(key, "message"))
        return read_text(reader, value, ERROR_MESSAGE_BYTES_MAX, &error->message);
    if (slice_is(key, "type"))
        return read_text(reader, value, NAME_BYTES_MAX, &error->type);
    if (slice_is(key, "status") && !error->type.len && type == JSON_SCAN_STRING)
        return read_text(reader, value, NAME_BYTES_MAX, &error->type);
    if (slice_is(key, "code"))
        return read_text(reader, value, NAME_BYTES_MAX, &error->code);
    if (slice_is(key, "param"))
        return read_text(reader, value, NAME_BYTES_MAX, &error->param);
    if (slice_is(key, "metadata") && type == JSON_SCAN_OBJECT)
        return read_nested(reader, value, "reason");
    if (slice_is(key, "innererror") && type == JSON_SCAN_OBJECT)
        return read_nested(reader, value, "code");
    if (slice_is(key, "details") && type == JSON_SCAN_OBJECT)
        return read_nested(reader, value, "error_code");
    if (slice_is(key, "details") && type == JSON_SCAN_ARRAY)
        return json_scan_elements(value, on_detail, reader) == JSON_SCAN_OK;
    return true;
}

bool error_chat_read(struct provider_error *error,
                     struct arena *arena,
                     struct json_scan_value *value)
{
    struct error_reader reader = {.error = error, .arena = arena};

    if (json_scan_type(value) == JSON_SCAN_NULL)
        return true;
    error->given = true;
    if (json_scan_type(value) == JSON_SCAN_STRING)
        return read_text(&reader, value, ERROR_MESSAGE_BYTES_MAX, &error->message);
    return json_scan_type(value) != JSON_SCAN_OBJECT ||
           json_scan_members(value, on_error_member, &reader) == JSON_SCAN_OK;
}

/* {"error":{...}}, {"error":"text"}, or the members at the top, as some gateways have it. */
static bool on_body_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct error_reader *reader = context;

    if (slice_is(key, "error"))
        return error_chat_read(reader->error, reader->arena, value);
    return reader->error->given || on_error_member(context, key, value);
}

void error_chat_read_body(struct provider_error *error,
                          struct arena *arena,
                          struct json_scanner *scanner,
                          struct slice json)
{
    struct error_reader reader = {.error = error, .arena = arena};

    if (json_scan_object(scanner, json, on_body_member, &reader) == JSON_SCAN_OK)
        error->given = true;
}

static void put_nullable(struct buf *buf, struct slice text)
{
    if (text.len)
        buf_put_json_string(buf, text);
    else
        buf_put_text(buf, "null");
}

void error_chat_write(struct buf *buf, const struct error_text *error)
{
    buf_put_text(buf, "{\"error\":{\"message\":");
    buf_put_json_string(buf, error->message);
    buf_put_text(buf, ",\"type\":");
    buf_put_json_string(buf, error->type);
    buf_put_text(buf, ",\"param\":");
    put_nullable(buf, error->param);
    buf_put_text(buf, ",\"code\":");
    put_nullable(buf, error->code);
    buf_put_text(buf, "}}");
}

void error_chat_write_event(struct buf *buf, const struct error_text *error)
{
    buf_put_text(buf, "data: ");
    error_chat_write(buf, error);
    buf_put_text(buf, "\n\n");
}
