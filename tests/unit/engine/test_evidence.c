/* Where a piece stands for a route: every state with what is wrong, what a piece does not speak of,
 * which changes of the catalog void which kinds, and which question comes first. */
#include "base/utf8.h"
#include "evidence_fixture.h"

static void kinds_know_their_gate_their_subject_and_their_bindings(void **state)
{
    static const struct {
        enum evidence_kind kind;
        enum gate gate;
        bool of_route;
    } rows[] = {
        {EVIDENCE_KIND_EVAL, GATE_QUALITY, false},
        {EVIDENCE_KIND_TOOL_CONTRACT, GATE_TOOLS, false},
        {EVIDENCE_KIND_PARITY, GATE_QUALITY, true},
        {EVIDENCE_KIND_COST_OWNER, GATE_COST, true},
        {EVIDENCE_KIND_QUOTA_OWNER, GATE_COST, true},
        {EVIDENCE_KIND_BOUNDARY_APPROVAL, GATE_BOUNDARY, true},
        {EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL, GATE_COST, true},
        {EVIDENCE_KIND_SIGN_OFF, GATE_QUALITY, false},
    };

    (void)state;
    assert_int_equal(sizeof rows / sizeof *rows, EVIDENCE_KIND_END - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(evidence_kind_gate(rows[i].kind), rows[i].gate);
        assert_int_equal(evidence_kind_of_route(rows[i].kind), rows[i].of_route);
        assert_int_not_equal(evidence_kind_bindings(rows[i].kind), 0);
        assert_int_equal(evidence_kind_compares(rows[i].kind),
                         rows[i].kind == EVIDENCE_KIND_PARITY);
    }
    assert_int_equal(evidence_kind_bindings(EVIDENCE_KIND_UNSPECIFIED), 0);
    assert_int_equal(evidence_kind_bindings(EVIDENCE_KIND_END), 0);
    assert_int_equal(evidence_kind_gate(EVIDENCE_KIND_END), GATE_UNSPECIFIED);
}

static void a_good_piece_of_every_kind_is_held(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, (enum evidence_kind)kind);
        assert_judged(&f, EVIDENCE_STATE_HELD, "");
        evidence_fixture_done(&f);
    }
}

static void a_piece_speaks_of_its_route_or_of_its_model_wherever_it_is(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        bool of_route = evidence_kind_of_route((enum evidence_kind)kind);
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, (enum evidence_kind)kind);
        f.route.id = SLICE_LITERAL("route-2");
        assert_int_equal(evidence_fixture_judge(&f), !of_route);
        f.route.id = SLICE_LITERAL("route");
        f.model.id = SLICE_LITERAL("model-2");
        assert_int_equal(evidence_fixture_judge(&f), of_route);
        evidence_fixture_done(&f);
    }
}

static void a_piece_of_an_unknown_kind_speaks_of_nothing(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_EVAL);
    f.evidence.kind = EVIDENCE_KIND_END;
    assert_false(evidence_fixture_judge(&f));
    f.evidence.kind = EVIDENCE_KIND_UNSPECIFIED;
    assert_false(evidence_fixture_judge(&f));
    evidence_fixture_done(&f);
}

static void any_change_of_a_bound_field_voids_and_no_other_does(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        for (unsigned field = 1; field < BINDING_END; field++) {
            bool bound = set_has(evidence_kind_bindings((enum evidence_kind)kind), field);
            struct evidence_fixture f;
            char wanted[64];

            evidence_fixture_init(&f);
            evidence_fixture_put(&f, (enum evidence_kind)kind);
            for (unsigned i = 0; i < f.piece.bindings.count; i++)
                if (f.bound[i].field == (enum binding)field && !f.bound[i].of_primary)
                    f.bound[i].value = SLICE_LITERAL("before");
            assert_true(evidence_fixture_judge(&f));
            assert_int_equal(f.state, bound ? EVIDENCE_STATE_VOIDED : EVIDENCE_STATE_HELD);
            snprintf(wanted, sizeof wanted, "%s: before -> ",
                     signalbox_binding_name((enum binding)field));
            if (bound)
                assert_memory_equal(f.detail.ptr, wanted, strlen(wanted));
            evidence_fixture_done(&f);
        }
}

static void a_price_change_voids_cost_evidence_only(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        f.route.price_steps_count = f.route.extra_units_count = 0;
        evidence_fixture_put(&f, (enum evidence_kind)kind);
        f.route.price_pusd[UNIT_INPUT_TOKEN] = 3000000;
        if (kind == EVIDENCE_KIND_COST_OWNER)
            assert_judged(&f, EVIDENCE_STATE_VOIDED,
                          "prices: input 2.5, output 10, image 0.04, discount_percent 12.5, "
                          "markup_percent 3.05 -> input 3, output 10, image 0.04, "
                          "discount_percent 12.5, markup_percent 3.05");
        else
            assert_judged(&f, EVIDENCE_STATE_HELD, "");
        evidence_fixture_done(&f);
    }
}

static void a_binding_that_the_piece_lacks_voids_it(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_QUOTA_OWNER);
    f.piece.bindings.count--;
    assert_judged(&f, EVIDENCE_STATE_VOIDED,
                  "quota_owner: not kept with the piece -> put it again");
    evidence_fixture_done(&f);
}

static void a_binding_that_the_kind_no_longer_has_does_not_matter(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_SIGN_OFF);
    f.bound[f.piece.bindings.count++] =
        (struct evidence_bound){.field = BINDING_REGION, .value = SLICE_LITERAL("elsewhere")};
    assert_judged(&f, EVIDENCE_STATE_HELD, "");
    evidence_fixture_done(&f);
}

static void take_back(struct evidence_fixture *f)
{
    f->piece.revoked_by = SLICE_LITERAL("key-9");
}

static void fail_the_check(struct evidence_fixture *f)
{
    f->evidence.passed = false;
    f->evidence.facts.pass_rate_bp = 9005;
    f->evidence.facts.baseline_rate_bp = 9700;
}

static void leave_unreviewed(struct evidence_fixture *f)
{
    f->evidence.reviewed_by = SLICE_LITERAL("");
}

static void publish_with_the_same_key(struct evidence_fixture *f)
{
    f->author.key_id = f->piece.put_by;
}

static void narrow_to_another_model(struct evidence_fixture *f)
{
    static const struct slice models[] = {{"x", 1}, {"y", 1}};

    f->evidence.models = (struct texts){models, 2};
}

static void put_another_primary_first(struct evidence_fixture *f)
{
    f->primary.id = SLICE_LITERAL("new");
}

static void change_the_primary(struct evidence_fixture *f)
{
    f->primary.provider_model = SLICE_LITERAL("model-2027");
}

static void change_the_name(struct evidence_fixture *f)
{
    f->route.provider_model = SLICE_LITERAL("model-2028");
}

/* Each row spoils one thing of a parity check; they stand in the order of precedence. */
static const struct {
    void (*spoil)(struct evidence_fixture *f);
    enum evidence_state state;
    const char *detail;
} spoils[] = {
    {take_back, EVIDENCE_STATE_REVOKED, "key-9"},
    {narrow_to_another_model, EVIDENCE_STATE_OTHER_MODEL, "model"},
    {put_another_primary_first, EVIDENCE_STATE_OTHER_PRIMARY, "primary, not new"},
    {change_the_primary, EVIDENCE_STATE_VOIDED, "primary.provider_model: model-2026 -> model-2027"},
    {change_the_name, EVIDENCE_STATE_VOIDED, "provider_model: model-2026 -> model-2028"},
    {fail_the_check, EVIDENCE_STATE_FAILED, "passed is false"},
    {leave_unreviewed, EVIDENCE_STATE_NOT_REVIEWED, "reviewed_by is missing"},
    {publish_with_the_same_key, EVIDENCE_STATE_APPROVER_IS_AUTHOR, "key-put"},
};

#define SPOILS (sizeof spoils / sizeof *spoils)

static void the_first_thing_that_is_wrong_is_told(void **state)
{
    (void)state;
    for (unsigned set = 1; set < 1u << SPOILS; set++) {
        struct evidence_fixture f;
        unsigned first = 0;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
        for (unsigned i = 0; i < SPOILS; i++)
            if (set_has(set, i))
                spoils[i].spoil(&f);
        while (!set_has(set, first))
            first++;
        assert_judged(&f, spoils[first].state, spoils[first].detail);
        evidence_fixture_done(&f);
    }
}

static void only_checks_have_to_be_reviewed(void **state)
{
    const uint64_t checks = SET_OF(EVIDENCE_KIND_EVAL) | SET_OF(EVIDENCE_KIND_TOOL_CONTRACT) |
                            SET_OF(EVIDENCE_KIND_PARITY);

    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, (enum evidence_kind)kind);
        leave_unreviewed(&f);
        assert_true(evidence_fixture_judge(&f));
        assert_int_equal(f.state,
                         set_has(checks, kind) ? EVIDENCE_STATE_NOT_REVIEWED : EVIDENCE_STATE_HELD);
        evidence_fixture_done(&f);
    }
}

static void an_approver_is_somebody_else_than_the_author(void **state)
{
    static const struct {
        const char *put_by, *put_by_user, *key_id, *user;
        enum evidence_state state;
    } rows[] = {
        {"k1", "ann", "k2", "bob", EVIDENCE_STATE_HELD},
        {"k1", "", "k2", "", EVIDENCE_STATE_HELD},
        {"k1", "ann", "k2", "", EVIDENCE_STATE_HELD},
        {"k1", "", "k2", "ann", EVIDENCE_STATE_HELD},
        {"k1", "ann", "k1", "bob", EVIDENCE_STATE_APPROVER_IS_AUTHOR},
        {"k1", "ann", "k2", "ann", EVIDENCE_STATE_APPROVER_IS_AUTHOR},
        {"k1", "", "k1", "", EVIDENCE_STATE_APPROVER_IS_AUTHOR},
        {"", "", "", "", EVIDENCE_STATE_APPROVER_IS_AUTHOR},
        {"k1", "", "", "", EVIDENCE_STATE_HELD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, EVIDENCE_KIND_SIGN_OFF);
        f.piece.put_by = slice_of(rows[i].put_by);
        f.piece.put_by_user = slice_of(rows[i].put_by_user);
        f.author = (struct evidence_author){slice_of(rows[i].key_id), slice_of(rows[i].user)};
        assert_true(evidence_fixture_judge(&f));
        if (f.state != rows[i].state)
            fail_msg("row %zu: %s", i, signalbox_evidence_state_name(f.state));
        evidence_fixture_done(&f);
    }
}

/* By any kind that somebody put a reviewer's name to. */
static void a_reviewer_is_somebody_else_than_the_author(void **state)
{
    static const char *const reviewers[] = {"bob", "key-pub"};

    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        for (size_t i = 0; i < sizeof reviewers / sizeof *reviewers; i++) {
            struct evidence_fixture f;

            evidence_fixture_init(&f);
            evidence_fixture_put(&f, (enum evidence_kind)kind);
            f.evidence.reviewed_by = slice_of(reviewers[i]);
            assert_judged(&f, EVIDENCE_STATE_APPROVER_IS_AUTHOR, reviewers[i]);
            evidence_fixture_done(&f);
        }
}

static void a_reviewer_may_be_the_owner(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_EVAL);
    f.evidence.reviewed_by = f.evidence.owner;
    assert_judged(&f, EVIDENCE_STATE_HELD, "");
    evidence_fixture_done(&f);
}

static void a_scope_that_names_the_model_lets_it_count(void **state)
{
    static const struct slice models[] = {{"x", 1}, {"model", 5}};
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
    f.evidence.models = (struct texts){models, 2};
    assert_judged(&f, EVIDENCE_STATE_HELD, "");
    evidence_fixture_done(&f);
}

static void a_failed_evaluation_tells_its_rates(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_EVAL);
    fail_the_check(&f);
    assert_judged(&f, EVIDENCE_STATE_FAILED, "pass rate 90.05 %, baseline 97.00 %");
    evidence_fixture_done(&f);
}

static void a_failed_check_that_has_no_rate_says_so_in_words(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_TOOL_CONTRACT);
    f.evidence.passed = false;
    assert_judged(&f, EVIDENCE_STATE_FAILED, "passed is false");
    evidence_fixture_done(&f);
}

/* Values of any length give a detail that is bounded, whole characters, and shows the difference.
 */
static void a_long_change_is_shown_from_where_it_differs(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_COST_OWNER);
    f.extra_units[0].price_pusd = UINT64_C(20000000000);
    assert_judged(&f, EVIDENCE_STATE_VOIDED,
                  "prices: ...extra web_search 0.01, discount_percent 12.5, markup_percent 3.05 -> "
                  "...extra web_search 0.02, discount_percent 12.5, markup_percent 3.05");
    evidence_fixture_done(&f);
}

static void a_detail_is_cut_at_a_whole_character(void **state)
{
    static const char euro[3] = {'\xE2', '\x82', '\xAC'};
    char before[3 * 100], after[3 * 100 + 1];
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_SIGN_OFF);
    for (unsigned i = 0; i < 100; i++) {
        memcpy(before + (size_t)3 * i, euro, sizeof euro);
        memcpy(after + 1 + (size_t)3 * i, euro, sizeof euro);
    }
    after[0] = 'x';
    f.bound[0].value = (struct slice){before, 300};
    f.model.family = (struct slice){after, 301};
    assert_true(evidence_fixture_judge(&f));
    assert_int_equal(f.state, EVIDENCE_STATE_VOIDED);
    assert_true(f.detail.len < 256);
    assert_true(utf8_valid(f.detail));
    f.bound[0].value = SLICE_LITERAL("");
    f.model.family = SLICE_LITERAL("kin");
    assert_judged(&f, EVIDENCE_STATE_VOIDED, "model_family: nothing -> kin");
    evidence_fixture_done(&f);
}

/* With every bound of memory the piece is held or it is not, and never held when it should not. */
static void without_memory_a_piece_does_not_become_good(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 512; bytes += 16) {
        struct evidence_fixture f;
        struct arena arena;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, EVIDENCE_KIND_EVAL);
        f.model.version = SLICE_LITERAL("other");
        arena_init(&arena, NULL, 0, bytes);
        assert_true(evidence_judge(&f.piece,
                                   &(struct evidence_use){.route = &f.route, .author = &f.author},
                                   &arena, &f.state, &f.detail));
        assert_int_equal(f.state, EVIDENCE_STATE_VOIDED);
        assert_int_equal(arena.failed, f.detail.len == 0);
        arena_done(&arena);
        evidence_fixture_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_know_their_gate_their_subject_and_their_bindings),
        cmocka_unit_test(a_good_piece_of_every_kind_is_held),
        cmocka_unit_test(a_piece_speaks_of_its_route_or_of_its_model_wherever_it_is),
        cmocka_unit_test(a_piece_of_an_unknown_kind_speaks_of_nothing),
        cmocka_unit_test(any_change_of_a_bound_field_voids_and_no_other_does),
        cmocka_unit_test(a_price_change_voids_cost_evidence_only),
        cmocka_unit_test(a_binding_that_the_piece_lacks_voids_it),
        cmocka_unit_test(a_binding_that_the_kind_no_longer_has_does_not_matter),
        cmocka_unit_test(the_first_thing_that_is_wrong_is_told),
        cmocka_unit_test(only_checks_have_to_be_reviewed),
        cmocka_unit_test(an_approver_is_somebody_else_than_the_author),
        cmocka_unit_test(a_reviewer_is_somebody_else_than_the_author),
        cmocka_unit_test(a_reviewer_may_be_the_owner),
        cmocka_unit_test(a_scope_that_names_the_model_lets_it_count),
        cmocka_unit_test(a_failed_evaluation_tells_its_rates),
        cmocka_unit_test(a_failed_check_that_has_no_rate_says_so_in_words),
        cmocka_unit_test(a_long_change_is_shown_from_where_it_differs),
        cmocka_unit_test(a_detail_is_cut_at_a_whole_character),
        cmocka_unit_test(without_memory_a_piece_does_not_become_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
