/* A bare text is read as the one member of an object, because the scanner starts at objects. */
#include "core/default_chat.h"

#include "base/uuid.h"

struct reader {
    struct arena *arena;
    struct slice content;
    bool found;
};

static bool read_text(struct reader *reader, struct json_scan_value *value)
{
    struct slice text;

    if (!json_scan_string(value, &text))
        return false;
    reader->content = arena_copy(reader->arena, text);
    reader->found = true;
    return true;
}

static bool on_message_member(void *context, struct slice key, struct json_scan_value *value)
{
    return !slice_is(key, "content") || read_text(context, value);
}

static bool on_choice_member(void *context, struct slice key, struct json_scan_value *value)
{
    return !slice_is(key, "message") ||
           json_scan_members(value, on_message_member, context) == JSON_SCAN_OK;
}

static bool on_choice(void *context, uint64_t index, struct json_scan_value *value)
{
    return index > 0 || json_scan_members(value, on_choice_member, context) == JSON_SCAN_OK;
}

static bool on_member(void *context, struct slice key, struct json_scan_value *value)
{
    if (slice_is(key, "text"))
        return json_scan_type(value) != JSON_SCAN_STRING || read_text(context, value);
    return !slice_is(key, "choices") ||
           json_scan_elements(value, on_choice, context) == JSON_SCAN_OK;
}

bool default_chat_read(struct default_chat *ret_default,
                       struct arena *arena,
                       struct json_scanner *scanner,
                       struct slice json)
{
    struct reader reader = {.arena = arena};
    bool is_text = json.len && json.ptr[0] == '"';
    char *padded = arena_alloc(arena, json.len + sizeof "{\"text\":}" + JSON_SCAN_PADDING);
    struct buf body;

    if (!padded)
        return false;
    buf_init_fixed(&body, padded, json.len + sizeof "{\"text\":}");
    buf_put_text(&body, is_text ? "{\"text\":" : "");
    buf_put_slice(&body, json);
    buf_put_text(&body, is_text ? "}" : "");
    memset(padded + body.len, 0, JSON_SCAN_PADDING);
    if (json_scan_object(scanner, buf_slice(&body), on_member, &reader) != JSON_SCAN_OK)
        return false;
    *ret_default = (struct default_chat){reader.content, is_text};
    return reader.found;
}

static void
put_start(struct buf *buf, const struct request *request, const char *object, int64_t now_unix_ms)
{
    char id[UUID_TEXT_BYTES + 1];

    uuid_format(request->id, id);
    buf_format(buf, "{\"id\":\"chatcmpl-%s\",\"object\":\"%s\",\"created\":%lld,\"model\":", id,
               object, (long long)(now_unix_ms / 1000));
    buf_put_json_string(buf, request->facts.requested_model);
    buf_put_text(buf, ",\"choices\":[{\"index\":0,");
}

static void put_message(struct buf *buf, const char *name, struct slice content)
{
    buf_format(buf, "\"%s\":{\"role\":\"assistant\",\"content\":", name);
    buf_put_json_string(buf, content);
    buf_put_text(buf, ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
}

void default_chat_write(struct buf *buf,
                        const struct request *request,
                        struct slice content,
                        int64_t now_unix_ms)
{
    put_start(buf, request, "chat.completion", now_unix_ms);
    put_message(buf, "message", content);
}

void default_chat_write_stream(struct buf *buf,
                               const struct request *request,
                               struct slice content,
                               int64_t now_unix_ms)
{
    buf_put_text(buf, "data: ");
    put_start(buf, request, "chat.completion.chunk", now_unix_ms);
    put_message(buf, "delta", content);
    buf_put_text(buf, "\n\n");
}
