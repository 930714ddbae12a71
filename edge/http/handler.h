/* A site: what is served on a port, and the request as a handler sees it.
 *
 * One site is shared by all loops that listen for it. HTTP/1.1 only: the library's HTTP/2 towards
 * clients is off, because rapid reset is not mitigated in it. */
#ifndef HTTP_HANDLER_H
#define HTTP_HANDLER_H

#include "http/respond.h"

struct site;

struct site_options {
    size_t
        body_bytes_max; /* a handler sees bodies a little longer, to refuse them in its own words */
    uint32_t read_ms;   /* for a request's head and body together */
};

/* One request; lent for the call. */
struct arrival {
    struct slice method;
    struct slice path; /* without the query */
    struct slice body;
    struct slice client_address; /* of the socket's other side; empty: not known */
    bool too_large;
    void *request; /* the library's */
};

/* context is the loop's. The reply must be answered, now or later. */
typedef void (*site_handler)(void *context, struct reply *reply, const struct arrival *arrival);

/* NULL: out of memory. */
struct site *site_new(const struct site_options *options, site_handler handler);
/* After its loops. Takes NULL. */
void site_free(struct site *site);

/* Walks the headers, names in lower case: start with *position = 0; false at the end. */
bool arrival_next_header(const struct arrival *arrival,
                         size_t *position,
                         struct slice *ret_name,
                         struct slice *ret_value);

#endif
