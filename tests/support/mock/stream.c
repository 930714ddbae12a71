/* Choices follow one another instead of interleaving: providers do either, and tests read more
 * easily so. Tool arguments go out in at least three deltas. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "piece.h"

#define ARGUMENT_BYTES 8

struct writer {
    const struct answer *answer;
    const struct identity *identity;
    bool include_usage;
    struct script *script;
};

static void add_chunk(struct writer *writer, enum step_kind kind, json_t *choices, json_t *usage)
{
    json_t *chunk = json_pack(
        "{s:s, s:s, s:I, s:s, s:s, s:o}", "id", writer->identity->id, "object",
        "chat.completion.chunk", "created", (json_int_t)writer->identity->created_s, "model",
        writer->answer->model, "system_fingerprint", "fp_mock", "choices", choices);
    if (writer->include_usage)
        json_object_set_new(chunk, "usage", usage ? usage : json_null());
    char *text = json_dumps(chunk, JSON_COMPACT);
    json_decref(chunk);
    must(text != NULL);
    script_add_event(writer->script, kind, text);
    free(text);
}

static void add_delta(struct writer *writer,
                      enum step_kind kind,
                      size_t index,
                      json_t *delta,
                      const char *finish_reason)
{
    add_chunk(writer, kind,
              json_pack("[{s:I, s:o, s:n, s:s?}]", "index", (json_int_t)index, "delta", delta,
                        "logprobs", "finish_reason", finish_reason),
              NULL);
}

/* The text in pieces, each as a delta with that one member. */
static void add_text(struct writer *writer, size_t index, const char *member, const char *text)
{
    for (size_t len; (len = piece_len(text)) > 0; text += len)
        add_delta(writer, STEP_KIND_OUTPUT, index, json_pack("{s:s%}", member, text, len), NULL);
}

static json_t *argument_delta(size_t call, const char *text, size_t len)
{
    return json_pack("{s:[{s:I, s:{s:s%}}]}", "tool_calls", "index", (json_int_t)call, "function",
                     "arguments", text, len);
}

/* The end of a delta of about size bytes that does not part a UTF-8 character. */
static size_t argument_len(const char *text, size_t size)
{
    size_t len = 0;
    while (text[len] && (len < size || ((unsigned char)text[len] & 0xC0) == 0x80))
        len++;
    return len;
}

static void add_tool_call(struct writer *writer, size_t index, size_t call, const json_t *made)
{
    const json_t *function = json_object_get(made, "function");
    const char *arguments = json_string_value(json_object_get(function, "arguments"));
    json_t *delta =
        json_pack("{s:[{s:I, s:O, s:s, s:{s:O, s:s}}]}", "tool_calls", "index", (json_int_t)call,
                  "id", json_object_get(made, "id"), "type", "function", "function", "name",
                  json_object_get(function, "name"), "arguments", "");
    add_delta(writer, STEP_KIND_OUTPUT, index, delta, NULL);
    size_t size = strlen(arguments) / 3;
    size = size < 1 ? 1 : size > ARGUMENT_BYTES ? ARGUMENT_BYTES : size;
    for (size_t len; (len = argument_len(arguments, size)) > 0; arguments += len)
        add_delta(writer, STEP_KIND_OUTPUT, index, argument_delta(call, arguments, len), NULL);
}

static void add_choice(struct writer *writer, size_t index, const struct choice *choice)
{
    json_t *role = choice->tool_calls ? json_pack("{s:s, s:n}", "role", "assistant", "content")
                                      : json_pack("{s:s, s:s, s:n}", "role", "assistant", "content",
                                                  "", "refusal");
    add_delta(writer, STEP_KIND_ROLE, index, role, NULL);
    if (choice->content)
        add_text(writer, index, "content", choice->content);
    if (choice->refusal)
        add_text(writer, index, "refusal", choice->refusal);
    for (size_t i = 0; i < json_array_size(choice->tool_calls); i++)
        add_tool_call(writer, index, i, json_array_get(choice->tool_calls, i));
    add_delta(writer, STEP_KIND_EVENT, index, json_object(), choice->finish_reason);
}

void stream_write(const struct answer *answer,
                  const struct identity *identity,
                  bool include_usage,
                  struct script *script)
{
    struct writer writer = {answer, identity, include_usage, script};
    script_header(script, "content-type", "text/event-stream; charset=utf-8");
    script_header(script, "cache-control", "no-cache");
    for (size_t i = 0; i < answer->count; i++)
        add_choice(&writer, i, &answer->choices[i]);
    if (include_usage)
        add_chunk(&writer, STEP_KIND_EVENT, json_array(), answer_usage(answer));
    script_add_event(script, STEP_KIND_DONE, "[DONE]");
}
