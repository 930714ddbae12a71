/* Starting: what keeps a service from it, said in a sentence. */
#include "unit/service/fixture.h"

static enum result
try_open(const char *directory, const char *token_file, struct service_error *error)
{
    const struct service_options options = {.directory = directory,
                                            .map_bytes = MAP_BYTES,
                                            .token_file = token_file,
                                            .give_up_ms = GIVE_UP_MS};
    struct service *service = NULL;
    enum result result = service_open(&options, &service, error);

    service_close(service);
    return result;
}

static void one_process_has_the_store(void **state)
{
    struct fixture *f = *state;
    struct service_error error = {""};

    assert_int_equal(try_open(f->directory, f->token_file, &error), RESULT_LOCKED);
    assert_non_null(strstr(error.text, f->directory));
}

static void a_token_file_that_cannot_be_written_makes_no_operator(void **state)
{
    struct fixture *f = *state;
    struct service_error error = {""};
    char directory[128], path[256];

    fixture_close(f);
    snprintf(directory, sizeof directory, "%s/other", f->directory);
    assert_int_equal(try_open(directory, "/nowhere/at/all/token", &error), RESULT_IO);
    assert_non_null(strstr(error.text, "/nowhere/at/all/token"));
    /* The next start makes one. */
    assert_int_equal(try_open(directory, NULL, &error), RESULT_OK);
    snprintf(path, sizeof path, "%s/operator.token", directory);
    assert_int_equal(unlink(path), 0);
    for (const char *const *name =
             (const char *const[]){"data.mdb", "lock.mdb", "signalbox.lock", NULL};
         *name; name++) {
        snprintf(path, sizeof path, "%s/%s", directory, *name);
        unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
    fixture_open(f);
}

static void an_empty_store_answers_and_refuses_everything(void **state)
{
    struct fixture *f = *state;
    struct question question = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};
    struct catalog_summary catalog;
    struct policy_summary policy;

    fixture_answer(f, &question, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    assert_int_equal(asked.decision.reason, REASON_NO_ACTIVE_POLICY);
    assert_int_equal(service_get_catalog(f->service, fixture_call(f), 0, &catalog),
                     RESULT_NOT_FOUND);
    /* Without a catalog no policy names a route that exists. */
    assert_int_equal(service_publish_policy(f->service, fixture_call(f),
                                            fixture_file(f, "policies/demo-chat.json"), &policy),
                     RESULT_OK);
    assert_int_equal(policy.version, 0);
    assert_true(f->call.diagnostics.errors > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_process_has_the_store),
        TEST(a_token_file_that_cannot_be_written_makes_no_operator),
        TEST(an_empty_store_answers_and_refuses_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
