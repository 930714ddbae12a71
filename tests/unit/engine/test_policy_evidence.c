/* Evidence in a compiled policy: which pieces a route keeps, in which order, and what it knows of
 * them. */
#include "policy_pieces.h"

#define BLOCK_BYTES_MAX (1024 * 1024)
#define POLICY                                                                                     \
    TEXTS_POLICY(",'fallback_routes':[{'routes':[{'route':'big-beta'},{'route':'big-team'}],"      \
                 "'allowed_reasons':['timeout']},{'route':'other-gamma','allowed_reasons':["       \
                 "'timeout']}]")

enum { ROUTE_PRIMARY, ROUTE_BETA, ROUTE_TEAM, ROUTE_GAMMA };

struct world {
    struct documents documents;
    struct pieces pieces;
    struct buf block;
    const struct policy *policy;
};

static void world_init(struct world *w)
{
    documents_init(&w->documents, ARENA_BYTES_MAX);
    texts_check(&w->documents, POLICY);
    w->pieces = (struct pieces){.documents = &w->documents};
    buf_init(&w->block, BLOCK_BYTES_MAX);
}

static void world_compile(struct world *w)
{
    assert_int_equal(pieces_compile(&w->pieces, &w->block), RESULT_OK);
    w->policy = policy_view(w->block.ptr, w->block.len);
    assert_non_null(w->policy);
}

static void world_done(struct world *w)
{
    buf_done(&w->block);
    documents_done(&w->documents);
}

static const struct policy_evidence *
evidence_of(const struct world *w, unsigned route, enum evidence_kind kind, unsigned count)
{
    struct policy_ref list = policy_route(w->policy, route)->evidence[kind];

    assert_int_equal(list.len, count);
    return policy_at(w->policy, list.offset);
}

static void assert_piece(const struct world *w,
                         const struct policy_evidence *piece,
                         const char *id,
                         enum evidence_state state)
{
    assert_text(policy_text(w->policy, piece->id), id);
    assert_int_equal(piece->state, state);
}

static void a_route_knows_every_piece_that_speaks_of_it(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        pieces_put(&w.pieces, (enum evidence_kind)kind, "big-beta", NULL, "");
    world_compile(&w);
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        bool of_model = !evidence_kind_of_route((enum evidence_kind)kind);
        char id[16];

        snprintf(id, sizeof id, "ev-%u", kind);
        assert_piece(&w, evidence_of(&w, ROUTE_BETA, (enum evidence_kind)kind, 1), id,
                     EVIDENCE_STATE_HELD);
        evidence_of(&w, ROUTE_TEAM, (enum evidence_kind)kind, of_model);
        evidence_of(&w, ROUTE_PRIMARY, (enum evidence_kind)kind, of_model);
        evidence_of(&w, ROUTE_GAMMA, (enum evidence_kind)kind, 0);
    }
    assert_int_equal(w.policy->evidence_version, EVIDENCE_KIND_END - 1);
    world_done(&w);
}

static void a_piece_is_compiled_with_all_that_a_gate_asks(void **state)
{
    const struct policy_evidence *piece;
    uint8_t digest[32];
    struct world w;

    (void)state;
    world_init(&w);
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL,
               ",'scope':{'customer_tiers':['gold','silver'],'attempts_max':3,"
               "'prompt_version':'v 2','tool_digest':'" DIGEST_A "'}");
    pieces_put(&w.pieces, EVIDENCE_KIND_TOOL_CONTRACT, "big-beta", NULL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_BOUNDARY_APPROVAL, "big-beta", NULL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_SIGN_OFF, "big-beta", "'role':'finance'", "");
    world_compile(&w);
    piece = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 1);
    assert_text(policy_text(w.policy, piece->owner), "ann");
    assert_text(policy_text(w.policy, piece->detail), "");
    assert_text(policy_text(w.policy, piece->prompt_version), "v 2");
    memset(digest, 0xaa, sizeof digest);
    assert_int_equal(piece->tool_digest.len, sizeof digest);
    assert_memory_equal(policy_text(w.policy, piece->tool_digest).ptr, digest, sizeof digest);
    assert_int_equal(piece->customer_tiers.len, 2);
    assert_text(policy_list_text(w.policy, piece->customer_tiers, 1), "silver");
    assert_int_equal(piece->put_unix_ms, PIECE_PUT_MS);
    assert_true(piece->expires_unix_ms == INT64_C(1798761600000)); /* 2027-01-01 */
    assert_int_equal(piece->sensitivity, SET_OF(SENSITIVITY_LEGAL));
    assert_int_equal(piece->attempts_max, 3);
    assert_int_equal(piece->latency_p95_ms, 700);
    assert_int_equal(piece->request_nusd, 1000000);
    piece = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_TOOL_CONTRACT, 1);
    assert_int_equal(piece->covers, SET_OF(COVERAGE_TOOL_LOOP));
    assert_int_equal(piece->tool_digest.len, 0);
    piece = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_BOUNDARY_APPROVAL, 1);
    assert_int_equal(piece->data_classes, SET_OF(DATA_CLASS_INTERNAL));
    piece = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_SIGN_OFF, 1);
    assert_int_equal(piece->sign_off, SIGN_OFF_FINANCE);
    world_done(&w);
}

static void what_counts_stands_first_and_the_newest_before_the_older(void **state)
{
    const struct policy_evidence *pieces;
    struct world w;

    (void)state;
    world_init(&w);
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, ",'scope':{'prompt_version':'a'}");
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, "")->revoked_by =
        SLICE_LITERAL("key-operator");
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, ",'scope':{'prompt_version':'b'}");
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, "")->put_by =
        SLICE_LITERAL("key-author");
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 4);
    assert_piece(&w, &pieces[0], "ev-3", EVIDENCE_STATE_HELD);
    assert_piece(&w, &pieces[1], "ev-1", EVIDENCE_STATE_HELD);
    assert_piece(&w, &pieces[2], "ev-4", EVIDENCE_STATE_APPROVER_IS_AUTHOR);
    assert_piece(&w, &pieces[3], "ev-2", EVIDENCE_STATE_REVOKED);
    assert_true(policy_text(w.policy, pieces[3].detail).len > 0);
    world_done(&w);
}

static void a_piece_that_a_newer_one_outlives_takes_no_place(void **state)
{
    const struct policy_evidence *pieces;
    struct world w;

    (void)state;
    world_init(&w);
    pieces_put(&w.pieces, EVIDENCE_KIND_SIGN_OFF, "big-beta", NULL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_SIGN_OFF, "big-beta", "'role':'policy'", "");
    pieces_put(&w.pieces, EVIDENCE_KIND_SIGN_OFF, "big-beta", NULL, "");
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_SIGN_OFF, 2);
    assert_piece(&w, &pieces[0], "ev-3", EVIDENCE_STATE_HELD);
    assert_piece(&w, &pieces[1], "ev-2", EVIDENCE_STATE_HELD);
    world_done(&w);
}

/* An older one that counts longer, or for something else, is needed yet. */
static void a_piece_of_another_scope_or_a_longer_life_stays(void **state)
{
    static const char *const scopes[] = {
        "'scope':{'prompt_version':'a'}",      "'scope':{'tool_digest':'" DIGEST_A "'}",
        "'scope':{'customer_tiers':['gold']}", "'scope':{'attempts_max':1}",
        "'covers':['serial_tool_calls']",
    };
    static const char members[] =
        "'passed':true,'checks':['arguments','full_loop','replay_safety']";

    (void)state;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        struct world w;
        char more[256];

        snprintf(more, sizeof more, ",%s", scopes[i]);
        world_init(&w);
        pieces_put(&w.pieces, EVIDENCE_KIND_TOOL_CONTRACT, "big-beta", members, "");
        pieces_put(&w.pieces, EVIDENCE_KIND_TOOL_CONTRACT, "big-beta", members, more);
        world_compile(&w);
        evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_TOOL_CONTRACT, 2);
        world_done(&w);
    }
    {
        struct world w;
        struct evidence shorter;

        world_init(&w);
        pieces_put(&w.pieces, EVIDENCE_KIND_PARITY, "big-beta", NULL, "");
        pieces_put(&w.pieces, EVIDENCE_KIND_PARITY, "big-beta", NULL, "");
        shorter = *w.pieces.items[1].evidence;
        shorter.expires_unix_ms--;
        w.pieces.items[1].evidence = &shorter;
        world_compile(&w);
        evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_PARITY, 2);
        world_done(&w);
    }
}

static void a_route_keeps_sixteen_pieces_of_a_kind(void **state)
{
    const struct policy_evidence *pieces;
    struct world w;

    (void)state;
    world_init(&w);
    for (unsigned i = 1; i <= 40; i++) {
        char scope[64];

        snprintf(scope, sizeof scope, ",'scope':{'prompt_version':'v%u'}", i);
        pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, scope);
        if (i > 30)
            w.pieces.items[i - 1].revoked_by = SLICE_LITERAL("somebody");
    }
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 16);
    assert_piece(&w, &pieces[0], "ev-30", EVIDENCE_STATE_HELD);
    assert_piece(&w, &pieces[15], "ev-15", EVIDENCE_STATE_HELD);
    world_done(&w);
}

/* Sixteen of one role leave room for the others. */
static void every_role_has_places_of_its_own(void **state)
{
    static const char *const roles[] = {"'role':'policy'", "'role':'product'",
                                        "'role':'engineering'"};
    uint64_t seen = 0;
    const struct policy_evidence *pieces;
    struct world w;

    (void)state;
    world_init(&w);
    for (unsigned i = 0; i < 60; i++) {
        char scope[64];

        snprintf(scope, sizeof scope, ",'scope':{'customer_tiers':['t%u']}", i);
        pieces_put(&w.pieces, EVIDENCE_KIND_SIGN_OFF, "big-beta", roles[i / 20], scope);
    }
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_SIGN_OFF, 48);
    for (unsigned i = 0; i < 48; i++)
        seen |= SET_OF(pieces[i].sign_off);
    assert_int_equal(seen, SET_OF(SIGN_OFF_POLICY) | SET_OF(SIGN_OFF_PRODUCT) |
                               SET_OF(SIGN_OFF_ENGINEERING));
    world_done(&w);
}

#define FAILED_EVAL                                                                                \
    "'passed':false,'eval_set':'s1','samples':100,'pass_rate_percent':80,"                         \
    "'baseline_percent':96,'regression_budget_percent':2"

/* What was passed once does not outweigh what failed since, as far as that went. */
static void a_check_that_failed_since_takes_the_place_of_one_that_passed(void **state)
{
    static const struct {
        const char *passed, *failed;
        bool counts; /* the one that passed */
    } rows[] = {
        {"", "", false},
        {",'scope':{'prompt_version':'a'}", "", false},
        {",'scope':{'prompt_version':'a'}", ",'scope':{'prompt_version':'a'}", false},
        {",'scope':{'prompt_version':'a'}", ",'scope':{'prompt_version':'b'}", true},
        {"", ",'scope':{'prompt_version':'a'}", true},
        {",'scope':{'tool_digest':'" DIGEST_A "'}", "", false},
        {"", ",'scope':{'tool_digest':'" DIGEST_A "'}", true},
        {",'scope':{'customer_tiers':['gold']}", ",'scope':{'customer_tiers':['silver','gold']}",
         false},
        {",'scope':{'customer_tiers':['gold','tin']}", ",'scope':{'customer_tiers':['gold']}",
         true},
        {"", ",'scope':{'customer_tiers':['gold']}", true},
        {",'scope':{'attempts_max':2}", ",'scope':{'attempts_max':1}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy_evidence *pieces;
        struct world w;

        world_init(&w);
        pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, rows[i].passed);
        pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", FAILED_EVAL, rows[i].failed);
        world_compile(&w);
        pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, rows[i].counts ? 2 : 1);
        assert_piece(&w, &pieces[0], rows[i].counts ? "ev-1" : "ev-2",
                     rows[i].counts ? EVIDENCE_STATE_HELD : EVIDENCE_STATE_FAILED);
        world_done(&w);
    }
}

static void a_failure_that_does_not_stand_takes_no_place(void **state)
{
    const struct policy_evidence *pieces;
    struct evidence_bound before;
    struct world w;

    (void)state;
    world_init(&w); /* it was before */
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", FAILED_EVAL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, "");
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 2);
    assert_piece(&w, &pieces[0], "ev-2", EVIDENCE_STATE_HELD);
    world_done(&w);

    world_init(&w); /* it was taken back */
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", FAILED_EVAL, "")->revoked_by =
        SLICE_LITERAL("somebody");
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 2);
    assert_piece(&w, &pieces[0], "ev-1", EVIDENCE_STATE_HELD);
    world_done(&w);

    world_init(&w); /* it is about a version that is gone */
    pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", NULL, "");
    before =
        pieces_put(&w.pieces, EVIDENCE_KIND_EVAL, "big-beta", FAILED_EVAL, "")->bindings.items[0];
    before.value = SLICE_LITERAL("0");
    w.pieces.items[1].bindings.items[0] = before;
    world_compile(&w);
    pieces = evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_EVAL, 2);
    assert_piece(&w, &pieces[0], "ev-1", EVIDENCE_STATE_HELD);
    assert_piece(&w, &pieces[1], "ev-2", EVIDENCE_STATE_VOIDED);
    world_done(&w);
}

static void a_piece_of_another_workload_or_environment_counts_for_nothing(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct evidence other;
        struct world w;

        (void)state;
        world_init(&w);
        other = *pieces_put(&w.pieces, EVIDENCE_KIND_PARITY, "big-beta", NULL, "")->evidence;
        *(i ? &other.workload : &other.environment) = SLICE_LITERAL("other");
        w.pieces.items[0].evidence = &other;
        world_compile(&w);
        evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_PARITY, 0);
        world_done(&w);
    }
}

/* Any of the primary entry's routes will do, and no other. */
static void a_comparison_is_with_a_route_of_the_primary_entry(void **state)
{
    static const struct {
        const char *primary;
        enum evidence_state state;
        const char *detail;
    } rows[] = {
        {"big-alpha", EVIDENCE_STATE_HELD, ""},
        {"big-team", EVIDENCE_STATE_HELD, ""},
        {"small-alpha", EVIDENCE_STATE_OTHER_PRIMARY,
         "other_primary: small-alpha, not big-alpha or big-team"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy_evidence *piece;
        char members[256];
        struct world w;

        documents_init(&w.documents, ARENA_BYTES_MAX);
        texts_check(&w.documents,
                    "{'policy_id':'p','workflow':'w','environment':'e','primary_route':{"
                    "'endpoint_family':'openai-chat-completions','routes':[{'route':'big-alpha'},"
                    "{'route':'big-team'}]},'fallback_routes':[{'route':'big-beta'}]}");
        w.pieces = (struct pieces){.documents = &w.documents};
        buf_init(&w.block, BLOCK_BYTES_MAX);
        snprintf(members, sizeof members,
                 "'primary':'%s','passed':true,'checks':['endpoint','parameters','quota','cost',"
                 "'log_fields']",
                 rows[i].primary);
        pieces_put(&w.pieces, EVIDENCE_KIND_PARITY, "big-beta", members, "");
        world_compile(&w);
        piece = evidence_of(&w, 2, EVIDENCE_KIND_PARITY, 1);
        assert_piece(&w, piece, "ev-1", rows[i].state);
        assert_text(policy_text(w.policy, piece->detail), rows[i].detail);
        world_done(&w);
    }
}

static void routes_of_one_entry_are_judged_each_by_itself(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    pieces_put(&w.pieces, EVIDENCE_KIND_QUOTA_OWNER, "big-beta", NULL, "");
    pieces_put(&w.pieces, EVIDENCE_KIND_QUOTA_OWNER, "big-team", NULL, "");
    world_compile(&w);
    assert_piece(&w, evidence_of(&w, ROUTE_BETA, EVIDENCE_KIND_QUOTA_OWNER, 1), "ev-1",
                 EVIDENCE_STATE_HELD);
    assert_piece(&w, evidence_of(&w, ROUTE_TEAM, EVIDENCE_KIND_QUOTA_OWNER, 1), "ev-2",
                 EVIDENCE_STATE_HELD);
    world_done(&w);
}

static void the_same_evidence_gives_the_same_bytes(void **state)
{
    struct buf again;
    struct world w;

    (void)state;
    world_init(&w);
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        pieces_put(&w.pieces, (enum evidence_kind)kind, "big-beta", NULL, "");
        pieces_put(&w.pieces, (enum evidence_kind)kind, "other-gamma", NULL, "")->revoked_by =
            SLICE_LITERAL("somebody");
    }
    world_compile(&w);
    buf_init(&again, BLOCK_BYTES_MAX);
    assert_int_equal(pieces_compile(&w.pieces, &again), RESULT_OK);
    assert_true(slice_equal(buf_slice(&w.block), buf_slice(&again)));
    buf_done(&again);
    world_done(&w);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    struct world w;

    (void)state;
    world_init(&w);
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        pieces_put(&w.pieces, (enum evidence_kind)kind, "big-beta", NULL, "")->revoked_by =
            SLICE_LITERAL("somebody");
    for (size_t bound = 0; result == RESULT_NO_MEMORY; bound += 16) {
        struct arena small;

        arena_init(&small, NULL, 0, bound);
        buf_clear(&w.block);
        result = policy_compile(w.documents.document,
                                &(struct policy_compile_input){.version = 1,
                                                               .pieces = w.pieces.items,
                                                               .pieces_count = w.pieces.count,
                                                               .arena = &small},
                                &w.block);
        arena_done(&small);
    }
    assert_int_equal(result, RESULT_OK);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_knows_every_piece_that_speaks_of_it),
        cmocka_unit_test(a_piece_is_compiled_with_all_that_a_gate_asks),
        cmocka_unit_test(what_counts_stands_first_and_the_newest_before_the_older),
        cmocka_unit_test(a_piece_that_a_newer_one_outlives_takes_no_place),
        cmocka_unit_test(a_piece_of_another_scope_or_a_longer_life_stays),
        cmocka_unit_test(a_route_keeps_sixteen_pieces_of_a_kind),
        cmocka_unit_test(every_role_has_places_of_its_own),
        cmocka_unit_test(a_check_that_failed_since_takes_the_place_of_one_that_passed),
        cmocka_unit_test(a_failure_that_does_not_stand_takes_no_place),
        cmocka_unit_test(a_piece_of_another_workload_or_environment_counts_for_nothing),
        cmocka_unit_test(a_comparison_is_with_a_route_of_the_primary_entry),
        cmocka_unit_test(routes_of_one_entry_are_judged_each_by_itself),
        cmocka_unit_test(the_same_evidence_gives_the_same_bytes),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
