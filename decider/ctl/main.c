/* signalboxctl: reads the command line, finds target and token, runs one command, prints.
 *
 * The token is taken out of the process's argument list as soon as it has been read. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/render.h"

#define ARENA_BYTES_MAX  (256 * 1024 * 1024)
#define OUTPUT_BYTES_MAX (256 * 1024 * 1024)
#define TOKEN_BYTES_MAX  4096

#define ADDRESS_DEFAULT "127.0.0.1:7450"
/* What the decider calls its own in its directory. */
#define SOCKET_NAME "decider.sock"
#define TOKEN_NAME  "operator.token"

static const struct option_row options[] = {
    {"target", OPTION_TEXT, "address", NULL, 0, 0,
     "The decider: unix:PATH or 127.0.0.1:PORT. Default: " SOCKET_NAME
     " of the directory where that is, else " ADDRESS_DEFAULT "."},
    {"directory", OPTION_TEXT, "path", "/var/lib/signalbox", 0, 0,
     "The decider's own, in which its socket and its first token are looked for."},
    {"token", OPTION_TEXT, "text", NULL, 0, 0,
     "The secret to speak with. Others on this machine may see arguments: prefer --token-file."},
    {"token-file", OPTION_TEXT, "path", NULL, 0, 0,
     "A file with the secret. Default: " TOKEN_NAME " of the directory where that can be read."},
    {"timeout-ms", OPTION_NUMBER, "ms", "10000", 1, 600000, "How long a call may take."},
    {"output", OPTION_TEXT, "table|json", "table", 0, 0,
     "Text for people, or the answer's message as JSON with the proto's names."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

/* The commands that help is asked on; how many that were. */
static unsigned print_asked(char *const *words, int words_count)
{
    unsigned count, asked = 0;
    const struct command *commands = ctl_commands(&count);

    for (unsigned i = 0; i < count; i++)
        if (argument_is_asked(&commands[i], words, words_count)) {
            argument_help(&commands[i]);
            asked++;
        }
    return asked;
}

/* What a command's own help leaves out: the options that all commands share. */
static void print_commands(void)
{
    printf("\nCommands; COMMAND --help is about one, or one group of them:\n\n");
    print_asked(NULL, 0);
    printf(
        "\nExit codes: 0 done; 1 the answer is no (a checklist that is no-go, a test or a probe\n"
        "that failed, a replay that differs); 64 usage; 65 a document or a value has errors;\n"
        "66 not found; 69 the decider is away; 73 a write id is taken; 75 too late, try again;\n"
        "77 the token; 78 the state does not allow it.\n");
}

/* The secret in a file, without the line end; NULL after a complaint. */
static char *read_token_file(const char *path, bool needed)
{
    FILE *file = fopen(path, "re");
    char *text = file ? calloc(1, TOKEN_BYTES_MAX + 1) : NULL;

    if (text) {
        size_t len = fread(text, 1, TOKEN_BYTES_MAX, file);

        text[len] = '\0';
        text[strcspn(text, " \t\r\n")] = '\0';
    }
    if (file)
        fclose(file);
    if (needed && (!text || !*text))
        ctl_fail(CTL_EXIT_NO_INPUT, "--token-file: %s: cannot be read, or holds no token", path);
    if (text && *text)
        return text;
    free(text);
    return NULL;
}

static bool is_given(const struct option_value *value)
{
    return value->text && *value->text;
}

/* directory/name behind prefix; malloc'ed, NULL when out of memory. */
static char *join(const char *prefix, const struct option_set *set, const char *name)
{
    char *path;

    return asprintf(&path, "%s%s/%s", prefix, option_get(set, "directory")->text, name) < 0 ? NULL
                                                                                            : path;
}

/* False after a complaint; *ret_token is malloc'ed, or NULL where there is none. */
static bool find_token(const struct option_set *set, char **ret_token)
{
    const struct option_value *token = option_get(set, "token");
    const struct option_value *file = option_get(set, "token-file");
    char *path;

    if (is_given(token)) {
        *ret_token = strdup(token->text);
    } else if (is_given(file)) {
        *ret_token = read_token_file(file->text, true);
    } else {
        path = join("", set, TOKEN_NAME);
        *ret_token = path ? read_token_file(path, false) : NULL;
        free(path);
        return true;
    }
    return *ret_token;
}

/* The address, malloc'ed; NULL when out of memory. */
static char *find_target(const struct option_set *set)
{
    const struct option_value *target = option_get(set, "target");
    char *path;

    if (is_given(target))
        return strdup(target->text);
    path = join("unix:", set, SOCKET_NAME);
    if (path && access(path + strlen("unix:"), F_OK) != 0) {
        free(path);
        path = strdup(ADDRESS_DEFAULT);
    }
    return path;
}

/* Takes the values of --token out of what ps shows. */
static void hide_token(const struct argument_split *split)
{
    for (int i = 1; i < split->options_count; i++) {
        char *word = split->options[i];

        if (strcmp(word, "--token") == 0 && i + 1 < split->options_count)
            word = split->options[++i];
        else if (strncmp(word, "--token=", 8) == 0)
            word += 8;
        else
            continue;
        memset(word, 'x', strlen(word));
    }
}

static int run(struct ctl *ctl, const char *target, const char *token)
{
    struct signalbox_client_options client = {.target = target, .token = token, .lazy = true};
    struct signalbox_client_error error;
    enum result result = signalbox_client_open(&client, &ctl->client, &error);
    int code;

    if (result != RESULT_OK)
        return ctl_fail(CTL_EXIT_USAGE, "--target %s: %s", target, error.text);
    arena_init(&ctl->arena, NULL, 0, ARENA_BYTES_MAX);
    buf_init(&ctl->out, OUTPUT_BYTES_MAX);
    code = ctl->arguments.command->run(ctl);
    if (buf_failed(&ctl->out) || ctl->arena.failed)
        code = ctl_fail(result_row(RESULT_NO_MEMORY)->exit_code, "the answer is too large");
    else if (ctl->out.len &&
             (fwrite(ctl->out.ptr, 1, ctl->out.len, stdout) != ctl->out.len || fflush(stdout)))
        code = ctl_fail(result_row(RESULT_IO)->exit_code, "standard output cannot be written");
    buf_done(&ctl->out);
    arena_done(&ctl->arena);
    signalbox_client_close(ctl->client);
    return code;
}

/* A file or a program that reads gets whole lines; on a terminal tables fit. */
static void fit_terminal(void)
{
    struct winsize size = {0};

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        table_line_columns(size.ws_col);
}

static int start(const struct option_set *set, const struct argument_split *split)
{
    const char *output = option_get(set, "output")->text;
    struct ctl ctl = {.timeout_ms = (uint32_t)option_get(set, "timeout-ms")->number,
                      .json = strcmp(output, "json") == 0};
    unsigned count;
    const struct command *commands = ctl_commands(&count);
    char *token, *target;
    int code;

    if (!ctl.json && strcmp(output, "table") != 0)
        return ctl_fail(CTL_EXIT_USAGE, "--output: table or json");
    if (!argument_read(commands, count, split->rest, split->rest_count, &ctl.arguments))
        return CTL_EXIT_USAGE;
    if (!find_token(set, &token))
        return CTL_EXIT_NO_INPUT;
    hide_token(split);
    target = find_target(set);
    fit_terminal();
    code = target ? run(&ctl, target, token) : result_row(RESULT_NO_MEMORY)->exit_code;
    free(target);
    if (token)
        explicit_bzero(token, strlen(token));
    free(token);
    return code;
}

int main(int argc, char **argv)
{
    struct argument_split split;
    struct option_set *set = NULL;
    enum option_outcome outcome;
    int code = CTL_EXIT_USAGE;

    if (!argument_split(options, argc, argv, &split))
        return result_row(RESULT_NO_MEMORY)->exit_code;
    if (split.help && split.rest_count && print_asked(split.rest, split.rest_count)) {
        argument_split_done(&split);
        return CTL_EXIT_OK;
    }
    outcome = option_read(options, split.options_count, split.options, "signalboxctl",
                          "COMMAND ...", &set);
    if (outcome == OPTION_RUN)
        code = start(set, &split);
    if (outcome == OPTION_EXIT) {
        if (split.help)
            print_commands();
        code = CTL_EXIT_OK;
    }
    option_free(set);
    argument_split_done(&split);
    return code;
}
