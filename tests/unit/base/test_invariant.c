#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/invariant.h"

static void one_that_holds_changes_nothing(void **state)
{
    int evaluated = 0;

    (void)state;
    invariant(++evaluated == 1);
    assert_int_equal(evaluated, 1);
}

static void a_broken_one_names_itself_and_ends_the_process(void **state)
{
    char line[1024] = "";
    int ends[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        invariant(2 + 2 == 5);
        _exit(0);
    }
    close(ends[1]);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(line, "\"condition\":\"2 + 2 == 5\""));
    assert_non_null(strstr(line, "test_invariant.c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_holds_changes_nothing),
        cmocka_unit_test(a_broken_one_names_itself_and_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
