/* The command line, and the table of commands behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/ctl.h"

static const struct option_row options[] = {
    {"target", OPTION_TEXT, "address", NULL, 0, 0, "Where."},
    {"quiet", OPTION_BOOL, "", "false", 0, 0, "Whether."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

#define WORDS_MAX 16

/* Parts text at spaces into argv; "_" stands for the program. */
static int part(char *text, char **argv)
{
    int count = 0;

    for (char *word; (word = strsep(&text, " "));)
        if (*word)
            argv[count++] = word;
    argv[count] = NULL;
    return count;
}

static bool read_line(const char *line, struct arguments *ret_arguments, char *memory)
{
    char *argv[WORDS_MAX];
    struct argument_split split;
    unsigned count;
    const struct command *commands = ctl_commands(&count);
    int argc, error = dup(2);
    bool good;

    strcpy(memory, line);
    argc = part(memory, argv);
    assert_true(argument_split(options, argc, argv, &split));
    assert_non_null(freopen("/dev/null", "w", stderr));
    good = argument_read(commands, count, split.rest, split.rest_count, ret_arguments);
    dup2(error, 2);
    close(error);
    argument_split_done(&split);
    return good;
}

static void parts_the_programs_options_from_the_rest(void **state)
{
    char line[] = "_ --quiet policy --target here list --activate --target=there -- --quiet";
    char *argv[WORDS_MAX];
    struct argument_split split;
    static const char *const wanted[] = {"_", "--quiet", "--target", "here", "--target=there"};
    static const char *const rest[] = {"policy", "list", "--activate", "--", "--quiet"};

    (void)state;
    assert_true(argument_split(options, part(line, argv), argv, &split));
    assert_int_equal(split.options_count, 5);
    assert_int_equal(split.rest_count, 5);
    assert_false(split.help);
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(split.options[i], wanted[i]);
        assert_string_equal(split.rest[i], rest[i]);
    }
    argument_split_done(&split);
}

static void finds_command_operands_and_arguments_in_any_order(void **state)
{
    static const char *const lines[] = {
        "_ policy publish file.json --activate",
        "_ --target x policy publish --activate file.json",
        "_ policy --quiet publish --activate -- file.json",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arguments arguments;
        char memory[256];

        assert_true(read_line(lines[i], &arguments, memory));
        assert_string_equal(arguments.command->words, "policy publish");
        assert_int_equal(arguments.operands_count, 1);
        assert_string_equal(arguments.operands[0], "file.json");
        assert_true(argument_flag(&arguments, "activate"));
    }
}

static void keeps_lists_in_order_and_knows_what_was_not_given(void **state)
{
    struct arguments arguments;
    char memory[256];

    (void)state;
    assert_true(read_line(
        "_ key create --role client --workload=a --workload b --label=", &arguments, memory));
    assert_string_equal(argument_text(&arguments, "role"), "client");
    assert_int_equal(argument_list(&arguments, "workload")->count, 2);
    assert_string_equal(argument_list(&arguments, "workload")->texts[0], "a");
    assert_string_equal(argument_list(&arguments, "workload")->texts[1], "b");
    assert_string_equal(argument_text(&arguments, "label"), "");
    assert_null(argument_text(&arguments, "tenant"));
}

static void a_dash_is_an_operand(void **state)
{
    struct arguments arguments;
    char memory[256];

    (void)state;
    assert_true(read_line("_ policy validate -", &arguments, memory));
    assert_string_equal(arguments.operands[0], "-");
}

static void refuses_what_no_command_has(void **state)
{
    static const char *const lines[] = {
        "_",
        "_ frobnicate",
        "_ policy",
        "_ policy publish",
        "_ policy publish a b",
        "_ policy list a",
        "_ policy list --activate",
        "_ policy publish a --activate=yes",
        "_ key create --role",
        "_ key create --role a --role b",
        "_ key createx",
        "_ polic list",
    };
    char show[] = "show", request[] = "request", empty[] = "";
    char *const unset[] = {request, show, empty};
    struct arguments none;
    unsigned count;
    const struct command *commands = ctl_commands(&count);
    int error = dup(2);

    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arguments arguments;
        char memory[256];

        assert_false(read_line(lines[i], &arguments, memory));
    }
    /* A script's variable that is not set must not stand for "the last one" or "all". */
    assert_non_null(freopen("/dev/null", "w", stderr));
    assert_false(argument_read(commands, count, unset, 3, &none));
    dup2(error, 2);
    close(error);
}

static void help_is_about_what_was_typed(void **state)
{
    char policy[] = "policy", check[] = "check", draft[] = "--draft";
    char *const words[] = {policy, check, draft};
    unsigned count, group = 0, one = 0, all = 0;
    const struct command *commands = ctl_commands(&count);

    (void)state;
    for (unsigned i = 0; i < count; i++) {
        all += argument_is_asked(&commands[i], NULL, 0);
        group += argument_is_asked(&commands[i], words, 1);
        one += argument_is_asked(&commands[i], words, 3);
        assert_false(argument_is_asked(&commands[i], words + 1, 1));
    }
    assert_int_equal(all, count);
    assert_in_range(group, 8, count - 8);
    assert_int_equal(one, 1);
}

static void the_table_is_sound(void **state)
{
    unsigned count;
    const struct command *commands = ctl_commands(&count);

    (void)state;
    assert_true(count > 10);
    for (unsigned i = 0; i < count; i++) {
        assert_true(commands[i].least <= commands[i].most && commands[i].most <= OPERANDS_MAX);
        assert_true(commands[i].arguments_count <= ARGUMENTS_MAX);
        assert_non_null(commands[i].run);
        assert_int_equal(strncmp(commands[i].method, "/signalbox.v1.", 14), 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(commands[i].words, commands[k].words);
        for (unsigned k = 0; k < commands[i].arguments_count; k++)
            for (unsigned m = 0; m < k; m++)
                assert_string_not_equal(commands[i].arguments[k].name,
                                        commands[i].arguments[m].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_the_programs_options_from_the_rest),
        cmocka_unit_test(finds_command_operands_and_arguments_in_any_order),
        cmocka_unit_test(keeps_lists_in_order_and_knows_what_was_not_given),
        cmocka_unit_test(a_dash_is_an_operand),
        cmocka_unit_test(refuses_what_no_command_has),
        cmocka_unit_test(help_is_about_what_was_typed),
        cmocka_unit_test(the_table_is_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
