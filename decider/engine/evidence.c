/* Kinds of evidence, and where a piece stands for a route.
 *
 * The order of the questions is part of the answer. A piece that was taken back is never reported
 * as anything else. Then comes whether it is about what is served now: who hears only that a review
 * is missing has the old piece reviewed and put again, and so approves what nobody has tested. */
#include "engine/evidence.h"

#define SCRATCH_BYTES_HELD 2048
#define SCRATCH_BYTES_MAX  (16 * 1024 * 1024)
/* Of each side of "before -> after". */
#define SIDE_BYTES_MAX 96
#define PERCENT(bp)    (bp) / 100, (bp) % 100
#define PRIMARY_PREFIX "primary."

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

bool evidence_kind_compares(enum evidence_kind kind)
{
    return kind == EVIDENCE_KIND_PARITY;
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

/* Who of those that approve published the policy version too; empty: nobody. Keys are compared even
 * when both are empty: who is not known may be the author. */
static bool approved_by_author(const struct evidence_piece *piece,
                               const struct evidence_author *author,
                               struct slice *ret_name)
{
    struct slice reviewer = piece->evidence->reviewed_by;

    *ret_name = piece->put_by;
    if (slice_equal(piece->put_by, author->key_id) ||
        (author->user.len && slice_equal(piece->put_by_user, author->user)))
        return true;
    *ret_name = reviewer;
    return reviewer.len &&
           (slice_equal(reviewer, author->key_id) || slice_equal(reviewer, author->user));
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
    struct slice rest;
    bool more;

    if (!text.len) {
        buf_put_text(buf, "nothing");
        return;
    }
    rest = (struct slice){text.ptr + start, text.len - start};
    more = rest.len > SIDE_BYTES_MAX;
    if (more) {
        rest.len = SIDE_BYTES_MAX;
        while (rest.len && ((unsigned char)rest.ptr[rest.len] & 0xC0) == 0x80)
            rest.len--;
    }
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
describe_change(const struct evidence_bound *bound, struct slice after, struct arena *arena)
{
    char memory[2 * SIDE_BYTES_MAX + 64], name[EVIDENCE_BOUND_NAME_BYTES_MAX];
    size_t start = first_shown(bound->value, after);
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_slice(&buf, evidence_bound_name(bound, name));
    buf_put_text(&buf, ": ");
    put_side(&buf, bound->value, start);
    buf_put_text(&buf, " -> ");
    put_side(&buf, after, start);
    return arena_copy(arena, buf_slice(&buf));
}

struct slice evidence_bound_name(const struct evidence_bound *bound,
                                 char ret_memory[EVIDENCE_BOUND_NAME_BYTES_MAX])
{
    struct buf buf;

    buf_init_fixed(&buf, ret_memory, EVIDENCE_BOUND_NAME_BYTES_MAX);
    buf_put_text(&buf, bound->of_primary ? PRIMARY_PREFIX : "");
    buf_put_text(&buf, signalbox_binding_name(bound->field));
    return buf_slice(&buf);
}

bool evidence_bound_parse(struct slice name, struct evidence_bound *ret_bound)
{
    size_t skip = strlen(PRIMARY_PREFIX);

    ret_bound->of_primary = name.len > skip && memcmp(name.ptr, PRIMARY_PREFIX, skip) == 0;
    if (ret_bound->of_primary)
        name = (struct slice){name.ptr + skip, name.len - skip};
    return signalbox_binding_parse(name, &ret_bound->field);
}

static const struct evidence_bound *find_bound(const struct evidence_bindings *bindings,
                                               const struct evidence_bound *wanted)
{
    for (unsigned i = 0; i < bindings->count; i++)
        if (bindings->items[i].field == wanted->field &&
            bindings->items[i].of_primary == wanted->of_primary)
            return &bindings->items[i];
    return NULL;
}

static struct slice describe_lack(struct slice name, struct arena *arena)
{
    return arena_format(arena, "%.*s: not kept with the piece -> put it again", (int)name.len,
                        name.ptr);
}

/* Whether the field of route has changed since the piece was put. What cannot be compared has. */
static bool is_void(const struct evidence_piece *piece,
                    const struct evidence_bound *wanted,
                    const struct catalog_route *route,
                    struct arena *arena,
                    struct slice *ret_detail)
{
    const struct evidence_bound *bound = find_bound(&piece->bindings, wanted);
    char memory[SCRATCH_BYTES_HELD], name[EVIDENCE_BOUND_NAME_BYTES_MAX];
    struct arena scratch;
    struct slice now;
    bool same;

    if (!bound) {
        *ret_detail = describe_lack(evidence_bound_name(wanted, name), arena);
        return true;
    }
    arena_init(&scratch, memory, sizeof memory, SCRATCH_BYTES_MAX);
    now = evidence_binding_value(bound->field, route, &scratch);
    same = !scratch.failed && slice_equal(bound->value, now);
    if (scratch.failed)
        arena->failed = true;
    if (!same)
        *ret_detail = describe_change(bound, now, arena);
    arena_done(&scratch);
    return !same;
}

/* Whether a field of route that the piece is bound to has. */
static bool has_changed(const struct evidence_piece *piece,
                        const struct catalog_route *route,
                        bool of_primary,
                        struct arena *arena,
                        struct slice *ret_detail)
{
    uint64_t bindings = evidence_kind_bindings(piece->evidence->kind);

    for (unsigned i = 1; i < BINDING_END; i++) {
        const struct evidence_bound wanted = {.field = (enum binding)i, .of_primary = of_primary};

        if (set_has(bindings, i) && is_void(piece, &wanted, route, arena, ret_detail))
            return true;
    }
    return false;
}

static const struct catalog_route *find_primary(const struct evidence_use *use, struct slice id)
{
    for (unsigned i = 0; i < use->primaries_count; i++)
        if (slice_equal(use->primaries[i]->id, id))
            return use->primaries[i];
    return NULL;
}

/* "old-a, not new-a or new-b". */
static struct slice
describe_primary(const struct evidence_use *use, struct slice compared, struct arena *arena)
{
    char memory[(ENTRY_ROUTES_MAX + 1) * (NAME_BYTES_MAX + 8)];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_slice(&buf, compared);
    for (unsigned i = 0; i < use->primaries_count; i++) {
        buf_put_text(&buf, i ? " or " : ", not ");
        buf_put_slice(&buf, use->primaries[i]->id);
    }
    return arena_copy(arena, buf_slice(&buf));
}

/* Of a kind that compares: whether it does so with what the primary is today. */
static enum evidence_state judge_primary(const struct evidence_piece *piece,
                                         const struct evidence_use *use,
                                         struct arena *arena,
                                         struct slice *ret_detail)
{
    struct slice compared = piece->evidence->primary;
    const struct catalog_route *primary = find_primary(use, compared);

    if (!compared.len) {
        *ret_detail = describe_lack(SLICE_LITERAL("primary"), arena);
        return EVIDENCE_STATE_VOIDED;
    }
    if (!primary) {
        *ret_detail = describe_primary(use, compared, arena);
        return EVIDENCE_STATE_OTHER_PRIMARY;
    }
    return has_changed(piece, primary, true, arena, ret_detail) ? EVIDENCE_STATE_VOIDED
                                                                : EVIDENCE_STATE_HELD;
}

/* Whether it speaks of what the route is today. */
static enum evidence_state judge_subject(const struct evidence_piece *piece,
                                         const struct evidence_use *use,
                                         struct arena *arena,
                                         struct slice *ret_detail)
{
    const struct catalog_route *route = use->route;
    enum evidence_state state = EVIDENCE_STATE_HELD;

    if (!names_model(&piece->evidence->models, route->model->id)) {
        *ret_detail = route->model->id;
        return EVIDENCE_STATE_OTHER_MODEL;
    }
    if (evidence_kind_compares(piece->evidence->kind))
        state = judge_primary(piece, use, arena, ret_detail);
    if (state == EVIDENCE_STATE_HELD && has_changed(piece, route, false, arena, ret_detail))
        state = EVIDENCE_STATE_VOIDED;
    return state;
}

/* Whether what it says was found good, by somebody who may say so. */
static enum evidence_state judge_approval(const struct evidence_piece *piece,
                                          const struct evidence_author *author,
                                          struct arena *arena,
                                          struct slice *ret_detail)
{
    const struct evidence *evidence = piece->evidence;

    if (!evidence->passed) {
        *ret_detail = describe_failure(evidence, arena);
        return EVIDENCE_STATE_FAILED;
    }
    if (needs_review(evidence->kind) && !evidence->reviewed_by.len) {
        *ret_detail = SLICE_LITERAL("reviewed_by is missing");
        return EVIDENCE_STATE_NOT_REVIEWED;
    }
    if (approved_by_author(piece, author, ret_detail))
        return EVIDENCE_STATE_APPROVER_IS_AUTHOR;
    *ret_detail = (struct slice){NULL, 0};
    return EVIDENCE_STATE_HELD;
}

bool evidence_judge(const struct evidence_piece *piece,
                    const struct evidence_use *use,
                    struct arena *arena,
                    enum evidence_state *ret_state,
                    struct slice *ret_detail)
{
    if (!speaks_of(piece, use->route))
        return false;
    if (piece->revoked_by.len) {
        *ret_state = EVIDENCE_STATE_REVOKED;
        *ret_detail = piece->revoked_by;
        return true;
    }
    *ret_state = judge_subject(piece, use, arena, ret_detail);
    if (*ret_state == EVIDENCE_STATE_HELD)
        *ret_state = judge_approval(piece, use->author, arena, ret_detail);
    return true;
}
