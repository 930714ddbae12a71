/* Two tables: which kind of evidence cures which check, and what a document of each kind holds.
 *
 * A piece always names a route, also where its kind speaks of a model: a route's id is never
 * ambiguous, and evidence about a model counts wherever the model is served alike. */
#include "ctl/missing.h"

#include "ctl/word.h"
#include "signalbox/taxonomy.h"
#include "signalbox/v1/taxonomy.pb-c.h"

struct missing_piece {
    struct missing_piece *next;
    enum evidence_kind kind;
    const char *route;
    const char *subject;  /* what pieces of one kind differ in */
    enum sign_off role;   /* of a sign-off; 0: not known which */
    uint64_t sensitivity; /* set: an evaluation must cover it */
    uint64_t coverage;    /* set of enum coverage */
};

struct finding {
    const struct missing_source *source;
    struct arena *arena;
    struct missing *missing;
    struct missing_piece **end;
};

/* Checks that evidence cures. */
static const struct cure {
    const char *check;
    enum evidence_kind kind;
    enum coverage coverage; /* that the piece must have */
} cures[] = {
    {"parity", EVIDENCE_KIND_PARITY, 0},
    {"eval", EVIDENCE_KIND_EVAL, 0},
    {"sign_off", EVIDENCE_KIND_SIGN_OFF, 0},
    {"sensitivity", EVIDENCE_KIND_EVAL, 0},
    {"cost_owner", EVIDENCE_KIND_COST_OWNER, 0},
    {"quota_owner", EVIDENCE_KIND_QUOTA_OWNER, 0},
    {"spill", EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL, 0},
    {"provider_parameters", EVIDENCE_KIND_PARITY, COVERAGE_PROVIDER_PARAMETERS},
    {"tool_contract", EVIDENCE_KIND_TOOL_CONTRACT, 0},
    {"serial_tool_calls", EVIDENCE_KIND_TOOL_CONTRACT, COVERAGE_SERIAL_TOOL_CALLS},
    {"bound_state", EVIDENCE_KIND_PARITY, COVERAGE_BOUND_STATE},
    {"boundary_approval", EVIDENCE_KIND_BOUNDARY_APPROVAL, 0},
};

/* What a document of the kind holds behind what all kinds hold. */
static const struct shape {
    bool of_model; /* it speaks of the route's model */
    bool compares; /* with the policy's primary */
    const char *members;
} shapes[EVIDENCE_KIND_END] = {
    [EVIDENCE_KIND_EVAL] = {true, false,
                            "\"reviewed_by\": \"\",\n"
                            "\"passed\": null,\n"
                            "\"eval_set\": \"\",\n"
                            "\"samples\": null,\n"
                            "\"pass_rate_percent\": null,\n"
                            "\"baseline_percent\": null,\n"
                            "\"regression_budget_percent\": null,\n"},
    [EVIDENCE_KIND_TOOL_CONTRACT] = {true, false,
                                     "\"reviewed_by\": \"\",\n"
                                     "\"passed\": null,\n"
                                     "\"checks\": [\"full_loop\", \"arguments\", "
                                     "\"replay_safety\"],\n"},
    [EVIDENCE_KIND_PARITY] = {false, true,
                              "\"reviewed_by\": \"\",\n"
                              "\"passed\": null,\n"
                              "\"checks\": [\"endpoint\", \"parameters\", \"quota\", "
                              "\"cost\", \"log_fields\"],\n"},
    [EVIDENCE_KIND_COST_OWNER] = {false, false,
                                  "\"pricing_snapshot\": \"YYYY-MM-DD\",\n"
                                  "\"usage_estimate\": {\"monthly_requests\": null, "
                                  "\"monthly_usd\": null},\n"},
    [EVIDENCE_KIND_QUOTA_OWNER] = {false, false, ""},
    [EVIDENCE_KIND_BOUNDARY_APPROVAL] = {false, false, ""},
    [EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL] = {false, false, ""},
    [EVIDENCE_KIND_SIGN_OFF] = {true, false, ""},
};

/* ---- what is missing ---- */

/* The members of a list that a text names; words are parted by commas or spaces. */
static uint64_t words_in(const ProtobufCEnumDescriptor *list, const char *text)
{
    static const char separators[] = ", ";
    uint64_t set = 0;

    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t len = strcspn(text, separators);
        unsigned number = word_parse(list, (struct slice){text, len});

        set |= number ? SET_OF(number) : 0;
        text += len;
    }
    return set;
}

/* The piece of that kind, subject and role, which is made where there is none yet. */
static struct missing_piece *demand(struct finding *finding, const struct missing_piece *wanted)
{
    struct missing_piece *piece = finding->missing->first;

    while (piece && (piece->kind != wanted->kind || piece->role != wanted->role ||
                     strcmp(piece->subject, wanted->subject) != 0))
        piece = piece->next;
    if (piece)
        return piece;
    piece = arena_calloc(finding->arena, 1, sizeof *piece);
    if (piece) {
        *piece = *wanted;
        *finding->end = piece;
        finding->end = &piece->next;
    }
    return piece;
}

/* One piece for every role that the row needs and has not found. */
static bool demand_sign_offs(struct finding *finding,
                             const Signalbox__V1__ChecklistRow *row,
                             struct missing_piece *wanted)
{
    uint64_t roles = words_in(&signalbox__v1__sign_off__descriptor, row->needed) &
                     ~words_in(&signalbox__v1__sign_off__descriptor, row->found);

    if (!roles)
        return demand(finding, wanted);
    for (unsigned role = 1; role < SIGN_OFF_END; role++) {
        wanted->role = (enum sign_off)role;
        if (set_has(roles, role) && !demand(finding, wanted))
            return false;
    }
    return true;
}

static bool
add_piece(struct finding *finding, const Signalbox__V1__ChecklistRow *row, const struct cure *cure)
{
    struct missing_piece wanted = {.kind = cure->kind, .route = row->route, .subject = row->route};
    struct missing_piece *piece;

    if (shapes[cure->kind].of_model)
        wanted.subject = finding->source->find_kin(finding->source->context, row->route);
    if (!wanted.subject)
        return false;
    if (cure->kind == EVIDENCE_KIND_SIGN_OFF)
        return demand_sign_offs(finding, row, &wanted);
    piece = demand(finding, &wanted);
    if (!piece)
        return false;
    if (cure->coverage)
        piece->coverage |= SET_OF(cure->coverage);
    if (strcmp(row->check, "sensitivity") == 0)
        piece->sensitivity |= words_in(&signalbox__v1__sensitivity__descriptor, row->needed);
    return true;
}

/* "entry 1, small-at-b: cost/owners: found nobody, needed a spend owner: " and what follows. */
static bool add_note(struct finding *finding,
                     uint32_t entry,
                     const Signalbox__V1__ChecklistRow *row,
                     const char *what)
{
    const char *gate = WORD(gate, row->gate);
    struct slice text = arena_format(
        finding->arena, "entry %u%s%s: %s%s%s: found %s, needed %s: %s", entry,
        *row->route ? ", " : "", row->route, gate, *gate ? "/" : "", row->check,
        *row->found ? row->found : "nothing", *row->needed ? row->needed : "more", what);

    finding->missing->notes[finding->missing->notes_count++] = text.ptr;
    return text.ptr;
}

static bool is_authors(const Signalbox__V1__ChecklistRow *row)
{
    const char *state = signalbox_evidence_state_name(EVIDENCE_STATE_APPROVER_IS_AUTHOR);

    return strncmp(row->found, state, strlen(state)) == 0;
}

static const struct cure *cure_of(const Signalbox__V1__ChecklistRow *row)
{
    for (size_t i = 0; *row->route && i < sizeof cures / sizeof *cures; i++)
        if (strcmp(cures[i].check, row->check) == 0)
            return &cures[i];
    return NULL;
}

bool missing_find(const struct missing_source *source,
                  struct arena *arena,
                  struct missing *ret_missing)
{
    const Signalbox__V1__ChecklistResponse *list = source->list;
    struct finding finding = {source, arena, ret_missing, &ret_missing->first};
    size_t rows = 0;

    for (size_t i = 0; i < list->n_entries; i++)
        rows += list->entries[i]->n_rows;
    *ret_missing =
        (struct missing){.notes = arena_calloc(arena, rows + 1, sizeof *ret_missing->notes)};
    if (!ret_missing->notes)
        return false;
    for (size_t i = 0; i < list->n_entries; i++)
        for (size_t k = 0; k < list->entries[i]->n_rows; k++) {
            const Signalbox__V1__ChecklistRow *row = list->entries[i]->rows[k];
            const struct cure *cure = cure_of(row);

            if (row->verdict != SIGNALBOX__V1__VERDICT__VERDICT_BLOCK)
                continue;
            if (!(cure ? add_piece(&finding, row, cure)
                       : add_note(&finding, list->entries[i]->entry, row,
                                  "no evidence can cure this")))
                return false;
            if (cure && is_authors(row) &&
                !add_note(&finding, list->entries[i]->entry, row,
                          "put it with another key than the one that published the policy"))
                return false;
        }
    return true;
}

/* ---- the document ---- */

#define MEMBER "\n      "

static void put_member(struct buf *buf, const char *name, const char *text)
{
    buf_format(buf, MEMBER "\"%s\": ", name);
    buf_put_json_string(buf, slice_of(text));
    buf_put_text(buf, ",");
}

/* The members of a shape, each on a line of its own. */
static void put_shape(struct buf *buf, const char *members)
{
    while (*members) {
        size_t len = strcspn(members, "\n");

        buf_put_text(buf, MEMBER);
        buf_put(buf, members, len);
        members += len + 1;
    }
}

static void
put_set(struct buf *buf, const char *name, const ProtobufCEnumDescriptor *list, uint64_t set)
{
    const char *separator = "";

    if (!set)
        return;
    buf_format(buf, MEMBER "\"%s\": [", name);
    for (unsigned number = 1; number < 64; number++)
        if (set_has(set, number)) {
            buf_format(buf, "%s\"%s\"", separator, word_text(list, number));
            separator = ", ";
        }
    buf_put_text(buf, "],");
}

/* The first route of the primary entry, which of several stands for all. */
static const char *primary_of(const Signalbox__V1__ChecklistResponse *list)
{
    for (size_t i = 0; i < list->n_entries; i++)
        if (list->entries[i]->entry == 0)
            return list->entries[i]->route;
    return "";
}

static void put_piece(const struct missing_piece *piece,
                      const Signalbox__V1__ChecklistResponse *list,
                      struct buf *buf)
{
    buf_put_text(buf, "    {");
    put_member(buf, "kind", signalbox_evidence_kind_name(piece->kind));
    put_member(buf, "workflow", list->workload);
    put_member(buf, "environment", list->environment);
    put_member(buf, "route", piece->route);
    if (shapes[piece->kind].compares)
        put_member(buf, "primary", primary_of(list));
    if (piece->kind == EVIDENCE_KIND_SIGN_OFF)
        put_member(buf, "role", piece->role ? signalbox_sign_off_name(piece->role) : "");
    put_member(buf, "owner", "");
    put_shape(buf, shapes[piece->kind].members);
    put_set(buf, "covers_sensitivity", &signalbox__v1__sensitivity__descriptor, piece->sensitivity);
    put_set(buf, "covers", &signalbox__v1__coverage__descriptor, piece->coverage);
    buf_put_text(buf, MEMBER "\"expires\": \"YYYY-MM-DD\"\n    }");
}

void missing_write(const struct missing *missing,
                   const Signalbox__V1__ChecklistResponse *list,
                   struct buf *buf)
{
    buf_put_text(buf, "{\n  \"evidence\": [");
    for (const struct missing_piece *piece = missing->first; piece; piece = piece->next) {
        buf_put_text(buf, "\n");
        put_piece(piece, list, buf);
        buf_put_text(buf, piece->next ? "," : "\n  ");
    }
    buf_put_text(buf, "]\n}\n");
}
