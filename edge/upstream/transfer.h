/* One call to a provider: sent, streamed to its owner, classified when it ends. */
#ifndef UPSTREAM_TRANSFER_H
#define UPSTREAM_TRANSFER_H

#include "core/exchange.h"
#include "upstream/multi.h"

struct transfer;

/* Called from inside the transfer's own turn: the owner may cancel or let go, and start nothing. */
struct transfer_owner {
    /* False: no room; the same bytes come again after transfer_resume. */
    bool (*has_room)(void *context);
    void (*on_header)(void *context, struct slice name, struct slice value);
    void (*on_head)(void *context, unsigned status);
    void (*on_bytes)(void *context, struct slice bytes);
    /* The last one; the transfer is gone after it. */
    void (*on_end)(void *context, const struct attempt_end *end);
};

/* Starts; the call's texts are lent until the end. NULL: nothing is sent, *reterr_code says why:
 * credential_not_bound, base_url_invalid, plain_http_refused, no_memory. */
struct transfer *transfer_start(struct multi *multi,
                                const struct upstream_call *call,
                                const struct transfer_owner *owner,
                                void *context,
                                const char **reterr_code);
/* Breaks it off; no more calls to the owner. True: the request's body had left in full. */
bool transfer_cancel(struct transfer *transfer);
/* No more calls to the owner; what still comes is dropped, within bounds, so that the connection
 * can be used again. */
void transfer_let_go(struct transfer *transfer);
void transfer_resume(struct transfer *transfer);

#endif
