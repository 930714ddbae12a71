/* Error answers: the table's rows and the few faults with a text of their own, as scripts. */
#ifndef MOCK_FAULT_H
#define MOCK_FAULT_H

#include "behaviour.h"
#include "question.h"
#include "script.h"

/* The OpenAI family's error body as JSON text; empty or NULL code and param are null. Gives. */
char *fault_json(const char *message, const char *type, const char *code, const char *param);

/* Writes the row's error answer; model fills its message. */
void fault_write(const struct behaviour_row *row, const char *model, struct script *script);

/* Writes the 400 for a request that question_parse() refused. */
void fault_write_refused(const struct question_fault *fault, struct script *script);

/* Writes an HTML page with that title as the body. */
void fault_write_html(const char *title, struct script *script);

#endif
