/* An echo, a sample of the asked-for schema, or tool calls with sampled arguments. The pieces of
 * piece.h are the tokens, so that max_tokens, usage and the stream's chunks agree. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "piece.h"
#include "sample.h"
#include "text.h"

static char *say_json(const struct question *question)
{
    json_t *value = question->schema ? sample_make(question->schema, question->schema, "answer")
                                     : json_pack("{s:s, s:s}", "model", question->model, "echo",
                                                 question->heard);
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    must(text != NULL);
    return text;
}

static char *say_text(const struct question *question, size_t index, size_t pieces_min)
{
    struct text said = {0};
    text_add_format(&said, "Model %s heard: %s", question->model, question->heard);
    if (index > 0)
        text_add_format(&said, " (choice %zu)", index);
    for (size_t pieces = piece_count(said.ptr); pieces < pieces_min; pieces++)
        text_add_format(&said, " w%zu", pieces);
    return text_take(&said);
}

/* One call of a declared function ({"name", "parameters"}), or of an invented one for NULL. */
static json_t *call(const json_t *function, size_t index)
{
    const char *name = json_string_value(json_object_get(function, "name"));
    const json_t *schema = json_object_get(function, "parameters");
    json_t *value = schema ? sample_make(schema, schema, "argument") : json_object();
    if (!json_is_object(value) || (!function && json_object_size(value) == 0)) {
        json_decref(value);
        value = json_pack("{s:s}", "argument", "sample argument");
    }
    char *arguments = json_dumps(value, JSON_COMPACT);
    json_decref(value);
    must(arguments != NULL);
    struct text id = {0};
    text_add_format(&id, "call_mock_%zu", index);
    json_t *made = json_pack("{s:s, s:s, s:{s:s, s:s}}", "id", id.ptr, "type", "function",
                             "function", "name", name ? name : "mock_tool", "arguments", arguments);
    text_done(&id);
    free(arguments);
    return made;
}

static const json_t *function_at(const struct question *question, size_t index)
{
    return json_object_get(json_array_get(question->tools, index), "function");
}

static const json_t *function_named(const struct question *question, const char *name)
{
    for (size_t i = 0; i < json_array_size(question->tools); i++) {
        const json_t *function = function_at(question, i);
        const char *declared = json_string_value(json_object_get(function, "name"));
        if (declared && !strcmp(declared, name))
            return function;
    }
    return function_at(question, 0);
}

/* One call; for a parallel wish one of every declared tool, and at least two. */
static json_t *call_tools(const struct question *question)
{
    size_t declared = json_array_size(question->tools);
    size_t count = question->parallel && declared ? (declared < 2 ? 2 : declared) : 1;
    json_t *calls = json_array();
    for (size_t i = 0; i < count; i++) {
        const json_t *function = question->tool_name
                                     ? function_named(question, question->tool_name)
                                     : function_at(question, declared ? i % declared : 0);
        json_array_append_new(calls, call(function, i));
    }
    return calls;
}

static size_t tokens_of_calls(const json_t *calls)
{
    size_t tokens = 0;
    for (size_t i = 0; i < json_array_size(calls); i++) {
        const json_t *function = json_object_get(json_array_get(calls, i), "function");
        tokens += 1 + piece_count(json_string_value(json_object_get(function, "arguments")));
    }
    return tokens;
}

static void count_tokens(struct answer *answer)
{
    answer->completion_tokens = 0;
    for (size_t i = 0; i < answer->count; i++) {
        const struct choice *choice = &answer->choices[i];
        answer->completion_tokens += tokens_of_calls(choice->tool_calls);
        if (choice->content)
            answer->completion_tokens += piece_count(choice->content);
        if (choice->refusal)
            answer->completion_tokens += piece_count(choice->refusal);
    }
}

static struct choice
compose_choice(const struct question *question, struct answer_wish wish, size_t index)
{
    if (wish.tool_call || question->tool_use != TOOL_USE_NEVER)
        return (struct choice){.tool_calls = call_tools(question), .finish_reason = "tool_calls"};
    struct choice choice = {.finish_reason = "stop"};
    choice.content = question->schema || question->json_object
                         ? say_json(question)
                         : say_text(question, index, wish.pieces_min);
    size_t most = (size_t)question->tokens_max;
    if (question->tokens_max >= 0 && piece_count(choice.content) > most) {
        choice.content[piece_bytes(choice.content, most)] = '\0';
        choice.finish_reason = "length";
    }
    return choice;
}

void answer_compose(const struct question *question,
                    struct answer_wish wish,
                    struct answer *ret_answer)
{
    *ret_answer = (struct answer){
        .model = memory_copy(wish.model ? wish.model : question->model),
        .count = question->choices,
        .prompt_tokens = question->prompt_tokens,
    };
    for (size_t i = 0; i < ret_answer->count; i++)
        ret_answer->choices[i] = compose_choice(question, wish, i);
    count_tokens(ret_answer);
}

static void choice_done(struct choice *choice)
{
    free(choice->content);
    free(choice->refusal);
    json_decref(choice->tool_calls);
    *choice = (struct choice){0};
}

void answer_refuse(struct answer *answer, const char *text)
{
    for (size_t i = 0; i < answer->count; i++) {
        choice_done(&answer->choices[i]);
        answer->choices[i].refusal = memory_copy(text);
        answer->choices[i].finish_reason = "stop";
    }
    count_tokens(answer);
}

void answer_silence(struct answer *answer, const char *finish_reason)
{
    for (size_t i = 0; i < answer->count; i++) {
        choice_done(&answer->choices[i]);
        answer->choices[i].content = memory_copy("");
        answer->choices[i].finish_reason = finish_reason;
    }
    count_tokens(answer);
}

json_t *answer_usage(const struct answer *answer)
{
    json_int_t prompt = (json_int_t)answer->prompt_tokens;
    json_int_t completion = (json_int_t)answer->completion_tokens;
    return json_pack("{s:I, s:I, s:I, s:{s:i}, s:{s:i}}", "prompt_tokens", prompt,
                     "completion_tokens", completion, "total_tokens", prompt + completion,
                     "prompt_tokens_details", "cached_tokens", 0, "completion_tokens_details",
                     "reasoning_tokens", 0);
}

void answer_done(struct answer *answer)
{
    free(answer->model);
    /* All of them: a maker may have lowered count. */
    for (size_t i = 0; i < QUESTION_CHOICES_MAX; i++)
        choice_done(&answer->choices[i]);
    *answer = (struct answer){0};
}
