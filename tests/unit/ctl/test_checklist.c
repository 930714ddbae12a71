/* The checklist as people read it, as a table and to paste into a review. */
#include "checklist_fixture.h"
#include "ctl/checklist.h"

static Signalbox__V1__ChecklistResponse *no_go(void)
{
    static const struct row primary[] = {
        {QUALITY, "quality_class", NULL, PASS, "Good enough.", "A weaker model.", "frontier",
         "balanced", NULL, NULL, 0, 0},
        {QUALITY, "eval", NULL, SKIP, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {QUALITY, "parity", NULL, SKIP, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    static const struct row fallback[] = {
        {QUALITY, "eval", NULL, PASS, "The evaluation passed within the accepted budget.",
         "Facts may differ.", "passed", "passed", "quality-team", "ev-12", -3, 12},
        {COST, "cost_owner", NULL, BLOCK, "Somebody owns the spend.", "Nobody does.", "expired",
         "cost_owner", "fin|ops", "ev-9", -40, -2},
        {LIVE, "switch", NULL, PASS, NULL, NULL, "on", "on", NULL, NULL, 0, 0},
    };
    static const struct row queue[] = {
        {LIVE, "switch", "", PASS, NULL, NULL, "on", "on", NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry **entries = arena_calloc(&arena, 4, sizeof *entries);

    entries[0] = entry_of(0, SIGNALBOX__V1__TIER__TIER_PRIMARY, "main-at-a", primary, 3);
    entries[1] = entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_FAMILY, "small-at-b", fallback, 3);
    entries[2] = entry_of(2, SIGNALBOX__V1__TIER__TIER_QUEUE, "", queue, 1);
    entries[0]->request_nusd = 21400000;
    entries[0]->request_nusd_max = 50000000;
    entries[0]->latency_p95_ms = 1800;
    entries[0]->latency_target_ms = 1500;
    entries[1]->request_nusd = 60000001;
    entries[1]->request_nusd_max = 50000000;
    return list_of(entries);
}

static void the_table_names_what_blocks_and_whom_to_ask(void **state)
{
    (void)state;
    checklist_print(no_go(), &arena, &out);
    assert_out("checklist of support@3 for support-chat in production, catalog 7, 2026-01-02"
               " 03:04 UTC\n"
               "\n"
               "  ENTRY       ROUTE       VERDICT  QUALITY  COST   (LIVE)\n"
               "  primary     main-at-a   GO       pass\n"
               "  fallback 1  small-at-b  NO-GO    pass     BLOCK  pass\n"
               "  fallback 2  queue       GO                       pass\n"
               "\n"
               "primary: main-at-a  GO\n"
               "  largest request: 0.0214 USD; limit 0.05 USD\n"
               "  first output, 95th percentile: 1800 ms; target 1500 ms: OVER\n"
               "\n"
               "  GATE     CHECK          VERDICT  FOUND     NEEDED\n"
               "  quality  quality_class  pass     frontier  balanced\n"
               "  not required: eval, parity\n"
               "\n"
               "fallback 1: small-at-b (same_family)  NO-GO\n"
               "  largest request: 0.060000001 USD; limit 0.05 USD: OVER\n"
               "  first output, 95th percentile: not known; no target\n"
               "\n"
               "  GATE     CHECK       VERDICT  FOUND    NEEDED      EVIDENCE               "
               "         OWNER\n"
               "  quality  eval        pass     passed   passed      ev-12, put 3 days ago, "
               "expires  quality-team\n"
               "                                                     in 12 days\n"
               "  cost     cost_owner  BLOCK    expired  cost_owner  ev-9, put 40 days ago, "
               "EXPIRED  fin|ops\n"
               "                                                     2 days ago\n"
               "  (live)   switch      pass     on       on\n"
               "\n"
               "fallback 2: queue  GO\n"
               "\n"
               "  GATE    CHECK   VERDICT  FOUND  NEEDED\n"
               "  (live)  switch  pass     on     on\n"
               "\n"
               "what the checks ask\n"
               "  CHECK          PASS CONDITION                                     STOP CON"
               "DITION\n"
               "  quality_class  Good enough.                                       A weaker"
               " model.\n"
               "  eval           The evaluation passed within the accepted budget.  Facts ma"
               "y differ.\n"
               "  cost_owner     Somebody owns the spend.                           Nobody d"
               "oes.\n"
               "\n"
               "NO-GO: 1 check does not find what it needs\n"
               "  fallback 1: cost: cost_owner: found expired, needed cost_owner, ask fin|op"
               "s. Nobody does.\n");
}

static void markdown_is_the_same_story(void **state)
{
    (void)state;
    checklist_print_markdown(no_go(), &arena, &out);
    assert_out("# Checklist of support@3\n"
               "\n"
               "For support-chat in production, catalog 7, 2026-01-02 03:04 UTC.\n"
               "\n"
               "| ENTRY | ROUTE | VERDICT | QUALITY | COST | (LIVE) |\n"
               "|---|---|---|---|---|---|\n"
               "| primary | main-at-a | GO | pass |  |  |\n"
               "| fallback 1 | small-at-b | NO-GO | pass | BLOCK | pass |\n"
               "| fallback 2 | queue | GO |  |  | pass |\n"
               "\n"
               "## primary: main-at-a: GO\n"
               "- largest request: 0.0214 USD; limit 0.05 USD\n"
               "- first output, 95th percentile: 1800 ms; target 1500 ms: OVER\n"
               "\n"
               "| GATE | CHECK | VERDICT | FOUND | NEEDED |\n"
               "|---|---|---|---|---|\n"
               "| quality | quality_class | pass | frontier | balanced |\n"
               "\n"
               "Not required: eval, parity.\n"
               "\n"
               "## fallback 1: small-at-b (same_family): NO-GO\n"
               "- largest request: 0.060000001 USD; limit 0.05 USD: OVER\n"
               "- first output, 95th percentile: not known; no target\n"
               "\n"
               "| GATE | CHECK | VERDICT | FOUND | NEEDED | EVIDENCE | OWNER |\n"
               "|---|---|---|---|---|---|---|\n"
               "| quality | eval | pass | passed | passed | ev-12, put 3 days ago, expires i"
               "n 12 days | quality-team |\n"
               "| cost | cost_owner | BLOCK | expired | cost_owner | ev-9, put 40 days ago, "
               "EXPIRED 2 days ago | fin\\|ops |\n"
               "| (live) | switch | pass | on | on |  |  |\n"
               "\n"
               "## fallback 2: queue: GO\n"
               "\n"
               "| GATE | CHECK | VERDICT | FOUND | NEEDED |\n"
               "|---|---|---|---|---|\n"
               "| (live) | switch | pass | on | on |\n"
               "\n"
               "## What the checks ask\n"
               "\n"
               "| CHECK | PASS CONDITION | STOP CONDITION |\n"
               "|---|---|---|\n"
               "| quality_class | Good enough. | A weaker model. |\n"
               "| eval | The evaluation passed within the accepted budget. | Facts may diffe"
               "r. |\n"
               "| cost_owner | Somebody owns the spend. | Nobody does. |\n"
               "\n"
               "## Verdict: NO-GO\n"
               "\n"
               "1 check does not find what it needs:\n"
               "\n"
               "- fallback 1: cost: cost_owner: found expired, needed cost_owner, ask fin\\|"
               "ops. Nobody does.\n");
}

static void a_draft_that_is_go_says_so(void **state)
{
    static const struct row rows[] = {
        {QUALITY, "quality_class", NULL, PASS, "Good.", "Bad.", "frontier", "balanced", NULL, NULL,
         0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(0, SIGNALBOX__V1__TIER__TIER_PRIMARY, "main-at-a", rows, 1), NULL};
    Signalbox__V1__ChecklistResponse *list = list_of(entries);

    (void)state;
    list->version = 0;
    list->policy_id = text("evil\x1b[2J");
    checklist_print(list, &arena, &out);
    assert_out("checklist of evil\xef\xbf\xbd"
               "[2J (draft) for support-chat in production, "
               "catalog 7, 2026-01-02 03:04 UTC\n"
               "\n"
               "  ENTRY    ROUTE      VERDICT  QUALITY\n"
               "  primary  main-at-a  GO       pass\n"
               "\n"
               "primary: main-at-a  GO\n"
               "  largest request: 0 USD; the policy sets no limit\n"
               "  first output, 95th percentile: not known; no target\n"
               "\n"
               "  GATE     CHECK          VERDICT  FOUND     NEEDED\n"
               "  quality  quality_class  pass     frontier  balanced\n"
               "\n"
               "what the checks ask\n"
               "  CHECK          PASS CONDITION  STOP CONDITION\n"
               "  quality_class  Good.           Bad.\n"
               "\n"
               "GO\n");
}

static void equivalent_routes_have_a_column_of_their_own(void **state)
{
    static const struct row rows[] = {
        {COST, "owners", "b-1", PASS, NULL, NULL, "x", NULL, NULL, NULL, 0, 0},
        {COST, "spill", "b-1", SKIP, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {COST, "owners", "b-2", BLOCK, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {COST, "spill", "b-2", SKIP, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    Signalbox__V1__ChecklistEntry *entries[] = {
        entry_of(1, SIGNALBOX__V1__TIER__TIER_SAME_MODEL, "b-1", rows, 4), NULL};

    (void)state;
    checklist_print(list_of(entries), &arena, &out);
    buf_put_u8(&out, 0);
    assert_non_null(strstr(out.ptr, "  GATE  CHECK   ROUTE  VERDICT  FOUND\n"
                                    "  cost  owners  b-1    pass     x\n"
                                    "  cost  owners  b-2    BLOCK\n"
                                    "  not required: spill\n"));
    assert_non_null(strstr(out.ptr, "fallback 1, b-2: cost: owners: found nothing\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_names_what_blocks_and_whom_to_ask),
        TEST(markdown_is_the_same_story),
        TEST(a_draft_that_is_go_says_so),
        TEST(equivalent_routes_have_a_column_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
