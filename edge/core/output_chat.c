/* Is this output? A role alone, an empty text and an empty list are not; a non-empty text,
 * reasoning, refusal, tool call or media delta is.
 *
 * Reads a chunk's deltas and a whole answer's messages with the same eyes: their members have the
 * same names. Unknown members are skipped: providers add them all the time. */
#include "base/utf8.h"
#include "core/chat.h"

struct call_reader {
    struct chat_reading *reading;
    struct slice id;
    struct slice name;
    uint64_t bytes;
};

static const struct {
    const char *name;
    enum finish finish;
} finishes[] = {
    {"stop", FINISH_STOP},
    {"length", FINISH_LENGTH},
    {"tool_calls", FINISH_TOOL_CALLS},
    {"function_call", FINISH_TOOL_CALLS},
    {"content_filter", FINISH_CONTENT_FILTER},
    {"error", FINISH_FAILURE},
};

static void count_output(struct chat_reading *reading, uint64_t bytes)
{
    reading->output = true;
    reading->output_bytes += bytes;
}

/* Length of a string's token without its quotes: a good measure, and nothing is unescaped. */
static uint64_t string_bytes(struct json_scan_value *value)
{
    struct slice raw = json_scan_raw(value);

    return raw.len > 2 ? raw.len - 2 : 0;
}

static bool
copy_name(struct chat_reading *reading, struct json_scan_value *value, struct slice *ret_name)
{
    struct slice text;

    if (json_scan_type(value) != JSON_SCAN_STRING)
        return true;
    if (!json_scan_string(value, &text))
        return false;
    if (text.len && text.len <= NAME_BYTES_MAX && utf8_valid_text(text))
        *ret_name = arena_copy(reading->arena, text);
    return true;
}

static bool on_function_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct call_reader *reader = context;

    if (slice_is(key, "name"))
        return copy_name(reader->reading, value, &reader->name);
    if ((slice_is(key, "arguments") || slice_is(key, "input")) &&
        json_scan_type(value) == JSON_SCAN_STRING)
        reader->bytes += string_bytes(value);
    return true;
}

static bool on_call_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct call_reader *reader = context;

    if (slice_is(key, "id"))
        return copy_name(reader->reading, value, &reader->id);
    if ((slice_is(key, "function") || slice_is(key, "custom")) &&
        json_scan_type(value) == JSON_SCAN_OBJECT)
        return json_scan_members(value, on_function_member, reader) == JSON_SCAN_OK;
    return true;
}

/* A call's first delta has its id or name; later ones only arguments. */
static void keep_call(struct chat_reading *reading, const struct call_reader *reader)
{
    count_output(reading, reader->bytes);
    if (!reader->id.len && !reader->name.len)
        return;
    if (reading->tool_calls_count == TOOL_CALLS_MAX) {
        reading->tool_calls_overflow = true;
        return;
    }
    reading->tool_calls[reading->tool_calls_count++] =
        (struct tool_call){.id = reader->id, .name = reader->name};
}

static bool on_call(void *context, uint64_t index, struct json_scan_value *value)
{
    struct call_reader reader = {.reading = context};

    (void)index;
    if (json_scan_type(value) != JSON_SCAN_OBJECT)
        return false;
    if (json_scan_members(value, on_call_member, &reader) != JSON_SCAN_OK)
        return false;
    keep_call(context, &reader);
    return true;
}

static bool read_function_call(struct chat_reading *reading, struct json_scan_value *value)
{
    struct call_reader reader = {.reading = reading};

    if (json_scan_members(value, on_function_member, &reader) != JSON_SCAN_OK)
        return false;
    keep_call(reading, &reader);
    return true;
}

static bool on_media_member(void *context, struct slice key, struct json_scan_value *value)
{
    bool media = slice_is(key, "data") || slice_is(key, "transcript");

    if (media && json_scan_type(value) == JSON_SCAN_STRING && string_bytes(value))
        count_output(context, string_bytes(value));
    return true;
}

static bool on_media(void *context, uint64_t index, struct json_scan_value *value)
{
    (void)index;
    (void)value;
    count_output(context, 0);
    return true;
}

static bool is_text_member(struct slice key)
{
    return slice_is(key, "content") || slice_is(key, "reasoning_content") ||
           slice_is(key, "reasoning") || slice_is(key, "refusal");
}

static bool on_delta_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct chat_reading *reading = context;
    enum json_scan_type type = json_scan_type(value);

    if (type == JSON_SCAN_STRING) {
        uint64_t bytes = is_text_member(key) ? string_bytes(value) : 0;

        if (bytes) {
            count_output(reading, bytes);
            reading->refusal |= slice_is(key, "refusal");
        }
        return true;
    }
    if (type == JSON_SCAN_ARRAY && slice_is(key, "tool_calls"))
        return json_scan_elements(value, on_call, reading) == JSON_SCAN_OK;
    if (type == JSON_SCAN_ARRAY && (slice_is(key, "images") || slice_is(key, "content")))
        return json_scan_elements(value, on_media, reading) == JSON_SCAN_OK;
    if (type == JSON_SCAN_OBJECT && slice_is(key, "function_call"))
        return read_function_call(reading, value);
    if (type == JSON_SCAN_OBJECT && slice_is(key, "audio"))
        return json_scan_members(value, on_media_member, reading) == JSON_SCAN_OK;
    return true;
}

static bool read_finish(struct chat_reading *reading, struct json_scan_value *value)
{
    struct slice name;

    if (json_scan_type(value) == JSON_SCAN_NULL)
        return true;
    if (!json_scan_string(value, &name))
        return false;
    if (!name.len)
        return true;
    reading->finish = FINISH_OTHER;
    for (size_t i = 0; i < sizeof finishes / sizeof *finishes; i++)
        if (slice_is(name, finishes[i].name))
            reading->finish = finishes[i].finish;
    return true;
}

static bool on_choice_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct chat_reading *reading = context;

    if (slice_is(key, reading->whole ? "message" : "delta"))
        return json_scan_type(value) == JSON_SCAN_NULL ||
               json_scan_members(value, on_delta_member, reading) == JSON_SCAN_OK;
    if (slice_is(key, "finish_reason"))
        return read_finish(reading, value);
    return true;
}

static bool on_choice(void *context, uint64_t index, struct json_scan_value *value)
{
    struct chat_reading *reading = context;

    (void)index;
    reading->choices++;
    return json_scan_members(value, on_choice_member, reading) == JSON_SCAN_OK;
}

static bool read_model(struct chat_reading *reading, struct json_scan_value *value)
{
    if (!reading->model_wanted)
        return true;
    if (!copy_name(reading, value, &reading->model))
        return false;
    reading->model_wanted = !reading->model.len;
    return true;
}

static bool on_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct chat_reading *reading = context;

    if (slice_is(key, "choices")) {
        reading->choices_given = true;
        return json_scan_elements(value, on_choice, reading) == JSON_SCAN_OK;
    }
    if (slice_is(key, "model"))
        return read_model(reading, value);
    if (slice_is(key, "usage") && json_scan_type(value) == JSON_SCAN_OBJECT) {
        reading->usage_given = usage_chat_read(&reading->usage, value);
        return reading->usage_given;
    }
    if (slice_is(key, "error"))
        return error_chat_read(&reading->error, reading->arena, value);
    return true;
}

void output_chat_read(struct chat_reading *reading, struct json_scanner *scanner, struct slice json)
{
    reading->choices = 0;
    reading->choices_given = false;
    reading->malformed = json_scan_object(scanner, json, on_member, reading) != JSON_SCAN_OK;
    if (reading->refusal && (reading->finish == FINISH_STOP || !reading->finish))
        reading->finish = reading->finish ? FINISH_REFUSAL : reading->finish;
}
