/* A thin wall around simdjson On Demand: error codes only, no exceptions, C on the outside.
 *
 * On Demand reads lazily and leaves an error where it was met, so a scan keeps one flag that every
 * reader may raise; whatever the callbacks made of it, a raised flag makes the answer "malformed".
 */
#include "base/json_scan.h"

#include <new>
#include <simdjson.h>

namespace ondemand = simdjson::ondemand;

static_assert(JSON_SCAN_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads behind the body");

namespace
{

constexpr unsigned depth_max = 64;
/* A parser keeps room for the longest body it met, several times its length. */
constexpr size_t kept_capacity_bytes = size_t{1} << 20;

struct scan {
    bool malformed;
    unsigned depth;
};

struct slice slice_from(std::string_view text)
{
    return {text.data(), text.size()};
}

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

} // namespace

struct json_scanner {
    ondemand::parser parser;
};

struct json_scan_value {
    ondemand::value value;
    scan *state;
    bool consumed;   /* simdjson must not unescape a string twice: its buffer has room for one */
    const char *end; /* behind an array or object that was read whole */
};

namespace
{

json_scan_result
each_member(ondemand::object object, scan *state, json_scan_member on_member, void *context)
{
    for (auto field : object) {
        std::string_view key;
        json_scan_value value{{}, state, false, nullptr};

        if (field.unescaped_key().get(key) || field.value().get(value.value)) {
            state->malformed = true;
            return JSON_SCAN_MALFORMED;
        }
        if (!on_member(context, slice_from(key), &value))
            return state->malformed ? JSON_SCAN_MALFORMED : JSON_SCAN_STOPPED;
        if (state->malformed)
            return JSON_SCAN_MALFORMED;
    }
    return JSON_SCAN_OK;
}

json_scan_result
each_element(ondemand::array array, scan *state, json_scan_element on_element, void *context)
{
    uint64_t index = 0;

    for (auto element : array) {
        json_scan_value value{{}, state, false, nullptr};

        if (element.get(value.value)) {
            state->malformed = true;
            return JSON_SCAN_MALFORMED;
        }
        if (!on_element(context, index++, &value))
            return state->malformed ? JSON_SCAN_MALFORMED : JSON_SCAN_STOPPED;
        if (state->malformed)
            return JSON_SCAN_MALFORMED;
    }
    return JSON_SCAN_OK;
}

/* What a body that is no object is. */
json_scan_result judge_start(struct slice body)
{
    constexpr std::string_view starts = "[\"-0123456789tfn";
    size_t i = 0;

    while (i < body.len && is_space(body.ptr[i]))
        i++;
    if (i == body.len || starts.find(body.ptr[i]) == std::string_view::npos)
        return JSON_SCAN_MALFORMED;
    return JSON_SCAN_NOT_AN_OBJECT;
}

/* Marks the value as read; false when it was already, or is of another type. */
bool consume(json_scan_value *value, enum json_scan_type type)
{
    if (value->consumed || json_scan_type(value) != type || value->state->malformed)
        return false;
    value->consumed = true;
    return true;
}

/* Where the reading stands now is the token behind the value: a comma or its parent's end. */
void mark_end(json_scan_value *value)
{
    const char *behind = nullptr;

    if (value->value.current_location().get(behind))
        return;
    while (is_space(behind[-1]))
        behind--;
    value->end = behind;
}

} // namespace

struct json_scanner *json_scanner_new(void)
{
    return new (std::nothrow) json_scanner;
}

void json_scanner_free(struct json_scanner *scanner)
{
    delete scanner;
}

enum json_scan_result json_scan_object(struct json_scanner *scanner,
                                       struct slice body,
                                       json_scan_member on_member,
                                       void *context)
{
    scan state{false, 1};
    ondemand::document document;
    ondemand::object object;
    const char *behind = nullptr;

    if (scanner->parser.capacity() > kept_capacity_bytes && body.len <= kept_capacity_bytes)
        scanner->parser = ondemand::parser();
    auto error =
        scanner->parser.iterate(body.ptr, body.len, body.len + JSON_SCAN_PADDING).get(document);
    if (error)
        return error == simdjson::MEMALLOC ? JSON_SCAN_NO_MEMORY : JSON_SCAN_MALFORMED;
    error = document.get_object().get(object);
    if (error)
        return error == simdjson::INCORRECT_TYPE ? judge_start(body) : JSON_SCAN_MALFORMED;
    json_scan_result result = each_member(object, &state, on_member, context);
    if (result != JSON_SCAN_OK)
        return result;
    /* There is a place behind the object only when text follows it. */
    return document.current_location().get(behind) ? JSON_SCAN_OK : JSON_SCAN_MALFORMED;
}

enum json_scan_type json_scan_type(struct json_scan_value *value)
{
    ondemand::json_type type;

    if (value->value.type().get(type)) {
        value->state->malformed = true;
        return JSON_SCAN_NULL;
    }
    switch (type) {
    case ondemand::json_type::array:
        return JSON_SCAN_ARRAY;
    case ondemand::json_type::object:
        return JSON_SCAN_OBJECT;
    case ondemand::json_type::number:
        return JSON_SCAN_NUMBER;
    case ondemand::json_type::string:
        return JSON_SCAN_STRING;
    case ondemand::json_type::boolean:
        return JSON_SCAN_BOOL;
    case ondemand::json_type::null:
        /* simdjson looks at the first letter; this is the one type without a reader to look closer.
         */
        if (!slice_is(json_scan_raw(value), "null"))
            value->state->malformed = true;
        return JSON_SCAN_NULL;
    }
    return JSON_SCAN_NULL;
}

struct slice json_scan_raw(struct json_scan_value *value)
{
    struct slice raw = slice_from(value->value.raw_json_token());

    while (raw.len && is_space(raw.ptr[raw.len - 1]))
        raw.len--;
    return raw;
}

struct slice json_scan_span(struct json_scan_value *value)
{
    const char *start = value->value.raw_json_token().data();

    return value->end ? slice{start, static_cast<size_t>(value->end - start)} : slice{nullptr, 0};
}

bool json_scan_bool(struct json_scan_value *value, bool *ret_truth)
{
    if (!consume(value, JSON_SCAN_BOOL))
        return false;
    if (value->value.get_bool().get(*ret_truth)) {
        value->state->malformed = true;
        return false;
    }
    return true;
}

bool json_scan_u64(struct json_scan_value *value, uint64_t *ret_number)
{
    return consume(value, JSON_SCAN_NUMBER) && !value->value.get_uint64().get(*ret_number);
}

bool json_scan_string(struct json_scan_value *value, struct slice *ret_text)
{
    std::string_view text;

    if (!consume(value, JSON_SCAN_STRING))
        return false;
    if (value->value.get_string().get(text)) {
        value->state->malformed = true;
        return false;
    }
    *ret_text = slice_from(text);
    return true;
}

enum json_scan_result
json_scan_members(struct json_scan_value *value, json_scan_member on_member, void *context)
{
    ondemand::object object;
    scan *state = value->state;

    if (!consume(value, JSON_SCAN_OBJECT))
        return state->malformed ? JSON_SCAN_MALFORMED : JSON_SCAN_WRONG_TYPE;
    if (state->depth >= depth_max || value->value.get_object().get(object)) {
        state->malformed = true;
        return JSON_SCAN_MALFORMED;
    }
    state->depth++;
    json_scan_result result = each_member(object, state, on_member, context);
    state->depth--;
    if (result == JSON_SCAN_OK)
        mark_end(value);
    return result;
}

enum json_scan_result
json_scan_elements(struct json_scan_value *value, json_scan_element on_element, void *context)
{
    ondemand::array array;
    scan *state = value->state;

    if (!consume(value, JSON_SCAN_ARRAY))
        return state->malformed ? JSON_SCAN_MALFORMED : JSON_SCAN_WRONG_TYPE;
    if (state->depth >= depth_max || value->value.get_array().get(array)) {
        state->malformed = true;
        return JSON_SCAN_MALFORMED;
    }
    state->depth++;
    json_scan_result result = each_element(array, state, on_element, context);
    state->depth--;
    if (result == JSON_SCAN_OK)
        mark_end(value);
    return result;
}
