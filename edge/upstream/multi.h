/* A worker's transfers to providers: several curl multi handles, one epoll set, timers by the
 * owner.
 *
 * Several, because a multi handle's connection cache is searched linearly: thousands of slow
 * streams in one handle make every request slow. The owner watches multi_fd, asks multi_due_ms
 * before it waits, and calls multi_prepare last. Not thread-safe. */
#ifndef UPSTREAM_MULTI_H
#define UPSTREAM_MULTI_H

#include <stdint.h>

#include "upstream/credential.h"

struct multi;

struct multi_options {
    const struct credentials *credentials;
    const char *ca_file;   /* NULL: the system's */
    size_t head_bytes_max; /* of a response */
    size_t pool_max;       /* idle handles kept */
    const char *user_agent;
};

/* NULL: out of memory or descriptors. */
struct multi *multi_open(const struct multi_options *options);
void multi_close(struct multi *multi);

int multi_fd(const struct multi *multi);
/* When multi_run wants to be called at the latest; UINT64_MAX: never. */
uint64_t multi_due_ms(const struct multi *multi);
/* Handles what is ready; also called when multi_fd is readable. */
void multi_run(struct multi *multi, uint64_t now_ms);
/* Applies what changed in the descriptors' interests; before every wait. */
void multi_prepare(struct multi *multi);

#endif
