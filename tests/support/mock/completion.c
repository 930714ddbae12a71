/* See completion.h. */
#include "completion.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static json_t *render_message(const struct choice *choice)
{
    json_t *message = json_pack("{s:s, s:s?, s:s?}", "role", "assistant", "content",
                                choice->content, "refusal", choice->refusal);
    if (choice->tool_calls)
        json_object_set(message, "tool_calls", choice->tool_calls);
    return message;
}

void completion_write(const struct answer *answer,
                      const struct identity *identity,
                      struct script *script)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < answer->count; i++)
        json_array_append_new(choices,
                              json_pack("{s:I, s:o, s:n, s:s}", "index", (json_int_t)i, "message",
                                        render_message(&answer->choices[i]), "logprobs",
                                        "finish_reason", answer->choices[i].finish_reason));
    json_t *body = json_pack("{s:s, s:s, s:I, s:s, s:o, s:o, s:s}", "id", identity->id, "object",
                             "chat.completion", "created", (json_int_t)identity->created_s, "model",
                             answer->model, "choices", choices, "usage", answer_usage(answer),
                             "system_fingerprint", "fp_mock");
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    must(text != NULL);
    script_header(script, "content-type", "application/json");
    script_add(script, STEP_KIND_BODY, text, strlen(text));
    script_size(script);
    free(text);
}
