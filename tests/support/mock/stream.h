/* An answer as server-sent events: the response that is streamed. */
#ifndef MOCK_STREAM_H
#define MOCK_STREAM_H

#include "completion.h"

/* Writes the events: for every choice the role, its output in pieces and its finish_reason; then
 * the usage event when include_usage, and [DONE]. */
void stream_write(const struct answer *answer,
                  const struct identity *identity,
                  bool include_usage,
                  struct script *script);

#endif
