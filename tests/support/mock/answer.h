/* What the model says to a question, before anyone decides how it is sent.
 *
 * Deterministic: the same question gives the same answer. Owned by its scene. */
#ifndef MOCK_ANSWER_H
#define MOCK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "question.h"

struct choice {
    char *content;      /* NULL: null */
    char *refusal;      /* NULL: null */
    json_t *tool_calls; /* array; NULL: absent */
    const char *finish_reason;
};

struct answer {
    char *model; /* the name it reports */
    struct choice choices[QUESTION_CHOICES_MAX];
    size_t count;
    size_t prompt_tokens;
    size_t completion_tokens;
};

/* What a behaviour asks of the answer. */
struct answer_wish {
    size_t pieces_min; /* pad plain content to this many pieces */
    bool tool_call;    /* call a tool whatever the question says */
    const char *model; /* report this name; NULL: the question's */
};

/* Fills ret_answer for the question. */
void answer_compose(const struct question *question,
                    struct answer_wish wish,
                    struct answer *ret_answer);

/* Turns every choice into a refusal with this text. */
void answer_refuse(struct answer *answer, const char *text);

/* Makes every choice say nothing and finish for that reason (static). */
void answer_silence(struct answer *answer, const char *finish_reason);

/* The usage object; gives. */
json_t *answer_usage(const struct answer *answer);

void answer_done(struct answer *answer);

#endif
