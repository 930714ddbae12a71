/* Program options: flag, then environment variable, then configuration file, then default.
 *
 * A program has one table. --name value and --name=value set a flag; the variable is
 * SIGNALBOX_ and the name in capitals with _ for -; the file (--config FILE) is JSON with the
 * names as keys. --help prints every option with unit, default and range; --version the version.
 * These three need no row. An empty variable counts as not set; the file writes numbers and
 * booleans as JSON does and a list as an array of strings or as one text. Parsing is done with
 * getopt_long, so a flag may be cut as long as it is clear. */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdint.h>

#include "signalbox/result.h"
#include "signalbox/slice.h"

enum option_kind {
    OPTION_TEXT,
    OPTION_NUMBER, /* int64_t within [low, high] */
    OPTION_BOOL,   /* flag alone means true; =true and =false work */
    OPTION_LIST,   /* may be given several times; the environment and file part it by commas */
};

#define OPTION_LIST_MAX 16

struct option_row {
    const char *name; /* "listen-unix"; NULL ends the table */
    enum option_kind kind;
    const char *unit;     /* "ms", "path", ...; "" for none */
    const char *fallback; /* the default as text; NULL: none */
    int64_t low, high;    /* of a number, both inclusive */
    const char *help;     /* one sentence */
};

struct option_value {
    const char *text; /* NULL: not set and no default */
    int64_t number;
    bool truth;
    const char *list[OPTION_LIST_MAX];
    unsigned list_count;
    const char *source; /* "flag", "environment", "file" or "default" */
};

struct option_set; /* owns every text it lends */

enum option_outcome {
    OPTION_RUN,  /* go on */
    OPTION_EXIT, /* --help or --version was printed; exit with 0 */
    OPTION_BAD,  /* stderr says what is wrong and names the option and its source; exit with 64 */
};

/* Reads argv against rows. What follows the options (a command and its operands) is left to the
 * caller: option_operands; options end at the first argument that is none. When operands are not
 * allowed (operand_help NULL), one is an error. *ret_set must be freed with option_free whatever
 * comes back. */
enum option_outcome option_read(const struct option_row *rows,
                                int argc,
                                char **argv,
                                const char *program,
                                const char *operand_help,
                                struct option_set **ret_set);
void option_free(struct option_set *set);
/* name must be in the table (an invariant). Lent until option_free. */
const struct option_value *option_get(const struct option_set *set, const char *name);
unsigned option_operands(const struct option_set *set, const char *const **ret_operands);

#endif
