/* The edge: one request as a story.
 *
 * A client sends POST /v1/chat/completions. Its worker's loop (http/listener) has read the
 * whole body; the handler hands it to relay/dispatch.
 *
 * 1. What is said (core/headers, core/inspect). The body is looked at once. Every top-level
 *    field has a verdict in inspect.def; what is not listed, stands twice or would move the
 *    decision upstream is refused here, in OpenAI's shape. The rest becomes facts. A request
 *    without any key is answered 401 at once: without a principal there is no question to ask.
 *
 * 2. The question (core/exchange, ask/asker). Boundary 0 is asked about. The edge waits up to
 *    DECIDER_WAIT_MS and then fails closed, 503 decider_unavailable.
 *
 * 3. The answer (core/rewrite, upstream/transfer). SEND: the route's model is spliced into the
 *    body, byte for byte otherwise; the transfer takes the route's credential, which is bound
 *    to hosts.
 *
 * 4. The attempt (core/observation). Nothing leaves for the client before output: an error
 *    status, an error as the first event, a page of HTML or an empty answer is a failed
 *    attempt, reported as the next boundary. RETRY and FALLBACK begin again at 3.
 *
 * 5. The commit point (relay/relay, http/respond). The first output, or the decision's hold,
 *    starts the client's stream; pieces flow with back-pressure. From here on a failure ends
 *    with an error event and a cut connection.
 *
 * 6. The end. The family's end mark is withheld until the decider has the report and says
 *    COMPLETE; then the disposition goes out as a comment, and the mark. A decider that is
 *    away does not hold up a good answer: it is delivered with disposition "pending" and the
 *    report is repeated until acknowledged.
 *
 * The client that leaves, at any of these points, cancels the transfer at once and is
 * reported; a half-closed connection counts as left. The edge contains no policy.
 *
 * Each worker thread has its own loop, transfers and questions; the process shares the
 * decider's client, the credentials and the counters. */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include <stdint.h>

#include "base/option.h"
#include "signalbox/result.h"

struct edge;

/* Binds, connects and starts every thread. What the set lends is used until edge_close.
 * RESULT_INVALID, RESULT_IO, RESULT_NO_MEMORY: logged. */
MUST_USE enum result
edge_open(const struct option_set *options, char *const *environment, struct edge **ret_edge);
/* Refuses what is new, lets running answers finish within grace-ms, then ends every thread. */
void edge_close(struct edge *edge);

extern const struct option_row edge_options[];

#endif
