/* A list of edits (place, bytes to drop, bytes to put), sorted by place, then one pass of copying.
 *
 * Added members go right behind the opening brace; a chat completion is never an empty object, so
 * each of them ends with a comma. Of two edits of one place the later wins. */
#include "core/rewrite.h"

#include <stdio.h>

#include "base/invariant.h"

#define EDITS_MAX       72
#define ADDED_BYTES_MAX 8192

struct edit {
    size_t at;
    size_t drop;
    struct slice put;
};

struct rewrite {
    const struct request *request;
    struct edit edits[EDITS_MAX];
    unsigned count;
    struct buf added; /* members to add, each with its comma */
    char added_memory[ADDED_BYTES_MAX];
    struct slice overrides;
    uint64_t limit;      /* of output, by an override; 0: none */
    bool limit_is_older; /* it came under the older of the two names */
    bool failed;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool ends_scalar(char c)
{
    return is_space(c) || c == ',' || c == ']' || c == '}';
}

static size_t skip_string(struct slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
            at++;
    return at + 1;
}

/* The place behind the value that starts at at. The text is JSON that was checked. */
static size_t value_end(struct slice text, size_t at)
{
    unsigned depth = 0;

    do {
        char c = text.ptr[at];

        if (c == '"') {
            at = skip_string(text, at);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            depth--;
            at++;
        } else if (depth) {
            at++;
        } else {
            while (at < text.len && !ends_scalar(text.ptr[at]))
                at++;
        }
    } while (depth && at < text.len);
    return at < text.len ? at : text.len;
}

static void put_edit(struct rewrite *rewrite, size_t at, size_t drop, struct slice put)
{
    for (unsigned i = 0; i < rewrite->count; i++) {
        if (rewrite->edits[i].at != at)
            continue;
        rewrite->edits[i].put = put;
        return;
    }
    if (rewrite->count == EDITS_MAX) {
        rewrite->failed = true;
        return;
    }
    rewrite->edits[rewrite->count++] = (struct edit){at, drop, put};
}

static void replace_value(struct rewrite *rewrite, size_t at, struct slice put)
{
    put_edit(rewrite, at, value_end(rewrite->request->body, at) - at, put);
}

static unsigned find_field(struct slice key)
{
    static const struct slice names[] = {
#define V(NAME, field, verdict, reader, sentence) {field, sizeof field - 1},
#include "core/inspect.def"
#undef V
    };
    unsigned i = 0;

    while (i < CHAT_FIELD_END && !slice_equal(names[i], key))
        i++;
    return i;
}

static bool on_override(void *context, struct slice key, struct json_scan_value *value)
{
    struct rewrite *rewrite = context;
    unsigned field = find_field(key);
    size_t from = (size_t)(json_scan_raw(value).ptr - rewrite->overrides.ptr);
    struct slice put = {rewrite->overrides.ptr + from, value_end(rewrite->overrides, from) - from};

    if (field == CHAT_FIELD_MODEL || field == CHAT_FIELD_MESSAGES || field == CHAT_FIELD_STREAM ||
        field == CHAT_FIELD_STREAM_OPTIONS)
        return false;
    if (field == CHAT_FIELD_MAX_TOKENS || field == CHAT_FIELD_MAX_COMPLETION_TOKENS) {
        rewrite->limit_is_older = field == CHAT_FIELD_MAX_TOKENS;
        return json_scan_u64(value, &rewrite->limit) && rewrite->limit;
    }
    if (field < CHAT_FIELD_END && rewrite->request->value_at[field]) {
        replace_value(rewrite, rewrite->request->value_at[field], put);
        return true;
    }
    buf_put_json_string(&rewrite->added, key);
    buf_put_u8(&rewrite->added, ':');
    buf_put_slice(&rewrite->added, put);
    buf_put_u8(&rewrite->added, ',');
    return true;
}

/* simdjson reads past the end, so overrides that are lent without padding are read from a copy; the
 * edits point into the copy, which lives in the request's arena. */
static enum result
put_overrides(struct rewrite *rewrite, struct slice overrides, struct json_scanner *scanner)
{
    char *padded;

    if (!overrides.len)
        return RESULT_OK;
    padded = arena_alloc(rewrite->request->arena, overrides.len + JSON_SCAN_PADDING);
    if (!padded)
        return RESULT_NO_MEMORY;
    memcpy(padded, overrides.ptr, overrides.len);
    memset(padded + overrides.len, 0, JSON_SCAN_PADDING);
    rewrite->overrides = (struct slice){padded, overrides.len};
    return json_scan_object(scanner, rewrite->overrides, on_override, rewrite) == JSON_SCAN_OK
               ? RESULT_OK
               : RESULT_INVALID;
}

/* The smallest of the client's or the override's limit and the cap. Which of the two names is used
 * follows the client; where it is silent, the override; then the newer one. */
static void put_cap(struct rewrite *rewrite, uint64_t cap)
{
    static const enum chat_field names[] = {CHAT_FIELD_MAX_COMPLETION_TOKENS,
                                            CHAT_FIELD_MAX_TOKENS};
    const struct request *request = rewrite->request;
    uint64_t asked = request->facts.max_output_tokens;
    uint64_t limit = rewrite->limit ? rewrite->limit : asked;
    const char *name = rewrite->limit_is_older ? "max_tokens" : "max_completion_tokens";
    struct slice text;

    if (cap && (!limit || limit > cap))
        limit = cap;
    if (limit == asked)
        return;
    for (unsigned i = 0; i < 2; i++) {
        if (!request->value_at[names[i]])
            continue;
        text = arena_format(request->arena, "%llu", (unsigned long long)limit);
        rewrite->failed |= !text.len;
        replace_value(rewrite, request->value_at[names[i]], text);
        return;
    }
    buf_format(&rewrite->added, "\"%s\":%llu,", name, (unsigned long long)limit);
}

static void put_usage(struct rewrite *rewrite)
{
    static const struct slice whole = {"{\"include_usage\":true}", 22};
    const struct request *request = rewrite->request;
    size_t at = request->value_at[CHAT_FIELD_STREAM_OPTIONS];
    size_t behind;

    if (!request->facts.stream || request->usage_asked)
        return;
    if (!at) {
        buf_put_text(&rewrite->added, "\"stream_options\":{\"include_usage\":true},");
        return;
    }
    if (request->body.ptr[at] != '{') {
        replace_value(rewrite, at, whole);
        return;
    }
    if (request->include_usage_at) {
        replace_value(rewrite, request->include_usage_at, SLICE_LITERAL("true"));
        return;
    }
    for (behind = at + 1; is_space(request->body.ptr[behind]);)
        behind++;
    if (request->body.ptr[behind] == '}')
        replace_value(rewrite, at, whole);
    else
        put_edit(rewrite, at + 1, 0, SLICE_LITERAL("\"include_usage\":true,"));
}

static void put_model(struct rewrite *rewrite, struct slice model)
{
    const struct request *request = rewrite->request;
    struct buf quoted;
    char *memory = arena_alloc(request->arena, 6 * model.len + 2);

    if (!memory) {
        rewrite->failed = true;
        return;
    }
    buf_init_fixed(&quoted, memory, 6 * model.len + 2);
    buf_put_json_string(&quoted, model);
    put_edit(rewrite, (size_t)(request->model_token.ptr - request->body.ptr),
             request->model_token.len, buf_slice(&quoted));
}

static void sort_edits(struct rewrite *rewrite)
{
    for (unsigned i = 1; i < rewrite->count; i++) {
        struct edit edit = rewrite->edits[i];
        unsigned j = i;

        for (; j > 0 && rewrite->edits[j - 1].at > edit.at; j--)
            rewrite->edits[j] = rewrite->edits[j - 1];
        rewrite->edits[j] = edit;
    }
}

static void copy_edited(struct rewrite *rewrite, struct buf *ret_body)
{
    struct slice body = rewrite->request->body;
    size_t from = 0;

    sort_edits(rewrite);
    for (unsigned i = 0; i < rewrite->count; i++) {
        const struct edit *edit = &rewrite->edits[i];

        invariant(edit->at >= from && edit->at + edit->drop <= body.len);
        buf_put(ret_body, body.ptr + from, edit->at - from);
        buf_put_slice(ret_body, edit->put);
        from = edit->at + edit->drop;
    }
    buf_put(ret_body, body.ptr + from, body.len - from);
}

enum result rewrite_chat(const struct request *request,
                         const struct decision *decision,
                         struct json_scanner *scanner,
                         struct buf *ret_body)
{
    struct rewrite rewrite;
    enum result result;
    size_t brace = 0;

    rewrite.request = request;
    rewrite.count = 0;
    rewrite.limit = 0;
    rewrite.limit_is_older = false;
    rewrite.failed = false;
    buf_init_fixed(&rewrite.added, rewrite.added_memory, sizeof rewrite.added_memory);
    while (is_space(request->body.ptr[brace]))
        brace++;
    result = put_overrides(&rewrite, decision->route.overrides, scanner);
    if (result != RESULT_OK)
        return result;
    put_cap(&rewrite, decision->output_tokens_cap);
    put_usage(&rewrite);
    put_model(&rewrite, decision->route.model);
    if (rewrite.added.len)
        put_edit(&rewrite, brace + 1, 0, buf_slice(&rewrite.added));
    if (rewrite.failed || buf_failed(&rewrite.added))
        return RESULT_NO_MEMORY;
    copy_edited(&rewrite, ret_body);
    return buf_failed(ret_body) ? RESULT_NO_MEMORY : RESULT_OK;
}
