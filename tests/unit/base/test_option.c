#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/option.h"
#include "signalbox/version.h"

static const struct option_row rows[] = {
    {"listen-unix", OPTION_TEXT, "path", "/run/x.sock", 0, 0, "Where it listens."},
    {"port", OPTION_NUMBER, "port", "7450", 1, 65535, "The port."},
    {"skew-ms", OPTION_NUMBER, "ms", NULL, -1000, 1000, "Allowed skew."},
    {"strict", OPTION_BOOL, "", "false", 0, 0, "Refuses more."},
    {"peer", OPTION_LIST, "address", NULL, 0, 0, "A peer."},
    {"tag", OPTION_LIST, "", "a,b", 0, 0, "A tag."},
    {0},
};

static struct option_set *set;
static char file_path[64], output[8192];
/* getopt wants to be able to write to its arguments. */
static char texts[1024], *arguments[16];

static int clean_up(void **state)
{
    (void)state;
    option_free(set);
    set = NULL;
    unsetenv("SIGNALBOX_LISTEN_UNIX");
    unsetenv("SIGNALBOX_PORT");
    unsetenv("SIGNALBOX_SKEW_MS");
    unsetenv("SIGNALBOX_STRICT");
    unsetenv("SIGNALBOX_PEER");
    unsetenv("SIGNALBOX_CONFIG");
    if (*file_path)
        unlink(file_path);
    file_path[0] = '\0';
    return 0;
}

static void write_file(const char *text)
{
    FILE *file;
    int fd;

    snprintf(file_path, sizeof file_path, "/tmp/signalbox-option-XXXXXX");
    fd = mkstemp(file_path);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int copy_arguments(const char *const *argv)
{
    char *p = texts;
    int argc = 0;

    for (; argv[argc]; argc++) {
        assert_true(argc < 15 && p + strlen(argv[argc]) < texts + sizeof texts);
        arguments[argc] = p;
        p = stpcpy(p, argv[argc]) + 1;
    }
    arguments[argc] = NULL;
    return argc;
}

/* Runs option_read with what it prints on fd kept in output. */
static enum option_outcome read_printing(int fd, const char *operand_help, const char *const *argv)
{
    FILE *kept = tmpfile();
    enum option_outcome outcome;
    int argc = copy_arguments(argv), saved;
    size_t len;

    assert_non_null(kept);
    fflush(NULL);
    saved = dup(fd);
    dup2(fileno(kept), fd);
    option_free(set);
    outcome = option_read(rows, argc, arguments, "signalbox-test", operand_help, &set);
    fflush(NULL);
    dup2(saved, fd);
    close(saved);
    rewind(kept);
    len = fread(output, 1, sizeof output - 1, kept);
    output[len] = '\0';
    fclose(kept);
    return outcome;
}

#define READ(...)                                                                                  \
    read_printing(STDERR_FILENO, NULL, (const char *[]){"program" __VA_OPT__(, ) __VA_ARGS__, NULL})

static void assert_value(const char *name, const char *text, const char *source)
{
    const struct option_value *value = option_get(set, name);

    assert_string_equal(value->text, text);
    assert_string_equal(value->source, source);
}

static void without_anything_defaults_hold(void **state)
{
    (void)state;
    assert_int_equal(READ(), OPTION_RUN);
    assert_value("listen-unix", "/run/x.sock", "default");
    assert_value("port", "7450", "default");
    assert_int_equal(option_get(set, "port")->number, 7450);
    assert_null(option_get(set, "skew-ms")->text);
    assert_null(option_get(set, "skew-ms")->source);
    assert_false(option_get(set, "strict")->truth);
    assert_int_equal(option_get(set, "peer")->list_count, 0);
    assert_int_equal(option_get(set, "tag")->list_count, 2);
    assert_string_equal(option_get(set, "tag")->list[1], "b");
}

static void a_flag_wins_over_environment_over_file_over_default(void **state)
{
    (void)state;
    write_file("{\"port\": 3, \"listen-unix\": \"file\", \"skew-ms\": -3, \"strict\": true}");
    setenv("SIGNALBOX_PORT", "2", 1);
    setenv("SIGNALBOX_LISTEN_UNIX", "environment", 1);
    assert_int_equal(READ("--config", file_path, "--port=1"), OPTION_RUN);
    assert_value("port", "1", "flag");
    assert_value("listen-unix", "environment", "environment");
    assert_value("skew-ms", "-3", "file");
    assert_int_equal(option_get(set, "skew-ms")->number, -3);
    assert_true(option_get(set, "strict")->truth);
}

static void the_environment_can_name_the_file(void **state)
{
    (void)state;
    write_file("{\"port\": 99}");
    setenv("SIGNALBOX_CONFIG", file_path, 1);
    assert_int_equal(READ(), OPTION_RUN);
    assert_value("port", "99", "file");
}

static void an_empty_variable_counts_as_not_set(void **state)
{
    (void)state;
    setenv("SIGNALBOX_PORT", "", 1);
    assert_int_equal(READ(), OPTION_RUN);
    assert_value("port", "7450", "default");
}

static void bools_are_flags_with_or_without_a_value(void **state)
{
    (void)state;
    assert_int_equal(READ("--strict"), OPTION_RUN);
    assert_true(option_get(set, "strict")->truth);
    assert_int_equal(READ("--strict=true"), OPTION_RUN);
    assert_true(option_get(set, "strict")->truth);
    setenv("SIGNALBOX_STRICT", "true", 1);
    assert_int_equal(READ("--strict=false"), OPTION_RUN);
    assert_false(option_get(set, "strict")->truth);
}

static void assert_peers(unsigned count, const char *first, const char *last)
{
    const struct option_value *peers = option_get(set, "peer");

    assert_int_equal(peers->list_count, count);
    assert_string_equal(peers->list[0], first);
    assert_string_equal(peers->list[count - 1], last);
}

static void lists_come_as_repeated_flags_or_parted_by_commas(void **state)
{
    (void)state;
    assert_int_equal(READ("--peer", "a,b", "--peer", "c"), OPTION_RUN);
    assert_peers(2, "a,b", "c");
    setenv("SIGNALBOX_PEER", "x,,y,z,", 1);
    assert_int_equal(READ(), OPTION_RUN);
    assert_peers(3, "x", "z");
    unsetenv("SIGNALBOX_PEER");
    write_file("{\"peer\": \"p,q\"}");
    assert_int_equal(READ("--config", file_path), OPTION_RUN);
    assert_peers(2, "p", "q");
    unlink(file_path);
    write_file("{\"peer\": [\"r\", \"s,t\"]}");
    assert_int_equal(READ("--config", file_path), OPTION_RUN);
    assert_peers(2, "r", "s,t");
}

static void bad_flags_are_refused_with_name_and_source(void **state)
{
    static const struct {
        const char *flag, *says;
    } table[] = {
        {"--port=0", "option port (flag --port): \"0\" is not a whole number from 1 to 65535"},
        {"--port=65536", "port"},
        {"--port=7x", "port"},
        {"--port=", "port"},
        {"--port= 7", "port"},
        {"--port=1.0", "port"},
        {"--port=99999999999999999999", "port"},
        {"--skew-ms=-1001", "from -1000 to 1000 (ms)"},
        {"--strict=yes", "option strict (flag --strict): \"yes\" is not true or false"},
        {"--unknown=1", "--unknown=1 (flag): there is no such option"},
        {"--port", "--port (flag): needs a value"},
        {"--help=1", "--help=1 (flag): takes no value"},
        {"-x", "-x (flag): there is no such option"},
        {"operand", "unexpected argument \"operand\""},
        {"--config=/nonexistent/file", "file /nonexistent/file: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char flag[64];

        snprintf(flag, sizeof flag, "%s", table[i].flag);
        if (READ(flag) != OPTION_BAD || !strstr(output, table[i].says))
            fail_msg("%s: %s", flag, output);
        assert_memory_equal(output, "signalbox-test: ", 16);
    }
}

static void bad_environment_values_name_the_variable(void **state)
{
    (void)state;
    setenv("SIGNALBOX_PORT", "many", 1);
    assert_int_equal(READ(), OPTION_BAD);
    assert_non_null(strstr(output, "option port (environment SIGNALBOX_PORT): \"many\""));
}

static void bad_files_are_refused_with_the_place(void **state)
{
    static const struct {
        const char *text, *says;
    } table[] = {
        {"", "empty"},
        {"{\n\"port\": }", ":2:9: unexpected token"},
        {"[]", "found an array, expected an object"},
        {"{\"prt\": 1}", "option prt (file "},
        {"{\"port\": \"1\"}", "found a string, expected a number"},
        {"{\"port\": 1.5}", "\"1.5\" is not a whole number"},
        {"{\"strict\": \"true\"}", "found a string, expected a boolean"},
        {"{\"listen-unix\": 5}", "found a number, expected a string"},
        {"{\"listen-unix\": null}", "found null, expected a string"},
        {"{\"peer\": [1]}", "item 0 is a number, not a string"},
        {"{\"port\": 1, \"port\": 2}", "duplicate key \"port\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        write_file(table[i].text);
        if (READ("--config", file_path) != OPTION_BAD || !strstr(output, table[i].says) ||
            !strstr(output, file_path))
            fail_msg("%s: %s", table[i].text, output);
        unlink(file_path);
    }
}

static void a_file_has_a_bound(void **state)
{
    static char text[1024 * 1024 + 2];

    (void)state;
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "{}", 2);
    write_file(text);
    assert_int_equal(READ("--config", file_path), OPTION_BAD);
    assert_non_null(strstr(output, "longer than 1 MiB"));
    unlink(file_path);
    text[sizeof text - 2] = '\0';
    write_file(text);
    assert_int_equal(READ("--config", file_path), OPTION_RUN);
}

static void a_list_has_a_bound(void **state)
{
    char items[2 * (OPTION_LIST_MAX + 1)];

    (void)state;
    for (size_t i = 0; i < sizeof items; i += 2) {
        items[i] = 'a';
        items[i + 1] = ',';
    }
    items[sizeof items - 1] = '\0';
    setenv("SIGNALBOX_PEER", items, 1);
    assert_int_equal(READ(), OPTION_BAD);
    assert_non_null(strstr(output, "more than 16 items"));
    items[2 * OPTION_LIST_MAX - 1] = '\0';
    setenv("SIGNALBOX_PEER", items, 1);
    assert_int_equal(READ(), OPTION_RUN);
}

static void operands_end_the_options(void **state)
{
    const char *const *operands;

    (void)state;
    assert_int_equal(
        read_printing(STDERR_FILENO, "<command> [operand ...]",
                      (const char *[]){"program", "--port=5", "publish", "--strict", NULL}),
        OPTION_RUN);
    assert_int_equal(option_operands(set, &operands), 2);
    assert_string_equal(operands[0], "publish");
    assert_string_equal(operands[1], "--strict");
    assert_false(option_get(set, "strict")->truth);
}

static void help_names_every_option_with_unit_default_range_and_variable(void **state)
{
    static const char *const says[] = {
        "Usage: signalbox-test [option ...] <command>",
        "--listen-unix <path>",
        "Default: /run/x.sock.",
        "--port <port>",
        "From 1 to 65535.",
        "Default: 7450 port.",
        "--skew-ms <ms>",
        "[SIGNALBOX_SKEW_MS]",
        "--strict[=true|false]",
        "--peer <address> ...",
        "--config <path>",
        "--version",
    };

    (void)state;
    assert_int_equal(
        read_printing(STDOUT_FILENO, "<command>", (const char *[]){"program", "--help", NULL}),
        OPTION_EXIT);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        if (!strstr(output, says[i]))
            fail_msg("no \"%s\" in: %s", says[i], output);
}

static void version_is_printed(void **state)
{
    (void)state;
    assert_int_equal(
        read_printing(STDOUT_FILENO, NULL, (const char *[]){"program", "--version", NULL}),
        OPTION_EXIT);
    assert_string_equal(output, "signalbox-test " SIGNALBOX_VERSION "\n");
}

#define CLEAN(test) cmocka_unit_test_teardown(test, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(without_anything_defaults_hold),
        CLEAN(a_flag_wins_over_environment_over_file_over_default),
        CLEAN(the_environment_can_name_the_file),
        CLEAN(an_empty_variable_counts_as_not_set),
        CLEAN(bools_are_flags_with_or_without_a_value),
        CLEAN(lists_come_as_repeated_flags_or_parted_by_commas),
        CLEAN(bad_flags_are_refused_with_name_and_source),
        CLEAN(bad_environment_values_name_the_variable),
        CLEAN(bad_files_are_refused_with_the_place),
        CLEAN(a_file_has_a_bound),
        CLEAN(a_list_has_a_bound),
        CLEAN(operands_end_the_options),
        CLEAN(help_names_every_option_with_unit_default_range_and_variable),
        CLEAN(version_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
