/* Documents of evidence from any bytes, all the way: what parses dumps to a text that parses to the
 * same dump; what the example catalog knows binds to just its kind's fields; and what was bound a
 * moment ago is held by somebody else's policy for at least one route, unless the piece itself says
 * that it does not count. */
#include <stdint.h>
#include <stdio.h>

#include "base/invariant.h"
#include "engine/evidence.h"

#define ARENA_BYTES_MAX (16 << 20)
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

static void check_dump(const struct evidence *evidence)
{
    struct diagnostics diagnostics;
    struct evidence_list again;
    struct buf first, second;
    struct arena arena;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    buf_init(&first, BUF_BYTES_MAX);
    buf_init(&second, BUF_BYTES_MAX);
    invariant(evidence_dump(evidence, &first) == RESULT_OK);
    invariant(evidence_parse(buf_slice(&first), &arena, &diagnostics, &again) == RESULT_OK);
    invariant(again.count == 1 && again.items[0].kind == evidence->kind);
    invariant(evidence_dump(&again.items[0], &second) == RESULT_OK);
    invariant(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_done(&second);
    buf_done(&first);
    arena_done(&arena);
}

/* The number of routes that the piece is held for, by a policy with that primary; NULL: another. */
static unsigned count_held(const struct evidence_piece *piece,
                           const struct catalog_route *primary,
                           struct arena *arena)
{
    static const struct evidence_author author = {{"author", 6}, {NULL, 0}};
    const struct catalog *catalog = example_catalog();
    unsigned held = 0;

    for (unsigned i = 0; i < catalog->routes_count; i++) {
        const struct evidence_use use = {&catalog->routes[i], {primary}, primary != NULL, &author};
        enum evidence_state state = EVIDENCE_STATE_UNSPECIFIED;
        struct slice detail;

        if (!evidence_judge(piece, &use, arena, &state, &detail))
            continue;
        invariant(signalbox_evidence_state_known(state));
        invariant((state == EVIDENCE_STATE_HELD) == (detail.len == 0));
        held += state == EVIDENCE_STATE_HELD;
    }
    return held;
}

static void check_bindings(const struct evidence *evidence,
                           struct evidence_bindings *bindings,
                           struct arena *arena)
{
    struct evidence_piece piece = {.evidence = evidence, .bindings = *bindings};
    struct evidence good = *evidence;
    const struct catalog_route *primary =
        map_get(&example_catalog()->routes_by_id, evidence->primary);
    bool compares = evidence_kind_compares(evidence->kind);
    uint64_t bound[2] = {0, 0};

    invariant(bindings->subject.len > 0);
    for (unsigned i = 0; i < bindings->count; i++)
        bound[bindings->items[i].of_primary] |= SET_OF(bindings->items[i].field);
    invariant(bound[false] == evidence_kind_bindings(evidence->kind));
    invariant(bound[true] == (compares ? bound[false] : 0));
    piece.put_by = SLICE_LITERAL("key");
    (void)count_held(&piece, primary, arena);
    good.passed = true;
    good.reviewed_by = SLICE_LITERAL("reviewer");
    good.models.count = 0;
    piece.evidence = &good;
    invariant(count_held(&piece, primary, arena) >= 1);
    invariant((count_held(&piece, NULL, arena) >= 1) == !compares);
    bindings->items[compares ? bindings->count - 1 : 0].value = SLICE_LITERAL("\001");
    invariant(count_held(&piece, primary, arena) == 0);
    invariant(!arena->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct diagnostics diagnostics;
    struct evidence_list list = {0};
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    result = evidence_parse((struct slice){(const char *)bytes, len}, &arena, &diagnostics, &list);
    invariant(result == RESULT_NO_MEMORY || (result == RESULT_INVALID) == (diagnostics.errors > 0));
    invariant((result == RESULT_OK) == (list.count > 0));
    for (unsigned i = 0; i < list.count; i++) {
        struct evidence_bindings bindings;

        check_dump(&list.items[i]);
        if (evidence_bind(&list.items[i], example_catalog(), &diagnostics, &bindings) == RESULT_OK)
            check_bindings(&list.items[i], &bindings, &arena);
    }
    arena_done(&arena);
    return 0;
}
