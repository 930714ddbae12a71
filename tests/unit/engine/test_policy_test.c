/* Policy tests: documents in, differences and coverage out. */
#include "base/arena.h"
#include "engine/policy_test.h"
#include "fixture.h"

#define ARENA_BYTES_MAX (16 * 1024 * 1024)

struct tested {
    struct fixture f;
    struct arena arena;
    struct diagnostics diagnostics;
    struct policy_test_document *document;
    struct policy_test_report report;
};

static struct tested tested; /* a policy block is large for a stack */

/* ' is read as ", so that documents can be read. */
static struct slice document_text(const char *text)
{
    char *copy = arena_alloc(&tested.arena, strlen(text) + 1);

    assert_non_null(copy);
    for (size_t i = 0; i <= strlen(text); i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    return slice_of(copy);
}

static void begin(void)
{
    fixture_init(&tested.f);
    arena_init(&tested.arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&tested.diagnostics, &tested.arena);
}

static void end(void)
{
    arena_done(&tested.arena);
}

static const struct policy_test_report *run(const char *text)
{
    enum result result = policy_test_parse(document_text(text), &tested.arena, &tested.diagnostics,
                                           &tested.document);

    if (result)
        fail_msg("%.*s: %s", (int)tested.diagnostics.first->pointer.len,
                 tested.diagnostics.first->pointer.ptr,
                 diagnostic_name(tested.diagnostics.first->code));
    assert_int_equal(policy_test_run(tested.document, &tested.f.block.policy, FIXTURE_NOW_MS,
                                     &tested.arena, &tested.report),
                     RESULT_OK);
    return &tested.report;
}

static const struct policy_test_rule *rule(const char *name)
{
    for (unsigned i = 0; i < tested.report.rules_count; i++)
        if (slice_is(tested.report.rules[i].name, name))
            return &tested.report.rules[i];
    fail_msg("there is no rule %s", name);
    return NULL;
}

static void expect_all_passed(const struct policy_test_report *report)
{
    for (unsigned i = 0; i < report->outcomes_count; i++)
        for (unsigned d = 0; d < report->outcomes[i].differences_count; d++) {
            const struct policy_test_difference *found = &report->outcomes[i].differences[d];

            fail_msg("%.*s: expected %.*s, found %.*s", (int)found->pointer.len, found->pointer.ptr,
                     (int)found->expected.len, found->expected.ptr, (int)found->found.len,
                     found->found.ptr);
        }
    assert_int_equal(report->passed_count, report->outcomes_count);
}

static void expectations_that_hold_pass(void **state)
{
    (void)state;
    begin();
    expect_all_passed(
        run("{'policy':'policy','tests':["
            "{'name':'a 500 is repeated, then another place answers',"
            " 'request':{'max_output_tokens':100,'tags':{'team':'a'}},"
            " 'steps':["
            "  {'expect':{'action':'send','route':'alpha','entry':'alpha','tier':'primary',"
            "   'reason':'primary'}},"
            "  {'failure':'temporary_5xx','elapsed_ms':50,'expect':{'action':'retry',"
            "   'failure':'temporary_5xx'}},"
            "  {'report':{'http_status':500,'transport':'completed'},'expect':{'action':'fallback',"
            "   'route':'beta','tier':'same_model'}},"
            "  {'failure':'success','expect':{'action':'complete','disposition':'fallback_success',"
            "   'failure':'success'}}]},"
            "{'name':'a wrong key is nobody else\\u0027s business',"
            " 'steps':[{},{'failure':'auth_error','expect':{'action':'fail_closed',"
            "   'disposition':'fail_closed','http_status':502}}]},"
            "{'name':'a data class that is not approved',"
            " 'request':{'data_classes':['secret']},"
            " 'steps':[{'expect':{'action':'fail_closed','gate':'boundary','check':'data_class'}}]}"
            "]}"));
    end();
}

static void what_does_not_hold_is_told_with_its_place(void **state)
{
    const struct policy_test_difference *first;

    (void)state;
    begin();
    run("{'tests':[{'name':'wrong','steps':[{'expect':{'action':'queue','route':'beta'}}]}]}");
    assert_int_equal(tested.report.passed_count, 0);
    assert_int_equal(tested.report.outcomes[0].differences_count, 2);
    first = tested.report.outcomes[0].differences;
    assert_true(slice_is(first->pointer, "/tests/0/steps/0/expect/action"));
    assert_true(slice_is(first->expected, "queue"));
    assert_true(slice_is(first->found, "send"));
    end();
}

static void every_member_of_an_expectation_can_fail(void **state)
{
    static const char *const wrong[] = {
        "'action':'queue'",       "'route':'gamma'",          "'entry':'gamma'",
        "'tier':'queue'",         "'reason':'max_total'",     "'failure':'timeout'",
        "'disposition':'queued'", "'http_status':404",        "'gate':'cost'",
        "'check':'owners'",       "'notice':'Less certain.'",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];

        begin();
        snprintf(text, sizeof text, "{'tests':[{'name':'a','steps':[{'expect':{%s}}]}]}", wrong[i]);
        run(text);
        if (tested.report.outcomes[0].differences_count != 1)
            fail_msg("%s passed", wrong[i]);
        end();
    }
}

static void a_step_after_the_end_is_a_difference(void **state)
{
    (void)state;
    begin();
    run("{'tests':[{'name':'a','steps':[{},{'failure':'auth_error'},{'failure':'timeout'}]}]}");
    assert_int_equal(tested.report.outcomes[0].differences_count, 1);
    assert_true(
        slice_is(tested.report.outcomes[0].differences[0].pointer, "/tests/0/steps/2/expect"));
    end();
}

static void the_live_world_can_be_told(void **state)
{
    (void)state;
    begin();
    tested.f.block.entries[1].admission_reasons = SET_OF(REASON_RATE_LIMITED_UNTIL);
    expect_all_passed(
        run("{'tests':["
            "{'name':'limited','live':[{'route':'alpha','unhealthy':'rate_limited_until'}],"
            " 'steps':[{'expect':{'action':'send','route':'beta',"
            "  'reason':'rate_limited_until'}}]},"
            "{'name':'and off','live':[{'route':'alpha','unhealthy':'rate_limited_until'},"
            "  {'route':'beta','switched_off':true}],"
            " 'steps':[{'expect':{'action':'fail_closed','reason':'unhealthy'}}]}]}"));
    run("{'tests':[{'name':'a','live':[{'route':'nowhere'}],'steps':[{}]}]}");
    assert_int_equal(tested.report.outcomes[0].differences_count, 1);
    assert_true(
        slice_is(tested.report.outcomes[0].differences[0].pointer, "/tests/0/live/0/route"));
    end();
}

static void coverage_tells_what_was_reached_and_what_was_not(void **state)
{
    (void)state;
    begin();
    run("{'tests':["
        "{'name':'a','steps':[{},{'failure':'timeout'},{'failure':'timeout'}]},"
        "{'name':'b','request':{'data_classes':['secret']},'steps':[{}]}]}");
    assert_int_equal(rule("entry 0 (alpha) serves")->reached, 1);
    assert_int_equal(rule("entry 1 (beta) serves")->reached, 1);
    assert_int_equal(rule("entry 2 (gamma) serves")->reached, 0);
    assert_int_equal(rule("entry 1 (beta) allows timeout")->reached, 1);
    assert_int_equal(rule("entry 1 (beta) allows overloaded")->reached, 0);
    assert_int_equal(rule("after a failure: retry")->reached, 1);
    assert_int_equal(rule("after a failure: fallback")->reached, 1);
    assert_int_equal(rule("after a failure: side_effect")->reached, 0);
    assert_int_equal(rule("gate boundary blocks by data_class")->reached, 1);
    assert_int_equal(rule("gate cost blocks by owners")->reached, 0);
    assert_true(tested.report.reached_count >= 6);
    end();
}

static void tests_are_decided_alike_every_time(void **state)
{
    static const char text[] =
        "{'tests':[{'name':'a','steps':[{},{'failure':'timeout'},{'failure':'overloaded'}]}]}";
    unsigned reached;

    (void)state;
    begin();
    run(text);
    reached = tested.report.reached_count;
    run(text);
    assert_int_equal(tested.report.reached_count, reached);
    end();
}

static void what_is_wrong_with_a_document_is_told(void **state)
{
    static const struct {
        const char *text, *pointer;
        enum diagnostic_code code;
    } cases[] = {
        {"{}", "/tests", DIAGNOSTIC_MISSING_FIELD},
        {"{'tests':[]}", "/tests", DIAGNOSTIC_OUT_OF_RANGE},
        {"{'tests':[{}]}", "/tests/0/name", DIAGNOSTIC_MISSING_FIELD},
        {"{'tests':[{'name':'a','steps':[]}]}", "/tests/0/steps", DIAGNOSTIC_OUT_OF_RANGE},
        {"{'tests':[{'name':'a','steps':[{'failure':'timeout'}]}]}", "/tests/0/steps/0",
         DIAGNOSTIC_CONTRADICTION},
        {"{'tests':[{'name':'a','steps':[{},{}]}]}", "/tests/0/steps/1/failure",
         DIAGNOSTIC_MISSING_FIELD},
        {"{'tests':[{'name':'a','steps':[{},{'failure':'weather'}]}]}", "/tests/0/steps/1/failure",
         DIAGNOSTIC_UNKNOWN_NAME},
        {"{'tests':[{'name':'a','steps':[{'expect':{'reason':'why not'}}]}]}",
         "/tests/0/steps/0/expect/reason", DIAGNOSTIC_UNKNOWN_NAME},
        {"{'tests':[{'name':'a','live':[{'route':'x','unhealthy':'primary'}],'steps':[{}]}]}",
         "/tests/0/live/0/unhealthy", DIAGNOSTIC_UNKNOWN_NAME},
        {"{'tests':[{'name':'a','request':{'stream':'yes'},'steps':[{}]}]}",
         "/tests/0/request/stream", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','request':{'body_bytes':true},'steps':[{}]}]}",
         "/tests/0/request/body_bytes", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','request':{'choices':-1},'steps':[{}]}]}",
         "/tests/0/request/choices", DIAGNOSTIC_OUT_OF_RANGE},
        {"{'tests':[{'name':'a','request':{'family':'none'},'steps':[{}]}]}",
         "/tests/0/request/family", DIAGNOSTIC_UNKNOWN_NAME},
        {"{'tests':[{'name':'a','request':{'needs':['wings']},'steps':[{}]}]}",
         "/tests/0/request/needs/0", DIAGNOSTIC_UNKNOWN_NAME},
        {"{'tests':[{'name':'a','request':{'allowed_regions':'eu'},'steps':[{}]}]}",
         "/tests/0/request/allowed_regions", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','steps':[{},{'report':{'usage':{'input':true}}}]}]}",
         "/tests/0/steps/1/report/usage/input", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','steps':[{},{'report':{'tool_calls':[{'side_effect':1}]}}]}]}",
         "/tests/0/steps/1/report/tool_calls/0/side_effect", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','request':{'body_digest':'x'},'steps':[{}]}]}",
         "/tests/0/request/body_digest", DIAGNOSTIC_UNKNOWN_FIELD},
        {"{'tests':[{'name':'a','request':{'tags':{'a':1}},'steps':[{}]}]}",
         "/tests/0/request/tags/a", DIAGNOSTIC_WRONG_TYPE},
        {"{'tests':[{'name':'a','steps':[{},{'report':{'usage':{'stars':1}}}]}]}",
         "/tests/0/steps/1/report/usage/stars", DIAGNOSTIC_UNKNOWN_FIELD},
        {"{'tests':[{'name':'a','steps':[{},{'report':{'tool_calls':[{'kind':1}]}}]}]}",
         "/tests/0/steps/1/report/tool_calls/0/kind", DIAGNOSTIC_UNKNOWN_FIELD},
        {"{'tests':[{'name':'a','steps':[{}]},{'name':'a','steps':[{}]}]}", "/tests/1/name",
         DIAGNOSTIC_DUPLICATE_NAME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct diagnostic *first;

        begin();
        assert_int_equal(policy_test_parse(document_text(cases[i].text), &tested.arena,
                                           &tested.diagnostics, &tested.document),
                         RESULT_INVALID);
        first = tested.diagnostics.first;
        if (!slice_is(first->pointer, cases[i].pointer) || first->code != cases[i].code)
            fail_msg("%s: %.*s %s", cases[i].text, (int)first->pointer.len, first->pointer.ptr,
                     diagnostic_name(first->code));
        end();
    }
}

static void every_bound_of_memory_is_a_clear_answer(void **state)
{
    static const char text[] =
        "{\"tests\":[{\"name\":\"a\",\"request\":{\"tags\":{\"a\":\"b\"}},"
        "\"steps\":[{},{\"report\":{\"usage\":{\"input\":1},\"tool_calls\":[{\"id\":\"1\"}]},"
        "\"expect\":{\"action\":\"queue\"}}]}]}";
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    fixture_init(&tested.f);
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes += 512) {
        arena_init(&tested.arena, NULL, 0, bytes);
        diagnostics_init(&tested.diagnostics, &tested.arena);
        result =
            policy_test_parse(slice_of(text), &tested.arena, &tested.diagnostics, &tested.document);
        if (result == RESULT_OK)
            result = policy_test_run(tested.document, &tested.f.block.policy, FIXTURE_NOW_MS,
                                     &tested.arena, &tested.report);
        arena_done(&tested.arena);
        assert_true(bytes < ARENA_BYTES_MAX);
    }
    assert_int_equal(result, RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expectations_that_hold_pass),
        cmocka_unit_test(what_does_not_hold_is_told_with_its_place),
        cmocka_unit_test(every_member_of_an_expectation_can_fail),
        cmocka_unit_test(a_step_after_the_end_is_a_difference),
        cmocka_unit_test(the_live_world_can_be_told),
        cmocka_unit_test(coverage_tells_what_was_reached_and_what_was_not),
        cmocka_unit_test(tests_are_decided_alike_every_time),
        cmocka_unit_test(what_is_wrong_with_a_document_is_told),
        cmocka_unit_test(every_bound_of_memory_is_a_clear_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
