/* One minimal request to a route's provider, and what its answer says about the route.
 *
 * probe.c is pure: where to send, what to send, how to read the answer. probe_send.c sends, by
 * libcurl, with what the edge holds to: a certificate that is verified, plain HTTP to this machine
 * only, no redirects, no proxy, no .netrc. The secret is in one header and nowhere else: not in a
 * check, not in an error. */
#ifndef CTL_PROBE_H
#define CTL_PROBE_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/result.h"
#include "signalbox/v1/checklist.pb-c.h"

#define PROBE_CHECKS_MAX 16

enum probe_verdict {
    PROBE_PASS,
    PROBE_FAIL,
    PROBE_NOTE, /* neither: something to know */
};

struct probe_check {
    const char *name;
    enum probe_verdict verdict;
    struct slice found, needed; /* in the report's arena */
};

struct probe_report {
    struct arena *arena;
    struct probe_check checks[PROBE_CHECKS_MAX];
    unsigned count;
    bool failed; /* one of them did */
};

void probe_add(struct probe_report *report,
               const char *name,
               enum probe_verdict verdict,
               struct slice found,
               const char *needed);

/* How a family is probed; NULL: it is not. */
struct probe_family;
const struct probe_family *probe_family_of(unsigned family);
/* "openai-chat-completions, ..." */
void probe_family_list(struct buf *buf);

/* What is sent. Texts have a NUL behind them and live in the arena. */
struct probe_request {
    const char *url;
    const char *credential; /* what stands before the secret in its header */
    const char *header;     /* a further one, or "" */
    struct slice body;
    uint32_t connect_ms, total_ms;
};

/* RESULT_INVALID with a failed check: overrides that are no JSON object, or that set what every
 * request sets. RESULT_NO_MEMORY. */
MUST_USE enum result probe_make(const struct probe_family *family,
                                const Signalbox__V1__GetRouteResponse *route,
                                struct probe_report *report,
                                struct probe_request *ret_request);

struct probe_answer {
    uint32_t status; /* 0: none came */
    struct slice body;
    const char *error; /* why none came, or not all of it; NULL: it came */
    uint64_t connect_ms, total_ms;
};

/* Adds what the answer says of connection, credential, model, usage, latency and cost. Texts of the
 * provider in which the secret stands are left out. */
void probe_judge(const struct probe_family *family,
                 const Signalbox__V1__GetRouteResponse *route,
                 const struct probe_answer *answer,
                 struct slice secret,
                 struct probe_report *report);

/* probe_send.c */

/* Host and port of a URL that a secret may be sent to, or why it may not. Texts are in the arena.
 */
struct probe_target {
    const char *host, *port;
    const char *refusal; /* NULL: it may */
};
void probe_target(const char *url, struct arena *arena, struct probe_target *ret_target);
/* Sends once and waits. The body is in the arena. ca_file NULL: the system's. */
void probe_send(const struct probe_request *request,
                struct slice secret,
                const char *ca_file,
                struct arena *arena,
                struct probe_answer *ret_answer);

#endif
