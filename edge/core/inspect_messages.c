/* The messages of a chat completion: what kinds of parts they hold, never what they say.
 *
 * Read keys: role, content, audio and reasoning_details of a message; type and file of a part;
 * file_id of a file. Each may stand once in its object. */
#include "core/inspect.h"

enum message_key {
    MESSAGE_ROLE,
    MESSAGE_CONTENT,
    MESSAGE_AUDIO,
    MESSAGE_REASONING,
};

static const char *const message_keys[] = {"role", "content", "audio", "reasoning_details", NULL};
static const char *const part_keys[] = {"type", "file", NULL};
static const char *const file_keys[] = {"file_id", NULL};

static const struct {
    const char *type;
    enum need need; /* unspecified: none */
} part_types[] = {
    {"text", NEED_UNSPECIFIED},  {"refusal", NEED_UNSPECIFIED}, {"image_url", NEED_VISION},
    {"input_audio", NEED_AUDIO}, {"file", NEED_FILES},
};

int inspect_key(struct inspection *inspection,
                struct slice key,
                const char *const *names,
                unsigned *seen)
{
    for (int i = 0; names[i]; i++) {
        if (!slice_is(key, names[i]))
            continue;
        if (*seen >> i & 1) {
            request_refuse(inspection->request, inspection->refusal, "duplicate_parameter",
                           slice_of(inspect_field_name(inspection->field)),
                           "Duplicate key '%s' in '%s'.", names[i],
                           inspect_field_name(inspection->field));
            return -2;
        }
        *seen |= 1u << i;
        return i;
    }
    return -1;
}

bool inspect_wrong_type(struct inspection *inspection, const char *expected)
{
    const char *name = inspect_field_name(inspection->field);

    return request_refuse(inspection->request, inspection->refusal, "invalid_type", slice_of(name),
                          "Invalid type for '%s': expected %s.", name, expected);
}

static void bind_state(struct inspection *inspection, enum bound_state state)
{
    inspection->request->facts.bound_state |= SET_OF(state);
}

static bool on_file_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    int found = inspect_key(inspection, key, file_keys, &inspection->nested_seen);

    if (found == 0 && json_scan_type(value) == JSON_SCAN_STRING)
        bind_state(inspection, BOUND_STATE_FILE_IDS);
    return found != -2;
}

static bool read_file(struct inspection *inspection, struct json_scan_value *value)
{
    unsigned outer = inspection->nested_seen;
    enum json_scan_result result;

    inspection->nested_seen = 0;
    result = json_scan_members(value, on_file_member, inspection);
    inspection->nested_seen = outer;
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "a file as an object");
    return result == JSON_SCAN_OK;
}

static bool read_part_type(struct inspection *inspection, struct json_scan_value *value)
{
    struct slice type;

    if (!json_scan_string(value, &type))
        return inspect_wrong_type(inspection, "content parts with a 'type'");
    for (size_t i = 0; i < sizeof part_types / sizeof *part_types; i++) {
        if (!slice_is(type, part_types[i].type))
            continue;
        if (part_types[i].need)
            inspection->request->facts.needs |= SET_OF(part_types[i].need);
        return true;
    }
    return request_refuse(inspection->request, inspection->refusal, "invalid_value",
                          SLICE_LITERAL("messages"),
                          "Unsupported content part type in 'messages'.");
}

static bool on_part_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    int found = inspect_key(inspection, key, part_keys, &inspection->nested_seen);

    if (found < 0)
        return found == -1;
    return found == 0 ? read_part_type(inspection, value) : read_file(inspection, value);
}

static bool on_part(void *context, uint64_t index, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    enum json_scan_result result;

    (void)index;
    inspection->nested_seen = 0;
    result = json_scan_members(value, on_part_member, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "content parts as objects");
    if (result == JSON_SCAN_OK && !(inspection->nested_seen & 1))
        return inspect_wrong_type(inspection, "content parts with a 'type'");
    return result == JSON_SCAN_OK;
}

static bool read_content(struct inspection *inspection, struct json_scan_value *value)
{
    unsigned outer = inspection->nested_seen;
    enum json_scan_type type = json_scan_type(value);
    enum json_scan_result result;

    if (type == JSON_SCAN_STRING || type == JSON_SCAN_NULL)
        return true;
    result = json_scan_elements(value, on_part, inspection);
    inspection->nested_seen = outer;
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "contents as a string or an array");
    return result == JSON_SCAN_OK;
}

static bool read_role(struct inspection *inspection, struct json_scan_value *value)
{
    struct slice role;

    if (!json_scan_string(value, &role))
        return inspect_wrong_type(inspection, "messages with a 'role'");
    if (slice_is(role, "tool") || slice_is(role, "function"))
        inspection->tool_result = true;
    return true;
}

static bool on_message_member(void *context, struct slice key, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    int found = inspect_key(inspection, key, message_keys, &inspection->nested_seen);

    if (found < 0)
        return found == -1;
    switch ((enum message_key)found) {
    case MESSAGE_ROLE:
        return read_role(inspection, value);
    case MESSAGE_CONTENT:
        return read_content(inspection, value);
    case MESSAGE_AUDIO: /* the id of an earlier answer, which only its provider knows */
        if (json_scan_type(value) == JSON_SCAN_OBJECT) {
            inspection->request->facts.needs |= SET_OF(NEED_AUDIO);
            bind_state(inspection, BOUND_STATE_PREVIOUS_RESPONSE);
        }
        return true;
    case MESSAGE_REASONING:
        if (json_scan_type(value) != JSON_SCAN_NULL)
            bind_state(inspection, BOUND_STATE_ENCRYPTED_REASONING);
        return true;
    }
    return true;
}

static bool on_message(void *context, uint64_t index, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    enum json_scan_result result;

    (void)index;
    inspection->elements++;
    inspection->nested_seen = 0;
    result = json_scan_members(value, on_message_member, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an array of objects");
    if (result == JSON_SCAN_OK && !(inspection->nested_seen & 1))
        return inspect_wrong_type(inspection, "messages with a 'role'");
    return result == JSON_SCAN_OK;
}

bool inspect_messages(struct inspection *inspection, struct json_scan_value *value)
{
    enum json_scan_result result;

    inspection->elements = 0;
    result = json_scan_elements(value, on_message, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an array of messages");
    if (result != JSON_SCAN_OK)
        return false;
    return inspection->elements || inspect_wrong_type(inspection, "at least one message");
}
