/* Evidence that compares a route with the primary: it counts while the primary is the one that was
 * compared, and both sides are as they were. */
#include "evidence_fixture.h"

static void any_change_of_the_primary_voids_what_compares_with_it(void **state)
{
    (void)state;
    for (unsigned field = 1; field < BINDING_END; field++) {
        bool bound = set_has(evidence_kind_bindings(EVIDENCE_KIND_PARITY), field);
        struct evidence_fixture f;
        char wanted[64];

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
        for (unsigned i = 0; i < f.piece.bindings.count; i++)
            if (f.bound[i].field == (enum binding)field && f.bound[i].of_primary)
                f.bound[i].value = SLICE_LITERAL("before");
        assert_true(evidence_fixture_judge(&f));
        assert_int_equal(f.state, bound ? EVIDENCE_STATE_VOIDED : EVIDENCE_STATE_HELD);
        snprintf(wanted, sizeof wanted, "primary.%s: before -> ",
                 signalbox_binding_name((enum binding)field));
        if (bound)
            assert_memory_equal(f.detail.ptr, wanted, strlen(wanted));
        evidence_fixture_done(&f);
    }
}

static void each_side_is_compared_with_its_own_values(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    f.primary.service_tier = SLICE_LITERAL("flex");
    evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
    assert_judged(&f, EVIDENCE_STATE_HELD, "");
    f.primary.service_tier = SLICE_LITERAL("priority");
    assert_judged(&f, EVIDENCE_STATE_VOIDED, "primary.service_tier: flex -> priority");
    f.primary.service_tier = SLICE_LITERAL("flex");
    f.route.service_tier = SLICE_LITERAL("flex");
    assert_judged(&f, EVIDENCE_STATE_VOIDED, "service_tier: priority -> flex");
    evidence_fixture_done(&f);
}

static void a_comparison_with_another_primary_does_not_count(void **state)
{
    struct catalog_route more[ENTRY_ROUTES_MAX];
    struct evidence_use use = {.primaries_count = 0};
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
    f.primary.id = SLICE_LITERAL("new");
    assert_judged(&f, EVIDENCE_STATE_OTHER_PRIMARY, "primary, not new");
    /* Nor does it with a policy that is served by several, unless it is one of them. */
    use = (struct evidence_use){.route = &f.route, .author = &f.author};
    for (unsigned i = 0; i < ENTRY_ROUTES_MAX; i++) {
        more[i] = f.primary;
        more[i].id = arena_format(&f.arena, "new-%u", i);
        use.primaries[use.primaries_count++] = &more[i];
    }
    assert_true(evidence_judge(&f.piece, &use, &f.arena, &f.state, &f.detail));
    assert_int_equal(f.state, EVIDENCE_STATE_OTHER_PRIMARY);
    assert_memory_equal(f.detail.ptr, "primary, not new-0 or new-1 or ", 31);
    more[ENTRY_ROUTES_MAX - 1].id = SLICE_LITERAL("primary");
    assert_true(evidence_judge(&f.piece, &use, &f.arena, &f.state, &f.detail));
    assert_int_equal(f.state, EVIDENCE_STATE_HELD);
    evidence_fixture_done(&f);
}

static void which_the_primary_is_does_not_matter_to_other_kinds(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct evidence_fixture f;

        evidence_fixture_init(&f);
        evidence_fixture_put(&f, (enum evidence_kind)kind);
        f.primary.id = SLICE_LITERAL("new");
        assert_true(evidence_fixture_judge(&f));
        assert_int_equal(f.state, kind == EVIDENCE_KIND_PARITY ? EVIDENCE_STATE_OTHER_PRIMARY
                                                               : EVIDENCE_STATE_HELD);
        evidence_fixture_done(&f);
    }
}

static void a_comparison_that_does_not_say_with_what_is_void(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    evidence_fixture_put(&f, EVIDENCE_KIND_PARITY);
    f.evidence.primary = SLICE_LITERAL("");
    assert_judged(&f, EVIDENCE_STATE_VOIDED, "primary: not kept with the piece -> put it again");
    f.evidence.primary = f.primary.id;
    f.piece.bindings.count /= 2; /* only the route's own */
    assert_judged(&f, EVIDENCE_STATE_VOIDED,
                  "primary.provider_model: not kept with the piece -> put it again");
    evidence_fixture_done(&f);
}

static void the_name_of_a_bound_field_tells_the_side(void **state)
{
    static const char *const bad[] = {"",          "primary.",          "primary",
                                      "primary.x", "primary.primary.x", "primaryendpoint",
                                      ".endpoint"};

    (void)state;
    for (unsigned field = 1; field < BINDING_END; field++)
        for (unsigned side = 0; side < 2; side++) {
            struct evidence_bound bound = {.field = (enum binding)field, .of_primary = side};
            char memory[EVIDENCE_BOUND_NAME_BYTES_MAX];
            struct evidence_bound again = {.of_primary = !side};
            struct slice name = evidence_bound_name(&bound, memory);

            assert_true(name.len > 0);
            assert_true(evidence_bound_parse(name, &again));
            assert_int_equal(again.field, field);
            assert_int_equal(again.of_primary, side);
        }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct evidence_bound again = {.of_primary = false};

        if (evidence_bound_parse(slice_of(bad[i]), &again))
            fail_msg("%s is taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_change_of_the_primary_voids_what_compares_with_it),
        cmocka_unit_test(each_side_is_compared_with_its_own_values),
        cmocka_unit_test(a_comparison_with_another_primary_does_not_count),
        cmocka_unit_test(which_the_primary_is_does_not_matter_to_other_kinds),
        cmocka_unit_test(a_comparison_that_does_not_say_with_what_is_void),
        cmocka_unit_test(the_name_of_a_bound_field_tells_the_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
