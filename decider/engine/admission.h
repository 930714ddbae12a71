/* The first boundary: may this request start, and where. */
#ifndef ENGINE_ADMISSION_H
#define ENGINE_ADMISSION_H

#include "engine/engine.h"

void admission_decide(const struct engine_input *input,
                      struct trace_sink *sink,
                      struct engine_output *output);

#endif
