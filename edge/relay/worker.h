/* One worker: a thread with its loop, its transfers, its questions and its requests.
 *
 * Workers share nothing but settings, counters and the client of the decider. */
#ifndef RELAY_WORKER_H
#define RELAY_WORKER_H

#include "ask/asker.h"
#include "base/list.h"
#include "http/listener.h"
#include "relay/timers.h"
#include "upstream/multi.h"

struct worker_settings {
    struct signalbox_client *client;
    const struct credentials *credentials;
    struct site *site;
    const char *ca_file;
    size_t request_bytes_max; /* of a body */
    size_t answer_bytes_max;  /* of an answer that is not streamed */
    uint32_t stall_ms;
    uint32_t resend_ms;
    uint32_t grace_ms;
    uint32_t connections_max;
    const char *const *models; /* that GET /v1/models lists */
    unsigned models_count;
};

struct worker;

/* What the workers serve, made once for all of them. NULL: out of memory. */
struct site *worker_site(const struct site_options *options);
/* listener is kept. NULL: out of memory or descriptors. */
struct worker *worker_open(const struct worker_settings *settings, int listener);
/* Runs until worker_drain was called and the last request has ended or grace_ms passed. */
void worker_run(struct worker *worker);
/* Any thread; once. */
void worker_drain(struct worker *worker);
/* After the client was closed. */
void worker_close(struct worker *worker);

#endif
