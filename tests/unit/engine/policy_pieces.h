/* Pieces of evidence for the catalog of policy_texts.h, put one after the other as the store would
 * hand them to policy_compile. */
#ifndef TESTS_UNIT_ENGINE_POLICY_PIECES_H
#define TESTS_UNIT_ENGINE_POLICY_PIECES_H

#include "policy_texts.h"

#define PIECES_MAX    64
#define PIECE_PUT_MS  INT64_C(1000)
#define PIECE_EXPIRES "'2027-01-01'"
#define DIGEST_A      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct pieces {
    struct documents *documents; /* with a catalog */
    struct evidence_piece items[PIECES_MAX];
    unsigned count;
};

/* What a good piece of the kind has of its own. */
static inline const char *piece_members(enum evidence_kind kind)
{
    switch (kind) {
    case EVIDENCE_KIND_EVAL:
        return "'passed':true,'eval_set':'s1','samples':100,'pass_rate_percent':95,"
               "'baseline_percent':96,'regression_budget_percent':2,'latency_p95_ms':700,"
               "'request_usd':0.001,'covers_sensitivity':['legal']";
    case EVIDENCE_KIND_TOOL_CONTRACT:
        return "'passed':true,'checks':['arguments','full_loop','replay_safety'],"
               "'covers':['tool_loop']";
    case EVIDENCE_KIND_PARITY:
        return "'primary':'big-alpha','passed':true,'checks':['endpoint','parameters','quota',"
               "'cost','log_fields']";
    case EVIDENCE_KIND_COST_OWNER:
        return "'pricing_snapshot':'2026-11-01','usage_estimate':{'monthly_requests':1000,"
               "'monthly_usd':10}";
    case EVIDENCE_KIND_BOUNDARY_APPROVAL:
        return "'data_classes':['internal']";
    case EVIDENCE_KIND_SIGN_OFF:
        return "'role':'product'";
    case EVIDENCE_KIND_UNSPECIFIED:
    case EVIDENCE_KIND_QUOTA_OWNER:
    case EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL:
    case EVIDENCE_KIND_END:
        break;
    }
    return "";
}

/* Puts one more, as ev-<count>, with further members; those of the kind are members or, NULL,
 * good ones. */
static inline struct evidence_piece *pieces_put(struct pieces *pieces,
                                                enum evidence_kind kind,
                                                const char *route,
                                                const char *members,
                                                const char *more)
{
    struct documents *d = pieces->documents;
    struct evidence_piece *piece = &pieces->items[pieces->count++];
    struct evidence_list list;
    char text[2048], *json;

    members = members ? members : piece_members(kind);
    snprintf(text, sizeof text,
             "{'kind':'%s','workflow':'w','environment':'e','route':'%s','owner':'ann',"
             "'reviewed_by':'bob','expires':" PIECE_EXPIRES "%s%s%s}",
             signalbox_evidence_kind_name(kind), route, *members ? "," : "", members, more);
    json = quoted(text);
    if (evidence_parse(slice_of(json), &d->arena, &d->diagnostics, &list) != RESULT_OK)
        fail_msg("%s: %s at %s", text, diagnostic_name(d->diagnostics.first->code),
                 d->diagnostics.first->pointer.ptr);
    free(json);
    *piece = (struct evidence_piece){
        .id = arena_format(&d->arena, "ev-%u", pieces->count),
        .evidence = &list.items[0],
        .put_by = SLICE_LITERAL("key-reviewer"),
        .put_unix_ms = pieces->count * PIECE_PUT_MS,
    };
    assert_int_equal(evidence_bind(piece->evidence, d->catalog, &d->diagnostics, &piece->bindings),
                     RESULT_OK);
    return piece;
}

static inline enum result pieces_compile(const struct pieces *pieces, struct buf *buf)
{
    return policy_compile(pieces->documents->document,
                          &(struct policy_compile_input){
                              .version = 3,
                              .catalog_version = 7,
                              .evidence_version = pieces->count,
                              .author = {.key_id = SLICE_LITERAL("key-author")},
                              .pieces = pieces->items,
                              .pieces_count = pieces->count,
                              .arena = &pieces->documents->arena,
                          },
                          buf);
}

#endif
