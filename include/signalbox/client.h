/* An asynchronous client of the decider, for any gateway written in C.
 *
 * One client per process owns one thread and one completion queue. Each of the gateway's worker
 * threads registers once and gets its own bidirectional stream; its questions travel batched (what
 * has arrived is sent, nothing is waited for) and come back in any order.
 *
 *   signalbox_client_open(&options, &client, &error);
 *   signalbox_client_register(client, &worker);         once per worker thread
 *   signalbox_client_ask(worker, &question, timeout_ms, on_answer, request);
 *     ... later, on the client's thread: on_answer(request, &answer)
 *   signalbox_client_close(client);                      every open question is answered first
 *
 * Promises
 *   - ask is lock-free and copies the question: nothing is lent after it returns.
 *   - Every accepted question gets exactly one answer: the decider's, its error, RESULT_TIMEOUT
 * when timeout_ms passed, or RESULT_UNAVAILABLE at close. While the decider is away questions wait
 *     within their timeouts; the stream is made again with back-off (full jitter, 10 ms to 1 s),
 * and questions whose answers were lost with a stream are asked again: the decider's idempotency
 *     makes that safe.
 *   - At most options.open_max questions are open at once; beyond that ask returns RESULT_FULL.
 *   - Callbacks run on the client's thread one after another and must not block; what an answer
 *     lends ends when the callback returns. A callback may ask again.
 *   - cancel forgets a question: its callback is not called afterwards, unless it is running.
 *
 * The client speaks plain HTTP/2 over a unix socket or loopback TCP, with a bearer token. */
#ifndef SIGNALBOX_CLIENT_H
#define SIGNALBOX_CLIENT_H

#include "signalbox/decision.h"
#include "signalbox/result.h"

struct signalbox_client;
struct signalbox_worker;

struct signalbox_client_options {
    const char *target; /* "unix:/path/decider.sock" or "127.0.0.1:7450" */
    const char *token;  /* the bearer secret, role gateway for questions; copied */
    uint32_t open_max;  /* 0: 65536 */
    bool lazy;          /* true: no stream until the first question (for command-line tools) */
};

struct signalbox_client_error {
    char text[256];
};

/* RESULT_INVALID for a target that cannot be one; a decider that is away is no error. */
MUST_USE enum result signalbox_client_open(const struct signalbox_client_options *options,
                                           struct signalbox_client **ret_client,
                                           struct signalbox_client_error *reterr_error);
/* Answers what is open with RESULT_UNAVAILABLE, ends the thread, frees the workers. Takes NULL. */
void signalbox_client_close(struct signalbox_client *client);

/* Thread-safe. The worker lives until the client is closed. */
MUST_USE enum result signalbox_client_register(struct signalbox_client *client,
                                               struct signalbox_worker **ret_worker);

struct signalbox_answer {
    enum result result;              /* RESULT_OK: decision is set */
    const struct decision *decision; /* else NULL */
    struct slice message;            /* what the decider or the transport says went wrong */
    struct slice reason;             /* ErrorInfo reason, such as "SUPERSEDED"; or empty */
    uint64_t retry_after_ms;         /* RetryInfo; 0: none */
};

typedef void (*signalbox_on_answer)(void *context, const struct signalbox_answer *answer);

/* Names one open question; 0 is never one. */
typedef uint64_t signalbox_ask_id;

/* RESULT_FULL: open_max questions are open. RESULT_TOO_LARGE: the question is beyond limits.h.
 * RESULT_UNAVAILABLE: the client is closing. timeout_ms is at least 1. */
MUST_USE enum result signalbox_client_ask(struct signalbox_worker *worker,
                                          const struct question *question,
                                          uint32_t timeout_ms,
                                          signalbox_on_answer on_answer,
                                          void *context,
                                          signalbox_ask_id *ret_id);
/* Only from the worker thread that asked. True: the callback will not be called. False: it was
 * called, is running or will be called at once. */
bool signalbox_client_cancel(struct signalbox_worker *worker, signalbox_ask_id id);

/* True while this client has a live connection to the decider. Any thread. */
bool signalbox_client_connected(const struct signalbox_client *client);

/* A unary call with message bytes; blocks the calling thread (not for workers). method is
 * "/signalbox.v1.PolicyService/ListPolicies". On RESULT_OK *ret_reply is malloc'ed, to be freed by
 * the caller. Otherwise message and reason are filled as far as they fit. */
struct signalbox_call_error {
    int grpc_status;
    char message[512];
    char reason[64];
    char details[2048]; /* field violations and the like, one per line */
};
MUST_USE enum result signalbox_client_call(struct signalbox_client *client,
                                           const char *method,
                                           struct slice request,
                                           uint32_t timeout_ms,
                                           char **ret_reply,
                                           size_t *ret_reply_bytes,
                                           struct signalbox_call_error *reterr_error);

#endif
