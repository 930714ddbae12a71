/* Reads what matters for an answer, checks the few fields that the provider would check, and
 * passes over the rest: a mock that refused unknown fields would hide what a gateway forwards. */
#include "question.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"

static const char *string_at(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* Adds the text of a message: its content as a text, or the text parts of a list. */
static void add_content(struct text *out, const json_t *message)
{
    const json_t *content = json_object_get(message, "content");
    if (json_is_string(content))
        text_add(out, json_string_value(content), strlen(json_string_value(content)));
    for (size_t i = 0; i < json_array_size(content); i++) {
        const char *part = string_at(json_array_get(content, i), "text");
        if (part)
            text_add_string(out, part);
    }
}

/* The echo is the last user message, or the last message when that is a tool's result. */
static void read_messages(const json_t *messages, struct question *question)
{
    struct text all = {0}, heard = {0};
    size_t count = json_array_size(messages);
    for (size_t i = 0; i < count; i++) {
        const json_t *message = json_array_get(messages, i);
        const char *role = string_at(message, "role");
        add_content(&all, message);
        bool echo = role && (!strcmp(role, "user") || (i + 1 == count && !strcmp(role, "tool")));
        if (echo) {
            text_done(&heard);
            add_content(&heard, message);
        }
    }
    question->heard = text_take(&heard);
    question->prompt_tokens = (unsigned)(all.len / 4 + 4 * count);
    text_done(&all);
}

static char *last_text(const json_t *messages)
{
    struct text last = {0};
    add_content(&last, json_array_get(messages, json_array_size(messages) - 1));
    return text_take(&last);
}

static void read_tools(const json_t *messages, struct question *question)
{
    const json_t *root = question->root;
    const json_t *choice = json_object_get(root, "tool_choice");
    const char *word = json_string_value(choice);
    char *last = last_text(messages);
    question->tools = json_object_get(root, "tools");
    if (!json_array_size(question->tools) || (word && !strcmp(word, "none")))
        question->tool_use = TOOL_USE_NEVER;
    else if (json_is_object(choice) || (word && !strcmp(word, "required")))
        question->tool_use = TOOL_USE_FORCED;
    else
        question->tool_use = strstr(last, "use the tool") ? TOOL_USE_ASKED : TOOL_USE_NEVER;
    question->tool_name = string_at(json_object_get(choice, "function"), "name");
    question->parallel = strstr(last, "parallel") != NULL &&
                         !json_is_false(json_object_get(root, "parallel_tool_calls"));
    free(last);
}

static void read_format(struct question *question)
{
    const json_t *format = json_object_get(question->root, "response_format");
    const char *type = string_at(format, "type");
    question->json_object = type && !strcmp(type, "json_object");
    if (type && !strcmp(type, "json_schema"))
        question->schema = json_object_get(json_object_get(format, "json_schema"), "schema");
}

static bool read_numbers(struct question *question, struct question_fault *reterr_fault)
{
    const json_t *root = question->root;
    const json_t *n = json_object_get(root, "n");
    json_int_t choices = n && !json_is_null(n) ? json_integer_value(n) : 1;
    if (choices < 1 || choices > QUESTION_CHOICES_MAX) {
        *reterr_fault = (struct question_fault){"Invalid 'n': expected an integer from 1 to 16.",
                                                "n", "invalid_value", false};
        return false;
    }
    question->choices = (unsigned)choices;
    const char *name = "max_completion_tokens";
    const json_t *cap = json_object_get(root, name);
    if (!cap || json_is_null(cap))
        cap = json_object_get(root, name = "max_tokens");
    question->tokens_max = -1;
    if (!cap || json_is_null(cap))
        return true;
    if (!json_is_integer(cap) || json_integer_value(cap) < 1) {
        *reterr_fault =
            (struct question_fault){"Invalid token limit: expected an integer of at least 1.", name,
                                    "integer_below_min_value", false};
        return false;
    }
    question->tokens_max = json_integer_value(cap);
    return true;
}

static bool read_fields(struct question *question, struct question_fault *reterr_fault)
{
    const json_t *root = question->root;
    const json_t *messages = json_object_get(root, "messages");
    question->model = string_at(root, "model");
    if (!question->model || !*question->model) {
        *reterr_fault =
            (struct question_fault){"you must provide a model parameter", NULL, NULL, false};
        return false;
    }
    if (!json_array_size(messages)) {
        *reterr_fault = (struct question_fault){"Missing required parameter: 'messages'.",
                                                "messages", "missing_required_parameter", false};
        return false;
    }
    if (!read_numbers(question, reterr_fault))
        return false;
    question->stream = json_is_true(json_object_get(root, "stream"));
    question->include_usage =
        json_is_true(json_object_get(json_object_get(root, "stream_options"), "include_usage"));
    read_messages(messages, question);
    read_tools(messages, question);
    read_format(question);
    return true;
}

bool question_parse(const char *body,
                    size_t len,
                    struct question *ret_question,
                    struct question_fault *reterr_fault)
{
    json_error_t error;
    *ret_question = (struct question){.root = json_loadb(body, len, JSON_ALLOW_NUL, &error)};
    if (!json_is_object(ret_question->root)) {
        *reterr_fault = (struct question_fault){.broken = true};
        question_done(ret_question);
        return false;
    }
    if (!read_fields(ret_question, reterr_fault)) {
        question_done(ret_question);
        return false;
    }
    return true;
}

void question_done(struct question *question)
{
    json_decref(question->root);
    free(question->heard);
    *question = (struct question){0};
}
