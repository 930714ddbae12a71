/* Which tables make which document, and what no table says: alternatives, and words that are more
 * than one list. The text is first written in one line and then laid out, so that the writers need
 * not know where they stand. */
#include "engine/schema.h"

#include "base/invariant.h"
#include "engine/catalog_draft.h"
#include "engine/evidence_fields.h"
#include "engine/field_schema.h"
#include "engine/policy_fields.h"
#include "engine/policy_test_private.h"

#define DIALECT         "https://json-schema.org/draft/2020-12/schema"
#define TEXT_BYTES_HELD (1024 * 1024)
#define TREE_BYTES_MAX  (16 * 1024 * 1024)
#define COLUMNS_MAX     100

struct schema_row {
    const char *name;
    const char *title;
    void (*write)(struct buf *buf); /* the members of the schema */
};

/* ---- documents ---- */

static void put_entry(struct buf *buf, enum entry_kind kind, const char *more)
{
    buf_put_text(buf, "{");
    field_schema_put_object(buf, policy_entry_fields(kind), more);
    buf_put_text(buf, "}");
}

static void write_policy(struct buf *buf)
{
    field_schema_put_object(buf, &policy_document_fields, NULL);
    buf_put_text(buf, ", \"$defs\": {\"fallback\": {\"anyOf\": [");
    put_entry(buf, ENTRY_KIND_ROUTE, POLICY_SCHEMA_ENTRY);
    buf_put_text(buf, ", ");
    put_entry(buf, ENTRY_KIND_QUEUE, NULL);
    buf_put_text(buf, ", ");
    put_entry(buf, ENTRY_KIND_DEFAULT_RESPONSE, NULL);
    buf_put_text(buf, "]}, \"allowed_reason\": {" FIELD_SCHEMA_STRING ", \"enum\": [");
    policy_put_reason_words(buf, true);
    buf_put_text(buf, "]}, \"blocked_reason\": {" FIELD_SCHEMA_STRING ", \"enum\": [");
    policy_put_reason_words(buf, false);
    buf_put_text(buf, "]}}");
}

static void write_catalog(struct buf *buf)
{
    field_schema_put_object(buf, &catalog_document_fields, NULL);
    buf_put_text(buf, ", \"$defs\": {\"profile\": ");
    field_schema_put_value(buf, &catalog_profile_table.fields[0]);
    buf_put_text(buf, "}");
}

/* The kind is one word here, and a check that was passed has what it needs. */
static void put_piece(struct buf *buf, enum evidence_kind kind)
{
    const struct field_words *words;
    uint64_t checks = evidence_kind_checks(kind, &words);
    const char *separator = "";

    buf_put_text(buf, "{");
    field_schema_put_object(buf, evidence_piece_fields(kind), NULL);
    buf_format(buf, ", \"allOf\": [{\"properties\": {\"kind\": {\"const\": \"%s\"}}}",
               signalbox_evidence_kind_name(kind));
    if (checks) {
        buf_put_text(buf, ", {\"if\": {\"properties\": {\"passed\": {\"const\": true}}}, "
                          "\"then\": {\"properties\": {\"checks\": {\"allOf\": [");
        for (unsigned i = 1; i < words->end; i++)
            if (set_has(checks, i)) {
                buf_format(buf, "%s{" FIELD_SCHEMA_ARRAY ", \"contains\": {\"const\": \"%s\"}}",
                           separator, words->rows[i].name);
                separator = ", ";
            }
        buf_put_text(buf, "]}}, \"required\": [\"checks\"]}}");
    }
    buf_put_text(buf,
                 "], \"anyOf\": [" FIELD_SCHEMA_HAS("route") ", " FIELD_SCHEMA_HAS("model") "]}");
}

static void write_evidence(struct buf *buf)
{
    buf_put_text(buf, "\"anyOf\": [{\"$ref\": \"#/$defs/list\"}, {\"$ref\": \"#/$defs/piece\"}], "
                      "\"$defs\": {\"list\": {");
    field_schema_put_object(buf, &evidence_list_fields, NULL);
    buf_put_text(buf, "}, \"piece\": {\"anyOf\": [");
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        buf_put_text(buf, kind > 1 ? ", " : "");
        put_piece(buf, (enum evidence_kind)kind);
    }
    buf_put_text(buf, "]}}");
}

static void write_policy_test(struct buf *buf)
{
    field_schema_put_object(buf, &policy_test_fields, NULL);
    buf_put_text(buf, ", \"$defs\": {\"usage\": {" FIELD_SCHEMA_OBJECT ", \"properties\": {");
    for (unsigned i = 1; i < UNIT_END; i++)
        buf_format(buf, "%s\"%s\": {\"type\": \"integer\", \"minimum\": 0}", i > 1 ? ", " : "",
                   signalbox_unit_name((enum unit)i));
    buf_put_text(buf, "}, \"additionalProperties\": false}");
    buf_put_text(buf, ", \"failure\": {" FIELD_SCHEMA_STRING ", \"enum\": [\"success\"");
    for (unsigned i = 1; i < FAILURE_END; i++)
        if (signalbox_failure_known(i)) {
            const struct failure_row *row = signalbox_failure_row((enum failure)i);

            buf_format(buf, ", \"%s\"", row->name);
            if (*row->alias)
                buf_format(buf, ", \"%s\"", row->alias);
        }
    buf_put_text(buf, "]}");
    for (int admission = 0; admission <= 1; admission++) {
        const char *separator = "";

        buf_format(buf, ", \"%s\": {" FIELD_SCHEMA_STRING ", \"enum\": [",
                   admission ? "admission_reason" : "reason");
        for (unsigned i = 1; i < REASON_END; i++)
            if (signalbox_reason_known(i) &&
                (!admission || signalbox_reason_row((enum reason)i)->use == REASON_USE_ADMISSION)) {
                buf_format(buf, "%s\"%s\"", separator, signalbox_reason_name((enum reason)i));
                separator = ", ";
            }
        buf_put_text(buf, "]}");
    }
    buf_put_text(buf, "}");
}

static const struct schema_row *row_of(enum schema_kind kind)
{
    static const struct schema_row rows[SCHEMA_KIND_END] = {
        [SCHEMA_KIND_POLICY] = {"policy", "A policy for a workload and an environment",
                                write_policy},
        [SCHEMA_KIND_CATALOG] = {"catalog", "The catalog: providers, accounts, models and routes",
                                 write_catalog},
        [SCHEMA_KIND_EVIDENCE] = {"evidence", "A piece of evidence, or a list of them",
                                  write_evidence},
        [SCHEMA_KIND_POLICY_TEST] = {"policy_test", "Tests of a policy", write_policy_test},
    };

    invariant((unsigned)kind < SCHEMA_KIND_END);
    return &rows[kind];
}

/* ---- layout ---- */

static void put_key(struct buf *buf, const struct json_node *node)
{
    if (node->parent && node->parent->kind == JSON_KIND_OBJECT) {
        buf_put_json_string(buf, node->key);
        buf_put_text(buf, ": ");
    }
}

/* In one line, with a space behind every comma and colon. */
static void put_line(struct buf *buf, const struct json_node *node)
{
    bool object = node->kind == JSON_KIND_OBJECT;

    if (!object && node->kind != JSON_KIND_ARRAY) {
        field_put_json(buf, node);
        return;
    }
    buf_put_text(buf, object ? "{" : "[");
    for (const struct json_node *item = node->child; item; item = item->next) {
        put_key(buf, item);
        put_line(buf, item);
        buf_put_text(buf, item->next ? ", " : "");
    }
    buf_put_text(buf, object ? "}" : "]");
}

/* What fits into the rest of the line stands in it; else one member or element per line. A comma
 * may follow. Recursion is bounded by the depth that json_parse accepts. */
static void put_laid_out(struct buf *buf, const struct json_node *node, unsigned depth)
{
    bool object = node->kind == JSON_KIND_OBJECT;
    size_t start = buf->len, line_start = start;

    while (line_start && buf->ptr[line_start - 1] != '\n')
        line_start--;
    put_line(buf, node);
    if (!node->child || buf_failed(buf) || buf->len - line_start < COLUMNS_MAX)
        return;
    buf->len = start;
    buf_put_text(buf, object ? "{" : "[");
    for (const struct json_node *item = node->child; item; item = item->next) {
        field_write_line(buf, depth + 1);
        put_key(buf, item);
        put_laid_out(buf, item, depth + 1);
        buf_put_text(buf, item->next ? "," : "");
    }
    field_write_line(buf, depth);
    buf_put_text(buf, object ? "}" : "]");
}

const char *schema_name(enum schema_kind kind)
{
    return row_of(kind)->name;
}

enum result schema_write(enum schema_kind kind, struct buf *buf)
{
    const struct schema_row *row = row_of(kind);
    enum result result = RESULT_NO_MEMORY;
    struct json_error error;
    struct json_node *root;
    struct arena arena;
    struct buf line;

    arena_init(&arena, NULL, 0, TREE_BYTES_MAX);
    buf_init(&line, TEXT_BYTES_HELD);
    buf_format(&line, "{\"$schema\": \"%s\", \"title\": \"%s\", ", DIALECT, row->title);
    row->write(&line);
    buf_put_text(&line, "}");
    if (!buf_failed(&line)) {
        result = json_parse(buf_slice(&line), &arena, &root, &error);
        invariant(result != RESULT_INVALID); /* the tables are constants, and a test reads them */
    }
    if (result == RESULT_OK) {
        put_laid_out(buf, root, 0);
        buf_put_text(buf, "\n");
        if (buf_failed(buf))
            result = RESULT_NO_MEMORY;
    }
    buf_done(&line);
    arena_done(&arena);
    return result;
}
