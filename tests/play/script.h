/* A play script as words: one command a line, `name key=value key="a value"`, # begins a comment.
 *
 * The player (player.c) gives them meaning; here they are only taken apart and matched. */
#ifndef TESTS_PLAY_SCRIPT_H
#define TESTS_PLAY_SCRIPT_H

#include "signalbox/facts.h"

#define SCRIPT_WORDS_MAX 48

struct script_word {
    char *key; /* NULL for the command itself and for bare operands */
    char *value;
};

struct script_line {
    unsigned number; /* in the file, from 1 */
    struct script_word words[SCRIPT_WORDS_MAX];
    unsigned count;
};

/* Takes line apart in place. False: more words than fit, or an open quote. */
bool script_split(char *line, struct script_line *ret_line);
/* The value under key, or NULL. */
const char *script_value(const struct script_line *line, const char *key);

/* Set a field of facts.def or report.def by its name: numbers, true and false, members by name,
 * sets and lists parted by commas, maps as a:b,c:d, usage as input:10,output:20, tool calls as
 * id:name:side_effect. Texts are borrowed from value. False: no such field or value. */
struct arena;
bool script_set_fact(struct facts *facts, const char *name, char *value, struct arena *arena);
bool script_set_report(struct report *report, const char *name, char *value, struct arena *arena);

#endif
