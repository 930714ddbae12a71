/* Entries while they are parsed: their routes, the fields that do more than their kind, and the
 * rules between fields of one entry.
 *
 * A set of routes takes the place of the route that an entry names itself; the family stays with
 * the entry, because requests have one shape. A set of one is the same as that one route and is
 * kept so: there is one way to write it in a dump. */
#include "base/decimal.h"
#include "engine/policy_fields.h"

#define RESPONSE_ESCAPED_BYTES_MAX (256 * 1024 * 6) /* every byte may need an escape */
#define DEFAULT_RESPONSE_BYTES     (64 * 1024)
#define NUSD_DIGITS                9

void policy_parse_requires(struct field_reader *reader,
                           const struct json_node *node,
                           const struct field *field,
                           void *target)
{
    struct document_entry *entry = target;

    if (node->kind != JSON_KIND_BOOL) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
        return;
    }
    memcpy((char *)target + field->offset, &node->truth, sizeof node->truth);
    entry->requires_given |= SET_OF(field->low);
}

void policy_parse_default_response(struct field_reader *reader,
                                   const struct json_node *node,
                                   const struct field *field,
                                   void *target)
{
    struct document_entry *entry = target;
    struct buf buf;

    if (node->kind != JSON_KIND_OBJECT && node->kind != JSON_KIND_STRING) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
        return;
    }
    if (node->kind == JSON_KIND_STRING && node->text.len == 0) {
        field_fault(reader, node, DIAGNOSTIC_OUT_OF_RANGE,
                    SLICE_LITERAL("a text that is not empty"));
        return;
    }
    buf_init(&buf, RESPONSE_ESCAPED_BYTES_MAX);
    field_put_json(&buf, node);
    if (buf_failed(&buf))
        reader->arena->failed = true;
    else if (buf.len > DEFAULT_RESPONSE_BYTES)
        diagnostics_add(reader->diagnostics, DIAGNOSTIC_TOO_LARGE,
                        json_pointer(node, reader->arena),
                        arena_format(reader->arena, "%zu bytes", buf.len),
                        arena_format(reader->arena, "at most %d bytes", DEFAULT_RESPONSE_BYTES));
    else
        entry->default_response = arena_copy(reader->arena, buf_slice(&buf));
    buf_done(&buf);
}

/* ---- routes ---- */

/* A route is told by its id, or by a model. */
static void
expect_route(struct field_reader *reader, const struct json_node *node, struct slice pointer)
{
    if (node->kind == JSON_KIND_OBJECT && !json_member(node, "route") &&
        !json_member(node, "model"))
        field_fault_member(reader, pointer, "model", DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                           SLICE_LITERAL("a model's or, as route, a route's id"));
}

void policy_parse_routes(struct field_reader *reader,
                         const struct json_node *node,
                         const struct field *field,
                         void *target)
{
    struct document_entry *entry = target;

    if (!field_expect_list(reader, node, field))
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct document_route *route = &entry->routes[entry->routes_count++];

        route->pointer = json_pointer(item, reader->arena);
        field_set_initial(&policy_route_fields, route);
        field_read_object(reader, item, &policy_route_fields, route);
        expect_route(reader, item, route->pointer);
    }
}

/* Beside a set, an entry names no route of its own. */
static void expect_no_route(struct field_reader *reader, const struct json_node *node)
{
    for (unsigned i = 0; i < policy_route_fields.count; i++) {
        const struct json_node *member = json_member(node, policy_route_fields.fields[i].name);

        /* A weight is not a field of entries at all. */
        if (member && policy_route_fields.fields[i].kind == FIELD_KIND_NAME)
            field_fault(reader, member, DIAGNOSTIC_CONTRADICTION,
                        SLICE_LITERAL("nothing beside routes"));
    }
}

static void finish_routes(struct field_reader *reader,
                          const struct json_node *node,
                          struct document_entry *entry)
{
    enum family family = entry->alone.family;

    if (json_member(node, "routes")) {
        expect_no_route(reader, node);
        if (entry->routes_count == 1) {
            entry->alone = entry->routes[0];
            entry->alone.family = family;
        }
    } else {
        expect_route(reader, node, entry->pointer);
        entry->alone.pointer = entry->pointer;
        entry->routes[0] = entry->alone;
        entry->routes_count = 1;
    }
    entry->alone.weight = 1;
    if (entry->routes_count == 1)
        entry->routes[0].weight = 1;
    for (unsigned i = 0; i < entry->routes_count; i++)
        entry->routes[i].family = family;
}

/* ---- rules between fields ---- */

static void
expect_text(struct field_reader *reader, const struct json_node *node, struct document_entry *entry)
{
    if (entry->requires_user_notice && !json_member(node, "notice"))
        field_fault_member(reader, entry->pointer, "notice", DIAGNOSTIC_MISSING_FIELD,
                           SLICE_LITERAL(""), SLICE_LITERAL("the text that the user is shown"));
}

static void finish_premium(struct field_reader *reader,
                           const struct json_node *node,
                           struct document_entry *entry)
{
    const struct json_node *premium = json_member(node, "premium");

    if (!premium || premium->kind != JSON_KIND_OBJECT)
        return;
    entry->premium = true;
    if (!json_member(premium, "tenants") && !json_member(premium, "keys"))
        field_fault_member(reader, json_pointer(premium, reader->arena), "tenants",
                           DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                           SLICE_LITERAL("at least one tenant or key"));
}

static struct slice number_text(struct field_reader *reader, uint64_t number)
{
    return arena_format(reader->arena, "%llu", (unsigned long long)number);
}

static void finish_queue(struct field_reader *reader, const struct document_entry *entry)
{
    if (entry->queue_age_ms_max && entry->queue_hold_ms_max > entry->queue_age_ms_max)
        field_fault_member(reader, entry->pointer, "queue/hold_ms", DIAGNOSTIC_OUT_OF_RANGE,
                           number_text(reader, entry->queue_hold_ms_max),
                           arena_format(reader->arena, "at most max_age_ms, %llu",
                                        (unsigned long long)entry->queue_age_ms_max));
}

void policy_finish_entry(struct field_reader *reader,
                         const struct json_node *node,
                         struct document_entry *entry)
{
    if (node->kind != JSON_KIND_OBJECT)
        return;
    if (entry->kind == ENTRY_KIND_ROUTE) {
        finish_routes(reader, node, entry);
        expect_text(reader, node, entry);
        finish_premium(reader, node, entry);
    } else if (entry->kind == ENTRY_KIND_QUEUE) {
        finish_queue(reader, entry);
    }
    policy_parse_contradictions(reader, node, entry);
}

/* An entry may only be tighter than its policy. */
void policy_finish_entry_limits(struct field_reader *reader,
                                const struct policy_document *document,
                                const struct document_entry *entry)
{
    const struct policy *settings = &document->settings;
    const struct {
        const char *member;
        uint64_t mine, policys;
        unsigned decimals;
    } limits[] = {
        {"limits/max_attempts", entry->limits.attempts_max, settings->attempts_max, 0},
        {"limits/max_input_tokens", entry->limits.input_tokens_max, settings->input_tokens_max, 0},
        {"limits/max_output_tokens", entry->limits.output_tokens_max, settings->output_tokens_max,
         0},
        {"limits/max_context_tokens", entry->limits.context_tokens_max,
         settings->context_tokens_max, 0},
        {"limits/max_reasoning_tokens", entry->limits.reasoning_tokens_max,
         settings->reasoning_tokens_max, 0},
        {"limits/max_estimated_cost_usd", entry->limits.cost_nusd_max, settings->cost_nusd_max,
         NUSD_DIGITS},
    };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char mine[32], policys[32];

        if (!limits[i].policys || limits[i].mine <= limits[i].policys)
            continue;
        decimal_format(limits[i].mine, limits[i].decimals, mine);
        decimal_format(limits[i].policys, limits[i].decimals, policys);
        field_fault_member(reader, entry->pointer, limits[i].member, DIAGNOSTIC_OUT_OF_RANGE,
                           slice_of(mine),
                           arena_format(reader->arena, "at most the policy's, %s", policys));
    }
    if (entry->queue_job && document->payload_storage == PAYLOAD_STORAGE_OFF)
        field_fault_member(reader, entry->pointer, "queue/job", DIAGNOSTIC_CONTRADICTION,
                           SLICE_LITERAL("true"),
                           SLICE_LITERAL("false, unless payload_storage keeps jobs"));
}
