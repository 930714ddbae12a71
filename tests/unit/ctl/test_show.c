/* Answers of reviews, evidence, switches, pins and the audit trail as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/message.h"
#include "ctl/show.h"

#define NOW_MS INT64_C(1767323045678) /* 2026-01-02 03:04:05.678 */

static struct ctl ctl;

static int start(void **state)
{
    (void)state;
    ctl = (struct ctl){0};
    arena_init(&ctl.arena, NULL, 0, 1 << 20);
    buf_init(&ctl.out, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_done(&ctl.out);
    arena_done(&ctl.arena);
    return 0;
}

/* A message from its JSON. */
static void *read_message(const char *text, const ProtobufCMessageDescriptor *descriptor)
{
    struct message_error wrong;
    struct json_error error;
    struct json_node *root;
    ProtobufCMessage *message;

    assert_int_equal(json_parse(slice_of(text), &ctl.arena, &root, &error), RESULT_OK);
    if (message_read(root, descriptor, &ctl.arena, &message, &wrong) != RESULT_OK)
        fail_msg("%s: found %s, expected %s", wrong.pointer, wrong.found, wrong.expected);
    return message;
}

#define READ(name, text) read_message(text, &signalbox__v1__##name##__descriptor)

static void assert_out(const char *wanted)
{
    buf_put_u8(&ctl.out, 0);
    assert_string_equal(ctl.out.ptr, wanted);
    buf_clear(&ctl.out);
}

/* ---- reviews ---- */

static void a_diff_is_fields_and_what_follows(void **state)
{
    (void)state;
    show_diff(&ctl, READ(diff_policies_response,
                         "{\"fields\": [{\"pointer\": \"/limits/max_total_attempts\", "
                         "\"before\": \"2\", \"after\": \"3\"}, {\"pointer\": \"/owner\", "
                         "\"after\": \"\\\"team\\\"\"}], \"consequences\": "
                         "[\"One more attempt is made.\"]}"));
    assert_out("FIELD                       BEFORE    AFTER\n"
               "/limits/max_total_attempts  2         3\n"
               "/owner                      (absent)  \"team\"\n"
               "\nWhat follows\n"
               "  One more attempt is made.\n");
    show_diff(&ctl, READ(diff_policies_response, "{}"));
    assert_out("no difference\n");
}

static void suggestions_say_what_they_lack_and_would_need(void **state)
{
    (void)state;
    show_suggestions(
        &ctl, READ(suggest_routes_response,
                   "{\"suggestions\": [{\"route\": \"r1\", \"model\": \"m1\", \"tier\": "
                   "\"same_family\", \"fits\": true, \"score\": 870, \"request_nusd\": 1500000, "
                   "\"matching_strengths\": [\"code\"], \"evidence\": [\"parity\", \"eval\"], "
                   "\"why\": \"Cheaper.\"}, {\"route\": \"r2\", \"model\": \"m2\", \"score\": 90, "
                   "\"request_nusd\": 1, \"lacking_needs\": [\"tools\"], "
                   "\"lacking_data_classes\": [\"pii\"]}]}"));
    assert_out(
        "FITS  SCORE  ROUTE  MODEL  TIER                    COST  LACKS       GOOD AT  WHY   "
        "    WOULD NEED\n"
        "yes     870  r1     m1     same_family       0.0015 USD              code     "
        "Cheaper.  parity, eval\n"
        "no       90  r2     m2                  0.000000001 USD  tools, pii\n");
}

static const char tests_json[] =
    "{\"outcomes\": [{\"name\": \"a timeout falls back\", \"passed\": true}, "
    "{\"name\": \"a bad key ends\", \"differences\": [{\"pointer\": "
    "\"/tests/1/steps/1/expect/action\", \"expected\": \"fail_closed\", \"found\": \"fallback\"}, "
    "{\"pointer\": \"/tests/1/steps/1/expect/route\", \"found\": \"b\"}]}], \"passed\": 1, "
    "\"rules\": [{\"name\": \"entry 1 allows timeout\", \"reached\": 1}, {\"name\": "
    "\"entry 1 allows unavailable\"}], \"rules_reached\": 1}";

static void a_test_that_fails_says_where(void **state)
{
    (void)state;
    show_tests(&ctl, READ(test_policy_response, tests_json), false);
    assert_out("RESULT  TEST                  PLACE                           EXPECTED     FOUND\n"
               "ok      a timeout falls back\n"
               "FAIL    a bad key ends        /tests/1/steps/1/expect/action  fail_closed  "
               "fallback\n"
               "                              /tests/1/steps/1/expect/route   (absent)     b\n"
               "\nReached\n"
               "  TESTS  RULE\n"
               "      1  entry 1 allows timeout\n"
               "\nFAILED: 1 of 2 tests as expected; 1 of 2 rules reached (--coverage lists the "
               "rest)\n");
}

static void coverage_groups_what_no_test_reaches(void **state)
{
    (void)state;
    show_tests(&ctl,
               READ(test_policy_response, "{\"outcomes\": [{\"name\": \"t\", \"passed\": true}], "
                                          "\"passed\": 1, \"rules\": [{\"name\": \"x allows a\"}, "
                                          "{\"name\": \"x allows b\", \"reached\": 1}, "
                                          "{\"name\": \"x allows c\"}, {\"name\": \"refuses: "
                                          "d\"}, {\"name\": \"e\"}], \"rules_reached\": 1}"),
               true);
    assert_out("RESULT  TEST\n"
               "ok      t\n"
               "\nReached\n"
               "  TESTS  RULE\n"
               "      1  x allows b\n"
               "\nNot reached\n"
               "  RULE      NOT REACHED\n"
               "  x allows  a, c\n"
               "  refuses:  d\n"
               "            e\n"
               "\npassed: 1 of 1 tests as expected; 1 of 5 rules reached\n");
}

static void no_test_at_all_is_no_success(void **state)
{
    (void)state;
    assert_false(show_tests_passed(READ(test_policy_response, "{}")));
    assert_false(show_tests_passed(READ(test_policy_response, tests_json)));
}

static void a_catalogs_review_names_evidence_and_policies(void **state)
{
    (void)state;
    show_catalog_changes(
        &ctl,
        READ(publish_catalog_response,
             "{\"changes\": [{\"kind\": \"altered\", \"pointer\": \"/routes/r/prices/output\", "
             "\"before\": \"10\", \"after\": \"12\", \"voids\": [\"prices\"]}, {\"kind\": "
             "\"added\", \"pointer\": \"/models/m\"}], \"voided_evidence\": [\"ev-3\"], "
             "\"touched_policies\": [\"p@2: dearer\"]}"));
    assert_out("CHANGE   WHAT                     BEFORE  AFTER  VOIDS\n"
               "altered  /routes/r/prices/output  10      12     prices\n"
               "added    /models/m\n"
               "\nEvidence that counts no more\n  ev-3\n"
               "\nPolicies that it touches\n  p@2: dearer\n\n"
               "added 1, altered 1\n");
    show_catalog_changes(&ctl, READ(publish_catalog_response, "{}"));
    assert_out("no change\n\n");
}

/* ---- evidence ---- */

static const char piece_json[] =
    "{\"evidence_id\": \"ev-12\", \"kind\": \"eval\", \"gate\": \"quality\", \"workload\": \"w\", "
    "\"environment\": \"e\", \"subject\": \"m\", \"owner\": \"team\", \"passed\": true, "
    "\"put_unix_ms\": 1767063845678, \"put_by\": \"key-1\", \"expires_unix_ms\": 1768359845678, "
    "\"document\": \"{}\", \"bindings\": [{\"field\": \"model_version\", \"value\": \"1\"}, "
    "{\"field\": \"overrides\"}]}";

static void a_piece_says_what_voids_it(void **state)
{
    (void)state;
    show_evidence(&ctl, READ(evidence, piece_json), NOW_MS);
    assert_out("evidence ev-12\n\n"
               "  state        stands\n"
               "  kind         eval\n"
               "  gate         quality\n"
               "  workload     w\n"
               "  environment  e\n"
               "  subject      m\n"
               "  owner        team\n"
               "  put          2025-12-30 03:04 UTC, 3 days ago\n"
               "  put by       key-1\n"
               "  expires      2026-01-14 03:04 UTC, in 12 days\n"
               "\nVoid when one of these changes\n"
               "  FIELD          VALUE ON THE DAY IT WAS PUT\n"
               "  model_version  1\n"
               "  overrides      (nothing)\n"
               "\n{}\n");
}

static void the_list_of_evidence_says_how_each_piece_stands(void **state)
{
    Signalbox__V1__Evidence *items[] = {
        READ(evidence, piece_json),
        READ(evidence, "{\"evidence_id\": \"ev-1\", \"expires_unix_ms\": 1767323045678, "
                       "\"passed\": true}"),
        READ(evidence, "{\"evidence_id\": \"ev-2\", \"expires_unix_ms\": 1768359845678}"),
        READ(evidence, "{\"evidence_id\": \"ev-3\", \"expires_unix_ms\": 1, \"revoked\": true}"),
    };

    (void)state;
    show_evidence_list(&ctl, items, 4, NOW_MS);
    buf_put_u8(&ctl.out, 0);
    assert_non_null(strstr(ctl.out.ptr, "ev-12     eval  w in e  m        stands      2025-12-30"));
    assert_non_null(strstr(ctl.out.ptr, "ev-1             in              expired"));
    assert_non_null(strstr(ctl.out.ptr, "ev-2             in              not passed"));
    assert_non_null(strstr(ctl.out.ptr, "ev-3             in              revoked"));
    buf_clear(&ctl.out);
    show_evidence_list(&ctl, NULL, 0, NOW_MS);
    assert_out("no evidence\n");
}

/* ---- control ---- */

static void an_activation_tells_what_serves_beside_and_before(void **state)
{
    (void)state;
    show_activation(&ctl,
                    &(struct activation){
                        .policy = READ(policy, "{\"policy_id\": \"p\", \"version\": 2, "
                                               "\"workload\": \"w\", \"environment\": \"e\"}"),
                        .canary = READ(policy, "{\"policy_id\": \"p\", \"version\": 3}"),
                        .canary_percent = 10,
                        .replaced = READ(policy, "{\"policy_id\": \"q\", \"version\": 1}"),
                        .etag = "7",
                    });
    assert_out("active: p@2 for w in e\n"
               "beside it, for 10 % of the requests: p@3\n"
               "in place of: q@1\n"
               "etag: 7\n");
}

static void a_switch_says_who_threw_it(void **state)
{
    Signalbox__V1__Switch *items[] = {
        READ(switch, "{\"scope\": \"entry\", \"policy_id\": \"p\", \"name\": \"b\", \"rule\": "
                     "\"schema_failures\", \"turned_unix_ms\": 1767323045678, \"request_id\": "
                     "\"0190\", \"etag\": \"4\"}"),
        READ(switch, "{\"scope\": \"provider\", \"name\": \"v\", \"turned_by\": \"key-1\", "
                     "\"turned_unix_ms\": 1767063845678, \"reason\": \"drain\"}"),
    };

    (void)state;
    show_switches(&ctl, items, 2, NOW_MS);
    assert_out(
        "SWITCH  SCOPE     POLICY  NAME  SINCE                             BY                "
        "    REASON  REQUEST  ETAG\n"
        "off     entry     p       b     2026-01-02 03:04 UTC, now         rule "
        "schema_failures          0190     4\n"
        "off     provider          v     2025-12-30 03:04 UTC, 3 days ago  key-1             "
        "    drain\n");
    show_switches(&ctl, NULL, 0, NOW_MS);
    assert_out("nothing is switched off\n");
}

static void a_pin_says_when_it_ends(void **state)
{
    Signalbox__V1__Pin *items[] = {
        READ(pin, "{\"policy_id\": \"p\", \"entry\": \"b\", \"set_unix_ms\": 1767323045678, "
                  "\"expires_unix_ms\": 1767330245678, \"set_by\": \"key-1\", \"reason\": \"r\"}"),
        READ(pin, "{\"policy_id\": \"q\"}"),
    };

    (void)state;
    show_pins(&ctl, items, 2, NOW_MS);
    assert_out("POLICY  PINNED TO     SET                        EXPIRES                           "
               "BY     REASON\n"
               "p       b             2026-01-02 03:04 UTC, now  2026-01-02 05:04 UTC, in 2 hours  "
               "key-1  r\n"
               "q       (not pinned)\n");
    show_pins(&ctl, NULL, 0, NOW_MS);
    assert_out("no pins\n");
}

static void the_audit_trail_names_rules_and_catalogs(void **state)
{
    Signalbox__V1__AuditEvent *items[] = {
        READ(audit_event,
             "{\"action\": \"rule_tripped\", \"at_unix_ms\": 1767323045678, "
             "\"policy_id\": \"p\", \"version\": 3, \"workload\": \"w\", "
             "\"environment\": \"e\", \"subject\": \"b\", \"detail\": \"cost_spike\"}"),
        READ(audit_event, "{\"action\": \"publish_catalog\", \"by\": \"key-1\", \"version\": 8}"),
    };

    (void)state;
    show_audit(&ctl, items, 2, NOW_MS);
    assert_out("WHEN                       ACTION           BY      POLICY     FOR     SUBJECT  "
               "DETAIL\n"
               "2026-01-02 03:04 UTC, now  rule_tripped     a rule  p@3        w in e  b        "
               "cost_spike\n"
               "                           publish_catalog  key-1   catalog@8\n");
    show_audit(&ctl, NULL, 0, NOW_MS);
    assert_out("nothing happened yet\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_diff_is_fields_and_what_follows),
        TEST(suggestions_say_what_they_lack_and_would_need),
        TEST(a_test_that_fails_says_where),
        TEST(coverage_groups_what_no_test_reaches),
        TEST(no_test_at_all_is_no_success),
        TEST(a_catalogs_review_names_evidence_and_policies),
        TEST(a_piece_says_what_voids_it),
        TEST(the_list_of_evidence_says_how_each_piece_stands),
        TEST(an_activation_tells_what_serves_beside_and_before),
        TEST(a_switch_says_who_threw_it),
        TEST(a_pin_says_when_it_ends),
        TEST(the_audit_trail_names_rules_and_catalogs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
