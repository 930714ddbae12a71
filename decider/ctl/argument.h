/* The command line: which words are options of the program, which command is meant, and its
 * operands and arguments. Flags may stand anywhere after the program's name.
 *
 * Messages go to stderr and name flags, never values: a value may be a secret. */
#ifndef CTL_ARGUMENT_H
#define CTL_ARGUMENT_H

#include "base/option.h"

#define ARGUMENT_LIST_MAX 64
#define ARGUMENTS_MAX     16
#define OPERANDS_MAX      4

struct ctl;

enum argument_kind {
    ARGUMENT_FLAG,
    ARGUMENT_TEXT,
    ARGUMENT_LIST,
};

struct argument_row {
    const char *name;
    enum argument_kind kind;
    const char *value; /* as the help shows it */
    const char *help;
};

struct command {
    const char *words;
    const char *operands;
    unsigned least, most;
    int (*run)(struct ctl *ctl);
    const char *method;
    const char *help;
    const struct argument_row *arguments; /* of this command, count of them */
    unsigned arguments_count;
};

/* argv in two: what the program's options read (argv[0] first, NULL last), and the rest. Both are
 * malloc'ed; the texts are argv's. */
struct argument_split {
    char **options;
    int options_count;
    char **rest;
    int rest_count;
    bool help;
};

/* False: out of memory. */
bool argument_split(const struct option_row *options,
                    int argc,
                    char **argv,
                    struct argument_split *ret_split);
void argument_split_done(struct argument_split *split);

struct argument_value {
    const char *texts[ARGUMENT_LIST_MAX];
    unsigned count; /* 0: not given */
};

struct arguments {
    const struct command *command;
    const char *operands[OPERANDS_MAX];
    unsigned operands_count;
    struct argument_value values[ARGUMENTS_MAX]; /* as the command's rows */
};

/* False, with a message: no such command, an argument it does not have, a value that is missing or
 * one too many, the wrong number of operands. */
bool argument_read(const struct command *commands,
                   unsigned count,
                   char *const *words,
                   int words_count,
                   struct arguments *ret_arguments);
/* name must be one of the command's (an invariant). */
const struct argument_value *argument_list(const struct arguments *arguments, const char *name);
/* The text, or NULL when it was not given. */
const char *argument_text(const struct arguments *arguments, const char *name);
bool argument_flag(const struct arguments *arguments, const char *name);

/* Whether help on what was typed is help on the command: on all for nothing, on those of a group
 * for its first word. */
bool argument_is_asked(const struct command *command, char *const *words, int words_count);

/* How the command is used, on stdout. */
void argument_help(const struct command *command);

#endif
