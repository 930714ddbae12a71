/* The table of commands, the call, and what the commands share in reading arguments and files. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "ctl/display.h"
#include "ctl/message.h"
#include "ctl/word.h"
#include "wire/wire.h"

/* ---- the table ---- */

enum command_id {
#define COMMAND(NAME, ...) COMMAND_##NAME,
#define ARGUMENT(...)
#include "ctl/command.def"
#undef COMMAND
#undef ARGUMENT
    COMMAND_END
};

const struct command *ctl_commands(unsigned *ret_count)
{
    static const struct {
        enum command_id command;
        struct argument_row row;
    } arguments[] = {
#define COMMAND(...)
#define ARGUMENT(NAME, argument, kind, value, help)                                                \
    {COMMAND_##NAME, {argument, ARGUMENT_##kind, value, help}},
#include "ctl/command.def"
#undef COMMAND
#undef ARGUMENT
    };
    static struct argument_row rows[sizeof arguments / sizeof *arguments];
    static struct command commands[] = {
#define COMMAND(NAME, words, operands, least, most, function, method, help)                        \
    {words, operands, least, most, command_##function, method, help, NULL, 0},
#define ARGUMENT(...)
#include "ctl/command.def"
#undef COMMAND
#undef ARGUMENT
    };

    if (!commands[COMMAND_POLICY_PUBLISH].arguments)
        for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
            struct command *command = &commands[arguments[i].command];

            rows[i] = arguments[i].row;
            if (!command->arguments)
                command->arguments = &rows[i];
            command->arguments_count++;
        }
    *ret_count = COMMAND_END;
    return commands;
}

/* ---- complaints ---- */

int ctl_fail(int code, const char *format, ...)
{
    char text[4096];
    struct buf clean;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buf_init(&clean, 4 * sizeof text);
    buf_put_text(&clean, "signalboxctl: ");
    display_put(slice_of(text), true, &clean);
    buf_put_text(&clean, "\n");
    fwrite(clean.ptr, 1, clean.len, stderr);
    buf_done(&clean);
    return code;
}

static int fail_result(enum result result, const char *what)
{
    return ctl_fail(result_row(result)->exit_code, "%s: %s", what, result_row(result)->sentence);
}

/* ---- the call ---- */

/* Whether the details, being one violation, say the message again behind the field's name. */
static bool is_repeated(const struct signalbox_call_error *error)
{
    const char *told = strstr(error->details, ": ");

    return told && strcmp(told + 2, error->message) == 0;
}

static int
fail_call(const char *method, enum result result, const struct signalbox_call_error *error)
{
    const char *name = strrchr(method, '/');
    const char *message = is_repeated(error) ? error->details : error->message;
    const char *details = is_repeated(error) ? "" : error->details;

    return ctl_fail(result_row(result)->exit_code, "%s: %s%s%s%s%s%s%s", name ? name + 1 : method,
                    result_row(result)->name, *error->reason ? " " : "", error->reason,
                    *message ? ": " : "", message, *details ? "\n" : "", details);
}

int ctl_call(struct ctl *ctl,
             const char *method,
             const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *reply,
             ProtobufCMessage **ret_reply)
{
    size_t len = protobuf_c_message_get_packed_size(request), reply_len = 0;
    uint8_t *bytes = arena_alloc(&ctl->arena, len + 1);
    struct signalbox_call_error error;
    struct wire_error wrong;
    char *reply_bytes = NULL;
    enum result result;

    if (!bytes)
        return fail_result(RESULT_NO_MEMORY, "the request");
    protobuf_c_message_pack(request, bytes);
    result = signalbox_client_call(ctl->client, method, (struct slice){(const char *)bytes, len},
                                   ctl->timeout_ms, &reply_bytes, &reply_len, &error);
    if (result != RESULT_OK)
        return fail_call(method, result, &error);
    result =
        wire_unpack(reply, (struct slice){reply_bytes, reply_len}, &ctl->arena, ret_reply, &wrong);
    free(reply_bytes);
    if (result != RESULT_OK)
        return ctl_fail(result_row(RESULT_CORRUPT)->exit_code,
                        "the decider's answer cannot be read: %s: %s", wrong.field, wrong.text);
    return CTL_EXIT_OK;
}

void ctl_print_json(struct ctl *ctl, const ProtobufCMessage *message)
{
    message_write(message, 0, &ctl->out);
    buf_put_text(&ctl->out, "\n");
}

/* ---- files ---- */

int ctl_read_file(struct ctl *ctl, const char *path, struct slice *ret_text)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    char *text = arena_alloc(&ctl->arena, DOCUMENT_BYTES_MAX + 2);
    size_t len;
    bool failed;

    if (!text && file && !standard)
        fclose(file);
    if (!text)
        return fail_result(RESULT_NO_MEMORY, path);
    if (!file)
        return ctl_fail(CTL_EXIT_NO_INPUT, "%s: %s", path, strerror(errno));
    len = fread(text, 1, DOCUMENT_BYTES_MAX + 1, file);
    failed = ferror(file);
    if (!standard)
        fclose(file);
    if (failed)
        return ctl_fail(CTL_EXIT_NO_INPUT, "%s: cannot be read", path);
    if (len > DOCUMENT_BYTES_MAX)
        return ctl_fail(CTL_EXIT_DOCUMENT, "%s: longer than %d MiB", path,
                        DOCUMENT_BYTES_MAX / (1024 * 1024));
    text[len] = '\0';
    if (!utf8_valid_text((struct slice){text, len}))
        return ctl_fail(CTL_EXIT_DOCUMENT, "%s: not UTF-8 text", path);
    *ret_text = (struct slice){text, len};
    return CTL_EXIT_OK;
}

int ctl_read_json(struct ctl *ctl, const char *path, struct json_node **ret_root)
{
    struct slice text = {NULL, 0};
    int code = ctl_read_file(ctl, path, &text);

    return code == CTL_EXIT_OK ? ctl_parse_json(ctl, path, text, ret_root) : code;
}

int ctl_parse_json(struct ctl *ctl,
                   const char *path,
                   struct slice text,
                   struct json_node **ret_root)
{
    struct json_error error;
    enum result result = json_parse(text, &ctl->arena, ret_root, &error);

    if (result == RESULT_INVALID)
        return ctl_fail(CTL_EXIT_DOCUMENT, "%s:%u:%u: %s", path, error.line, error.column,
                        error.text);
    return result == RESULT_OK ? CTL_EXIT_OK : fail_result(result, path);
}

/* ---- arguments ---- */

char *ctl_text(const char *text)
{
    return (char *)(uintptr_t)(text ? text : ""); /* protobuf-c has no const; packing only reads */
}

bool ctl_version(const char *text, uint32_t *ret_version)
{
    uint64_t version;

    *ret_version = 0;
    if (!text)
        return true;
    if (!decimal_parse(slice_of(text), 0, &version) || version == 0 || version > UINT32_MAX) {
        ctl_fail(CTL_EXIT_USAGE, "a version is a whole number from 1");
        return false;
    }
    *ret_version = (uint32_t)version;
    return true;
}

static bool parse_word(const char *argument,
                       const char *text,
                       const ProtobufCEnumDescriptor *list,
                       unsigned *ret_number)
{
    unsigned number = word_parse(list, slice_of(text));
    char words[1024];
    struct buf buf;

    if (number) {
        *ret_number = number;
        return true;
    }
    buf_init_fixed(&buf, words, sizeof words - 1);
    word_list(list, &buf);
    words[buf.len] = '\0';
    ctl_fail(CTL_EXIT_USAGE, "--%s: \"%s\" is none of: %s", argument, text, words);
    return false;
}

bool ctl_words(struct ctl *ctl,
               const char *argument,
               const ProtobufCEnumDescriptor *list,
               unsigned **ret_numbers,
               size_t *ret_count)
{
    const struct argument_value *value = argument_list(&ctl->arguments, argument);

    *ret_numbers = arena_calloc(&ctl->arena, value->count + 1, sizeof **ret_numbers);
    if (!*ret_numbers)
        return false;
    for (unsigned i = 0; i < value->count; i++)
        if (!parse_word(argument, value->texts[i], list, &(*ret_numbers)[i]))
            return false;
    *ret_count = value->count;
    return true;
}

bool ctl_word(struct ctl *ctl,
              const char *argument,
              const ProtobufCEnumDescriptor *list,
              unsigned *ret_number)
{
    const char *text = argument_text(&ctl->arguments, argument);

    return !text || parse_word(argument, text, list, ret_number);
}

char **ctl_texts(struct ctl *ctl, const char *argument, size_t *ret_count)
{
    const struct argument_value *value = argument_list(&ctl->arguments, argument);

    *ret_count = value->count;
    return (char **)(uintptr_t)value->texts;
}
