/* One handler on "/" and a table. Requests to the provider are noted in the journal before they
 * are answered; admin calls are not. */
#include "route.h"

#include <string.h>

#include "admin.h"
#include "bench.h"
#include "chat.h"
#include "connection.h"
#include "guard.h"
#include "journal.h"
#include "models.h"
#include "rule.h"

struct handler {
    h2o_handler_t super;
    const struct option_set *options;
};

static const struct route {
    const char *path;
    const char *method;
    void (*answer)(h2o_req_t *request, const struct option_set *options, uint64_t sequence);
} routes[] = {
    {"/v1/chat/completions", "POST", chat_answer},
    {"/v1/models", "GET", models_answer},
};

#define ROUTES (sizeof routes / sizeof *routes)

static bool is(h2o_iovec_t bytes, const char *text)
{
    return h2o_memis(bytes.base, bytes.len, text, strlen(text));
}

static bool is_credential(h2o_iovec_t name)
{
    return is(name, "authorization") || is(name, "proxy-authorization") || is(name, "cookie") ||
           is(name, "api-key") || is(name, "x-api-key");
}

/* All headers but those with credentials; values of one name are joined by a comma. */
static json_t *headers_json(const h2o_req_t *request)
{
    json_t *object = json_object();
    for (size_t i = 0; i < request->headers.size; i++) {
        const h2o_header_t *header = &request->headers.entries[i];
        if (is_credential(*header->name))
            continue;
        json_t *value = json_stringn(header->value.base, header->value.len);
        const json_t *old = json_object_getn(object, header->name->base, header->name->len);
        if (value && old) {
            json_t *joined =
                json_sprintf("%s, %s", json_string_value(old), json_string_value(value));
            json_decref(value);
            value = joined;
        }
        json_object_setn_new(object, header->name->base, header->name->len,
                             value ? value : json_null());
    }
    /* h2o keeps the host apart from the headers. */
    json_object_set_new(object, "host",
                        json_stringn(request->authority.base, request->authority.len));
    return object;
}

static uint64_t arrive(h2o_req_t *request)
{
    struct journal_arrival arrival = {.version = request->version};
    if (!journal_on())
        return journal_begin(&arrival);
    ssize_t at = h2o_find_header(&request->headers, H2O_TOKEN_AUTHORIZATION, -1);
    if (at >= 0) {
        h2o_iovec_t value = request->headers.entries[at].value;
        arrival.authorization = (struct slice){value.base, value.len};
        arrival.authorized = true;
    }
    arrival.method = (struct slice){request->method.base, request->method.len};
    arrival.path = (struct slice){request->path.base, request->path.len};
    arrival.body = (struct slice){request->entity.base, request->entity.len};
    arrival.connection = connection_of(request)->number;
    arrival.headers = headers_json(request);
    return journal_begin(&arrival);
}

static int on_request(h2o_handler_t *super, h2o_req_t *request)
{
    const struct option_set *options = ((struct handler *)super)->options;
    h2o_iovec_t path = request->path_normalized;
    if (options->bench && !rule_any() && is(path, routes[0].path)) {
        bench_answer(request);
        return 0;
    }
    if (path.len >= 7 && h2o_memis(path.base, 7, H2O_STRLIT("/admin/"))) {
        admin_answer(request);
        return 0;
    }
    uint64_t sequence = arrive(request);
    enum behaviour refusal = BEHAVIOUR_UNKNOWN_URL;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!is(path, routes[i].path))
            continue;
        if (is(request->method, routes[i].method)) {
            routes[i].answer(request, options, sequence);
            return 0;
        }
        refusal = BEHAVIOUR_WRONG_METHOD;
    }
    guard_refuse(request, refusal, sequence);
    return 0;
}

void route_register(h2o_hostconf_t *host, const struct option_set *options)
{
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_handler_t *handler = h2o_create_handler(path, sizeof(struct handler));
    handler->on_req = on_request;
    ((struct handler *)handler)->options = options;
}
