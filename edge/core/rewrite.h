/* The body as the provider gets it: the client's, byte for byte, but for the route's model, the
 * route's overrides, the decision's output cap, and usage asked for on a stream.
 *
 * Works by offsets that the inspection took; nothing is parsed or written anew. Pure. */
#ifndef CORE_REWRITE_H
#define CORE_REWRITE_H

#include "base/buf.h"
#include "core/request.h"
#include "signalbox/decision.h"
#include "signalbox/result.h"

/* Appends the rewritten body to ret_body. An override of "model", "messages", "stream" or
 * "stream_options" is refused, as is one that is no JSON object: RESULT_INVALID.
 * RESULT_NO_MEMORY: the buffer's maximum, or too many changes. */
MUST_USE enum result rewrite_chat(const struct request *request,
                                  const struct decision *decision,
                                  struct json_scanner *scanner,
                                  struct buf *ret_body);

#endif
