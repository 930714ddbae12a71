/* Policy documents from any bytes, all the way: what parses dumps to a text that parses to the same
 * dump; what also passes the checks compiles to the same bytes from both, and to a block that
 * policy_view takes; and the two do not differ. Checked against the example catalog, compiled with
 * a piece of evidence for one of its routes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "engine/policy_diff.h"

#define ARENA_BYTES_MAX (8 << 20)
#define BUF_BYTES_MAX   (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Read once and never freed: it serves every input. */
static const struct catalog *example_catalog(void)
{
    static char text[64 * 1024];
    static struct diagnostics diagnostics;
    static struct catalog *catalog;
    static struct arena arena;
    FILE *file;
    size_t len;

    if (catalog)
        return catalog;
    file = fopen(FUZZ_CATALOG, "rb");
    invariant(file);
    len = fread(text, 1, sizeof text, file);
    fclose(file);
    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    invariant(catalog_parse((struct slice){text, len}, &arena, &diagnostics, &catalog) ==
              RESULT_OK);
    return catalog;
}

/* Of what a fallback to demo-at-mock-b needs. */
static const struct evidence_piece *example_piece(void)
{
    static const char text[] = "{\"kind\":\"quota_owner\",\"workflow\":\"w\",\"environment\":\"e\","
                               "\"route\":\"demo-at-mock-b\",\"owner\":\"o\","
                               "\"expires\":\"2027-01-01\"}";
    static struct diagnostics diagnostics;
    static struct evidence_piece piece;
    static struct evidence_list list;
    static struct arena arena;

    if (piece.evidence)
        return &piece;
    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    invariant(evidence_parse(SLICE_LITERAL(text), &arena, &diagnostics, &list) == RESULT_OK);
    invariant(evidence_bind(&list.items[0], example_catalog(), &diagnostics, &piece.bindings) ==
              RESULT_OK);
    piece.evidence = &list.items[0];
    piece.id = SLICE_LITERAL("ev-1");
    piece.put_by = SLICE_LITERAL("key");
    return &piece;
}

struct run {
    struct arena arena;
    struct diagnostics diagnostics;
    struct policy_document *document;
    struct buf text, block;
    bool checked;
};

static void run_init(struct run *run)
{
    arena_init(&run->arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&run->diagnostics, &run->arena);
    run->document = NULL;
    run->checked = false;
    buf_init(&run->text, BUF_BYTES_MAX);
    buf_init(&run->block, BUF_BYTES_MAX);
}

static void run_done(struct run *run)
{
    buf_done(&run->block);
    buf_done(&run->text);
    arena_done(&run->arena);
}

/* From text to a dump, and if the catalog allows it to a block. */
static enum result run_text(struct run *run, struct slice text)
{
    enum result result = policy_parse(text, &run->arena, &run->diagnostics, &run->document);

    invariant((result == RESULT_INVALID) == (run->diagnostics.errors > 0) ||
              result == RESULT_NO_MEMORY);
    if (result != RESULT_OK)
        return result;
    invariant(policy_dump(run->document, &run->text) == RESULT_OK);
    result = policy_check(run->document, example_catalog(), &run->diagnostics);
    if (result != RESULT_OK)
        return RESULT_OK;
    run->checked = true;
    invariant(policy_compile(run->document,
                             &(struct policy_compile_input){.version = 1,
                                                            .catalog_version = 1,
                                                            .evidence_version = 1,
                                                            .pieces = example_piece(),
                                                            .pieces_count = 1,
                                                            .arena = &run->arena},
                             &run->block) == RESULT_OK);
    invariant(policy_view(run->block.ptr, run->block.len));
    return RESULT_OK;
}

static void assert_no_difference(const struct run *first, struct run *second)
{
    struct policy_diff diff;

    invariant(policy_diff(first->document, second->document, &second->arena, &diff) == RESULT_OK);
    invariant(diff.fields_count == 0 && diff.consequences_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct run first, second;

    run_init(&first);
    run_init(&second);
    if (run_text(&first, (struct slice){(const char *)bytes, len}) == RESULT_OK) {
        invariant(run_text(&second, buf_slice(&first.text)) == RESULT_OK);
        invariant(slice_equal(buf_slice(&first.text), buf_slice(&second.text)));
        invariant(slice_equal(buf_slice(&first.block), buf_slice(&second.block)));
        invariant(first.checked == second.checked);
        if (first.checked)
            assert_no_difference(&first, &second);
    }
    run_done(&first);
    run_done(&second);
    return 0;
}
