/* The top level of a chat completion: inspect.def as a table of readers, one callback per member.
 *
 * Offsets are taken from the token before it is read. A null stands for an absent field, as the
 * providers have it, but its place is kept: the cap may have to replace it. */
#include "base/digest.h"
#include "core/estimate.h"
#include "core/inspect.h"

enum verdict_on_field {
    FIELD_PASS,
    FIELD_FACT,
    FIELD_CAP,
    FIELD_REFUSE,
};

typedef bool (*field_reader)(struct inspection *inspection, struct json_scan_value *value);

static void add_need(struct inspection *inspection, enum need need)
{
    inspection->request->facts.needs |= SET_OF(need);
}

static bool read_nothing(struct inspection *inspection, struct json_scan_value *value)
{
    (void)inspection;
    (void)value;
    return true;
}

static bool read_messages(struct inspection *inspection, struct json_scan_value *value)
{
    return inspect_messages(inspection, value);
}

static bool read_model(struct inspection *inspection, struct json_scan_value *value)
{
    struct request *request = inspection->request;
    struct slice name;

    request->model_token = json_scan_raw(value);
    if (!json_scan_string(value, &name))
        return inspect_wrong_type(inspection, "a string");
    if (!name.len || name.len > NAME_BYTES_MAX || memchr(name.ptr, 0, name.len))
        return request_refuse(request, inspection->refusal, "invalid_value", SLICE_LITERAL("model"),
                              "Invalid 'model': a name of 1 to %d bytes is expected.",
                              NAME_BYTES_MAX);
    request->facts.requested_model = arena_copy(request->arena, name);
    return true;
}

static bool read_stream(struct inspection *inspection, struct json_scan_value *value)
{
    struct facts *facts = &inspection->request->facts;

    if (!json_scan_bool(value, &facts->stream))
        return inspect_wrong_type(inspection, "a boolean");
    if (facts->stream)
        add_need(inspection, NEED_STREAMING);
    return true;
}

static bool on_stream_option(void *context, struct slice key, struct json_scan_value *value)
{
    static const char *const names[] = {"include_usage", "include_obfuscation", NULL};
    struct inspection *inspection = context;
    struct request *request = inspection->request;
    int found = inspect_key(inspection, key, names, &inspection->nested_seen);

    if (found < 0)
        return found == -1 && request_refuse(request, inspection->refusal, "unknown_parameter",
                                             SLICE_LITERAL("stream_options"),
                                             "Unknown parameter: 'stream_options.%.*s'.",
                                             (int)(key.len < 64 ? key.len : 64), key.ptr);
    if (found > 0)
        return true;
    request->include_usage_at = (size_t)(json_scan_raw(value).ptr - request->body.ptr);
    if (json_scan_type(value) == JSON_SCAN_NULL)
        return true;
    return json_scan_bool(value, &request->usage_asked) ||
           inspect_wrong_type(inspection, "an object of booleans");
}

static bool read_stream_options(struct inspection *inspection, struct json_scan_value *value)
{
    inspection->nested_seen = 0;
    switch (json_scan_members(value, on_stream_option, inspection)) {
    case JSON_SCAN_OK:
        if (inspection->request->usage_asked)
            add_need(inspection, NEED_STREAM_USAGE);
        return true;
    case JSON_SCAN_WRONG_TYPE:
        return inspect_wrong_type(inspection, "an object");
    case JSON_SCAN_MALFORMED:
    case JSON_SCAN_NOT_AN_OBJECT:
    case JSON_SCAN_STOPPED:
    case JSON_SCAN_NO_MEMORY:
        break;
    }
    return false;
}

static bool read_output_limit(struct inspection *inspection, struct json_scan_value *value)
{
    struct request *request = inspection->request;
    uint64_t tokens;

    if (!json_scan_u64(value, &tokens) || !tokens)
        return inspect_wrong_type(inspection, "a whole number of at least 1");
    if (request->facts.max_output_tokens)
        return request_refuse(request, inspection->refusal, "invalid_value",
                              slice_of(inspect_field_name(inspection->field)),
                              "Only one of 'max_tokens' and 'max_completion_tokens' may be given.");
    request->facts.max_output_tokens = tokens;
    return true;
}

static bool read_choices(struct inspection *inspection, struct json_scan_value *value)
{
    uint64_t count;

    if (!json_scan_u64(value, &count) || !count || count > 128)
        return inspect_wrong_type(inspection, "a whole number from 1 to 128");
    inspection->request->facts.choices = (uint32_t)count;
    if (count > 1)
        add_need(inspection, NEED_MULTIPLE_CHOICES);
    return true;
}

static bool on_tool_member(void *context, struct slice key, struct json_scan_value *value)
{
    static const char *const names[] = {"type", NULL};
    struct inspection *inspection = context;
    struct slice type;
    int found = inspect_key(inspection, key, names, &inspection->nested_seen);

    if (found < 0)
        return found == -1;
    if (!json_scan_string(value, &type))
        return inspect_wrong_type(inspection, "an array of tools with a 'type'");
    return slice_is(type, "function") || slice_is(type, "custom") ||
           request_refuse(inspection->request, inspection->refusal, "invalid_value",
                          SLICE_LITERAL("tools"),
                          "Unsupported tool type: only 'function' and 'custom' are served.");
}

static bool on_tool(void *context, uint64_t index, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    enum json_scan_result result;

    (void)index;
    inspection->elements++;
    inspection->nested_seen = 0;
    result = json_scan_members(value, on_tool_member, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an array of objects");
    return result == JSON_SCAN_OK;
}

static bool on_any(void *context, uint64_t index, struct json_scan_value *value)
{
    struct inspection *inspection = context;

    (void)index;
    (void)value;
    inspection->elements++;
    return true;
}

static bool read_tool_list(struct inspection *inspection,
                           struct json_scan_value *value,
                           json_scan_element on_element)
{
    enum json_scan_result result;

    inspection->elements = 0;
    result = json_scan_elements(value, on_element, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an array");
    if (result != JSON_SCAN_OK)
        return false;
    if (inspection->elements)
        add_need(inspection, NEED_TOOLS);
    return true;
}

/* The digest is over the bytes, so that it says nothing about what else would mean the same. */
static bool read_tools(struct inspection *inspection, struct json_scan_value *value)
{
    struct request *request = inspection->request;
    struct digest digest;
    struct slice tools;

    if (!read_tool_list(inspection, value, on_tool))
        return false;
    tools = json_scan_span(value);
    if (!tools.len)
        return false; /* the body ends in it */
    digest_sha256(tools, &digest);
    memcpy(request->tool_digest, digest.bytes, sizeof request->tool_digest);
    request->facts.tool_digest =
        (struct slice){(const char *)request->tool_digest, sizeof request->tool_digest};
    return true;
}

static bool read_functions(struct inspection *inspection, struct json_scan_value *value)
{
    return read_tool_list(inspection, value, on_any);
}

static bool read_tool_choice(struct inspection *inspection, struct json_scan_value *value)
{
    struct slice word;

    if (json_scan_type(value) == JSON_SCAN_OBJECT) {
        add_need(inspection, NEED_FORCED_TOOL_CHOICE);
        return true;
    }
    if (!json_scan_string(value, &word))
        return inspect_wrong_type(inspection, "a string or an object");
    if (!slice_is(word, "none") && !slice_is(word, "auto"))
        add_need(inspection, NEED_FORCED_TOOL_CHOICE);
    return true;
}

static bool read_parallel_tools(struct inspection *inspection, struct json_scan_value *value)
{
    bool parallel;

    if (!json_scan_bool(value, &parallel))
        return inspect_wrong_type(inspection, "a boolean");
    if (parallel)
        add_need(inspection, NEED_PARALLEL_TOOLS);
    return true;
}

static bool on_format_member(void *context, struct slice key, struct json_scan_value *value)
{
    static const char *const names[] = {"type", NULL};
    struct inspection *inspection = context;
    struct slice type;
    int found = inspect_key(inspection, key, names, &inspection->nested_seen);

    if (found < 0)
        return found == -1;
    if (!json_scan_string(value, &type))
        return inspect_wrong_type(inspection, "an object with a 'type'");
    if (slice_is(type, "json_object"))
        add_need(inspection, NEED_JSON_MODE);
    /* Strict or not, the route must know schemas. */
    else if (slice_is(type, "json_schema"))
        add_need(inspection, NEED_JSON_SCHEMA_STRICT);
    else if (!slice_is(type, "text"))
        return request_refuse(inspection->request, inspection->refusal, "invalid_value",
                              SLICE_LITERAL("response_format"),
                              "Unsupported response format type.");
    return true;
}

static bool read_response_format(struct inspection *inspection, struct json_scan_value *value)
{
    enum json_scan_result result;

    inspection->nested_seen = 0;
    result = json_scan_members(value, on_format_member, inspection);
    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an object");
    return result == JSON_SCAN_OK;
}

static bool read_reasoning_effort(struct inspection *inspection, struct json_scan_value *value)
{
    struct slice effort;

    if (!json_scan_string(value, &effort))
        return inspect_wrong_type(inspection, "a string");
    if (!slice_is(effort, "none"))
        add_need(inspection, NEED_REASONING);
    return true;
}

static bool read_logprobs(struct inspection *inspection, struct json_scan_value *value)
{
    bool wanted;

    if (!json_scan_bool(value, &wanted))
        return inspect_wrong_type(inspection, "a boolean");
    if (wanted)
        add_need(inspection, NEED_LOG_PROBABILITIES);
    return true;
}

static bool read_top_logprobs(struct inspection *inspection, struct json_scan_value *value)
{
    uint64_t count;

    if (!json_scan_u64(value, &count))
        return inspect_wrong_type(inspection, "a whole number");
    add_need(inspection, NEED_LOG_PROBABILITIES);
    return true;
}

static bool on_modality(void *context, uint64_t index, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    struct slice name;

    (void)index;
    if (!json_scan_string(value, &name))
        return inspect_wrong_type(inspection, "an array of strings");
    if (slice_is(name, "audio"))
        add_need(inspection, NEED_AUDIO);
    else if (!slice_is(name, "text"))
        return request_refuse(inspection->request, inspection->refusal, "invalid_value",
                              SLICE_LITERAL("modalities"),
                              "Unsupported modality: only 'text' and 'audio' are served.");
    return true;
}

static bool read_modalities(struct inspection *inspection, struct json_scan_value *value)
{
    enum json_scan_result result = json_scan_elements(value, on_modality, inspection);

    if (result == JSON_SCAN_WRONG_TYPE)
        return inspect_wrong_type(inspection, "an array");
    return result == JSON_SCAN_OK;
}

static bool read_audio(struct inspection *inspection, struct json_scan_value *value)
{
    if (json_scan_type(value) != JSON_SCAN_OBJECT)
        return inspect_wrong_type(inspection, "an object");
    add_need(inspection, NEED_AUDIO);
    return true;
}

static bool read_service_tier(struct inspection *inspection, struct json_scan_value *value)
{
    struct request *request = inspection->request;
    struct slice tier;

    if (!json_scan_string(value, &tier) || tier.len > NAME_BYTES_MAX)
        return inspect_wrong_type(inspection, "a short string");
    if (!slice_is(tier, "default"))
        request->facts.service_tier = arena_copy(request->arena, tier);
    return true;
}

static bool read_provider_parameter(struct inspection *inspection, struct json_scan_value *value)
{
    struct request *request = inspection->request;
    struct texts *names = &request->facts.provider_parameters;

    (void)value;
    request->parameters[names->count++] = slice_of(inspect_field_name(inspection->field));
    names->items = request->parameters;
    return true;
}

static bool read_refused(struct inspection *inspection, struct json_scan_value *value)
{
    const char *name = inspect_field_name(inspection->field);

    (void)value;
    return request_refuse(inspection->request, inspection->refusal, "unsupported_parameter",
                          slice_of(name), "Unsupported parameter: '%s' is not served here.", name);
}

static bool read_refused_unless_false(struct inspection *inspection, struct json_scan_value *value)
{
    bool wanted;

    return (json_scan_bool(value, &wanted) && !wanted) || read_refused(inspection, value);
}

static const struct field_row {
    const char *name;
    size_t name_bytes;
    enum verdict_on_field verdict;
    field_reader reader;
} fields[] = {
#define V(NAME, field, verdict, reader, sentence)                                                  \
    [CHAT_FIELD_##NAME] = {field, sizeof field - 1, FIELD_##verdict, read_##reader},
#include "core/inspect.def"
#undef V
};

_Static_assert(CHAT_FIELD_END <= 64, "seen is one word");
_Static_assert(CHAT_FIELD_END <= LIST_ITEMS_MAX, "every field may be a provider parameter");

const char *inspect_field_name(unsigned field)
{
    return fields[field].name;
}

static unsigned find_field(struct slice key)
{
    unsigned i = 0;

    while (i < CHAT_FIELD_END &&
           (fields[i].name_bytes != key.len || memcmp(fields[i].name, key.ptr, key.len) != 0))
        i++;
    return i;
}

static bool on_field(void *context, struct slice key, struct json_scan_value *value)
{
    struct inspection *inspection = context;
    struct request *request = inspection->request;
    unsigned field = find_field(key);
    int shown = (int)(key.len < 64 ? key.len : 64);

    if (field == CHAT_FIELD_END)
        return request_refuse(request, inspection->refusal, "unknown_parameter",
                              (struct slice){key.ptr, (size_t)shown}, "Unknown parameter: '%.*s'.",
                              shown, key.ptr);
    if (set_has(inspection->seen, field))
        return request_refuse(request, inspection->refusal, "duplicate_parameter", key,
                              "Duplicate parameter: '%.*s' stands more than once.", shown, key.ptr);
    inspection->seen |= SET_OF(field);
    inspection->field = field;
    request->value_at[field] = (size_t)(json_scan_raw(value).ptr - request->body.ptr);
    if (json_scan_type(value) == JSON_SCAN_NULL && field != CHAT_FIELD_MODEL &&
        field != CHAT_FIELD_MESSAGES)
        return true;
    return fields[field].reader(inspection, value);
}

static bool refuse_memory(struct inspection *inspection)
{
    *inspection->refusal = (struct refusal){
        .status = 503,
        .type = "server_error",
        .code = "no_memory",
        .message = SLICE_LITERAL("The gateway has no memory for this now."),
    };
    return false;
}

static bool refuse_body(struct inspection *inspection, enum json_scan_result result)
{
    static const struct slice none = {NULL, 0};
    struct request *request = inspection->request;

    switch (result) {
    case JSON_SCAN_OK:
        break;
    case JSON_SCAN_STOPPED:
    case JSON_SCAN_WRONG_TYPE:
        if (inspection->refusal->status)
            return false;
        break;
    case JSON_SCAN_NOT_AN_OBJECT:
        return request_refuse(request, inspection->refusal, "invalid_json", none,
                              "The body must be a JSON object.");
    case JSON_SCAN_NO_MEMORY:
        return refuse_memory(inspection);
    case JSON_SCAN_MALFORMED:
        break;
    }
    return request_refuse(request, inspection->refusal, "invalid_json", none,
                          "We could not parse the JSON body of your request.");
}

bool inspect_chat(struct request *request,
                  struct json_scanner *scanner,
                  struct refusal *reterr_refusal)
{
    struct inspection inspection = {.request = request, .refusal = reterr_refusal};
    enum json_scan_result result;

    reterr_refusal->status = 0;
    result = json_scan_object(scanner, request->body, on_field, &inspection);
    if (result != JSON_SCAN_OK)
        return refuse_body(&inspection, result);
    if (!request->value_at[CHAT_FIELD_MODEL])
        return request_refuse(request, reterr_refusal, "missing_required_parameter",
                              SLICE_LITERAL("model"), "Missing required parameter: 'model'.");
    if (!request->value_at[CHAT_FIELD_MESSAGES])
        return request_refuse(request, reterr_refusal, "missing_required_parameter",
                              SLICE_LITERAL("messages"), "Missing required parameter: 'messages'.");
    if (request->arena->failed)
        return refuse_memory(&inspection);
    request->facts.family = FAMILY_OPENAI_CHAT_COMPLETIONS;
    request->facts.tool_loop = inspection.tool_result;
    request->facts.input_tokens_estimate = estimate_tokens(request->body.len);
    request->facts.estimator = slice_of(ESTIMATOR);
    return true;
}
