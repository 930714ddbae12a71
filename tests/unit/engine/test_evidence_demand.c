/* What a fallback has to show: the table by itself, and that whoever asks gets the same answer, be
 * it of a document, of a compiled policy or of a suggestion. */
#include "engine/evidence_demand.h"
#include "engine/gate.h"
#include "engine/suggest.h"
#include "policy_pieces.h"

#define BLOCK_BYTES_MAX (1024 * 1024)
#define K(KIND)         SET_OF(EVIDENCE_KIND_##KIND)

static void a_tier_demands_what_that_kind_of_change_needs(void **state)
{
    const uint64_t roles =
        SET_OF(SIGN_OFF_PRODUCT) | SET_OF(SIGN_OFF_ENGINEERING) | SET_OF(SIGN_OFF_POLICY);
    const struct {
        enum tier tier;
        uint64_t kinds, with_tools, sign_offs;
    } rows[] = {
        {TIER_SAME_MODEL, K(PARITY), 0, 0},
        {TIER_SAME_FAMILY, K(PARITY) | K(EVAL), K(TOOL_CONTRACT), 0},
        {TIER_DIFFERENT_FAMILY, K(PARITY) | K(EVAL) | K(SIGN_OFF), K(TOOL_CONTRACT), roles},
        {TIER_UNSPECIFIED, 0, 0, 0},
        {TIER_PRIMARY, 0, 0, 0},
        {TIER_QUEUE, 0, 0, 0},
        {TIER_DEFAULT_RESPONSE, 0, 0, 0},
        {TIER_END, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(evidence_demand_of_tier(rows[i].tier), rows[i].kinds);
        assert_int_equal(evidence_demand_of_tools(rows[i].tier), rows[i].with_tools);
        assert_int_equal(evidence_demand_sign_offs(rows[i].tier), rows[i].sign_offs);
    }
}

static void each_part_of_a_place_demands_its_own(void **state)
{
    const struct evidence_place home = {SLICE_LITERAL("p"), SLICE_LITERAL("a"), SLICE_LITERAL("r"),
                                        SLICE_LITERAL("o"), SLICE_LITERAL("s"), SLICE_LITERAL("q")};
    static const struct {
        size_t offset;
        uint64_t demands;
    } rows[] = {
        {offsetof(struct evidence_place, provider), K(BOUNDARY_APPROVAL)},
        {offsetof(struct evidence_place, account), K(BOUNDARY_APPROVAL) | K(QUOTA_OWNER)},
        {offsetof(struct evidence_place, region), K(BOUNDARY_APPROVAL)},
        {offsetof(struct evidence_place, account_owner), K(ACCOUNT_OWNER_APPROVAL)},
        {offsetof(struct evidence_place, spend_owner), K(ACCOUNT_OWNER_APPROVAL)},
        {offsetof(struct evidence_place, quota_owner), K(ACCOUNT_OWNER_APPROVAL)},
    };

    (void)state;
    assert_int_equal(evidence_demand_of_place(&home, &home), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence_place there = home;

        memcpy((char *)&there + rows[i].offset, &SLICE_LITERAL("x"), sizeof(struct slice));
        assert_int_equal(evidence_demand_of_place(&home, &there), rows[i].demands);
        there = home; /* nobody named is another one than somebody */
        memcpy((char *)&there + rows[i].offset, &SLICE_LITERAL(""), sizeof(struct slice));
        assert_int_equal(evidence_demand_of_place(&home, &there), rows[i].demands);
    }
}

#define ENTRY(route) "{'route':'" route "','allowed_reasons':['timeout']}"
#define POLICY                                                                                     \
    TEXTS_POLICY(",'fallback_routes':[" ENTRY("big-beta") "," ENTRY("big-alpha-us") "," ENTRY(     \
        "big-team") "," ENTRY("small-alpha") "," ENTRY("small-beta") "," ENTRY("other-gamma") "]")

static struct gate_input
ask_gates(struct engine_input *question, const struct policy *policy, unsigned entry)
{
    struct gate_input input;

    question->policy = policy;
    gate_input_init(&input, question, entry, policy_entry(policy, entry)->route, NULL);
    return input;
}

static void gates_demand_what_the_document_said(void **state)
{
    const struct facts facts = {.needs = 0}, with_tools = {.needs = SET_OF(NEED_TOOLS)};
    const struct chain chain = {.attempts_count = 0};
    const struct view view = {.pin = 0};
    struct engine_input question = {.view = &view, .chain = &chain};
    const struct policy *policy;
    struct pieces pieces;
    struct documents d;
    struct buf block;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, POLICY);
    pieces = (struct pieces){.documents = &d};
    buf_init(&block, BLOCK_BYTES_MAX);
    assert_int_equal(pieces_compile(&pieces, &block), RESULT_OK);
    policy = policy_view(block.ptr, block.len);
    assert_non_null(policy);
    for (unsigned i = 0; i < policy->entries.len; i++) {
        enum tier tier = (enum tier)policy_entry(policy, i)->tier;
        uint64_t of_tools = evidence_demand_of_tools(tier);
        struct gate_input input;

        question.facts = &with_tools;
        input = ask_gates(&question, policy, i);
        assert_int_equal(gate_demands(&input), policy_demands(d.document, i));
        assert_int_equal(gate_demanded_sign_offs(&input), policy_sign_offs(d.document, i));
        question.facts = &facts;
        input = ask_gates(&question, policy, i);
        assert_int_equal(gate_demands(&input), policy_demands(d.document, i) & ~of_tools);
    }
    buf_done(&block);
    documents_done(&d);
}

/* The number of entries whose route is suggested with the entry's own demands. */
static unsigned
count_alike(const struct policy_document *document, const struct suggestion *made, unsigned count)
{
    unsigned alike = 0;

    for (unsigned i = 1; i < document->entries_count; i++)
        for (unsigned k = 0; k < count; k++)
            if (made[k].route == document->entries[i].routes[0].resolved) {
                assert_int_equal(made[k].tier, document->entries[i].tier);
                assert_int_equal(made[k].evidence, policy_demands(document, i));
                alike++;
            }
    return alike;
}

static void suggestions_name_what_the_document_would_need(void **state)
{
    static const enum need tools[] = {NEED_TOOLS, NEED_PARALLEL_TOOLS, NEED_FORCED_TOOL_CHOICE};
    struct suggest_question question = {.needs = 0};
    struct suggestion *made;
    unsigned count;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, POLICY);
    question.primary = d.document->entries[0].routes[0].resolved;
    for (size_t tool = 0; tool < sizeof tools / sizeof *tools; tool++) {
        question.needs = SET_OF(tools[tool]);
        assert_int_equal(suggest_routes(d.catalog, &question, &d.arena, &made, &count), RESULT_OK);
        assert_int_equal(count_alike(d.document, made, count), d.document->entries_count - 1);
    }
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tier_demands_what_that_kind_of_change_needs),
        cmocka_unit_test(each_part_of_a_place_demands_its_own),
        cmocka_unit_test(gates_demand_what_the_document_said),
        cmocka_unit_test(suggestions_name_what_the_document_would_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
