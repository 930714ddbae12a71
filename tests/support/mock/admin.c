/* See admin.h. Answers are JSON; what is refused says why. */
#include "admin.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "instruction.h"
#include "journal.h"
#include "memory.h"
#include "rule.h"

/* Sends the object, which it keeps. */
static void reply(h2o_req_t *request, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    must(text != NULL);
    request->res.status = status;
    request->res.reason = status == 200 ? "OK" : "Error";
    request->res.content_length = strlen(text);
    h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json"));
    h2o_send_inline(request, text, strlen(text));
    free(text);
    json_decref(object);
}

static void reply_fault(h2o_req_t *request, int status, const char *message)
{
    reply(request, status, json_pack("{s:{s:s}}", "error", "message", message));
}

/* The value of name in the query, percent-decoded; gives, or NULL. */
static char *query_value(const h2o_req_t *request, const char *name)
{
    if (request->query_at == SIZE_MAX)
        return NULL;
    char *query = strndup(request->path.base + request->query_at + 1,
                          request->path.len - request->query_at - 1);
    must(query != NULL);
    char *rest = query, *pair, *found = NULL;
    while (!found && (pair = strsep(&rest, "&"))) {
        const char *key = strsep(&pair, "=");
        if (!strcmp(key, name))
            found = memory_copy(pair ? pair : "");
    }
    free(query);
    char *out = found;
    for (const char *in = found; in && *in; out++) {
        char code[3] = {0};
        if (*in == '%' && isxdigit((unsigned char)in[1]) && isxdigit((unsigned char)in[2])) {
            memcpy(code, in + 1, 2);
            *out = (char)strtol(code, NULL, 16);
            in += 3;
        } else {
            *out = *in++;
        }
    }
    if (out)
        *out = '\0';
    return found;
}

static uint64_t query_number(const h2o_req_t *request, const char *name, uint64_t otherwise)
{
    char *text = query_value(request, name);
    uint64_t number = text && isdigit((unsigned char)*text) ? strtoull(text, NULL, 10) : otherwise;
    free(text);
    return number;
}

/* Puts one rule in force; returns why not, or NULL. */
static const char *tell(const json_t *object)
{
    const char *model = json_string_value(json_object_get(object, "model"));
    const json_t *times = json_object_get(object, "times");
    const char *why = NULL;
    if (!json_is_object(object) || !model || !*model)
        return "expected an object with model, a name or \"*\"";
    if (times && (!json_is_integer(times) || json_integer_value(times) < 0))
        return "times: expected a whole number of at least 0";
    struct instruction *instruction = instruction_parse(object, &why);
    if (!instruction)
        return why;
    if (!rule_tell(model, instruction, (uint64_t)json_integer_value(times)))
        why = "there are too many rules";
    instruction_unref(instruction);
    return why;
}

/* One rule, or a list of them, which are told in order up to the first bad one. */
static void post_behaviour(h2o_req_t *request)
{
    json_error_t error;
    json_t *body = json_loadb(request->entity.base, request->entity.len, 0, &error);
    const char *why = body ? NULL : "the body is not JSON";
    size_t told = 0;
    if (json_is_array(body))
        for (; !why && told < json_array_size(body); told += !why)
            why = tell(json_array_get(body, told));
    else if (body)
        told = !(why = tell(body));
    json_decref(body);
    if (why)
        reply_fault(request, 400, why);
    else
        reply(request, 200, json_pack("{s:I}", "told", (json_int_t)told));
}

static void get_behaviour(h2o_req_t *request)
{
    json_t *known = json_array();
    for (size_t i = 0; i < behaviour_count; i++)
        json_array_append_new(known, json_pack("{s:s, s:i, s:s}", "name", behaviour_rows[i].name,
                                               "number", (int)behaviour_rows[i].number, "sentence",
                                               behaviour_rows[i].sentence));
    reply(request, 200, json_pack("{s:o, s:o}", "rules", rule_json(), "behaviours", known));
}

static void delete_behaviour(h2o_req_t *request)
{
    char *model = query_value(request, "model");
    unsigned reset = rule_reset(model);
    free(model);
    reply(request, 200, json_pack("{s:i}", "reset", (int)reset));
}

static void get_journal(h2o_req_t *request)
{
    reply(request, 200,
          journal_json(query_number(request, "since", 0),
                       query_number(request, "limit", JOURNAL_LIMIT_DEFAULT),
                       query_number(request, "bodies", 1) != 0));
}

static void delete_journal(h2o_req_t *request)
{
    journal_clear();
    reply(request, 200, json_pack("{s:b}", "cleared", 1));
}

static void get_health(h2o_req_t *request)
{
    reply(request, 200, json_pack("{s:b}", "ok", 1));
}

static const struct call {
    const char *method;
    const char *path;
    void (*answer)(h2o_req_t *request);
} calls[] = {
    {"POST", "/admin/behaviour", post_behaviour},     {"GET", "/admin/behaviour", get_behaviour},
    {"DELETE", "/admin/behaviour", delete_behaviour}, {"GET", "/admin/journal", get_journal},
    {"DELETE", "/admin/journal", delete_journal},     {"GET", "/admin/health", get_health},
};

void admin_answer(h2o_req_t *request)
{
    h2o_iovec_t path = request->path_normalized, method = request->method;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (h2o_memis(path.base, path.len, calls[i].path, strlen(calls[i].path)) &&
            h2o_memis(method.base, method.len, calls[i].method, strlen(calls[i].method))) {
            calls[i].answer(request);
            return;
        }
    }
    reply_fault(request, 404, "no such admin call; see the README");
}
