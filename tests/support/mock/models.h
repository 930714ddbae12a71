/* GET /v1/models: the names of --models. Any name is served. */
#ifndef MOCK_MODELS_H
#define MOCK_MODELS_H

#include <stdint.h>

#include "loop.h"
#include "option.h"

void models_answer(h2o_req_t *request, const struct option_set *options, uint64_t sequence);

#endif
