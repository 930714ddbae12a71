/* Documents of evidence, read and written by table: what every piece has and what its kind has
 * make one table for each kind, so that a field of another kind is an unknown one.
 *
 * The kind is looked at first. Where it is not known, only what all kinds share is read: to call
 * the rest unknown would be a guess. */
#include "base/digest.h"
#include "base/invariant.h"
#include "engine/evidence_fields.h"
#include "engine/field_schema.h"
#include "engine/field_time.h"

#define PERCENT(bp)      (bp) / 100, (bp) % 100
#define TIME_BYTES       40
#define TOOL_DIGEST_TEXT (2 * DIGEST_BYTES)

static void evidence_parse_pieces(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target);
static bool evidence_dump_pieces(struct buf *buf,
                                 const struct field *field,
                                 const void *target,
                                 unsigned depth);
static void evidence_parse_tool_digest(struct field_reader *reader,
                                       const struct json_node *node,
                                       const struct field *field,
                                       void *target);
static bool evidence_dump_tool_digest(struct buf *buf,
                                      const struct field *field,
                                      const void *target,
                                      unsigned depth);

#define TABLE(name) .table = &name##_table
#define OWN(name)                                                                                  \
    .read = evidence_parse_##name, .write = evidence_dump_##name, .schema = SCHEMA_##name
#define SCHEMA_pieces      FIELD_SCHEMA_ARRAY ", \"items\": {\"$ref\": \"#/$defs/piece\"}"
#define SCHEMA_tool_digest FIELD_SCHEMA_STRING ", \"pattern\": \"^[0-9A-Fa-f]{64}$\""
#define TABLE_OF(name)                                                                             \
    static const struct field_table name##_table = {name##_fields,                                 \
                                                    sizeof name##_fields / sizeof *name##_fields}
#define ROW(...) FIELD_ROW(struct evidence, __VA_ARGS__)

static const struct field scope_fields[] = {
#define SCOPE ROW
#include "engine/evidence_document.def"
};
static const struct field usage_fields[] = {
#define USAGE ROW
#include "engine/evidence_document.def"
};
TABLE_OF(scope);
TABLE_OF(usage);

static const struct field list_fields[] = {
#define LIST(...) FIELD_ROW(struct evidence_list, __VA_ARGS__)
#include "engine/evidence_document.def"
};
/* What every kind has; quota_owner and account_owner_approval have no more. */
static const struct field piece_fields[] = {
#define PIECE ROW
#include "engine/evidence_document.def"
};
static const struct field eval_fields[] = {
#define PIECE ROW
#define EVAL  ROW
#include "engine/evidence_document.def"
};
static const struct field tool_contract_fields[] = {
#define PIECE         ROW
#define TOOL_CONTRACT ROW
#include "engine/evidence_document.def"
};
static const struct field parity_fields[] = {
#define PIECE  ROW
#define PARITY ROW
#include "engine/evidence_document.def"
};
static const struct field cost_owner_fields[] = {
#define PIECE      ROW
#define COST_OWNER ROW
#include "engine/evidence_document.def"
};
static const struct field boundary_approval_fields[] = {
#define PIECE             ROW
#define BOUNDARY_APPROVAL ROW
#include "engine/evidence_document.def"
};
static const struct field sign_off_fields[] = {
#define PIECE    ROW
#define SIGN_OFF ROW
#include "engine/evidence_document.def"
};
TABLE_OF(piece);
TABLE_OF(eval);
TABLE_OF(tool_contract);
TABLE_OF(parity);
TABLE_OF(cost_owner);
TABLE_OF(boundary_approval);
TABLE_OF(sign_off);

const struct field_table evidence_list_fields = {list_fields,
                                                 sizeof list_fields / sizeof *list_fields};

const struct field_table *evidence_piece_fields(enum evidence_kind kind)
{
    static const struct field_table *const tables[EVIDENCE_KIND_END] = {
        [EVIDENCE_KIND_EVAL] = &eval_table,
        [EVIDENCE_KIND_TOOL_CONTRACT] = &tool_contract_table,
        [EVIDENCE_KIND_PARITY] = &parity_table,
        [EVIDENCE_KIND_COST_OWNER] = &cost_owner_table,
        [EVIDENCE_KIND_QUOTA_OWNER] = &piece_table,
        [EVIDENCE_KIND_BOUNDARY_APPROVAL] = &boundary_approval_table,
        [EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL] = &piece_table,
        [EVIDENCE_KIND_SIGN_OFF] = &sign_off_table,
    };

    invariant((unsigned)kind < EVIDENCE_KIND_END && tables[kind]);
    return tables[kind];
}

static void evidence_parse_tool_digest(struct field_reader *reader,
                                       const struct json_node *node,
                                       const struct field *field,
                                       void *target)
{
    struct evidence *evidence = target;
    char text[TOOL_DIGEST_TEXT + 1];
    struct digest digest;

    if (node->kind != JSON_KIND_STRING) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, field_describe(reader, field));
        return;
    }
    if (!digest_from_hex(node->text, digest.bytes, sizeof digest.bytes)) {
        field_fault(reader, node, DIAGNOSTIC_BAD_DIGEST, field_describe(reader, field));
        return;
    }
    digest_hex(digest.bytes, sizeof digest.bytes, text);
    evidence->tool_digest = arena_copy(reader->arena, slice_of(text));
}

static bool evidence_dump_tool_digest(struct buf *buf,
                                      const struct field *field,
                                      const void *target,
                                      unsigned depth)
{
    const struct evidence *evidence = target;

    (void)field, (void)depth;
    buf_put_json_string(buf, evidence->tool_digest);
    return evidence->tool_digest.len > 0;
}

static void expect_subject(struct field_reader *reader,
                           const struct json_node *node,
                           const struct evidence *evidence)
{
    if (!json_member(node, "route") && !json_member(node, "model"))
        field_fault_member(reader, evidence->pointer, "model", DIAGNOSTIC_MISSING_FIELD,
                           SLICE_LITERAL(""),
                           SLICE_LITERAL("a model's or, as route, a route's id"));
}

static void expect_life(struct field_reader *reader, const struct evidence *evidence)
{
    char memory[2][TIME_BYTES];
    struct buf expires, dated;

    if (evidence->expires_unix_ms > evidence->dated_unix_ms)
        return;
    buf_init_fixed(&expires, memory[0], sizeof memory[0]);
    buf_init_fixed(&dated, memory[1], sizeof memory[1]);
    field_time_put(&expires, evidence->expires_unix_ms);
    field_time_put(&dated, evidence->dated_unix_ms);
    field_fault_member(
        reader, evidence->pointer, "expires", DIAGNOSTIC_OUT_OF_RANGE, buf_slice(&expires),
        arena_format(reader->arena, "a time after dated, %.*s", (int)dated.len, dated.ptr));
}

static void expect_rate(struct field_reader *reader, const struct evidence *evidence)
{
    const struct evidence_facts *facts = &evidence->facts;

    if (evidence->kind != EVIDENCE_KIND_EVAL ||
        facts->pass_rate_bp + facts->regression_budget_bp >= facts->baseline_rate_bp)
        return;
    field_fault_member(
        reader, evidence->pointer, "passed", DIAGNOSTIC_CONTRADICTION, SLICE_LITERAL("true"),
        arena_format(reader->arena,
                     "false: pass_rate_percent %u.%02u is under baseline_percent %u.%02u less "
                     "regression_budget_percent %u.%02u",
                     PERCENT(facts->pass_rate_bp), PERCENT(facts->baseline_rate_bp),
                     PERCENT(facts->regression_budget_bp)));
}

uint64_t evidence_kind_checks(enum evidence_kind kind, const struct field_words **ret_words)
{
    static const struct field_words contract = {contract_check_rows, CONTRACT_CHECK_END};
    static const struct field_words parity = {parity_check_rows, PARITY_CHECK_END};

    *ret_words = kind == EVIDENCE_KIND_PARITY ? &parity : &contract;
    if (kind == EVIDENCE_KIND_TOOL_CONTRACT)
        return SET_OF(CONTRACT_CHECK_FULL_LOOP) | SET_OF(CONTRACT_CHECK_ARGUMENTS) |
               SET_OF(CONTRACT_CHECK_REPLAY_SAFETY);
    if (kind == EVIDENCE_KIND_PARITY)
        return SET_OF(PARITY_CHECK_ENDPOINT) | SET_OF(PARITY_CHECK_PARAMETERS) |
               SET_OF(PARITY_CHECK_QUOTA) | SET_OF(PARITY_CHECK_COST) |
               SET_OF(PARITY_CHECK_LOG_FIELDS);
    return 0;
}

/* What was not checked was not passed. */
static void expect_checks(struct field_reader *reader, const struct evidence *evidence)
{
    const struct field_words *words;
    uint64_t needed = evidence_kind_checks(evidence->kind, &words);
    uint64_t checks = evidence->facts.checks;
    struct slice list;

    if ((needed & ~checks) == 0)
        return;
    list = field_list_words(reader->arena, words, needed);
    field_fault_member(reader, evidence->pointer, "checks",
                       checks ? DIAGNOSTIC_CONTRADICTION : DIAGNOSTIC_MISSING_FIELD,
                       checks ? field_list_words(reader->arena, words, checks) : SLICE_LITERAL(""),
                       arena_format(reader->arena, "%.*s among them, where passed is true",
                                    (int)list.len, list.ptr ? list.ptr : ""));
}

static enum evidence_kind kind_of(const struct json_node *node)
{
    const struct json_node *member = json_member(node, "kind");
    enum evidence_kind kind = EVIDENCE_KIND_UNSPECIFIED;

    if (member && member->kind == JSON_KIND_STRING)
        (void)signalbox_evidence_kind_parse(member->text, &kind);
    return kind;
}

/* Rules between fields wait until every field is good: of a bad one they would speak nonsense. */
static void
read_piece(struct field_reader *reader, const struct json_node *node, struct evidence *evidence)
{
    unsigned errors_before = reader->diagnostics->errors;
    enum evidence_kind kind = kind_of(node);

    evidence->pointer = json_pointer(node, reader->arena);
    evidence->passed = true;
    if (kind)
        field_read_object(reader, node, evidence_piece_fields(kind), evidence);
    else
        field_read_known(reader, node, &piece_table, evidence);
    if (node->kind == JSON_KIND_OBJECT)
        expect_subject(reader, node, evidence);
    if (reader->diagnostics->errors > errors_before)
        return;
    expect_life(reader, evidence);
    if (!evidence->passed)
        return;
    expect_rate(reader, evidence);
    expect_checks(reader, evidence);
}

static bool make_room(struct field_reader *reader, unsigned count, struct evidence_list *list)
{
    list->items = arena_calloc(reader->arena, count, sizeof *list->items);
    return list->items != NULL;
}

static void evidence_parse_pieces(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target)
{
    struct evidence_list *list = target;

    if (!field_expect_list(reader, node, field) || !make_room(reader, node->count, list))
        return;
    for (const struct json_node *item = node->child; item; item = item->next)
        read_piece(reader, item, &list->items[list->count++]);
}

/* Lists are read only: what is stored and written is one piece. */
static bool
evidence_dump_pieces(struct buf *buf, const struct field *field, const void *target, unsigned depth)
{
    (void)buf, (void)field, (void)target, (void)depth;
    return false;
}

/* RESULT_INVALID: what could be read is in the list all the same. */
static enum result read_list(struct slice text,
                             struct arena *arena,
                             struct diagnostics *diagnostics,
                             struct evidence_list *list)
{
    struct field_reader reader = {arena, diagnostics};
    unsigned errors_before = diagnostics->errors;
    const struct json_node *root = field_read_document(&reader, text, DOCUMENT_BYTES_MAX);

    if (!root)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_INVALID;
    if (json_member(root, "evidence"))
        field_read_object(&reader, root, &evidence_list_fields, list);
    else if (make_room(&reader, 1, list))
        read_piece(&reader, root, &list->items[list->count++]);
    if (arena->failed || diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    return diagnostics->errors > errors_before ? RESULT_INVALID : RESULT_OK;
}

enum result evidence_parse(struct slice text,
                           struct arena *arena,
                           struct diagnostics *diagnostics,
                           struct evidence_list *ret_list)
{
    struct evidence_list list = {0};
    enum result result = read_list(text, arena, diagnostics, &list);

    if (result == RESULT_OK)
        *ret_list = list;
    return result;
}

enum result evidence_parse_stored(struct slice text,
                                  struct arena *arena,
                                  struct diagnostics *diagnostics,
                                  struct evidence_list *ret_list)
{
    struct evidence_list list = {0};
    struct diagnostics findings;
    const struct diagnostic *first;
    enum result result;

    diagnostics_init(&findings, arena);
    result = read_list(text, arena, &findings, &list);
    first = findings.first;
    if (result == RESULT_INVALID && findings.errors == 1 && list.count == 1 &&
        list.items->kind == EVIDENCE_KIND_PARITY && first->code == DIAGNOSTIC_MISSING_FIELD &&
        slice_is(first->pointer, "/primary"))
        result = RESULT_OK;
    for (; result == RESULT_INVALID && first; first = first->next)
        diagnostics_add(diagnostics, first->code, first->pointer, first->found, first->expected);
    if (result == RESULT_OK)
        *ret_list = list;
    return result;
}

enum result evidence_dump(const struct evidence *evidence, struct buf *buf)
{
    field_write_object(buf, evidence_piece_fields(evidence->kind), evidence, 0);
    buf_put_text(buf, "\n");
    return buf_failed(buf) ? RESULT_NO_MEMORY : RESULT_OK;
}
