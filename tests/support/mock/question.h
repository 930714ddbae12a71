/* A chat request as this provider understands it.
 *
 * Owns the parsed JSON; every pointer inside lives until question_done(). One thread. */
#ifndef MOCK_QUESTION_H
#define MOCK_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define QUESTION_CHOICES_MAX 16

enum tool_use {
    TOOL_USE_NEVER,  /* no tools, or tool_choice none */
    TOOL_USE_ASKED,  /* tools, and the last message asks for one */
    TOOL_USE_FORCED, /* tool_choice required or a named function */
};

struct question {
    json_t *root;
    const char *model;
    bool stream;
    bool include_usage;
    unsigned choices;
    int64_t tokens_max; /* -1: no cap */
    json_t *tools;      /* array; NULL when absent */
    enum tool_use tool_use;
    const char *tool_name; /* the function that tool_choice names, or NULL */
    bool parallel;         /* the last message asks for parallel calls, and they are allowed */
    json_t *schema;        /* the response schema, or NULL */
    bool json_object;      /* response_format json_object */
    char *heard;           /* owned: what the answer echoes */
    unsigned prompt_tokens;
};

/* What is wrong with a request, as the provider's error object says it. */
struct question_fault {
    const char *message;
    const char *param; /* NULL: null */
    const char *code;  /* NULL: null */
    bool broken;       /* not JSON at all */
};

/* Parses a body. On false ret_question is not to be used and reterr_fault is filled with static
 * texts. */
bool question_parse(const char *body,
                    size_t len,
                    struct question *ret_question,
                    struct question_fault *reterr_fault);

void question_done(struct question *question);

#endif
