/* Opening: what is made, and every directory that is refused with a sentence. */
#include <signal.h>
#include <sys/stat.h>

#include "unit/store/fixture.h"

static int prepare(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture_prepare(fixture);
    *state = fixture;
    return 0;
}

static int tidy(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

static enum result
try_open(const struct fixture *fixture, const char *directory, struct store_error *reterr_error)
{
    const struct store_options options = {directory ? directory : fixture->directory, MAP_BYTES, 8};
    struct store *store = NULL;
    enum result result = store_open(&options, &store, reterr_error);

    store_close(store);
    return result;
}

static void makes_a_directory_that_only_its_owner_may_enter(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error;
    struct stat status;

    assert_int_equal(try_open(fixture, NULL, &error), RESULT_OK);
    assert_int_equal(stat(fixture->directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void keeps_its_secret_and_no_other_store_has_it(void **state)
{
    struct fixture *fixture = *state, other;
    char first[32];
    struct slice secret;

    fixture_open(fixture, MAP_BYTES);
    secret = store_secret(fixture->store);
    assert_int_equal(secret.len, sizeof first);
    memcpy(first, secret.ptr, sizeof first);
    fixture_close(fixture);
    fixture_open(fixture, MAP_BYTES);
    assert_memory_equal(store_secret(fixture->store).ptr, first, sizeof first);
    fixture_close(fixture);

    fixture_prepare(&other);
    fixture_open(&other, MAP_BYTES);
    assert_memory_not_equal(store_secret(other.store).ptr, first, sizeof first);
    fixture_close(&other);
    fixture_remove(&other);
}

static void refuses_a_data_file_that_is_garbage(void **state)
{
    static const size_t sizes[] = {1, 100, 4096, 65536};
    struct fixture *fixture = *state;
    char path[128], garbage[65536];

    memset(garbage, 0x5a, sizeof garbage);
    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    snprintf(path, sizeof path, "%s/data.mdb", fixture->directory);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        struct store_error error = {""};

        assert_int_equal(write(fd, garbage, sizes[i]), sizes[i]);
        close(fd);
        assert_int_equal(try_open(fixture, NULL, &error), RESULT_CORRUPT);
        assert_non_null(strstr(error.text, path));
        assert_non_null(strstr(error.text, "damaged or no store"));
    }
}

static void refuses_a_store_of_a_newer_format_by_its_number(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error = {""};

    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(fixture_put(fixture, STORE_TABLE_META, SLICE_LITERAL("format"),
                                 SLICE_LITERAL("\x07\0\0\0")),
                     RESULT_OK);
    fixture_close(fixture);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_CORRUPT);
    assert_non_null(strstr(error.text, "has format 7; this program knows formats 1 to 2"));
    assert_non_null(strstr(error.text, fixture->directory));
}

/* Format 1 had neither evidence nor switches. */
static void brings_a_store_of_an_older_format_up_to_date(void **state)
{
    struct fixture *fixture = *state;
    struct slice value;

    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(
        fixture_put(fixture, STORE_TABLE_POLICY, SLICE_LITERAL("p"), SLICE_LITERAL("kept")),
        RESULT_OK);
    assert_int_equal(fixture_put(fixture, STORE_TABLE_META, SLICE_LITERAL("format"),
                                 SLICE_LITERAL("\x01\0\0\0")),
                     RESULT_OK);
    for (int times = 0; times < 2; times++) {
        fixture_close(fixture);
        fixture_open(fixture, MAP_BYTES);
        assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
        assert_int_equal(
            store_get(fixture->read, STORE_TABLE_META, SLICE_LITERAL("format"), &value), RESULT_OK);
        assert_true(slice_equal(value, SLICE_LITERAL("\x02\0\0\0")));
        assert_int_equal(store_get(fixture->read, STORE_TABLE_POLICY, SLICE_LITERAL("p"), &value),
                         RESULT_OK);
        assert_true(slice_is(value, "kept"));
        assert_int_equal(
            store_get(fixture->read, STORE_TABLE_EVIDENCE, SLICE_LITERAL("none"), &value),
            RESULT_NOT_FOUND);
        store_read_reset(fixture->read);
    }
    fixture_close(fixture);
}

static void refuses_a_store_of_format_zero(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error = {""};

    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(
        fixture_put(fixture, STORE_TABLE_META, SLICE_LITERAL("format"), SLICE_LITERAL("\0\0\0\0")),
        RESULT_OK);
    fixture_close(fixture);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_CORRUPT);
}

static void refuses_a_database_that_is_not_ours(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error = {""};

    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(fixture_delete(fixture, STORE_TABLE_META, SLICE_LITERAL("secret")), RESULT_OK);
    fixture_close(fixture);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_CORRUPT);
    assert_non_null(strstr(error.text, "was not made by Signalbox"));
}

static void says_which_directory_cannot_be_made_or_is_none(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error = {""};
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s/missing/store", fixture->parent);
    assert_int_equal(try_open(fixture, path, &error), RESULT_IO);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, "No such file or directory"));

    fd = open(fixture->directory, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_IO);
    assert_non_null(strstr(error.text, "is not a directory"));
}

static void says_that_a_directory_is_read_only(void **state)
{
    struct fixture *fixture = *state;
    const char *arguments[3] = {"open", fixture->directory, "as-nobody"};
    char text[512];
    int out, status;
    pid_t pid;

    assert_int_equal(mkdir(fixture->directory, 0555), 0);
    assert_int_equal(chmod(fixture->parent, 0755), 0);
    pid = fixture_spawn(arguments, NULL, &out);
    status = fixture_wait(pid, out, text, sizeof text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), RESULT_IO);
    assert_non_null(strstr(text, fixture->directory));
    assert_non_null(strstr(text, "Permission denied"));
}

static void refuses_a_second_process_and_names_the_first(void **state)
{
    struct fixture *fixture = *state;
    const char *arguments[3] = {"open", fixture->directory, ""};
    char text[512], holder[64];
    int out, status;
    pid_t pid;

    fixture_open(fixture, MAP_BYTES);
    pid = fixture_spawn(arguments, NULL, &out);
    status = fixture_wait(pid, out, text, sizeof text);
    fixture_close(fixture);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), RESULT_LOCKED);
    snprintf(holder, sizeof holder, "Process %ld has the store open", (long)getpid());
    assert_non_null(strstr(text, holder));
    assert_non_null(strstr(text, fixture->directory));
}

static void refuses_a_second_open_in_the_same_process(void **state)
{
    struct fixture *fixture = *state;
    struct store_error error = {""};

    fixture_open(fixture, MAP_BYTES);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_LOCKED);
    fixture_close(fixture);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_OK);
}

static void opens_after_its_holder_was_killed(void **state)
{
    struct fixture *fixture = *state;
    const char *arguments[3] = {"hold", fixture->directory, ""};
    struct store_error error = {""};
    char text[8];
    int out, status;
    pid_t pid = fixture_spawn(arguments, NULL, &out);

    assert_int_equal(read(out, text, 1), 1);
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_LOCKED);
    kill(pid, SIGKILL);
    status = fixture_wait(pid, out, text, sizeof text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_OK);
}

static void refuses_a_kill_point_that_is_not_there(void **state)
{
    static const char *const wrong[] = {"nowhere", "before_commit:0", "before_commit:x", ""};
    struct fixture *fixture = *state;
    struct store_error error = {""};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("SIGNALBOX_KILL_POINT", wrong[i], 1);
        assert_int_equal(try_open(fixture, NULL, &error), RESULT_INVALID);
        assert_non_null(strstr(error.text, "SIGNALBOX_KILL_POINT"));
    }
    unsetenv("SIGNALBOX_KILL_POINT");
    assert_int_equal(try_open(fixture, NULL, &error), RESULT_OK);
}

/* This program as another process: open <directory> as-nobody|"", or hold <directory> "". */
static int other_process(char **arguments)
{
    const struct store_options options = {arguments[2], MAP_BYTES, 8};
    struct store_error error = {""};
    struct store *store = NULL;
    enum result result;

    if (strcmp(arguments[3], "as-nobody") == 0 && geteuid() == 0 && setuid(65534))
        return 126;
    result = store_open(&options, &store, &error);
    if (!result && strcmp(arguments[1], "hold") == 0) {
        if (write(STDOUT_FILENO, "+", 1) == 1)
            pause();
    }
    store_close(store);
    printf("%s\n", error.text);
    return (int)result;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
    const struct CMUnitTest tests[] = {
        TEST(makes_a_directory_that_only_its_owner_may_enter),
        TEST(keeps_its_secret_and_no_other_store_has_it),
        TEST(refuses_a_data_file_that_is_garbage),
        TEST(refuses_a_store_of_a_newer_format_by_its_number),
        TEST(brings_a_store_of_an_older_format_up_to_date),
        TEST(refuses_a_store_of_format_zero),
        TEST(refuses_a_database_that_is_not_ours),
        TEST(says_which_directory_cannot_be_made_or_is_none),
        TEST(says_that_a_directory_is_read_only),
        TEST(refuses_a_second_process_and_names_the_first),
        TEST(refuses_a_second_open_in_the_same_process),
        TEST(opens_after_its_holder_was_killed),
        TEST(refuses_a_kill_point_that_is_not_there),
    };

    return argc == 4 ? other_process(argv) : cmocka_run_group_tests(tests, NULL, NULL);
}
