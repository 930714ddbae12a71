/* What every command works with: its arguments, a client of the decider, and where its answer goes.
 *
 * A command builds a request, calls, and prints what came: as the message's JSON with --output
 * json, else as text. It returns the program's exit code. Output is gathered and written at the
 * end. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "ctl/argument.h"
#include "signalbox/client.h"

#define CTL_EXIT_OK       0
#define CTL_EXIT_NO       1  /* no-go, a failed test or probe, a replay that differs */
#define CTL_EXIT_USAGE    64 /* EX_USAGE */
#define CTL_EXIT_DOCUMENT 65 /* EX_DATAERR: a document has errors */
#define CTL_EXIT_NO_INPUT 66 /* EX_NOINPUT */

struct ctl {
    struct signalbox_client *client;
    struct arguments arguments;
    struct arena arena; /* of one run */
    struct buf out;
    uint32_t timeout_ms;
    bool json;
};

/* Every command, from command.def. */
const struct command *ctl_commands(unsigned *ret_count);

/* Calls method with request and unpacks the reply into the arena. Other than CTL_EXIT_OK it has
 * said why on stderr and is the exit code. */
int ctl_call(struct ctl *ctl,
             const char *method,
             const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *reply,
             ProtobufCMessage **ret_reply);

/* Calls method page after page and puts the rows of all pages, or the first rows_max of them (0:
 * all) into one answer. request has page_size and page_token, reply a list of rows and
 * next_page_token: the shape of every list of the API. */
int ctl_call_pages(struct ctl *ctl,
                   const char *method,
                   ProtobufCMessage *request,
                   const ProtobufCMessageDescriptor *reply,
                   uint64_t rows_max,
                   ProtobufCMessage **ret_all);

/* Complains on stderr and returns code. */
int ctl_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the message's JSON and a line end to the output. */
void ctl_print_json(struct ctl *ctl, const ProtobufCMessage *message);

/* The operand's file, or standard input for "-", NUL-terminated in the arena. Other than
 * CTL_EXIT_OK it has said why. */
int ctl_read_file(struct ctl *ctl, const char *path, struct slice *ret_text);
/* The same, parsed. */
int ctl_read_json(struct ctl *ctl, const char *path, struct json_node **ret_root);
/* The text of path, parsed. */
int ctl_parse_json(struct ctl *ctl,
                   const char *path,
                   struct slice text,
                   struct json_node **ret_root);

/* A text for a message: the operand or argument, or "" for NULL. Lent as long as argv. */
char *ctl_text(const char *text);
/* A version as operand; 0 when it was not given. False, after a complaint, when it is no number. */
bool ctl_version(const char *text, uint32_t *ret_version);
/* Words of a closed list given as arguments, in the arena. False after a complaint. */
bool ctl_words(struct ctl *ctl,
               const char *argument,
               const ProtobufCEnumDescriptor *list,
               unsigned **ret_numbers,
               size_t *ret_count);
/* One word; *ret_number stays when it was not given. */
bool ctl_word(struct ctl *ctl,
              const char *argument,
              const ProtobufCEnumDescriptor *list,
              unsigned *ret_number);
/* Texts given as arguments. */
char **ctl_texts(struct ctl *ctl, const char *argument, size_t *ret_count);

/* value.c: arguments with a meaning. Each leaves *ret alone when the argument was not given, and is
 * false, after a complaint that names it, when it is not what it should be. */

/* A whole number. */
bool ctl_count(const struct ctl *ctl, const char *argument, uint64_t *ret_count);
/* A whole number from 1 to most. */
bool ctl_count_within(const struct ctl *ctl, const char *argument, uint32_t most, uint32_t *ret);
/* Dollars, exactly, such as 0.05. */
bool ctl_usd(const struct ctl *ctl, const char *argument, uint64_t *ret_nusd);
/* A span of time such as 30d. */
bool ctl_span(const struct ctl *ctl, const char *argument, int64_t *ret_ms);
/* A text that must be given and say something. */
bool ctl_needed(const struct ctl *ctl, const char *argument, char **ret_text);
/* "ID" or "ID@VERSION" to its parts, in the arena. */
bool ctl_policy_name(struct ctl *ctl, const char *text, char **ret_id, uint32_t *ret_version);

#define COMMAND(NAME, words, operands, least, most, function, method, help)                        \
    int command_##function(struct ctl *ctl);
#define ARGUMENT(...)
#include "ctl/command.def"
#undef COMMAND
#undef ARGUMENT

#endif
