/* Text to tests. The tables are policy_test_document.def's; those of a request and of a report come
 * out of facts.def and report.def, so that a new fact can be tested from its first day. */
#include "engine/field_schema.h"
#include "engine/policy_test_private.h"

#define DOCUMENT_MAX (4 * 1024 * 1024)

#define OWN(name)               .read = policy_test_parse_##name, SCHEMA_##name
#define SCHEMA_tests            .items = &test_table
#define SCHEMA_live             .items = &live_table
#define SCHEMA_steps            .items = &step_table
#define SCHEMA_tool_calls       .items = &tool_call_table
#define SCHEMA_unhealthy        .schema = "\"$ref\": \"#/$defs/admission_reason\""
#define SCHEMA_reason           .schema = "\"$ref\": \"#/$defs/reason\""
#define SCHEMA_failure          .schema = "\"$ref\": \"#/$defs/failure\""
#define SCHEMA_expected_failure SCHEMA_failure
#define SCHEMA_pairs                                                                               \
    .schema = FIELD_SCHEMA_OBJECT                                                                  \
        ", \"additionalProperties\": {\"type\": \"string\", \"maxLength\": 512}"
#define SCHEMA_usage .schema = "\"$ref\": \"#/$defs/usage\""
#define TABLE(name)  .table = &name##_table
#define OWN_FIELD(name)                                                                            \
    static void policy_test_parse_##name(struct field_reader *reader,                              \
                                         const struct json_node *node, const struct field *field,  \
                                         void *target)
static const struct field_table test_table, live_table, step_table, tool_call_table;

OWN_FIELD(tests);
OWN_FIELD(live);
OWN_FIELD(steps);
OWN_FIELD(unhealthy);
OWN_FIELD(failure);
OWN_FIELD(expected_failure);
OWN_FIELD(reason);
OWN_FIELD(pairs);
OWN_FIELD(usage);
OWN_FIELD(tool_calls);

/* What a kind of facts.def is in a document; identity and bytes are left out. */
#define SAID(name_, KIND, ...)                                                                     \
    {.name = #name_,                                                                               \
     .kind = FIELD_KIND_##KIND,                                                                    \
     .offset = offsetof(struct OWNER, name_),                                                      \
     __VA_ARGS__},
#define SAID_TEXT(list, name) SAID(name, TEXT, .high = TEXT_BYTES_MAX)
#define SAID_BYTES(list, name)
#define SAID_BOOL(list, name) SAID(name, FLAG, .high = 1)
#define SAID_U32(list, name)  SAID(name, U32, .high = UINT32_MAX, .unit = "")
#define SAID_U64(list, name)  SAID(name, U64, .high = INT64_MAX, .unit = "")
#define SAID_WORDS(list)                                                                           \
    .words = &(const struct field_words)                                                           \
    {                                                                                              \
        list##_rows, sizeof list##_rows / sizeof *list##_rows                                      \
    }
#define SAID_ENUM(list, name)  SAID(name, WORD, SAID_WORDS(list))
#define SAID_SET(list, name)   SAID(name, WORDS, .high = 64, SAID_WORDS(list))
#define SAID_TEXTS(list, name) SAID(name, NAMES, .high = LIST_ITEMS_MAX)
#define SAID_PAIRS(list, name)                                                                     \
    SAID(name, OWN, .high = TAGS_MAX, .unit = "an object of texts", OWN(pairs))
#define SAID_USAGE(list, name) SAID(name, OWN, .unit = "an object of counts by unit", OWN(usage))
#define SAID_TOOL_CALLS(list, name)                                                                \
    SAID(name, OWN, .high = TOOL_CALLS_MAX, .unit = "a list of tool calls", OWN(tool_calls))
#define X(number, KIND, list, name, keep) SAID_##KIND(list, name)

#define OWNER facts
static const struct field facts_fields[] = {
#include "signalbox/facts.def"
};
#undef OWNER
#define OWNER report
static const struct field report_fields[] = {
#include "signalbox/report.def"
};
#undef OWNER
#undef X

static const struct field_table facts_table = {facts_fields,
                                               sizeof facts_fields / sizeof *facts_fields};
static const struct field_table report_table = {report_fields,
                                                sizeof report_fields / sizeof *report_fields};

static const struct field expect_fields[] = {
#define EXPECT(...) FIELD_ROW(struct policy_test_expectation, __VA_ARGS__)
#include "engine/policy_test_document.def"
};
static const struct field_table expect_table = {expect_fields,
                                                sizeof expect_fields / sizeof *expect_fields};

static const struct field step_fields[] = {
#define STEP(...) FIELD_ROW(struct policy_test_step, __VA_ARGS__)
#include "engine/policy_test_document.def"
};
static const struct field live_fields[] = {
#define LIVE(...) FIELD_ROW(struct policy_test_live, __VA_ARGS__)
#include "engine/policy_test_document.def"
};
static const struct field test_fields[] = {
#define TEST(...) FIELD_ROW(struct policy_test, __VA_ARGS__)
#include "engine/policy_test_document.def"
};
static const struct field tests_fields[] = {
#define TESTS(...) FIELD_ROW(struct policy_test_document, __VA_ARGS__)
#include "engine/policy_test_document.def"
};

static const struct field_table step_table = {step_fields,
                                              sizeof step_fields / sizeof *step_fields};
static const struct field_table live_table = {live_fields,
                                              sizeof live_fields / sizeof *live_fields};
static const struct field_table test_table = {test_fields,
                                              sizeof test_fields / sizeof *test_fields};

const struct field_table policy_test_fields = {tests_fields,
                                               sizeof tests_fields / sizeof *tests_fields};

/* ---- words ---- */

static bool read_failure(struct field_reader *reader,
                         const struct json_node *node,
                         const struct field *field,
                         enum failure *ret_failure)
{
    if (node->kind != JSON_KIND_STRING) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
        return false;
    }
    *ret_failure = FAILURE_NONE;
    if (slice_is(node->text, "success") || signalbox_failure_parse(node->text, ret_failure))
        return true;
    field_fault(reader, node, DIAGNOSTIC_UNKNOWN_NAME, field_describe(reader, field));
    return false;
}

OWN_FIELD(failure)
{
    struct policy_test_step *step = target;

    step->has_failure = read_failure(reader, node, field, &step->failure);
}

OWN_FIELD(expected_failure)
{
    struct policy_test_expectation *expect = target;

    expect->has_failure = read_failure(reader, node, field, &expect->failure);
}

static void read_reason(struct field_reader *reader,
                        const struct json_node *node,
                        const struct field *field,
                        bool admission,
                        enum reason *ret_reason)
{
    enum reason reason;

    if (node->kind != JSON_KIND_STRING)
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
    else if (!signalbox_reason_parse(node->text, &reason) ||
             (admission && signalbox_reason_row(reason)->use != REASON_USE_ADMISSION))
        field_fault(reader, node, DIAGNOSTIC_UNKNOWN_NAME, field_describe(reader, field));
    else
        *ret_reason = reason;
}

OWN_FIELD(unhealthy)
{
    read_reason(reader, node, field, true, &((struct policy_test_live *)target)->unhealthy);
}

OWN_FIELD(reason)
{
    read_reason(reader, node, field, false, &((struct policy_test_expectation *)target)->reason);
}

/* ---- maps and lists of facts ---- */

static unsigned count_children(const struct json_node *node)
{
    unsigned count = 0;

    for (const struct json_node *item = node->child; item; item = item->next)
        count++;
    return count;
}

/* An object with at most field->high members; false after a finding. */
static bool
expect_object(struct field_reader *reader, const struct json_node *node, const struct field *field)
{
    if (node->kind != JSON_KIND_OBJECT)
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
    else if (field->high && count_children(node) > field->high)
        field_fault(reader, node, DIAGNOSTIC_OUT_OF_RANGE, SLICE_LITERAL("fewer members"));
    else
        return true;
    return false;
}

OWN_FIELD(pairs)
{
    struct pairs *pairs = (struct pairs *)(void *)((char *)target + field->offset);
    struct pair *items;

    if (!expect_object(reader, node, field))
        return;
    items = arena_calloc(reader->arena, count_children(node) + 1, sizeof *items);
    if (!items)
        return;
    pairs->items = items;
    for (const struct json_node *item = node->child; item; item = item->next) {
        if (item->kind != JSON_KIND_STRING || item->text.len > TEXT_BYTES_MAX)
            field_fault(reader, item, DIAGNOSTIC_WRONG_TYPE, SLICE_LITERAL("a text"));
        else
            items[pairs->count++] = (struct pair){item->key, item->text};
    }
}

OWN_FIELD(usage)
{
    static const struct field count = {
        .kind = FIELD_KIND_U64, .offset = 0, .high = INT64_MAX, .unit = ""};
    struct usage *usage = (struct usage *)(void *)((char *)target + field->offset);

    if (!expect_object(reader, node, field))
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        unsigned unit = taxonomy_find(unit_rows, UNIT_END, item->key);

        if (unit)
            field_read_value(reader, item, &count, &usage->amounts[unit]);
        else
            field_fault(reader, item, DIAGNOSTIC_UNKNOWN_FIELD, SLICE_LITERAL("a unit"));
    }
}

static const struct field tool_call_fields[] = {
    {.name = "id",
     .kind = FIELD_KIND_TEXT,
     .offset = offsetof(struct tool_call, id),
     .high = NAME_BYTES_MAX},
    {.name = "name",
     .kind = FIELD_KIND_TEXT,
     .offset = offsetof(struct tool_call, name),
     .high = NAME_BYTES_MAX},
    {.name = "side_effect",
     .kind = FIELD_KIND_WORD,
     .offset = offsetof(struct tool_call, side_effect),
     SAID_WORDS(side_effect)},
};
static const struct field_table tool_call_table = {tool_call_fields, 3};

OWN_FIELD(tool_calls)
{
    struct tool_calls *calls = (struct tool_calls *)(void *)((char *)target + field->offset);
    struct tool_call *items;

    if (!field_expect_list(reader, node, field))
        return;
    items = arena_calloc(reader->arena, count_children(node) + 1, sizeof *items);
    if (!items)
        return;
    calls->items = items;
    for (const struct json_node *item = node->child; item; item = item->next)
        field_read_object(reader, item, &tool_call_table, &items[calls->count++]);
}

/* ---- tests ---- */

OWN_FIELD(live)
{
    struct policy_test *test = target;

    if (!field_expect_list(reader, node, field))
        return;
    test->live = arena_calloc(reader->arena, count_children(node) + 1, sizeof *test->live);
    if (!test->live)
        return;
    for (const struct json_node *item = node->child; item; item = item->next)
        field_read_object(reader, item, &live_table, &test->live[test->live_count++]);
}

/* The admission is asked before anything ended; every later step says how its attempt ended. */
static void check_step(struct field_reader *reader, const struct json_node *node, bool first)
{
    bool ended = json_member(node, "failure") || json_member(node, "report");

    if (node->kind != JSON_KIND_OBJECT)
        return;
    if (first && ended)
        field_fault(reader, node, DIAGNOSTIC_CONTRADICTION,
                    SLICE_LITERAL("a first step without failure and report: the admission"));
    if (!first && !ended)
        field_fault_member(reader, json_pointer(node, reader->arena), "failure",
                           DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                           SLICE_LITERAL("a failure, or a report"));
}

OWN_FIELD(steps)
{
    struct policy_test *test = target;

    if (!field_expect_list(reader, node, field))
        return;
    test->steps = arena_calloc(reader->arena, count_children(node) + 1, sizeof *test->steps);
    if (!test->steps)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct policy_test_step *step = &test->steps[test->steps_count++];

        step->has_report = json_member(item, "report") != NULL;
        step->report.body_sent = true;
        field_read_object(reader, item, &step_table, step);
        check_step(reader, item, item == node->child);
        step->pointer = arena_format(reader->arena, "%s/steps/%u/expect", test->pointer.ptr,
                                     test->steps_count - 1);
    }
}

OWN_FIELD(tests)
{
    struct policy_test_document *document = target;

    if (!field_expect_list(reader, node, field))
        return;
    document->tests =
        arena_calloc(reader->arena, count_children(node) + 1, sizeof *document->tests);
    if (!document->tests)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct policy_test *test = &document->tests[document->tests_count++];

        test->pointer = arena_format(reader->arena, "/tests/%u", document->tests_count - 1);
        if (reader->arena->failed)
            return;
        field_read_object(reader, item, &test_table, test);
    }
}

/* Names tell tests apart in the report. */
static void check_names(struct field_reader *reader, const struct policy_test_document *document)
{
    for (unsigned i = 1; i < document->tests_count; i++)
        for (unsigned before = 0; before < i; before++)
            if (slice_equal(document->tests[i].name, document->tests[before].name)) {
                field_fault_member(reader, document->tests[i].pointer, "name",
                                   DIAGNOSTIC_DUPLICATE_NAME, document->tests[i].name,
                                   SLICE_LITERAL("each name once"));
                break;
            }
}

enum result policy_test_parse(struct slice text,
                              struct arena *arena,
                              struct diagnostics *diagnostics,
                              struct policy_test_document **ret_document)
{
    struct field_reader reader = {arena, diagnostics};
    unsigned errors_before = diagnostics->errors;
    const struct json_node *root = field_read_document(&reader, text, DOCUMENT_MAX);
    struct policy_test_document *document;

    if (!root)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_INVALID;
    document = arena_calloc(arena, 1, sizeof *document);
    if (!document)
        return RESULT_NO_MEMORY;
    field_read_object(&reader, root, &policy_test_fields, document);
    check_names(&reader, document);
    if (arena->failed || diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    if (diagnostics->errors > errors_before)
        return RESULT_INVALID;
    *ret_document = document;
    return RESULT_OK;
}
