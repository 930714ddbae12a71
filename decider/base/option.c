/* Each source is asked in order of rank and sets only what is not set yet; all of them end in
 * set_value, so a value means the same wherever it came from. What a lower source says about an
 * option that is already set is not looked at, but the file may not name options that do not exist.
 */
#include "base/option.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/json.h"
#include "signalbox/version.h"

#define ARENA_BYTES_MAX (8 * 1024 * 1024)
#define FILE_BYTES_MAX  (1024 * 1024)
/* Above every character, so that getopt's optopt tells long options from short ones. */
#define FLAG_FIRST 1000

struct option_set {
    const struct option_row *rows;
    struct option_value *values; /* one per row */
    unsigned count;
    const char *program;
    const char *config;
    const char *const *operands;
    unsigned operand_count;
    struct arena arena;
};

/* Where a text came from: the source's name, and the place in words for messages. */
struct origin {
    const char *source;
    const char *place;
};

static enum option_outcome __attribute__((format(printf, 2, 3)))
complain(const struct option_set *set, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", set->program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    return OPTION_BAD;
}

static enum option_outcome refuse(const struct option_set *set,
                                  const struct option_row *row,
                                  const struct origin *origin,
                                  const char *text)
{
    const char *unit = *row->unit ? row->unit : "a number";

    if (row->kind == OPTION_NUMBER)
        return complain(set, "option %s (%s): \"%s\" is not a whole number from %lld to %lld (%s)",
                        row->name, origin->place, text, (long long)row->low, (long long)row->high,
                        unit);
    return complain(set, "option %s (%s): \"%s\" is not true or false", row->name, origin->place,
                    text);
}

static bool read_number(const struct option_row *row, const char *text, int64_t *ret_number)
{
    long long number;
    char *end;

    if (*text != '-' && !isdigit((unsigned char)*text))
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < row->low || number > row->high)
        return false;
    *ret_number = number;
    return true;
}

static bool read_bool(const char *text, bool *ret_truth)
{
    bool truth = strcmp(text, "true") == 0;

    if (!truth && strcmp(text, "false") != 0)
        return false;
    *ret_truth = truth;
    return true;
}

/* Takes text, which the set owns or outlives, as the value of row or as its list's next item. */
static enum option_outcome set_value(struct option_set *set,
                                     const struct option_row *row,
                                     const struct origin *origin,
                                     const char *text)
{
    struct option_value *value = &set->values[row - set->rows];

    switch (row->kind) {
    case OPTION_TEXT:
        break;
    case OPTION_NUMBER:
        if (!read_number(row, text, &value->number))
            return refuse(set, row, origin, text);
        break;
    case OPTION_BOOL:
        if (!read_bool(text, &value->truth))
            return refuse(set, row, origin, text);
        break;
    case OPTION_LIST:
        if (value->list_count == OPTION_LIST_MAX)
            return complain(set, "option %s (%s): more than %d items", row->name, origin->place,
                            OPTION_LIST_MAX);
        value->list[value->list_count++] = text;
        break;
    }
    value->text = text;
    value->source = origin->source;
    return OPTION_RUN;
}

/* As set_value; a list's text is parted by commas. Empty items do not count. */
static enum option_outcome set_joined(struct option_set *set,
                                      const struct option_row *row,
                                      const struct origin *origin,
                                      const char *text)
{
    struct slice copy;
    char *rest, *item;

    if (row->kind != OPTION_LIST)
        return set_value(set, row, origin, text);
    copy = arena_copy(&set->arena, slice_of(text));
    if (copy.len == 0)
        return OPTION_RUN;
    rest = arena_alloc(&set->arena, copy.len + 1);
    if (!rest)
        return OPTION_RUN; /* the arena remembers */
    memcpy(rest, copy.ptr, copy.len + 1);
    while ((item = strsep(&rest, ","))) {
        if (*item && set_value(set, row, origin, item) != OPTION_RUN)
            return OPTION_BAD;
    }
    if (set->values[row - set->rows].source)
        set->values[row - set->rows].text = copy.ptr;
    return OPTION_RUN;
}

static const struct option_row *find_row(const struct option_set *set, struct slice name)
{
    for (unsigned i = 0; i < set->count; i++)
        if (slice_is(name, set->rows[i].name))
            return &set->rows[i];
    return NULL;
}

static const char *variable_of(struct option_set *set, const char *name)
{
    size_t len = sizeof "SIGNALBOX_" + strlen(name);
    char *variable = arena_alloc(&set->arena, len);

    if (!variable)
        return "";
    snprintf(variable, len, "SIGNALBOX_%s", name);
    for (char *p = variable; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return variable;
}

static void print_row(struct option_set *set, const struct option_row *row)
{
    static const char *const words[] = {
        [OPTION_TEXT] = "text",
        [OPTION_NUMBER] = "number",
        [OPTION_BOOL] = "true|false",
        [OPTION_LIST] = "text",
    };
    bool flag_alone = row->kind == OPTION_BOOL;

    printf("  --%s%s%s%s%s\n      %s", row->name, flag_alone ? "[=" : " <",
           *row->unit && !flag_alone ? row->unit : words[row->kind], flag_alone ? "]" : ">",
           row->kind == OPTION_LIST ? " ..." : "", row->help);
    if (row->kind == OPTION_NUMBER)
        printf(" From %lld to %lld.", (long long)row->low, (long long)row->high);
    if (row->fallback)
        printf(" Default: %s%s%s.", row->fallback,
               row->kind == OPTION_NUMBER && *row->unit ? " " : "",
               row->kind == OPTION_NUMBER ? row->unit : "");
    printf(" [%s]\n", variable_of(set, row->name));
}

static void print_help(struct option_set *set, const char *operand_help)
{
    printf("Usage: %s [option ...]%s%s\n\n"
           "A flag wins over the environment variable in brackets, that over the file, and that\n"
           "over the default. The file is a JSON object with the options' names as keys.\n\n",
           set->program, operand_help ? " " : "", operand_help ? operand_help : "");
    for (unsigned i = 0; i < set->count; i++)
        print_row(set, &set->rows[i]);
    printf("  --config <path>\n      The file with further options. [SIGNALBOX_CONFIG]\n"
           "  --help\n      Print this and exit.\n"
           "  --version\n      Print the version and exit.\n");
}

/* getopt's table: the rows, then the three that need none. */
static struct option *make_flags(struct option_set *set)
{
    static const char *const built_in[] = {"config", "help", "version"};
    struct option *flags = arena_calloc(&set->arena, set->count + 4, sizeof *flags);
    unsigned i;

    if (!flags)
        return NULL;
    for (i = 0; i < set->count; i++) {
        flags[i].name = set->rows[i].name;
        flags[i].has_arg = set->rows[i].kind == OPTION_BOOL ? optional_argument : required_argument;
        flags[i].val = FLAG_FIRST + (int)i;
    }
    for (unsigned k = 0; k < 3; k++, i++) {
        invariant(!find_row(set, slice_of(built_in[k])));
        flags[i].name = built_in[k];
        flags[i].has_arg = k == 0 ? required_argument : no_argument;
        flags[i].val = FLAG_FIRST + (int)i;
    }
    return flags;
}

static enum option_outcome refuse_flag(const struct option_set *set, int answer, char **argv)
{
    if (answer == ':')
        return complain(set, "%s (flag): needs a value", argv[optind - 1]);
    if (optopt > 0 && optopt < FLAG_FIRST)
        return complain(set, "-%c (flag): there is no such option; see --help", optopt);
    if (optopt >= FLAG_FIRST)
        return complain(set, "%s (flag): takes no value", argv[optind - 1]);
    return complain(set, "%s (flag): there is no such option; see --help", argv[optind - 1]);
}

static enum option_outcome
read_flags(struct option_set *set, int argc, char **argv, const char *operand_help)
{
    struct option *flags = make_flags(set);
    int answer;

    if (!flags)
        return OPTION_RUN; /* the arena remembers */
    optind = 0;
    opterr = 0;
    while ((answer = getopt_long(argc, argv, "+:", flags, NULL)) != -1) {
        unsigned i = (unsigned)(answer - FLAG_FIRST);
        struct slice place;

        if (answer < FLAG_FIRST)
            return refuse_flag(set, answer, argv);
        if (i == set->count) {
            set->config = optarg;
            continue;
        }
        if (i > set->count) {
            if (i == set->count + 1)
                print_help(set, operand_help);
            else
                printf("%s %s\n", set->program, SIGNALBOX_VERSION);
            return OPTION_EXIT;
        }
        place = arena_format(&set->arena, "flag --%s", set->rows[i].name);
        if (set_value(set, &set->rows[i], &(struct origin){"flag", place.ptr},
                      optarg ? optarg : "true") != OPTION_RUN)
            return OPTION_BAD;
    }
    if (optind < argc && !operand_help)
        return complain(set, "unexpected argument \"%s\"; see --help", argv[optind]);
    set->operands = (const char *const *)(argv + optind);
    set->operand_count = (unsigned)(argc - optind);
    return OPTION_RUN;
}

/* An empty variable counts as not set. */
static enum option_outcome read_environment(struct option_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        const char *variable = variable_of(set, set->rows[i].name);
        const char *text = getenv(variable);
        struct slice place;

        if (set->values[i].source || !text || !*text)
            continue;
        place = arena_format(&set->arena, "environment %s", variable);
        if (set_joined(set, &set->rows[i], &(struct origin){"environment", place.ptr}, text) !=
            OPTION_RUN)
            return OPTION_BAD;
    }
    if (!set->config) {
        set->config = getenv("SIGNALBOX_CONFIG");
        if (set->config && !*set->config)
            set->config = NULL;
    }
    return OPTION_RUN;
}

static enum option_outcome set_from_list(struct option_set *set,
                                         const struct option_row *row,
                                         const struct origin *origin,
                                         const struct json_node *list)
{
    for (const struct json_node *item = list->child; item; item = item->next) {
        if (item->kind != JSON_KIND_STRING)
            return complain(set, "option %s (%s): item %u is %s, not a string", row->name,
                            origin->place, item->index, json_kind_name(item->kind));
        if (set_value(set, row, origin, item->text.ptr) != OPTION_RUN)
            return OPTION_BAD;
    }
    return OPTION_RUN;
}

static enum option_outcome
set_from_member(struct option_set *set, const struct origin *origin, const struct json_node *member)
{
    static const enum json_kind kinds[] = {
        [OPTION_TEXT] = JSON_KIND_STRING,
        [OPTION_NUMBER] = JSON_KIND_NUMBER,
        [OPTION_BOOL] = JSON_KIND_BOOL,
        [OPTION_LIST] = JSON_KIND_STRING,
    };
    const struct option_row *row = find_row(set, member->key);

    if (!row)
        return complain(set, "option %s (%s): there is no such option", member->key.ptr,
                        origin->place);
    if (set->values[row - set->rows].source)
        return OPTION_RUN;
    if (row->kind == OPTION_LIST && member->kind == JSON_KIND_ARRAY)
        return set_from_list(set, row, origin, member);
    if (member->kind != kinds[row->kind])
        return complain(set, "option %s (%s): found %s, expected %s", row->name, origin->place,
                        json_kind_name(member->kind), json_kind_name(kinds[row->kind]));
    if (member->kind == JSON_KIND_BOOL)
        return set_value(set, row, origin, member->truth ? "true" : "false");
    return set_joined(set, row, origin, member->text.ptr);
}

/* The whole file in the arena; the empty slice, after a complaint, when that cannot be. */
static struct slice load_file(struct option_set *set)
{
    char *text = arena_alloc(&set->arena, FILE_BYTES_MAX + 1);
    FILE *file = text ? fopen(set->config, "re") : NULL;
    size_t len;

    if (!file) {
        complain(set, "file %s: %s", set->config, text ? strerror(errno) : "out of memory");
        return (struct slice){NULL, 0};
    }
    errno = 0;
    len = fread(text, 1, FILE_BYTES_MAX + 1, file);
    if (ferror(file))
        complain(set, "file %s: %s", set->config, strerror(errno));
    else if (len == 0 || len > FILE_BYTES_MAX)
        complain(set, "file %s: %s", set->config, len ? "longer than 1 MiB" : "empty");
    else {
        fclose(file);
        return (struct slice){text, len};
    }
    fclose(file);
    return (struct slice){NULL, 0};
}

static enum option_outcome read_file(struct option_set *set)
{
    struct json_error error;
    struct json_node *root;
    struct origin origin = {"file", NULL};
    enum result result;
    struct slice text;

    if (!set->config)
        return OPTION_RUN;
    text = load_file(set);
    if (text.len == 0)
        return OPTION_BAD;
    result = json_parse(text, &set->arena, &root, &error);
    if (result == RESULT_INVALID)
        return complain(set, "file %s:%u:%u: %s", set->config, error.line, error.column,
                        error.text);
    if (result != RESULT_OK)
        return complain(set, "file %s: %s", set->config, result_row(result)->sentence);
    if (root->kind != JSON_KIND_OBJECT)
        return complain(set, "file %s: found %s, expected an object", set->config,
                        json_kind_name(root->kind));
    origin.place = arena_format(&set->arena, "file %s", set->config).ptr;
    for (const struct json_node *member = root->child; member; member = member->next)
        if (set_from_member(set, &origin, member) != OPTION_RUN)
            return OPTION_BAD;
    return OPTION_RUN;
}

static void read_defaults(struct option_set *set)
{
    const struct origin origin = {"default", "default"};

    for (unsigned i = 0; i < set->count; i++)
        if (!set->values[i].source && set->rows[i].fallback)
            invariant(set_joined(set, &set->rows[i], &origin, set->rows[i].fallback) == OPTION_RUN);
}

enum option_outcome option_read(const struct option_row *rows,
                                int argc,
                                char **argv,
                                const char *program,
                                const char *operand_help,
                                struct option_set **ret_set)
{
    struct option_set *set = calloc(1, sizeof *set);
    enum option_outcome outcome;

    *ret_set = set;
    if (!set) {
        fprintf(stderr, "%s: out of memory\n", program);
        return OPTION_BAD;
    }
    set->rows = rows;
    set->program = program;
    while (rows[set->count].name)
        set->count++;
    arena_init(&set->arena, NULL, 0, ARENA_BYTES_MAX);
    set->values = arena_calloc(&set->arena, set->count + 1, sizeof *set->values);
    if (!set->values)
        return complain(set, "out of memory");
    outcome = read_flags(set, argc, argv, operand_help);
    if (outcome == OPTION_RUN)
        outcome = read_environment(set);
    if (outcome == OPTION_RUN)
        outcome = read_file(set);
    if (outcome != OPTION_RUN)
        return outcome;
    read_defaults(set);
    return set->arena.failed ? complain(set, "out of memory") : OPTION_RUN;
}

void option_free(struct option_set *set)
{
    if (!set)
        return;
    arena_done(&set->arena);
    free(set);
}

const struct option_value *option_get(const struct option_set *set, const char *name)
{
    const struct option_row *row = find_row(set, slice_of(name));

    invariant(row);
    return &set->values[row - set->rows];
}

unsigned option_operands(const struct option_set *set, const char *const **ret_operands)
{
    *ret_operands = set->operands;
    return set->operand_count;
}
