/* A policy's default response as a chat completion, or as the stream of one.
 *
 * The policy holds JSON: a text, which becomes the assistant's content, or an object, which is a
 * whole completion already and only taken apart when the client wants a stream. Pure. */
#ifndef CORE_DEFAULT_CHAT_H
#define CORE_DEFAULT_CHAT_H

#include "base/buf.h"
#include "core/request.h"

struct default_chat {
    struct slice content; /* what the assistant says */
    bool is_text;         /* the policy held a text */
};

/* False: there is no content in it that could be streamed; deliver it as it is. The content is the
 * arena's. */
bool default_chat_read(struct default_chat *ret_default,
                       struct arena *arena,
                       struct json_scanner *scanner,
                       struct slice json);

void default_chat_write(struct buf *buf,
                        const struct request *request,
                        struct slice content,
                        int64_t now_unix_ms);
/* One chunk with everything, and the finish; without the end mark. */
void default_chat_write_stream(struct buf *buf,
                               const struct request *request,
                               struct slice content,
                               int64_t now_unix_ms);

#endif
