/* Objects and documents by table: every member goes to its field, and what is left over on either
 * side, unknown or missing, is a finding. */
#include "engine/field.h"

static const struct field *find_field(const struct field_table *table, struct slice name)
{
    for (unsigned i = 0; i < table->count; i++)
        if (slice_is(name, table->fields[i].name))
            return &table->fields[i];
    return NULL;
}

/* The names of the table's fields, for who wrote one that is not there. */
static struct slice list_fields(struct field_reader *reader, const struct field_table *table)
{
    char memory[2048];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_text(&buf, "one of: ");
    for (unsigned i = 0; i < table->count; i++)
        buf_format(&buf, "%s%s", i ? ", " : "", table->fields[i].name);
    return arena_copy(reader->arena, buf_slice(&buf));
}

static void read_members(struct field_reader *reader,
                         const struct json_node *node,
                         const struct field_table *table,
                         void *target,
                         bool others_allowed)
{
    if (node->kind != JSON_KIND_OBJECT) {
        field_fault(reader, node, DIAGNOSTIC_WRONG_TYPE, SLICE_LITERAL("an object"));
        return;
    }
    for (const struct json_node *member = node->child; member; member = member->next) {
        const struct field *field = find_field(table, member->key);

        if (field)
            field_read_value(reader, member, field, target);
        else if (!others_allowed)
            field_fault(reader, member, DIAGNOSTIC_UNKNOWN_FIELD, list_fields(reader, table));
    }
    for (unsigned i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];

        if (field->required && !json_member(node, field->name))
            field_fault_member(reader, json_pointer(node, reader->arena), field->name,
                               DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                               field_describe(reader, field));
    }
}

void field_read_object(struct field_reader *reader,
                       const struct json_node *node,
                       const struct field_table *table,
                       void *target)
{
    read_members(reader, node, table, target, false);
}

void field_read_known(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field_table *table,
                      void *target)
{
    read_members(reader, node, table, target, true);
}

const struct json_node *
field_read_document(struct field_reader *reader, struct slice text, size_t bytes_max)
{
    struct json_error error = {0};
    struct diagnostic *diagnostic;
    struct json_node *root;
    enum result result;

    if (text.len > bytes_max) {
        diagnostics_add(reader->diagnostics, DIAGNOSTIC_TOO_LARGE, SLICE_LITERAL(""),
                        arena_format(reader->arena, "%zu bytes", text.len),
                        arena_format(reader->arena, "at most %zu bytes", bytes_max));
        return NULL;
    }
    result = json_parse(text, reader->arena, &root, &error);
    if (result == RESULT_OK)
        return root;
    if (result == RESULT_INVALID) {
        bool duplicate = strncmp(error.text, "duplicate", strlen("duplicate")) == 0;

        diagnostic = diagnostics_add(
            reader->diagnostics, duplicate ? DIAGNOSTIC_DUPLICATE_KEY : DIAGNOSTIC_SYNTAX,
            SLICE_LITERAL(""), slice_of(error.text),
            duplicate ? SLICE_LITERAL("each key once") : SLICE_LITERAL("a JSON object"));
        if (diagnostic) {
            diagnostic->line = error.line;
            diagnostic->column = error.column;
        }
    } else {
        reader->arena->failed = true;
    }
    return NULL;
}
