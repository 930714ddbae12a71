/* One path for all: publishing, activating, a new catalog, new evidence, a start, and deciding
 * again from history differ in which catalog and which evidence they hand in, and in nothing else.
 */
#include "service/compile.h"

enum result compile_document(const struct policy_document *document,
                             const struct compile_source *source,
                             struct arena *arena,
                             struct buf *block)
{
    const struct policy_compile_input input = {
        .version = source->version,
        .catalog_version = source->catalog_version,
        .evidence_version = source->pieces->version,
        .author = source->author,
        .pieces = source->pieces->items,
        .pieces_count = source->pieces->count,
        .arena = arena,
    };

    return policy_compile(document, &input, block);
}

enum result compile_read(struct store_read *read,
                         struct slice policy_id,
                         uint32_t version,
                         struct policy_record *ret_record)
{
    struct store_key key;
    struct slice value;
    enum result result;

    if (policy_id.len > NAME_BYTES_MAX)
        return RESULT_NOT_FOUND;
    key = layout_policy(policy_id, version);
    result = store_get(read, STORE_TABLE_POLICY, store_key_slice(&key), &value);
    return result ? result : policy_record_decode(value, ret_record);
}

enum result compile_stored(struct store_read *read,
                           const struct compile_order *order,
                           struct diagnostics *findings,
                           struct buf *block)
{
    struct arena *arena = findings->arena;
    struct compile_source source = {.version = order->name.version,
                                    .catalog_version = order->name.catalog_version,
                                    .pieces = order->pieces};
    struct policy_document *document = NULL;
    struct policy_record record;
    struct pieces pieces;
    enum result result = compile_read(read, order->name.policy_id, order->name.version, &record);

    if (result == RESULT_OK)
        result = policy_parse(record.document, arena, findings, &document);
    if (result == RESULT_OK)
        result = policy_check(document, order->catalog, findings);
    if (result == RESULT_OK && !order->pieces) {
        result = pieces_load(read, record.workload, record.environment,
                             order->name.evidence_version, arena, &pieces);
        source.pieces = &pieces;
    }
    if (result)
        return result;
    source.author = (struct evidence_author){record.published_by, record.published_by_user};
    return compile_document(document, &source, arena, block);
}

/* Into the caller's, whose arena outlives the one that was compiled in. */
static void give_findings(const struct diagnostics *from, struct diagnostics *findings)
{
    struct diagnostic *given;

    for (const struct diagnostic *found = from->first; found; found = found->next) {
        given =
            diagnostics_add(findings, found->code, found->pointer, found->found, found->expected);
        if (given) {
            given->line = found->line;
            given->column = found->column;
        }
    }
}

enum result compile_new(struct store_read *read,
                        const struct compile_order *order,
                        struct diagnostics *findings,
                        struct compiled **ret_compiled)
{
    struct diagnostics found;
    struct arena arena;
    struct buf block;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    buf_init(&block, COMPILED_BYTES_MAX);
    diagnostics_init(&found, &arena);
    result = compile_stored(read, order, &found, &block);
    if (result == RESULT_OK)
        result = compiled_new(buf_slice(&block), ret_compiled);
    else if (findings)
        give_findings(&found, findings);
    buf_done(&block);
    arena_done(&arena);
    return result;
}
