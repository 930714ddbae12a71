/* An answer as one JSON document: the response that is not streamed. */
#ifndef MOCK_COMPLETION_H
#define MOCK_COMPLETION_H

#include <stdint.h>

#include "answer.h"
#include "script.h"

/* Who the response is: the same in every chunk of a stream. */
struct identity {
    char id[40];
    int64_t created_s;
};

/* Writes the chat.completion object as the script's body. */
void completion_write(const struct answer *answer,
                      const struct identity *identity,
                      struct script *script);

#endif
