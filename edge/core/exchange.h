/* The exchange: one request from its facts to its last byte, carrying out what the decider answers.
 *
 *   exchange_start        asks about boundary 0
 *   exchange_answer       SEND: the body is rewritten and goes up
 *   exchange_header, _head, _bytes, _upstream_end
 *                         what the provider says; nothing leaves for the client before output
 *   ... the attempt ends: its report is asked about as the next boundary
 *   exchange_answer       RETRY or FALLBACK: again; COMPLETE: deliver; FAIL_CLOSED: the error
 *
 * It contains no policy. It has no socket, clock or thread either: what it wants done goes through
 * an ops table, and time comes with the events, so a test drives it in virtual time. exchange.def
 * is the table of states and events.
 *
 * Rules for the owner: ops never call back into the exchange; an answer, the request and the bench
 * live until ended was called; after ended nothing may be called but exchange_done. */
#ifndef CORE_EXCHANGE_H
#define CORE_EXCHANGE_H

#include "core/answer.h"
#include "core/observation.h"

struct moment {
    uint64_t ms; /* monotonic */
    int64_t unix_ms;
};

/* What goes to the provider; lent until the attempt ends. */
struct upstream_call {
    struct slice base_url;
    struct slice path; /* behind it, "/chat/completions" */
    struct slice credential;
    struct slice body;
    const struct pair *headers; /* of the client, on the allow-list */
    unsigned headers_count;
    uint32_t connect_ms;
    uint32_t total_ms;
    bool stream;
};

struct exchange_ops {
    /* One answer follows, by exchange_answer. The question is copied. */
    void (*ask)(void *context, const struct question *question, uint32_t timeout_ms);
    /* Starts an attempt. False: nothing was or will be sent, and *reterr_code says why. */
    bool (*send)(void *context, const struct upstream_call *call, const char **reterr_code);
    /* Breaks the attempt off; no more events of it. True: the request's body had left in full. */
    bool (*cancel)(void *context);
    /* The answer is complete: the rest is read and dropped, so that the connection can be used
     * again. No more events of it. */
    void (*let_go)(void *context);
    /* A whole answer. What it lends lives until ended. */
    void (*respond)(void *context, const struct response *response);
    /* The head of a stream, pieces of it (lent for the call), its end. Not clean: cut off. */
    void (*begin)(void *context, const struct response *head);
    void (*relay)(void *context, struct slice bytes);
    void (*finish)(void *context, bool clean);
    /* Calls exchange_timer at or after at_ms; replaces the last one; 0: none. */
    void (*set_timer)(void *context, uint64_t at_ms);
    /* For logs and counters: a decision is about to be carried out. */
    void (*decided)(void *context, const struct answer *answer);
    /* Nothing comes any more. acknowledged: the decider knows how it ended. */
    void (*ended)(void *context, bool acknowledged);
};

enum exchange_state {
#define S(STATE, on_answer, on_upstream, on_timer, on_leaving, sentence) EXCHANGE_##STATE,
#include "core/exchange.def"
#undef S
    EXCHANGE_STATES_END
};

struct exchange_limits {
    size_t answer_bytes_max; /* of an answer that is not streamed */
    uint32_t stall_ms;       /* a client that reads nothing so long has left */
    uint32_t resend_ms;      /* how long an unacknowledged report is repeated */
};

struct exchange {
    const struct exchange_ops *ops;
    void *context;
    struct request *request;
    struct bench *bench;
    struct exchange_limits limits;

    enum exchange_state state;
    struct moment now;         /* of the event that runs */
    uint64_t timer_at;         /* as set; 0: none */
    const struct answer *last; /* decision of the last boundary; NULL: none yet */
    const struct answer *sent; /* the one that started the last attempt */
    unsigned attempts;
    struct question question;
    struct observation observation;
    struct buf body; /* as sent */
    struct buf held; /* pieces that have not left yet */

    bool begun;     /* the head of a stream left */
    bool visible;   /* output of the attempt that runs left */
    bool responded; /* the client has all it gets */
    bool client_gone;
    bool asking;
    bool in_hand; /* the attempt ended with a good answer */
    bool blocked; /* the client does not read */
    bool upstream_open;

    uint64_t caller_deadline_at; /* all of these: 0 is none */
    uint64_t delay_until;
    uint64_t first_output_at;
    uint64_t idle_at;
    uint64_t total_at;
    uint64_t hold_until;
    uint64_t stall_at;
    uint64_t resend_at;
    uint64_t resend_until;
    uint32_t resend_pause_ms;
};

/* The object is kept and used for one request after another. */
void exchange_init(struct exchange *exchange,
                   const struct exchange_ops *ops,
                   struct bench *bench,
                   const struct exchange_limits *limits);
void exchange_done(struct exchange *exchange);

void exchange_start(struct exchange *exchange,
                    void *context,
                    struct request *request,
                    struct moment now);

void exchange_answer(struct exchange *exchange, const struct answer *answer, struct moment now);
/* Headers of the final head come before it. Names in lower case. */
void exchange_header(struct exchange *exchange, struct slice name, struct slice value);
void exchange_head(struct exchange *exchange, unsigned status, struct moment now);
void exchange_bytes(struct exchange *exchange, struct slice bytes, struct moment now);
/* The attempt ended below the exchange; TRANSPORT_COMPLETED: the response was read whole. */
void exchange_upstream_end(struct exchange *exchange,
                           const struct attempt_end *end,
                           struct moment now);
void exchange_timer(struct exchange *exchange, struct moment now);
/* The client left, or its connection broke. */
void exchange_client_left(struct exchange *exchange, struct moment now);
/* The client's side is full (true), or has room again. */
void exchange_flow(struct exchange *exchange, bool blocked, struct moment now);

const char *exchange_state_name(enum exchange_state state);

#endif
