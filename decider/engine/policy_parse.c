/* Text to document: the tables of policy_fields.c do the reading, and here stand what single fields
 * do of their own and the rules between fields that need no catalog. */
#include "engine/policy_fields.h"

/* A policy is written and read by people. */
#define POLICY_BYTES_MAX       (256 * 1024)
#define DEFAULT_RESPONSE_BYTES (64 * 1024)
#define TOTAL_MS_DEFAULT       600000
#define HOLD_BYTES_DEFAULT     (1024 * 1024)
#define PAYLOAD_MODE_METADATA  "metadata_only"
#define PAYLOAD_MODE_SAMPLED   "sampled"

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
    buf_init(&buf, POLICY_BYTES_MAX * 6); /* every byte may need an escape */
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

void policy_parse_payload_logging_mode(struct field_reader *reader,
                                       const struct json_node *node,
                                       const struct field *field,
                                       void *target)
{
    struct policy *settings = target;

    if (node->kind != JSON_KIND_STRING)
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
    else if (slice_is(node->text, PAYLOAD_MODE_SAMPLED))
        settings->payload_sampled = true;
    else if (slice_is(node->text, PAYLOAD_MODE_METADATA))
        settings->payload_sampled = false;
    else
        field_fault(reader, node, DIAGNOSTIC_UNKNOWN_NAME, field_describe(reader, field));
}

/* A route is told by its id, or by a model. */
static void expect_route(struct field_reader *reader,
                         const struct json_node *node,
                         struct document_entry *entry,
                         bool primary)
{
    entry->route.pointer = entry->pointer;
    if (node->kind != JSON_KIND_OBJECT)
        return;
    if (!json_member(node, "route") && !json_member(node, "model"))
        field_fault_member(reader, entry->pointer, "model", DIAGNOSTIC_MISSING_FIELD,
                           SLICE_LITERAL(""),
                           SLICE_LITERAL("a model's or, as route, a route's id"));
    if (primary && !json_member(node, "route") && !json_member(node, "endpoint_family"))
        field_fault_member(reader, entry->pointer, "endpoint_family", DIAGNOSTIC_MISSING_FIELD,
                           SLICE_LITERAL(""), SLICE_LITERAL("an endpoint family"));
}

static enum entry_kind kind_of(const struct json_node *node)
{
    if (json_member(node, "queue"))
        return ENTRY_KIND_QUEUE;
    return json_member(node, "default_response") ? ENTRY_KIND_DEFAULT_RESPONSE : ENTRY_KIND_ROUTE;
}

void policy_parse_fallbacks(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target)
{
    struct policy_document *document = target;

    if (!field_expect_list(reader, node, field))
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct document_entry *entry = &document->entries[document->entries_count++];

        entry->pointer = json_pointer(item, reader->arena);
        entry->kind = kind_of(item);
        field_read_object(reader, item, policy_entry_fields(entry->kind), entry);
        if (entry->kind == ENTRY_KIND_ROUTE)
            expect_route(reader, item, entry, false);
        policy_parse_contradictions(reader, item, entry);
    }
}

static struct slice number_text(struct field_reader *reader, uint64_t number)
{
    return arena_format(reader->arena, "%llu", (unsigned long long)number);
}

static void finish_limits(struct field_reader *reader, struct policy *settings)
{
    if (!settings->total_ms_max)
        settings->total_ms_max =
            settings->elapsed_ms_max ? settings->elapsed_ms_max : TOTAL_MS_DEFAULT;
    if (settings->total_ms_max < settings->elapsed_ms_max)
        field_fault_member(reader, SLICE_LITERAL("/limits"), "max_total_ms",
                           DIAGNOSTIC_OUT_OF_RANGE, number_text(reader, settings->total_ms_max),
                           arena_format(reader->arena, "at least max_elapsed_ms, %llu",
                                        (unsigned long long)settings->elapsed_ms_max));
    if (settings->backoff_cap_ms < settings->backoff_base_ms)
        field_fault_member(
            reader, SLICE_LITERAL("/retry"), "backoff_cap_ms", DIAGNOSTIC_OUT_OF_RANGE,
            number_text(reader, settings->backoff_cap_ms),
            arena_format(reader->arena, "at least backoff_base_ms, %u", settings->backoff_base_ms));
}

/* amount goes with tokens and milliseconds, max_bytes with everything that holds. */
static void finish_hold(struct field_reader *reader, struct hold *hold)
{
    static const struct slice pointer = {"/hold_output", sizeof "/hold_output" - 1};
    bool counts = hold->until == HOLD_OUTPUT_TOKENS || hold->until == HOLD_OUTPUT_MILLISECONDS;
    bool holds = counts || hold->until == HOLD_OUTPUT_WHOLE;

    if (counts && !hold->amount)
        field_fault_member(reader, pointer, "amount", DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                           SLICE_LITERAL("a number of tokens or milliseconds"));
    if (!counts && hold->amount)
        field_fault_member(reader, pointer, "amount", DIAGNOSTIC_OUT_OF_RANGE,
                           number_text(reader, hold->amount),
                           SLICE_LITERAL("nothing, unless until is tokens or milliseconds"));
    if (!holds && hold->bytes_max)
        field_fault_member(reader, pointer, "max_bytes", DIAGNOSTIC_OUT_OF_RANGE,
                           number_text(reader, hold->bytes_max),
                           SLICE_LITERAL("nothing where nothing is held"));
    if (holds && !hold->bytes_max)
        hold->bytes_max = HOLD_BYTES_DEFAULT;
}

enum result policy_parse(struct slice text,
                         struct arena *arena,
                         struct diagnostics *diagnostics,
                         struct policy_document **ret_document)
{
    struct field_reader reader = {arena, diagnostics};
    unsigned errors_before = diagnostics->errors;
    const struct json_node *root = field_read_document(&reader, text, POLICY_BYTES_MAX), *primary;
    struct policy_document *document;

    if (!root)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_INVALID;
    document = arena_calloc(arena, 1, sizeof *document);
    if (!document)
        return RESULT_NO_MEMORY;
    document->entries[0].kind = ENTRY_KIND_ROUTE;
    document->entries[0].pointer = SLICE_LITERAL("/primary_route");
    document->entries_count = 1;
    field_set_initial(&policy_document_fields, document);
    field_read_object(&reader, root, &policy_document_fields, document);
    primary = json_member(root, "primary_route");
    if (primary)
        expect_route(&reader, primary, &document->entries[0], true);
    finish_limits(&reader, &document->settings);
    finish_hold(&reader, &document->settings.hold_output);
    if (arena->failed || diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    if (diagnostics->errors > errors_before)
        return RESULT_INVALID;
    *ret_document = document;
    return RESULT_OK;
}
