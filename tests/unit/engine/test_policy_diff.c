/* What two documents differ in: fields at their places, and what follows, in sentences. */
#include "engine/policy_diff.h"
#include "policy_texts.h"

#define DIFF_FIELDS_MAX    6
#define DIFF_SENTENCES_MAX 8
#define ENTRIES(list)      TEXTS_POLICY(",'fallback_routes':[" list "]")
#define BETA(more)         "{'route':'big-beta'," TWO_REASONS more "}"
#define GAMMA              "{'route':'other-gamma','allowed_reasons':['timeout']}"
#define SORRY              "{'default_response':'Sorry.','allowed_reasons':['timeout']}"
#define LATER              "{'queue':{'name':'later','max_age_ms':9},'allowed_reasons':['timeout']}"
#define PLAIN_FLAGS        "'requires_user_notice':false,'allow_after_partial_output':false"
#define TWO_REASONS        "'allowed_reasons':['timeout','overloaded']"
#define PLAIN_BETA         "{'route':'big-beta'," PLAIN_FLAGS "," TWO_REASONS "}"
#define PLAIN_GAMMA        "{'route':'other-gamma'," PLAIN_FLAGS ",'allowed_reasons':['timeout']}"

struct world {
    struct documents before, after;
    struct policy_diff diff;
};

static void world_init(struct world *w, const char *before, const char *after)
{
    documents_init(&w->before, ARENA_BYTES_MAX);
    documents_init(&w->after, ARENA_BYTES_MAX);
    texts_check(&w->before, before);
    texts_check(&w->after, after);
    assert_int_equal(policy_diff(w->before.document, w->after.document, &w->after.arena, &w->diff),
                     RESULT_OK);
}

static void world_done(struct world *w)
{
    documents_done(&w->before);
    documents_done(&w->after);
}

static void print_diff(const struct policy_diff *diff)
{
    for (unsigned i = 0; i < diff->fields_count; i++)
        print_message("  %.*s: %.*s -> %.*s\n", (int)diff->fields[i].pointer.len,
                      diff->fields[i].pointer.ptr, (int)diff->fields[i].before.len,
                      diff->fields[i].before.ptr ? diff->fields[i].before.ptr : "",
                      (int)diff->fields[i].after.len,
                      diff->fields[i].after.ptr ? diff->fields[i].after.ptr : "");
    for (unsigned i = 0; i < diff->consequences_count; i++)
        print_message("  %.*s\n", (int)diff->consequences[i].len, diff->consequences[i].ptr);
}

struct diff_case {
    const char *before, *after;
    const char *fields[DIFF_FIELDS_MAX][3]; /* pointer, before, after */
    const char *consequences[DIFF_SENTENCES_MAX];
};

static bool is_quoted(struct slice text, const char *wanted)
{
    char *json = quoted(wanted);
    bool is = slice_is(text, json);

    free(json);
    return is;
}

static bool as_wanted(const struct diff_case *wanted, const struct policy_diff *diff)
{
    unsigned fields = 0, sentences = 0;

    while (fields < DIFF_FIELDS_MAX && wanted->fields[fields][0])
        fields++;
    while (sentences < DIFF_SENTENCES_MAX && wanted->consequences[sentences])
        sentences++;
    if (fields != diff->fields_count || sentences != diff->consequences_count)
        return false;
    for (unsigned i = 0; i < fields; i++)
        if (!slice_is(diff->fields[i].pointer, wanted->fields[i][0]) ||
            !is_quoted(diff->fields[i].before, wanted->fields[i][1]) ||
            !is_quoted(diff->fields[i].after, wanted->fields[i][2]))
            return false;
    for (unsigned i = 0; i < sentences; i++)
        if (!slice_is(diff->consequences[i], wanted->consequences[i]))
            return false;
    return true;
}

static void assert_cases(const struct diff_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct world w;

        world_init(&w, cases[i].before, cases[i].after);
        if (!as_wanted(&cases[i], &w.diff)) {
            print_diff(&w.diff);
            fail_msg("%s\n%s", cases[i].before, cases[i].after);
        }
        world_done(&w);
    }
}

static void a_document_does_not_differ_from_itself(void **state)
{
    static const char *const texts[] = {TEXTS_POLICY(""), TEXTS_EVERY_FIELD};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct world w;

        world_init(&w, texts[i], texts[i]);
        assert_int_equal(w.diff.fields_count, 0);
        assert_int_equal(w.diff.consequences_count, 0);
        world_done(&w);
    }
}

static void entries_say_who_follows_what_and_what_that_needs(void **state)
{
    static const struct diff_case cases[] = {
        {ENTRIES(BETA("")),
         ENTRIES("{'route':'big-beta','allowed_reasons':['overloaded','breaker_open']}"),
         {{"/fallback_routes/0/allowed_reasons", "['timeout','overloaded']",
           "['overloaded','breaker_open']"}},
         {"Failures that no longer go to entry 1 (big-beta): timeout.",
          "Reasons to pass the primary over that now go to entry 1 (big-beta): breaker_open.",
          "Failures that had a fallback and now end the request: timeout."}},
        {ENTRIES(BETA("")),
         ENTRIES(GAMMA "," BETA("")),
         {{"/fallback_routes/0", "", PLAIN_GAMMA}},
         {"There is now entry 1 (other-gamma), of tier different_family.",
          "Failures that now go to entry 1 (other-gamma): timeout.",
          "Evidence that is now needed for entry 1 (other-gamma): eval, tool_contract, parity, "
          "quota_owner, boundary_approval, sign_off.",
          "Roles whose sign-off is now needed for entry 1 (other-gamma): product, engineering, "
          "policy."}},
        {ENTRIES(GAMMA "," BETA("")),
         ENTRIES(BETA("")),
         {{"/fallback_routes/0", PLAIN_GAMMA, ""}},
         {"There is no longer entry 1 (other-gamma), of tier different_family.",
          "Failures that no longer go to entry 1 (other-gamma): timeout."}},
        {ENTRIES(GAMMA "," BETA("")),
         ENTRIES(BETA("") "," GAMMA),
         {{"/fallback_routes", "['other-gamma','big-beta']", "['big-beta','other-gamma']"}},
         {"Entries are now tried in this order: big-beta, other-gamma."}},
        {ENTRIES(BETA("") "," SORRY "," SORRY "," LATER),
         ENTRIES(LATER "," SORRY),
         {{"/fallback_routes", "['big-beta','default_response','default_response','queue:later']",
           "['queue:later','default_response']"},
          {"/fallback_routes/0", PLAIN_BETA, ""},
          {"/fallback_routes/2", "{'default_response':'Sorry.','allowed_reasons':['timeout']}",
           ""}},
         {"There is no longer entry 1 (big-beta), of tier same_model.",
          "Failures that no longer go to entry 1 (big-beta): timeout, overloaded.",
          "There is no longer entry 3 (default_response), of tier default_response.",
          "Failures that no longer go to entry 3 (default_response): timeout.",
          "Entries are now tried in this order: queue:later, default_response.",
          "Failures that had a fallback and now end the request: overloaded."}},
        {ENTRIES(BETA("") "],'limits':{'max_total_attempts':2},'model_aliases':['m'"),
         ENTRIES(BETA("") "],'limits':{'max_total_attempts':1},'model_aliases':['n'"),
         {{"/model_aliases", "['m']", "['n']"}, {"/limits/max_total_attempts", "2", "1"}},
         {"max_total_attempts is tightened from 2 to 1.",
          "Model names that may now be requested: n.",
          "Model names that may no longer be requested: m.",
          "Failures that no longer go to entry 1 (big-beta): timeout, overloaded.",
          "Failures that had a fallback and now end the request: timeout, overloaded."}},
    };

    (void)state;
    assert_cases(cases, sizeof cases / sizeof *cases);
}

static void an_entry_says_how_it_changed(void **state)
{
    static const struct diff_case cases[] = {
        {ENTRIES(BETA("")),
         ENTRIES(BETA(",'requires_sign_offs':['finance'],'requires_cost_owner':true,"
                      "'requires_user_notice':true,'notice':'n'")),
         {{"/fallback_routes/0/requires_user_notice", "false", "true"},
          {"/fallback_routes/0/requires_cost_owner", "", "true"},
          {"/fallback_routes/0/requires_sign_offs", "", "['finance']"},
          {"/fallback_routes/0/notice", "", "'n'"}},
         {"Only callers that can show its notice now get to entry 1 (big-beta).",
          "Evidence that is now needed for entry 1 (big-beta): cost_owner, sign_off.",
          "Roles whose sign-off is now needed for entry 1 (big-beta): finance."}},
        {ENTRIES(BETA(",'customer_tiers':['gold'],'limits':{'max_attempts':1}")),
         ENTRIES(BETA(",'premium':{'keys':['k']}")),
         {{"/fallback_routes/0/customer_tiers", "['gold']", ""},
          {"/fallback_routes/0/limits", "{'max_attempts':1}", ""},
          {"/fallback_routes/0/premium", "", "{'keys':['k']}"}},
         {"Of entry 1 (big-beta), max_attempts is loosened from 1 to 2.",
          "Only entitled tenants and keys now get to entry 1 (big-beta).",
          "All customer tiers are now served by entry 1 (big-beta).",
          "Keys that may now use entry 1 (big-beta): k."}},
        {ENTRIES(BETA("")),
         ENTRIES("{'routes':[{'route':'big-beta'},{'route':'big-team'}],'allowed_reasons':["
                 "'timeout','overloaded']}"),
         {{"/fallback_routes/0/route", "'big-beta'", ""},
          {"/fallback_routes/0/routes", "",
           "[{'route':'big-beta','weight':1},{'route':'big-team','weight':1}]"}},
         {"Routes that are now behind entry 1 (big-beta): big-team (beta, beta-team, eu).",
          "Evidence that is now needed for entry 1 (big-beta): account_owner_approval."}},
        {TEXTS_POLICY(",'fallback_routes':[" BETA("") "]"),
         "{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'route':"
         "'small-alpha'},'fallback_routes':[" BETA("") "]}",
         {{"/primary_route/route", "'big-alpha'", "'small-alpha'"}},
         {"Routes that are now behind the primary (small-alpha): small-alpha (alpha, alpha-main, "
          "eu).",
          "Routes that are no longer behind the primary (small-alpha): big-alpha (alpha, "
          "alpha-main, eu).",
          "The tier of entry 1 (big-beta) is now same_family, no longer same_model.",
          "Evidence that is now needed for entry 1 (big-beta): eval, tool_contract."}},
    };

    (void)state;
    assert_cases(cases, sizeof cases / sizeof *cases);
}

static void settings_say_what_is_allowed_now(void **state)
{
    static const struct diff_case cases[] = {
        {TEXTS_POLICY(",'data_classes':['pii'],'limits':{'max_output_tokens':7}"),
         TEXTS_POLICY(",'data_classes':['internal'],'regions':['eu'],'zero_retention':true,"
                      "'limits':{'max_estimated_cost_usd':0.5}"),
         {{"/data_classes", "['pii']", "['internal']"},
          {"/zero_retention", "false", "true"},
          {"/limits/max_output_tokens", "7", ""},
          {"/limits/max_estimated_cost_usd", "", "0.5"},
          {"/regions", "", "['eu']"}},
         {"max_output_tokens is loosened from 7 to no bound.",
          "max_estimated_cost_usd is tightened from no bound to 0.5.",
          "Data classes that are now allowed: internal.",
          "Data classes that are no longer allowed: pii.", "Regions are now limited to these: eu.",
          "Every route must now keep nothing."}},
        {TEXTS_POLICY(",'data_classes':['pii'],'providers':['alpha']"),
         TEXTS_POLICY(",'sensitivity_tags':['legal'],'hold_output':{'until':'complete'}"),
         {{"/data_classes", "['pii']", ""},
          {"/providers", "['alpha']", ""},
          {"/hold_output/until", "'none'", "'complete'"},
          {"/hold_output/max_bytes", "", "1048576"},
          {"/sensitivity_tags", "", "['legal']"}},
         {"Output is held back until: now complete, no longer none.",
          "Data classes are no longer limited by the policy, only by each route.",
          "Tags that now block downgrades: legal.", "Any provider is now allowed."}},
        {TEXTS_POLICY(",'rollback':{'disable_on_policy_boundary_error':true}"),
         TEXTS_POLICY(",'rollback':{'disable_on_policy_boundary_error':true,"
                      "'disable_on_model_mismatch':false,'thresholds':{'boundary_error':{"
                      "'percent':2}}}"),
         {{"/rollback/disable_on_model_mismatch", "true", "false"},
          {"/rollback/thresholds/boundary_error/percent", "1", "2"},
          {"/rollback/thresholds/model_mismatch",
           "{'min_samples':1,'percent':1,'window_ms':600000,'min_principals':1}", ""}},
         {"The rule boundary_error has other thresholds.",
          "The rule model_mismatch no longer switches entries off."}},
        {TEXTS_POLICY(",'traffic_class':'batch'"),
         TEXTS_POLICY(",'traffic_class':'internal_automation'"),
         {{"/traffic_class", "'batch'", "'internal_automation'"},
          {"/limits/max_total_attempts", "3", "4"}},
         {"The traffic class: now internal_automation, no longer batch.",
          "max_total_attempts is loosened from 3 to 4."}},
    };

    (void)state;
    assert_cases(cases, sizeof cases / sizeof *cases);
}

static void every_change_is_found_from_both_sides(void **state)
{
    struct world there, back;

    (void)state;
    world_init(&there, TEXTS_POLICY(""), TEXTS_EVERY_FIELD);
    world_init(&back, TEXTS_EVERY_FIELD, TEXTS_POLICY(""));
    assert_int_equal(there.diff.fields_count, back.diff.fields_count);
    for (unsigned i = 0; i < there.diff.fields_count; i++) {
        const struct policy_field_change *change = &there.diff.fields[i];
        bool found = false;

        for (unsigned k = 0; k < back.diff.fields_count; k++)
            found |= slice_equal(change->pointer, back.diff.fields[k].pointer) &&
                     slice_equal(change->before, back.diff.fields[k].after) &&
                     slice_equal(change->after, back.diff.fields[k].before);
        if (!found)
            fail_msg("%s is found from one side only", change->pointer.ptr);
    }
    assert_true(there.diff.consequences_count > 20);
    assert_true(back.diff.consequences_count > 20);
    world_done(&there);
    world_done(&back);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    struct documents before, after;

    (void)state;
    documents_init(&before, ARENA_BYTES_MAX);
    documents_init(&after, ARENA_BYTES_MAX);
    texts_check(&before, ENTRIES(BETA("")));
    texts_check(&after, TEXTS_EVERY_FIELD);
    for (size_t bound = 0; result == RESULT_NO_MEMORY; bound += 48) {
        struct policy_diff diff = {.fields_count = 77};
        struct arena small;

        arena_init(&small, NULL, 0, bound);
        result = policy_diff(before.document, after.document, &small, &diff);
        assert_int_equal(result == RESULT_OK, diff.fields_count != 77);
        arena_done(&small);
    }
    assert_int_equal(result, RESULT_OK);
    documents_done(&before);
    documents_done(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_does_not_differ_from_itself),
        cmocka_unit_test(entries_say_who_follows_what_and_what_that_needs),
        cmocka_unit_test(an_entry_says_how_it_changed),
        cmocka_unit_test(settings_say_what_is_allowed_now),
        cmocka_unit_test(every_change_is_found_from_both_sides),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
