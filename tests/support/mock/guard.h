/* What stands before the answers: the credential check, and refusals from the table. */
#ifndef MOCK_GUARD_H
#define MOCK_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "behaviour.h"
#include "loop.h"
#include "option.h"

/* Answers with the error row and notes it in the journal. */
void guard_refuse(h2o_req_t *request, enum behaviour behaviour, uint64_t sequence);

/* True when no key is asked for or the request bears it; otherwise it has been answered 401. */
bool guard_authorize(h2o_req_t *request, const struct option_set *options, uint64_t sequence);

#endif
