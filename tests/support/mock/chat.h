/* POST /v1/chat/completions. */
#ifndef MOCK_CHAT_H
#define MOCK_CHAT_H

#include <stdint.h>

#include "loop.h"
#include "option.h"

void chat_answer(h2o_req_t *request, const struct option_set *options, uint64_t sequence);

#endif
