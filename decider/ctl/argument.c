/* getopt knows one table; here two share a line: the program's options, which base/option.h reads
 * with environment and file, and those of one command, which are flags only, since an environment
 * variable that quietly adds --activate helps nobody. */
#include "ctl/argument.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"

#define PROGRAM "signalboxctl"

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] == '-' && word[2];
}

/* The name of "--name" or "--name=value". */
static struct slice flag_name(const char *word)
{
    return (struct slice){word + 2, strcspn(word + 2, "=")};
}

/* Whether the program has such an option, and whether the next word is its value. */
static bool is_option(const struct option_row *options, const char *word, bool *ret_takes_next)
{
    struct slice name = flag_name(word);
    bool joined = strchr(word, '=');

    *ret_takes_next = false;
    if (slice_is(name, "help") || slice_is(name, "version"))
        return true;
    *ret_takes_next = !joined;
    if (slice_is(name, "config"))
        return true;
    for (const struct option_row *row = options; row->name; row++)
        if (slice_is(name, row->name)) {
            *ret_takes_next = !joined && row->kind != OPTION_BOOL;
            return true;
        }
    return false;
}

bool argument_split(const struct option_row *options,
                    int argc,
                    char **argv,
                    struct argument_split *ret_split)
{
    struct argument_split split = {.options = calloc((size_t)argc + 1, sizeof *split.options),
                                   .rest = calloc((size_t)argc + 1, sizeof *split.rest)};
    bool takes_next = false, ended = false;

    if (!split.options || !split.rest) {
        argument_split_done(&split);
        return false;
    }
    split.options[split.options_count++] = argv[0];
    for (int i = 1; i < argc; i++) {
        bool option = !ended && is_flag(argv[i]) && is_option(options, argv[i], &takes_next);

        if (strcmp(argv[i], "--") == 0)
            ended = true;
        if (!option) {
            split.rest[split.rest_count++] = argv[i];
            continue;
        }
        split.help |= slice_is(flag_name(argv[i]), "help");
        split.options[split.options_count++] = argv[i];
        if (takes_next && i + 1 < argc)
            split.options[split.options_count++] = argv[++i];
    }
    *ret_split = split;
    return true;
}

void argument_split_done(struct argument_split *split)
{
    free(split->options);
    free(split->rest);
    *split = (struct argument_split){0};
}

/* How many of the words name the command; 0: they do not. */
static int match(const struct command *command, char *const *words, int words_count)
{
    const char *rest = command->words;
    int count = 0;

    while (*rest) {
        size_t len = strcspn(rest, " ");

        if (count == words_count || strlen(words[count]) != len ||
            strncmp(words[count], rest, len) != 0)
            return 0;
        count++;
        rest += len + (rest[len] == ' ');
    }
    return count;
}

/* Whether word is the first of the command's words, and another one follows. */
static bool is_part(const struct command *command, const char *word)
{
    size_t len = strlen(word);

    return strncmp(command->words, word, len) == 0 && command->words[len] == ' ';
}

static bool complain(const char *what, struct slice name, const char *then)
{
    fprintf(stderr, PROGRAM ": %s%.*s%s; see --help\n", what, (int)name.len, name.ptr, then);
    return false;
}

static bool take_flag(struct arguments *arguments, char *const *words, int count, int *at)
{
    const struct command *command = arguments->command;
    const char *word = words[*at];
    const char *joined = strchr(word, '=');
    struct slice name = flag_name(word);
    struct argument_value *value = NULL;
    enum argument_kind kind = ARGUMENT_FLAG;

    for (unsigned i = 0; i < command->arguments_count; i++)
        if (slice_is(name, command->arguments[i].name)) {
            value = &arguments->values[i];
            kind = command->arguments[i].kind;
        }
    if (!value)
        return complain("there is no option --", name, " here");
    if (kind == ARGUMENT_FLAG && joined)
        return complain("--", name, " takes no value");
    if (kind != ARGUMENT_LIST && value->count)
        return complain("--", name, " is given twice");
    if (value->count == ARGUMENT_LIST_MAX)
        return complain("--", name, " is given too often");
    if (kind != ARGUMENT_FLAG && !joined && *at + 1 == count)
        return complain("--", name, " needs a value");
    if (kind == ARGUMENT_FLAG)
        value->texts[value->count++] = "";
    else
        value->texts[value->count++] = joined ? joined + 1 : words[++*at];
    return true;
}

static bool read_rest(struct arguments *arguments, char *const *words, int count)
{
    const struct command *command = arguments->command;
    bool ended = false;

    for (int i = 0; i < count; i++) {
        if (!ended && strcmp(words[i], "--") == 0) {
            ended = true;
        } else if (!ended && is_flag(words[i])) {
            if (!take_flag(arguments, words, count, &i))
                return false;
        } else if (arguments->operands_count == command->most) {
            return complain("too many words for ", slice_of(command->words), "");
        } else if (!*words[i]) { /* most often a variable of a script that is not set */
            return complain("", slice_of(command->words), ": an argument is empty");
        } else {
            arguments->operands[arguments->operands_count++] = words[i];
        }
    }
    if (arguments->operands_count < command->least)
        return complain(command->words, SLICE_LITERAL(" needs "), command->operands);
    return true;
}

/* Names the second words of the commands that begin with word. */
static bool complain_part(const struct command *commands, unsigned count, const char *word)
{
    size_t len = strlen(word);
    const char *separator = "";

    fprintf(stderr, PROGRAM ": %s needs one of: ", word);
    for (unsigned i = 0; i < count; i++)
        if (is_part(&commands[i], word)) {
            fprintf(stderr, "%s%s", separator, commands[i].words + len + 1);
            separator = ", ";
        }
    fprintf(stderr, "; see --help\n");
    return false;
}

bool argument_read(const struct command *commands,
                   unsigned count,
                   char *const *words,
                   int words_count,
                   struct arguments *ret_arguments)
{
    *ret_arguments = (struct arguments){0};
    for (unsigned i = 0; i < count; i++) {
        int matched = match(&commands[i], words, words_count);

        if (!matched)
            continue;
        invariant(commands[i].arguments_count <= ARGUMENTS_MAX && commands[i].most <= OPERANDS_MAX);
        ret_arguments->command = &commands[i];
        return read_rest(ret_arguments, words + matched, words_count - matched);
    }
    if (words_count == 0)
        return complain("a command is needed", SLICE_LITERAL(""), "");
    if (words[0][0] == '-')
        return complain("there is no such option: ", slice_of(words[0]), "");
    for (unsigned i = 0; i < count; i++)
        if (is_part(&commands[i], words[0]))
            return complain_part(commands, count, words[0]);
    return complain("there is no such command: ", slice_of(words[0]), "");
}

const struct argument_value *argument_list(const struct arguments *arguments, const char *name)
{
    const struct command *command = arguments->command;
    unsigned i = 0;

    while (i < command->arguments_count && strcmp(command->arguments[i].name, name) != 0)
        i++;
    invariant(i < command->arguments_count);
    return &arguments->values[i];
}

const char *argument_text(const struct arguments *arguments, const char *name)
{
    const struct argument_value *value = argument_list(arguments, name);

    return value->count ? value->texts[0] : NULL;
}

bool argument_flag(const struct arguments *arguments, const char *name)
{
    return argument_list(arguments, name)->count > 0;
}

bool argument_is_asked(const struct command *command, char *const *words, int words_count)
{
    int matched = match(command, words, words_count);

    return words_count == 0 || matched || (words_count == 1 && is_part(command, words[0]));
}

void argument_help(const struct command *command)
{
    printf("  %s%s%s%s\n      %s\n", command->words, *command->operands ? " " : "",
           command->operands, command->arguments_count ? " [option ...]" : "", command->help);
    for (unsigned i = 0; i < command->arguments_count; i++) {
        const struct argument_row *row = &command->arguments[i];

        printf("        --%s%s%s%s  %s\n", row->name, *row->value ? " " : "", row->value,
               row->kind == ARGUMENT_LIST ? " ..." : "", row->help);
    }
}
