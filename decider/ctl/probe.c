/* A table with a row for each family (probe.def), and one reading of answers for all of them.
 *
 * The body is what the edge would send for the smallest of requests: the row's members, the
 * route's overrides, and a bound on the output. */
#include "ctl/probe.h"

#include <ctype.h>
#include <stdio.h>

#include "base/json.h"
#include "ctl/word.h"
#include "signalbox/taxonomy.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define TOTAL_MS_MAX       30000
#define CONNECT_MS_DEFAULT 5000
#define BODY_BYTES_MAX     (256 * 1024)
/* Of so small a question and answer; more is another unit, or somebody else's count. */
#define TOKENS_SANE        2000
#define MESSAGE_BYTES_MOST 200

struct probe_family {
    enum family family;
    const char *path, *credential, *header, *members, *cap, *caps, *model, *input, *output;
};

static const struct probe_family families[] = {
#define P(FAMILY, path, credential, header, members, cap, caps, model, input, output)              \
    {FAMILY_##FAMILY, path, credential, header, members, cap, caps, model, input, output},
#include "ctl/probe.def"
#undef P
};

#define FAMILIES (sizeof families / sizeof *families)

const struct probe_family *probe_family_of(unsigned family)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if ((unsigned)families[i].family == family)
            return &families[i];
    return NULL;
}

void probe_family_list(struct buf *buf)
{
    for (size_t i = 0; i < FAMILIES; i++)
        buf_format(buf, "%s%s", i ? ", " : "", signalbox_family_name(families[i].family));
}

void probe_add(struct probe_report *report,
               const char *name,
               enum probe_verdict verdict,
               struct slice found,
               const char *needed)
{
    if (report->count == PROBE_CHECKS_MAX)
        return;
    report->failed |= verdict == PROBE_FAIL;
    report->checks[report->count++] = (struct probe_check){name, verdict, found, slice_of(needed)};
}

/* ---- what is sent ---- */

/* As a segment of a path. */
static void put_escaped(struct buf *buf, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (isalnum(c) || strchr("-._~", c))
            buf_put(buf, text, 1);
        else
            buf_format(buf, "%%%02X", c);
    }
}

static void put_url(struct buf *buf, const char *base_url, const char *path, const char *model)
{
    const char *place = strstr(path, "{model}");
    size_t len = strlen(base_url);

    while (len && base_url[len - 1] == '/')
        len--;
    buf_put(buf, base_url, len);
    if (!place) {
        buf_put_text(buf, path);
        return;
    }
    buf_put(buf, path, (size_t)(place - path));
    put_escaped(buf, model);
    buf_put_text(buf, place + strlen("{model}"));
}

static void put_node(struct buf *buf, const struct json_node *node)
{
    const struct json_node *child = node->child;

    switch (node->kind) {
    case JSON_KIND_NULL:
        buf_put_text(buf, "null");
        return;
    case JSON_KIND_BOOL:
        buf_put_text(buf, node->truth ? "true" : "false");
        return;
    case JSON_KIND_NUMBER:
        buf_put_slice(buf, node->text);
        return;
    case JSON_KIND_STRING:
        buf_put_json_string(buf, node->text);
        return;
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        break;
    }
    buf_put_text(buf, node->kind == JSON_KIND_ARRAY ? "[" : "{");
    for (; child; child = child->next) {
        if (node->kind == JSON_KIND_OBJECT) {
            buf_put_json_string(buf, child->key);
            buf_put_text(buf, ":");
        }
        put_node(buf, child); /* json_parse bounds the depth */
        buf_put_text(buf, child->next ? "," : "");
    }
    buf_put_text(buf, node->kind == JSON_KIND_ARRAY ? "]" : "}");
}

static bool is_listed(const char *words, struct slice word)
{
    char text[80];

    return word.len + 3 < sizeof text && *words &&
           snprintf(text, sizeof text, " %.*s ", (int)word.len, word.ptr) > 0 &&
           strstr(words, text);
}

/* Members are gathered behind a '{' and each ends with a comma, the last one's becomes the '}'. */
static enum result put_body(const struct probe_family *family,
                            const char *model,
                            const struct json_node *members,
                            const struct json_node *overrides,
                            struct probe_report *report,
                            struct buf *buf)
{
    bool capped = false, in_path = strstr(family->path, "{model}");

    buf_put_text(buf, "{");
    if (!in_path) {
        buf_put_text(buf, "\"model\":");
        buf_put_json_string(buf, slice_of(model));
        buf_put_text(buf, ",");
    }
    for (const struct json_node *side = members; side; side = side == members ? overrides : NULL)
        for (const struct json_node *member = side->child; member; member = member->next) {
            if (side == overrides &&
                (slice_is(member->key, "model") || json_member(members, member->key.ptr))) {
                probe_add(report, "overrides", PROBE_FAIL,
                          arena_format(report->arena, "%s is overridden", member->key.ptr),
                          "no override of what every request sets");
                return RESULT_INVALID;
            }
            capped |= is_listed(family->caps, member->key);
            buf_put_json_string(buf, member->key);
            buf_put_text(buf, ":");
            put_node(buf, member);
            buf_put_text(buf, ",");
        }
    if (*family->cap && !capped)
        buf_format(buf, "%s,", family->cap);
    if (!buf_failed(buf))
        buf->ptr[buf->len - 1] = '}';
    return buf_failed(buf) ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result
read_overrides(const char *text, struct probe_report *report, struct json_node **ret_overrides)
{
    struct json_error error;
    enum result result =
        json_parse(slice_of(*text ? text : "{}"), report->arena, ret_overrides, &error);

    if (result == RESULT_NO_MEMORY)
        return result;
    if (result == RESULT_OK && (*ret_overrides)->kind == JSON_KIND_OBJECT)
        return RESULT_OK;
    probe_add(report, "overrides", PROBE_FAIL,
              result == RESULT_OK ? slice_of(json_kind_name((*ret_overrides)->kind))
                                  : arena_format(report->arena, "%s", error.text),
              "a JSON object");
    return RESULT_INVALID;
}

enum result probe_make(const struct probe_family *family,
                       const Signalbox__V1__GetRouteResponse *route,
                       struct probe_report *report,
                       struct probe_request *ret_request)
{
    struct json_node *members = NULL, *overrides = NULL;
    struct json_error error;
    struct buf url, body;
    enum result result = read_overrides(route->overrides, report, &overrides);

    if (result == RESULT_OK)
        result = json_parse(slice_of(family->members), report->arena, &members, &error);
    if (result != RESULT_OK)
        return result;
    buf_init(&url, BODY_BYTES_MAX);
    buf_init(&body, BODY_BYTES_MAX);
    put_url(&url, route->base_url, family->path, route->provider_model);
    result = put_body(family, route->provider_model, members, overrides, report, &body);
    *ret_request = (struct probe_request){
        .url = arena_copy(report->arena, buf_slice(&url)).ptr,
        .credential = family->credential,
        .header = family->header,
        .body = arena_copy(report->arena, buf_slice(&body)),
        .connect_ms = route->connect_ms ? route->connect_ms : CONNECT_MS_DEFAULT,
        .total_ms =
            route->total_ms && route->total_ms < TOTAL_MS_MAX ? route->total_ms : TOTAL_MS_MAX,
    };
    if (result == RESULT_OK && (buf_failed(&url) || !ret_request->url || !ret_request->body.ptr))
        result = RESULT_NO_MEMORY;
    buf_done(&url);
    buf_done(&body);
    return result;
}

/* ---- what came ---- */

/* The value at a path of member names; NULL: there is none. */
static const struct json_node *value_at(const struct json_node *node, const char *path)
{
    char name[64];

    while (node && *path) {
        size_t len = strcspn(path, "/");

        snprintf(name, sizeof name, "%.*s", (int)len, path);
        node = json_member(node, name);
        path += len + (path[len] == '/');
    }
    return node;
}

static struct slice text_at(const struct json_node *node, const char *path)
{
    const struct json_node *value = value_at(node, path);

    return value && (value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER)
               ? value->text
               : SLICE_LITERAL("");
}

/* "HTTP 401 invalid_api_key: ..." */
static struct slice error_of(const struct json_node *root,
                             const struct probe_answer *answer,
                             struct slice secret,
                             struct arena *arena)
{
    struct slice code = text_at(root, "error/code"), message = text_at(root, "error/message");
    size_t len = message.len < MESSAGE_BYTES_MOST ? message.len : MESSAGE_BYTES_MOST;

    if (!code.len || isdigit((unsigned char)*code.ptr))
        code = text_at(root, "error/status");
    if (!code.len)
        code = text_at(root, "error/type");
    if (secret.len && message.len && memmem(message.ptr, message.len, secret.ptr, secret.len))
        len = 0;
    return arena_format(arena, "HTTP %u%s%.*s%s%.*s", answer->status, code.len ? " " : "",
                        (int)code.len, code.ptr, len ? ": " : "", (int)len, len ? message.ptr : "");
}

static void judge_credential(const struct probe_answer *answer, struct probe_report *report)
{
    const char *needed = "a key that the provider takes";

    if (answer->status == 401 || answer->status == 403)
        probe_add(report, "credential accepted", PROBE_FAIL,
                  arena_format(report->arena, "HTTP %u", answer->status), needed);
    else if (answer->status >= 200 && answer->status < 300)
        probe_add(report, "credential accepted", PROBE_PASS, SLICE_LITERAL("yes"), needed);
    else
        probe_add(report, "credential accepted", PROBE_NOTE,
                  SLICE_LITERAL("the answer does not say"), needed);
}

static void judge_model(const struct probe_family *family,
                        const Signalbox__V1__GetRouteResponse *route,
                        const struct json_node *root,
                        struct probe_report *report)
{
    struct slice name = text_at(root, family->model), known = slice_of(route->provider_model);
    bool matches = slice_equal(name, known);

    for (size_t i = 0; i < route->n_reported_models; i++) {
        const char *reported = route->reported_models[i];

        matches |= slice_is(name, reported);
        if (!slice_is(slice_of(reported), route->provider_model))
            known = arena_format(report->arena, "%.*s, %s", (int)known.len,
                                 known.ptr ? known.ptr : "", reported);
    }
    probe_add(report, "model", name.len && matches ? PROBE_PASS : PROBE_FAIL,
              name.len ? name : SLICE_LITERAL("the answer names none"), known.ptr);
}

/* A count that is there and can be true; 0: it is not. */
static uint64_t judge_count(const char *path,
                            const char *name,
                            const struct json_node *root,
                            struct probe_report *report)
{
    const struct json_node *node = value_at(root, path);
    uint64_t count = 0;
    bool good = node && json_u64(node, &count) && count > 0 && count <= TOKENS_SANE;
    struct slice found = SLICE_LITERAL("nothing");

    if (node)
        found = node->kind == JSON_KIND_NUMBER ? node->text : slice_of(json_kind_name(node->kind));
    probe_add(report, name, good ? PROBE_PASS : PROBE_FAIL,
              arena_format(report->arena, "%s: %.*s", path, (int)found.len, found.ptr),
              "a count from 1 to 2000");
    return good ? count : 0;
}

static void judge_usage(const struct probe_family *family,
                        const struct json_node *root,
                        struct probe_report *report)
{
    uint64_t input = judge_count(family->input, "usage of input", root, report), output = 0;

    if (*family->output)
        output = judge_count(family->output, "usage of output", root, report);
    probe_add(report, "cost", PROBE_NOTE,
              arena_format(report->arena,
                           "this probe was charged: %llu tokens of input, %llu of output",
                           (unsigned long long)input, (unsigned long long)output),
              "");
}

static void judge_latency(const Signalbox__V1__GetRouteResponse *route,
                          const struct probe_answer *answer,
                          struct probe_report *report)
{
    uint32_t most_ms =
        route->total_ms && route->total_ms < TOTAL_MS_MAX ? route->total_ms : TOTAL_MS_MAX;
    struct slice needed = arena_format(report->arena, "at most %u ms", most_ms);

    probe_add(report, "latency", answer->total_ms <= most_ms ? PROBE_PASS : PROBE_FAIL,
              arena_format(report->arena, "%llu ms, connected after %llu ms",
                           (unsigned long long)answer->total_ms,
                           (unsigned long long)answer->connect_ms),
              needed.ptr);
}

void probe_judge(const struct probe_family *family,
                 const Signalbox__V1__GetRouteResponse *route,
                 const struct probe_answer *answer,
                 struct slice secret,
                 struct probe_report *report)
{
    struct json_node *root = NULL;
    struct json_error error;
    bool json, good;

    if (!answer->status) {
        probe_add(report, "answer", PROBE_FAIL, slice_of(answer->error), "HTTP 200");
        return;
    }
    json = !answer->error && json_parse(answer->body, report->arena, &root, &error) == RESULT_OK &&
           root->kind == JSON_KIND_OBJECT;
    good = json && answer->status == 200;
    judge_credential(answer, report);
    if (answer->error)
        probe_add(report, "answer", PROBE_FAIL, slice_of(answer->error), "a whole answer");
    else if (good)
        probe_add(report, "answer", PROBE_PASS, SLICE_LITERAL("HTTP 200"), "HTTP 200");
    else if (answer->status == 200)
        probe_add(report, "answer", PROBE_FAIL, SLICE_LITERAL("HTTP 200 without a JSON object"),
                  "a JSON object");
    else
        probe_add(report, "answer", PROBE_FAIL,
                  error_of(json ? root : NULL, answer, secret, report->arena), "HTTP 200");
    if (good) {
        judge_model(family, route, root, report);
        judge_usage(family, root, report);
    }
    judge_latency(route, answer, report);
}
