/* Which instruction the next request for a model gets.
 *
 * For one model, and for "*" (every model), there may be a queue of counted rules and one
 * standing rule. The order of precedence: the model's counted rules as they were told, the
 * model's standing rule, the counted rules of "*", its standing rule, and then a good answer.
 * Process-wide, guarded by one lock; any thread. */
#ifndef MOCK_RULE_H
#define MOCK_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "instruction.h"

#define RULES_MAX 1024

/* Puts a rule in force, keeping its own reference: for the next times requests, or standing when
 * times is 0, which takes the place of the model's earlier standing rule. False when full. */
bool rule_tell(const char *model, struct instruction *instruction, uint64_t times);

/* The instruction for one request for the model, counted as used; gives a reference, or NULL
 * when no rule applies. */
struct instruction *rule_take(const char *model);

/* True while any rule is in force; reads one atomic. */
bool rule_any(void);

/* The rules in force, in the order told, as a JSON array; gives. */
json_t *rule_json(void);

/* Takes away the rules of the model, or all when model is NULL; returns how many. */
unsigned rule_reset(const char *model);

#endif
