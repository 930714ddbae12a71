/* The document that is made of what is missing: exactly that, and of no use until it is filled in.
 */
#include "base/json.h"
#include "checklist_fixture.h"
#include "ctl/missing.h"

#define UNKNOWN "unknown-route"

/* Routes share evidence about their model when they have the same first letter. */
static const char *kin_of(void *context, const char *route)
{
    (void)context;
    return strcmp(route, UNKNOWN) == 0 ? NULL : arena_format(&arena, "%.1s", route).ptr;
}

static bool find(const Signalbox__V1__ChecklistResponse *list, struct missing *ret_missing)
{
    const struct missing_source source = {.list = list, .find_kin = kin_of};

    return missing_find(&source, &arena, ret_missing);
}

static const char wanted[] =
    "{\n"
    "  \"evidence\": [\n"
    "    {\n"
    "      \"kind\": \"parity\",\n"
    "      \"workflow\": \"support-chat\",\n"
    "      \"environment\": \"production\",\n"
    "      \"route\": \"small-at-b\",\n"
    "      \"primary\": \"small-at-a\",\n"
    "      \"owner\": \"\",\n"
    "      \"reviewed_by\": \"\",\n"
    "      \"passed\": null,\n"
    "      \"checks\": [\"endpoint\", \"parameters\", \"quota\", \"cost\", \"log_fi"
    "elds\"],\n"
    "      \"expires\": \"YYYY-MM-DD\"\n"
    "    },\n"
    "    {\n"
    "      \"kind\": \"eval\",\n"
    "      \"workflow\": \"support-chat\",\n"
    "      \"environment\": \"production\",\n"
    "      \"route\": \"small-at-b\",\n"
    "      \"owner\": \"\",\n"
    "      \"reviewed_by\": \"\",\n"
    "      \"passed\": null,\n"
    "      \"eval_set\": \"\",\n"
    "      \"samples\": null,\n"
    "      \"pass_rate_percent\": null,\n"
    "      \"baseline_percent\": null,\n"
    "      \"regression_budget_percent\": null,\n"
    "      \"covers_sensitivity\": [\"legal\", \"write_tools\"],\n"
    "      \"expires\": \"YYYY-MM-DD\"\n"
    "    },\n"
    "    {\n"
    "      \"kind\": \"sign_off\",\n"
    "      \"workflow\": \"support-chat\",\n"
    "      \"environment\": \"production\",\n"
    "      \"route\": \"small-at-b\",\n"
    "      \"role\": \"product\",\n"
    "      \"owner\": \"\",\n"
    "      \"expires\": \"YYYY-MM-DD\"\n"
    "    },\n"
    "    {\n"
    "      \"kind\": \"sign_off\",\n"
    "      \"workflow\": \"support-chat\",\n"
    "      \"environment\": \"production\",\n"
    "      \"route\": \"small-at-b\",\n"
    "      \"role\": \"policy\",\n"
    "      \"owner\": \"\",\n"
    "      \"expires\": \"YYYY-MM-DD\"\n"
    "    },\n"
    "    {\n"
    "      \"kind\": \"tool_contract\",\n"
    "      \"workflow\": \"support-chat\",\n"
    "      \"environment\": \"production\",\n"
    "      \"route\": \"small-at-b\",\n"
    "      \"owner\": \"\",\n"
    "      \"reviewed_by\": \"\",\n"
    "      \"passed\": null,\n"
    "      \"checks\": [\"full_loop\", \"arguments\", \"replay_safety\"],\n"
    "      \"covers\": [\"serial_tool_calls\"],\n"
    "      \"expires\": \"YYYY-MM-DD\"\n"
    "    }\n"
    "  ]\n"
    "}\n";

static void asks_for_exactly_what_blocks(void **state)
{
    static const struct row rows[] = {
        {QUALITY, "parity", NULL, BLOCK, NULL, NULL, "none", "parity", "o", NULL, 0, 0},
        {QUALITY, "eval", NULL, BLOCK, NULL, NULL, "expired", "eval", "o", "ev-1", -9, -1},
        {QUALITY, "sign_off", NULL, BLOCK, NULL, NULL, "engineering",
         "product, engineering, policy", "o", NULL, 0, 0},
        {QUALITY, "sensitivity", NULL, BLOCK, NULL, NULL, "", "legal, write_tools", NULL, NULL, 0,
         0},
        {COST, "cost_owner", NULL, PASS, NULL, NULL, "ev-2", NULL, "o", "ev-2", -1, 9},
        {TOOLS, "tool_contract", NULL, BLOCK, NULL, NULL, "none", NULL, "o", NULL, 0, 0},
        {TOOLS, "serial_tool_calls", NULL, BLOCK, NULL, NULL, "serial", NULL, NULL, NULL, 0, 0},
        {BOUNDARY, "boundary_approval", NULL, SKIP, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(0, SIGNALBOX__V1__TIER__TIER_PRIMARY, "small-at-a", NULL, 0),
        entry_of(1, SIGNALBOX__V1__TIER__TIER_DIFFERENT_FAMILY, "small-at-b", rows,
                 sizeof rows / sizeof *rows),
        NULL};
    Signalbox__V1__ChecklistResponse *list = list_of(entries);
    struct missing missing;

    (void)state;
    assert_true(find(list, &missing));
    assert_int_equal(missing.notes_count, 0);
    missing_write(&missing, list, &out);
    assert_out(wanted);
}

static void what_no_evidence_can_cure_is_said_apart(void **state)
{
    static const struct row rows[] = {
        {COST, "owners", NULL, BLOCK, NULL, NULL, "nobody", "a spend owner", NULL, NULL, 0, 0},
    };
    static const struct row queue[] = {
        {LIVE, "switch", "", BLOCK, NULL, NULL, "an operator", "on", NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_MODEL, "b-1", rows, 1),
        entry_of(2, SIGNALBOX__V1__TIER__TIER_QUEUE, "", queue, 1), NULL};
    Signalbox__V1__ChecklistResponse *list = list_of(entries);
    struct missing missing;

    (void)state;
    assert_true(find(list, &missing));
    assert_int_equal(missing.notes_count, 2);
    assert_string_equal(missing.notes[0], "entry 1, b-1: cost/owners: found nobody, needed a spend "
                                          "owner: no evidence can cure this");
    assert_string_equal(missing.notes[1], "entry 2: switch: found an operator, needed on: no "
                                          "evidence can cure this");
    missing_write(&missing, list, &out);
    assert_out("{\n  \"evidence\": []\n}\n");
}

static void an_author_is_told_to_ask_somebody_else(void **state)
{
    static const struct row rows[] = {
        {COST, "quota_owner", NULL, BLOCK, NULL, NULL, "approver_is_author", "evidence", NULL,
         "ev-1", -1, 9},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_MODEL, "b-1", rows, 1), NULL};
    struct missing missing;

    (void)state;
    assert_true(find(list_of(entries), &missing));
    assert_int_equal(missing.notes_count, 1);
    assert_non_null(strstr(missing.notes[0], ": put it with another key than the one that "));
    assert_non_null(missing.first);
}

static unsigned pieces_in(struct missing *missing, const Signalbox__V1__ChecklistResponse *list)
{
    struct json_node *root;
    struct json_error error;

    missing_write(missing, list, &out);
    assert_int_equal(json_parse(buf_slice(&out), &arena, &root, &error), RESULT_OK);
    buf_clear(&out);
    return json_member(root, "evidence")->count;
}

static void routes_of_one_model_share_what_speaks_of_the_model(void **state)
{
    static const struct row rows[] = {
        {QUALITY, "eval", "b-1", BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {QUALITY, "parity", "b-1", BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {QUALITY, "eval", "b-2", BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {QUALITY, "parity", "b-2", BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    static const struct row other[] = {
        {QUALITY, "eval", NULL, BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {QUALITY, "sign_off", NULL, BLOCK, NULL, NULL, "?", "?", NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_FAMILY, "b-1", rows, 4),
        entry_of(2, SIGNALBOX__V1__TIER__TIER_SAME_FAMILY, "c-1", other, 2), NULL};
    Signalbox__V1__ChecklistResponse *list = list_of(entries);
    struct missing missing;

    (void)state;
    assert_true(find(list, &missing));
    /* two evaluations, two parity checks, and one sign-off whose role is not known */
    assert_int_equal(pieces_in(&missing, list), 5);
}

static void a_route_that_cannot_be_looked_up_is_no_guess(void **state)
{
    static const struct row rows[] = {
        {QUALITY, "eval", NULL, BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_FAMILY, UNKNOWN, rows, 1), NULL};
    struct missing missing;

    (void)state;
    assert_false(find(list_of(entries), &missing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asks_for_exactly_what_blocks),
        TEST(what_no_evidence_can_cure_is_said_apart),
        TEST(an_author_is_told_to_ask_somebody_else),
        TEST(routes_of_one_model_share_what_speaks_of_the_model),
        TEST(a_route_that_cannot_be_looked_up_is_no_guess),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
