/* What a route's fields ask for beyond their kind: a URL that a secret may be sent to, overrides as
 * they will be merged, and what follows from several fields. Prices are in catalog_price. */
#include "engine/catalog_draft.h"

#define URL_BYTES_MAX       TEXT_BYTES_MAX
#define OVERRIDES_BYTES_MAX (16 * 1024)
#define PORT_MAX            65535

static bool take_prefix(struct slice *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->ptr, prefix, len) != 0)
        return false;
    text->ptr += len;
    text->len -= len;
    return true;
}

/* The bytes up to the first one of stops, taken from text. */
static struct slice take_until(struct slice *text, const char *stops)
{
    struct slice taken = {text->ptr, 0};

    while (taken.len < text->len && !strchr(stops, text->ptr[taken.len]))
        taken.len++;
    text->ptr += taken.len;
    text->len -= taken.len;
    return taken;
}

static bool made_of(struct slice text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return true;
}

/* 127.0.0.1 and its like: four numbers, the first of them 127. */
static bool is_loopback(struct slice host)
{
    unsigned dots = 0, number = 0, digits = 0;

    if (slice_is(host, "localhost") || slice_is(host, "[::1]"))
        return true;
    if (host.len < 4 || memcmp(host.ptr, "127.", 4) != 0)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '.') {
            if (!digits)
                return false;
            dots++;
            number = digits = 0;
        } else if (host.ptr[i] >= '0' && host.ptr[i] <= '9' && digits < 3) {
            number = number * 10 + (unsigned)(host.ptr[i] - '0');
            digits++;
        } else {
            return false;
        }
        if (number > 255)
            return false;
    }
    return dots == 3 && digits > 0;
}

static bool is_port(struct slice text)
{
    unsigned long port = 0;

    if (text.len < 1 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(text.ptr[i] - '0');
    }
    return port >= 1 && port <= PORT_MAX;
}

/* https://host[:port][/path], or http to this machine. The path does not end with a slash, because
 * the family's path is put behind it. */
static bool is_url(struct slice text)
{
    bool secure = take_prefix(&text, "https://"), v6;
    struct slice host;

    if (!secure && !take_prefix(&text, "http://"))
        return false;
    v6 = text.len && text.ptr[0] == '[';
    host = take_until(&text, v6 ? "]" : ":/");
    if (v6) {
        if (!text.len)
            return false;
        host.len++;
        text.ptr++;
        text.len--;
    }
    if (!host.len ||
        (v6 ? !made_of((struct slice){host.ptr + 1, host.len - 2}, ":.") : !made_of(host, "-.")))
        return false;
    if (!secure && !is_loopback(host))
        return false;
    if (text.len && text.ptr[0] == ':') {
        text.ptr++;
        text.len--;
        if (!is_port(take_until(&text, "/")))
            return false;
    }
    return text.len == 0 ||
           (text.ptr[0] == '/' && text.ptr[text.len - 1] != '/' && made_of(text, "/-._~%:@+,;=$!"));
}

void catalog_parse_base_url(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target)
{
    struct draft_route *draft = target;

    if (node->kind != JSON_KIND_STRING)
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
    else if (node->text.len > URL_BYTES_MAX || !is_url(node->text))
        field_fault(reader, node, DIAGNOSTIC_BAD_URL,
                    SLICE_LITERAL("https://host[:port][/path] without a slash at the end"));
    else
        draft->route.base_url = node->text;
}

void catalog_parse_overrides(struct field_reader *reader,
                             const struct json_node *node,
                             const struct field *field,
                             void *target)
{
    struct draft_route *draft = target;
    struct buf buf;

    if (node->kind != JSON_KIND_OBJECT) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
        return;
    }
    if (!node->child)
        return;
    buf_init(&buf, DOCUMENT_BYTES_MAX * 6UL); /* every byte may need an escape */
    field_put_json(&buf, node);
    if (buf_failed(&buf))
        reader->arena->failed = true;
    else if (buf.len > OVERRIDES_BYTES_MAX)
        diagnostics_add(reader->diagnostics, DIAGNOSTIC_TOO_LARGE,
                        json_pointer(node, reader->arena),
                        arena_format(reader->arena, "%zu bytes", buf.len),
                        arena_format(reader->arena, "at most %d bytes", OVERRIDES_BYTES_MAX));
    else
        draft->route.overrides = arena_copy(reader->arena, buf_slice(&buf));
    buf_done(&buf);
}

static void finish_timeouts(struct field_reader *reader,
                            const struct json_node *node,
                            const struct timeouts *timeouts)
{
    const struct {
        const char *name;
        uint32_t ms;
    } parts[] = {
        {"connect", timeouts->connect_ms},
        {"first_output", timeouts->first_output_ms},
        {"idle", timeouts->idle_ms},
    };
    const struct json_node *object = json_member(node, "timeouts_ms");

    for (size_t i = 0; object && i < sizeof parts / sizeof *parts; i++)
        if (parts[i].ms > timeouts->total_ms)
            field_fault_member(
                reader, json_pointer(object, reader->arena), parts[i].name, DIAGNOSTIC_OUT_OF_RANGE,
                arena_format(reader->arena, "%u", parts[i].ms),
                arena_format(reader->arena, "at most total, %u", timeouts->total_ms));
}

/* The provider's own name for the model first, then the others. */
static struct texts list_reported(struct arena *arena, struct slice own, struct texts others)
{
    struct slice *items = arena_calloc(arena, others.count + 1, sizeof *items);
    struct texts reported = {items, 0};

    if (!items)
        return reported;
    items[reported.count++] = own;
    for (unsigned i = 0; i < others.count; i++)
        if (!slice_equal(others.items[i], own))
            items[reported.count++] = others.items[i];
    return reported;
}

/* Switches and pins call an entry by its route's id, and entries without routes like this. */
static void check_id(struct field_reader *reader, const struct json_node *node, struct slice id)
{
    if (slice_is(id, "default_response") || take_prefix(&id, "queue:"))
        field_fault(reader, json_member(node, "id"), DIAGNOSTIC_BAD_NAME,
                    SLICE_LITERAL("neither default_response nor a name that begins with queue:"));
}

void catalog_route_finish(struct field_reader *reader,
                          const struct draft_route *draft,
                          const struct json_node *node,
                          struct catalog_route *route)
{
    check_id(reader, node, route->id);
    finish_timeouts(reader, node, &route->timeouts);
    catalog_price_finish(reader, draft, node, route);
    if (!route->model)
        return;
    if (!route->provider_model.len)
        route->provider_model = route->model->id;
    route->reported_models =
        list_reported(reader->arena, route->provider_model, route->reported_models);
    route->capabilities = route->model->capabilities & ~draft->lacks;
}
