/* Headers on both sides: what the client's say (facts), what the provider's say (report fields),
 * and what the client gets back. Pure; names come in lower case. */
#ifndef CORE_HEADERS_H
#define CORE_HEADERS_H

#include "core/request.h"
#include "signalbox/decision.h"

/* Takes one header of the client's request. authorization becomes the key digest; x-signalbox-*
 * become facts as headers.def says, and two more: "tags" (key=value, comma-separated; a word
 * without = is a sensitivity tag) and "deadline-ms"; x-client-request-id is a label; openai-beta,
 * traceparent and tracestate go on to the provider. Everything else is dropped. False: refused. */
bool headers_read_request(struct request *request,
                          struct slice name,
                          struct slice value,
                          struct refusal *reterr_refusal);

#define RATE_LIMITS_MAX 16

/* What the provider's headers say. */
struct provider_headers {
    struct slice content_type;
    struct slice request_id;
    bool retry_after_given;
    uint64_t retry_after_ms;
    bool retry_after_exact; /* it came in milliseconds */
    struct pair rate_limits[RATE_LIMITS_MAX];
    unsigned rate_limits_count;
};

/* Copies what is of use into the arena. now_unix_ms turns a Retry-After date into a delay. */
void headers_read_response(struct provider_headers *headers,
                           struct arena *arena,
                           struct slice name,
                           struct slice value,
                           int64_t now_unix_ms);

#define RESPONSE_HEADERS_MAX 24

/* An answer to the client: a whole one, or the head of a stream. Texts are the request's. */
struct response {
    unsigned status;
    struct slice content_type;
    struct pair headers[RESPONSE_HEADERS_MAX];
    unsigned headers_count;
    struct slice body;
};

/* Adds a header unless value is empty or holds a control character; names are static. */
void headers_add(struct response *response, const char *name, struct slice value);
/* Where a request stands when its client gets headers. */
struct standing {
    const struct decision *sent; /* the one that started the last attempt; NULL: none was */
    const struct decision *last; /* NULL: nobody decided */
    unsigned attempts;
    enum disposition disposition; /* where last has none; unspecified reads as "pending" */
};

/* The check of a gate that refused, where that is how the request ended; else NULL. */
const struct trace_item *headers_blocked(const struct decision *last);
/* The x-signalbox-* headers and x-request-id. headers.def says what x-signalbox-reason holds. */
void headers_write_standing(struct response *response,
                            const struct request *request,
                            const struct standing *standing);
/* x-should-retry, and Retry-After and retry-after-ms (capped) when retry_after_ms is not 0. */
void headers_write_retry(struct response *response,
                         struct arena *arena,
                         bool should_retry,
                         uint64_t retry_after_ms);

#endif
