/* The audit trail: who did what, when and why, the newest first. */
#include "unit/service/activation_fixture.h"

/* Actions of the trail, the newest first, one letter each. */
static void read_trail(struct fixture *f, struct audit_query query, char *ret_letters)
{
    struct audit_record *records;
    char token[64] = "";
    struct slice next;
    unsigned count;

    do {
        query.page_token = slice_of(token);
        query.rows_max = 2;
        assert_int_equal(
            service_list_audit(f->service, fixture_call(f), &query, &records, &count, &next),
            RESULT_OK);
        for (unsigned i = 0; i < count; i++)
            *ret_letters++ = "?PARC"[records[i].action < 5 ? records[i].action : 0];
        snprintf(token, sizeof token, "%.*s", (int)next.len, next.len ? next.ptr : "");
    } while (token[0]);
    *ret_letters = '\0';
}

static void the_trail_tells_who_did_what_and_why_the_newest_first(void **state)
{
    struct fixture *f = *state;
    const struct audit_query newest = {.policy_id = SLICE_LITERAL("p"), .rows_max = 1};
    const struct audit_query bad = {.page_token = SLICE_LITERAL("none")};
    struct activation_summary summary;
    struct audit_record *records;
    char letters[32];
    struct slice next;
    unsigned count;

    f->now_ms += 10;
    activate(f, 1, 100);
    f->now_ms += 10;
    fixture_call(f)->caller = &fixture_reviewer;
    assert_int_equal(
        service_activate(f->service, &f->call,
                         &(struct activation_request){.policy_id = SLICE_LITERAL("p"),
                                                      .version = 2,
                                                      .percent = 10,
                                                      .reason = SLICE_LITERAL("ticket 7")},
                         &summary),
        RESULT_OK);
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &newest, &records, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(records[0].action, AUDIT_ACTION_ACTIVATE_POLICY);
    assert_int_equal(records[0].at_ms, f->now_ms);
    assert_text(records[0].by, "key_reviewer");
    assert_text(records[0].policy_id, "p");
    assert_int_equal(records[0].version, 2);
    assert_text(records[0].workload, "w");
    assert_text(records[0].environment, "e");
    assert_text(records[0].detail, "For 10 % of the requests, beside p@1.");
    assert_text(records[0].reason, "ticket 7");
    assert_true(next.len > 0);
    f->now_ms += 10;
    roll_back(f);
    read_trail(f, (struct audit_query){.rows_max = 0}, letters);
    assert_string_equal(letters, "RAAPPPC");
    read_trail(f, (struct audit_query){.policy_id = SLICE_LITERAL("p")}, letters);
    assert_string_equal(letters, "RAAPPP");
    read_trail(f, (struct audit_query){.workload = SLICE_LITERAL("elsewhere")}, letters);
    assert_string_equal(letters, "");
    assert_int_equal(service_list_audit(f->service, fixture_call(f), &bad, &records, &count, &next),
                     RESULT_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_trail_tells_who_did_what_and_why_the_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
