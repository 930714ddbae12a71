/* Text to document: the tables of policy_fields.c do the reading, and here stand the rules between
 * fields that need no catalog.
 *
 * Defaults are in the document before it is read: those of the tables, then those of the traffic
 * class's shape. So what the text says simply overwrites them. */
#include "engine/policy_fields.h"
#include "engine/traffic_shape.h"

/* A policy is written and read by people. */
#define POLICY_BYTES_MAX (256 * 1024)
/* A dump escapes more and indents, so that a text may grow to a small multiple of itself. */
#define DUMP_BYTES_MAX        (8 * POLICY_BYTES_MAX)
#define TOTAL_MS_DEFAULT      600000
#define HOLD_BYTES_DEFAULT    (1024 * 1024)
#define PAYLOAD_MODE_METADATA "metadata_only"
#define PAYLOAD_MODE_SAMPLED  "sampled"
#define MULTIPLE_DIGITS       1
#define MULTIPLE_DEFAULT      30
#define NO_DEARER_DEFAULT     70
#define CHEAPER_DEFAULT       80
#define CRITICAL_ONLY_DEFAULT 95

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

void policy_parse_multiple(struct field_reader *reader,
                           const struct json_node *node,
                           const struct field *field,
                           void *target)
{
    struct document_rollback *rule = target;
    uint64_t tenths;

    if (field_read_amount(reader, node, MULTIPLE_DIGITS, field, &tenths))
        rule->multiple = (uint32_t)tenths;
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
        entry->kind = json_member(item, "queue")              ? ENTRY_KIND_QUEUE
                      : json_member(item, "default_response") ? ENTRY_KIND_DEFAULT_RESPONSE
                                                              : ENTRY_KIND_ROUTE;
        field_read_object(reader, item, policy_entry_fields(entry->kind), entry);
        policy_finish_entry(reader, item, entry);
    }
}

static void finish_primary(struct field_reader *reader,
                           const struct json_node *root,
                           struct document_entry *entry)
{
    const struct json_node *node = json_member(root, "primary_route");

    if (!node || node->kind != JSON_KIND_OBJECT)
        return;
    policy_finish_entry(reader, node, entry);
    if (entry->routes_count && !entry->routes[0].route.len &&
        !json_member(node, "endpoint_family") && !json_member(node, "route"))
        field_fault_member(reader, entry->pointer, "endpoint_family", DIAGNOSTIC_MISSING_FIELD,
                           SLICE_LITERAL(""), SLICE_LITERAL("an endpoint family"));
}

static struct slice number_text(struct field_reader *reader, uint64_t number)
{
    return arena_format(reader->arena, "%llu", (unsigned long long)number);
}

/* Finds that a number is under another field's. */
static void expect_at_least(struct field_reader *reader,
                            const char *pointer,
                            uint64_t found,
                            const char *other,
                            uint64_t least)
{
    if (found < least)
        diagnostics_add(
            reader->diagnostics, DIAGNOSTIC_OUT_OF_RANGE, slice_of(pointer),
            number_text(reader, found),
            arena_format(reader->arena, "at least %s, %llu", other, (unsigned long long)least));
}

static uint32_t or_default(uint32_t given, uint32_t otherwise)
{
    return given ? given : otherwise;
}

static void finish_limits(struct field_reader *reader, struct policy *settings)
{
    uint32_t no_dearer = or_default(settings->budget_no_dearer_percent, NO_DEARER_DEFAULT);
    uint32_t cheaper = or_default(settings->budget_cheaper_percent, CHEAPER_DEFAULT);

    if (!settings->total_ms_max)
        settings->total_ms_max =
            settings->elapsed_ms_max ? settings->elapsed_ms_max : TOTAL_MS_DEFAULT;
    expect_at_least(reader, "/limits/max_total_ms", settings->total_ms_max, "max_elapsed_ms",
                    settings->elapsed_ms_max);
    if (settings->elapsed_ms_max && settings->latency_target_ms > settings->elapsed_ms_max)
        field_fault_member(reader, SLICE_LITERAL(""), "latency_target_ms", DIAGNOSTIC_OUT_OF_RANGE,
                           number_text(reader, settings->latency_target_ms),
                           arena_format(reader->arena, "at most max_elapsed_ms, %llu",
                                        (unsigned long long)settings->elapsed_ms_max));
    expect_at_least(reader, "/retry/backoff_cap_ms", settings->backoff_cap_ms, "backoff_base_ms",
                    settings->backoff_base_ms);
    expect_at_least(reader, "/budget_rules/cheaper_above_percent", cheaper,
                    "no_dearer_above_percent", no_dearer);
    expect_at_least(reader, "/budget_rules/critical_only_above_percent",
                    or_default(settings->budget_critical_only_percent, CRITICAL_ONLY_DEFAULT),
                    "cheaper_above_percent", cheaper);
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

/* ---- rollback rules ---- */

static void set_thresholds(struct document_rollback rules[ROLLBACK_RULE_END])
{
    static const struct document_rollback defaults[ROLLBACK_RULE_END] = {
#define T(NAME, number, name, sentence, samples, percent, window_s, principals)                    \
    [ROLLBACK_RULE_##NAME] = {false, samples, percent, (window_s)*1000, principals, 0},
#include "signalbox/taxonomy/rollback_rule.def"
#undef T
    };

    memcpy(rules, defaults, sizeof defaults);
    rules[ROLLBACK_RULE_COST_SPIKE].multiple = MULTIPLE_DEFAULT;
}

/* One flag switches the three rules of a quality regression; a rule that is off has no thresholds,
 * so that nobody takes numbers in a document for a rule that acts. */
static void finish_rollback(struct field_reader *reader,
                            const struct json_node *root,
                            struct document_rollback rules[ROLLBACK_RULE_END])
{
    const struct json_node *rollback = json_member(root, "rollback");
    const struct json_node *thresholds = rollback ? json_member(rollback, "thresholds") : NULL;

    rules[ROLLBACK_RULE_NEGATIVE_FEEDBACK].enabled = rules[ROLLBACK_RULE_REFUSAL_RATE].enabled;
    rules[ROLLBACK_RULE_FAILED_EVAL].enabled = rules[ROLLBACK_RULE_REFUSAL_RATE].enabled;
    for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++) {
        const char *name = signalbox_rollback_rule_name((enum rollback_rule)rule);
        const struct json_node *given = thresholds ? json_member(thresholds, name) : NULL;

        if (rules[rule].enabled)
            continue;
        if (given)
            field_fault(reader, given, DIAGNOSTIC_CONTRADICTION,
                        SLICE_LITERAL("nothing, while the rule is off"));
        memset(&rules[rule], 0, sizeof rules[rule]);
    }
}

/* ---- the document ---- */

static enum traffic_class class_of(const struct json_node *root)
{
    const struct json_node *node = json_member(root, "traffic_class");
    enum traffic_class traffic_class = TRAFFIC_CLASS_UNSPECIFIED;

    if (node && node->kind == JSON_KIND_STRING)
        (void)signalbox_traffic_class_parse(node->text, &traffic_class);
    return traffic_class;
}

static void expect_routes_to_fit(struct field_reader *reader,
                                 const struct policy_document *document)
{
    unsigned routes = 0;

    for (unsigned i = 0; i < document->entries_count; i++)
        routes += document->entries[i].routes_count;
    if (routes > ROUTES_MAX)
        diagnostics_add(reader->diagnostics, DIAGNOSTIC_TOO_LARGE,
                        SLICE_LITERAL("/fallback_routes"),
                        arena_format(reader->arena, "%u routes", routes),
                        arena_format(reader->arena, "at most %d routes", ROUTES_MAX));
}

static void
read_policy(struct field_reader *reader, const struct json_node *root, struct policy_document *ret)
{
    ret->entries[0].kind = ENTRY_KIND_ROUTE;
    ret->entries[0].pointer = SLICE_LITERAL("/primary_route");
    ret->entries_count = 1;
    set_thresholds(ret->rollback);
    field_set_initial(&policy_document_fields, ret);
    traffic_shape_begin(class_of(root), ret);
    field_read_object(reader, root, &policy_document_fields, ret);
    finish_primary(reader, root, &ret->entries[0]);
    finish_limits(reader, &ret->settings);
    finish_hold(reader, &ret->settings.hold_output);
    finish_rollback(reader, root, ret->rollback);
    traffic_shape_entries(ret);
    for (unsigned i = 1; i < ret->entries_count; i++)
        policy_finish_entry_limits(reader, ret, &ret->entries[i]);
    expect_routes_to_fit(reader, ret);
}

/* Whoever edits what was dumped has to be able to publish it again. RESULT_NO_MEMORY; RESULT_OK
 * also with a finding. */
static enum result expect_dump_to_fit(struct field_reader *reader,
                                      const struct policy_document *document)
{
    enum result result;
    struct buf dump;

    buf_init(&dump, DUMP_BYTES_MAX);
    result = policy_dump(document, &dump);
    if (result == RESULT_OK && dump.len > POLICY_BYTES_MAX)
        diagnostics_add(
            reader->diagnostics, DIAGNOSTIC_TOO_LARGE, SLICE_LITERAL(""),
            arena_format(reader->arena, "%zu bytes in canonical form", dump.len),
            arena_format(reader->arena, "at most %d bytes in canonical form", POLICY_BYTES_MAX));
    buf_done(&dump);
    return result;
}

enum result policy_parse(struct slice text,
                         struct arena *arena,
                         struct diagnostics *diagnostics,
                         struct policy_document **ret_document)
{
    struct field_reader reader = {arena, diagnostics};
    unsigned errors_before = diagnostics->errors;
    const struct json_node *root = field_read_document(&reader, text, POLICY_BYTES_MAX);
    struct policy_document *document;

    if (!root)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_INVALID;
    document = arena_calloc(arena, 1, sizeof *document);
    if (!document)
        return RESULT_NO_MEMORY;
    read_policy(&reader, root, document);
    if (!arena->failed && diagnostics->errors == errors_before &&
        expect_dump_to_fit(&reader, document))
        return RESULT_NO_MEMORY;
    if (arena->failed || diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    if (diagnostics->errors > errors_before)
        return RESULT_INVALID;
    *ret_document = document;
    return RESULT_OK;
}
