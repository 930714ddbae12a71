/* Kinds of evidence, and where a piece stands for a route.
 *
 * The order of the questions is part of the answer: what somebody has to do comes before what the
 * catalog did, so that a piece that was taken back is never reported as voided. */
#include "engine/evidence.h"

#define SCRATCH_BYTES_HELD 2048
#define SCRATCH_BYTES_MAX  (16 * 1024 * 1024)
/* Of each side of "before -> after". */
#define SIDE_BYTES_MAX 96
#define PERCENT(bp)    (bp) / 100, (bp) % 100

enum evidence_subject {
    EVIDENCE_SUBJECT_MODEL,
    EVIDENCE_SUBJECT_ROUTE,
};

struct kind_row {
    enum gate gate;
    enum evidence_subject subject;
    uint64_t bindings;
};

static const struct kind_row *kind_row(enum evidence_kind kind)
{
    static const struct kind_row rows[EVIDENCE_KIND_END] = {
#define B(NAME) SET_OF(BINDING_##NAME)
#define T(NAME, number, name, sentence, GATE, SUBJECT, binds)                                      \
    [number] = {GATE_##GATE, EVIDENCE_SUBJECT_##SUBJECT, binds},
#include "signalbox/taxonomy/evidence_kind.def"
#undef T
#undef B
    };

    return &rows[signalbox_evidence_kind_known(kind) ? kind : EVIDENCE_KIND_UNSPECIFIED];
}

uint64_t evidence_kind_bindings(enum evidence_kind kind)
{
    return kind_row(kind)->bindings;
}

enum gate evidence_kind_gate(enum evidence_kind kind)
{
    return kind_row(kind)->gate;
}

bool evidence_kind_of_route(enum evidence_kind kind)
{
    return kind_row(kind)->subject == EVIDENCE_SUBJECT_ROUTE;
}

static bool speaks_of(const struct evidence_piece *piece, const struct catalog_route *route)
{
    enum evidence_kind kind = piece->evidence->kind;
    struct slice id = evidence_kind_of_route(kind) ? route->id : route->model->id;

    return signalbox_evidence_kind_known(kind) && slice_equal(piece->bindings.subject, id);
}

static bool needs_review(enum evidence_kind kind)
{
    const uint64_t reviewed = SET_OF(EVIDENCE_KIND_EVAL) | SET_OF(EVIDENCE_KIND_TOOL_CONTRACT) |
                              SET_OF(EVIDENCE_KIND_PARITY);

    return set_has(reviewed, kind);
}

/* Keys are compared even when both are empty: who is not known may be the author. */
static bool put_by_author(const struct evidence_piece *piece, const struct evidence_author *author)
{
    return slice_equal(piece->put_by, author->key_id) ||
           (author->user.len && slice_equal(piece->put_by_user, author->user));
}

static bool names_model(const struct texts *models, struct slice model)
{
    for (unsigned i = 0; i < models->count; i++)
        if (slice_equal(models->items[i], model))
            return true;
    return models->count == 0;
}

static struct slice describe_failure(const struct evidence *evidence, struct arena *arena)
{
    const struct evidence_facts *facts = &evidence->facts;

    if (evidence->kind != EVIDENCE_KIND_EVAL)
        return SLICE_LITERAL("passed is false");
    return arena_format(arena, "pass rate %u.%02u %%, baseline %u.%02u %%",
                        PERCENT(facts->pass_rate_bp), PERCENT(facts->baseline_rate_bp));
}

/* The bytes of text from start on, as many as a detail has room for, cut at whole characters. */
static void put_side(struct buf *buf, struct slice text, size_t start)
{
    struct slice rest = {text.ptr + start, text.len - start};
    bool more = rest.len > SIDE_BYTES_MAX;

    if (more) {
        rest.len = SIDE_BYTES_MAX;
        while (rest.len && ((unsigned char)rest.ptr[rest.len] & 0xC0) == 0x80)
            rest.len--;
    }
    if (!text.len)
        buf_put_text(buf, "nothing");
    buf_put_text(buf, start ? "..." : "");
    buf_put_slice(buf, rest);
    buf_put_text(buf, more ? "..." : "");
}

/* Where to begin to show two texts that differ: at the item in which they do, when there is not
 * room for all of both. */
static size_t first_shown(struct slice before, struct slice after)
{
    size_t same = 0, start = 0;

    if (before.len <= SIDE_BYTES_MAX && after.len <= SIDE_BYTES_MAX)
        return 0;
    for (; same < before.len && same < after.len && before.ptr[same] == after.ptr[same]; same++)
        if (before.ptr[same] == ' ' && same > 0 && before.ptr[same - 1] == ',')
            start = same + 1;
    return start;
}

static struct slice
describe_change(enum binding field, struct slice before, struct slice after, struct arena *arena)
{
    char memory[2 * SIDE_BYTES_MAX + 64];
    size_t start = first_shown(before, after);
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_format(&buf, "%s: ", signalbox_binding_name(field));
    put_side(&buf, before, start);
    buf_put_text(&buf, " -> ");
    put_side(&buf, after, start);
    return arena_copy(arena, buf_slice(&buf));
}

static const struct evidence_bound *find_bound(const struct evidence_bindings *bindings,
                                               enum binding field)
{
    for (unsigned i = 0; i < bindings->count; i++)
        if (bindings->items[i].field == field)
            return &bindings->items[i];
    return NULL;
}

/* Whether the field has changed since the piece was put. What cannot be compared has. */
static bool is_void(const struct evidence_piece *piece,
                    enum binding field,
                    const struct catalog_route *route,
                    struct arena *arena,
                    struct slice *ret_detail)
{
    const struct evidence_bound *bound = find_bound(&piece->bindings, field);
    char memory[SCRATCH_BYTES_HELD];
    struct arena scratch;
    struct slice now;
    bool same;

    if (!bound) {
        *ret_detail = arena_format(arena, "%s: not kept with the piece -> put it again",
                                   signalbox_binding_name(field));
        return true;
    }
    arena_init(&scratch, memory, sizeof memory, SCRATCH_BYTES_MAX);
    now = evidence_binding_value(field, route, &scratch);
    same = !scratch.failed && slice_equal(bound->value, now);
    if (scratch.failed)
        arena->failed = true;
    if (!same)
        *ret_detail = describe_change(field, bound->value, now, arena);
    arena_done(&scratch);
    return !same;
}

/* What does not depend on the catalog's values. */
static enum evidence_state judge_piece(const struct evidence_piece *piece,
                                       const struct catalog_route *route,
                                       const struct evidence_author *author,
                                       struct arena *arena,
                                       struct slice *ret_detail)
{
    const struct evidence *evidence = piece->evidence;

    if (piece->revoked_by.len) {
        *ret_detail = piece->revoked_by;
        return EVIDENCE_STATE_REVOKED;
    }
    if (!evidence->passed) {
        *ret_detail = describe_failure(evidence, arena);
        return EVIDENCE_STATE_FAILED;
    }
    if (needs_review(evidence->kind) && !evidence->reviewed_by.len) {
        *ret_detail = SLICE_LITERAL("reviewed_by is missing");
        return EVIDENCE_STATE_NOT_REVIEWED;
    }
    if (put_by_author(piece, author)) {
        *ret_detail = piece->put_by;
        return EVIDENCE_STATE_APPROVER_IS_AUTHOR;
    }
    if (!names_model(&evidence->models, route->model->id)) {
        *ret_detail = route->model->id;
        return EVIDENCE_STATE_OTHER_MODEL;
    }
    *ret_detail = (struct slice){NULL, 0};
    return EVIDENCE_STATE_HELD;
}

bool evidence_judge(const struct evidence_piece *piece,
                    const struct catalog_route *route,
                    const struct evidence_author *author,
                    struct arena *arena,
                    enum evidence_state *ret_state,
                    struct slice *ret_detail)
{
    uint64_t bindings = evidence_kind_bindings(piece->evidence->kind);

    if (!speaks_of(piece, route))
        return false;
    *ret_state = judge_piece(piece, route, author, arena, ret_detail);
    for (unsigned i = 1; *ret_state == EVIDENCE_STATE_HELD && i < BINDING_END; i++)
        if (set_has(bindings, i) && is_void(piece, (enum binding)i, route, arena, ret_detail))
            *ret_state = EVIDENCE_STATE_VOIDED;
    return true;
}
