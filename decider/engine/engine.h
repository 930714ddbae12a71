/* The engine: one decision as a story.
 *
 * A gateway asks at an attempt boundary. The service has found the request's compiled policy, knows
 * the chain so far, has stamped the time and a seed, and took a view of live state. It calls
 * decide:
 *
 *   admission (no report)                      engine/admission.c
 *     the principal and live limits             view.refusal
 *     is there a policy, and is it on
 *     the gateway's own blocks, shape, limits   admission.def, a table of checks in order
 *     the entry that an operator pinned, else   candidate.c: entries; candidate_route.c: the
 *     the primary if it passes its gates and    entry's routes in the request's own order, each
 *     is healthy, else the first entry that     with switches, attempts, gates (gate_*.c), health
 *     names why it is not
 *
 *   after an attempt                           engine/attempt.c
 *     success or refusal: COMPLETE
 *     else the steps of attempt.def in order; the first that applies decides: caller gone, side
 *     effect, terminal class, output visible, switched off, limits, retry on the same route, next
 *     entry, queue, hard stop, fail closed
 *
 * decide is a pure function: no clock, lock, log, socket or malloc; the same input gives the same
 * answer and the same trace, bit for bit, on every machine. Texts in the answer are lent by policy,
 * facts, classification or are static. What the decision wants done (money held, tokens taken)
 * comes back as intents; the owner of live state applies them, and when one is refused it sets the
 * view's flag and decides again, at most entries + 1 times. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/chain.h"
#include "engine/classify.h"
#include "engine/policy.h"
#include "engine/view.h"

/* Grows with every change that can change an answer; stored with each request. */
#define ENGINE_VERSION "2"

struct engine_input {
    const struct policy *policy; /* NULL: none is active for workload and environment */
    const struct facts *facts;   /* the key's defaults filled in */
    const struct view *view;
    const struct chain *chain;
    const struct report *report;          /* NULL: admission */
    struct classification classification; /* of the report */
    struct slice key_id;                  /* of the asker's key; empty: the principal was named */
    uint64_t request_hash; /* of the request id: spreads requests over equivalent routes */
    int64_t now_ms;
    uint64_t seed;        /* random; becomes the decision's id */
    uint32_t deadline_ms; /* at admission: left until the caller's deadline; 0: none */
};

#define INTENTS_MAX 4

struct engine_intent {
    enum intent kind;
    uint8_t entry;
    uint8_t route; /* index among the policy's routes */
    uint64_t amount_nusd;
};

struct engine_output {
    struct decision decision; /* durable, resume_token, record and trace are the caller's to fill */
    unsigned entry;           /* of decision.route */
    unsigned route;           /* its index among the policy's routes */
    uint64_t charged_nusd;    /* of the attempt that ended */
    bool charge_estimated;    /* the provider reported no usage */
    struct engine_intent intents[INTENTS_MAX];
    unsigned intents_count;
};

/* Receives the trace. With items NULL only count and digest are kept. */
struct trace_sink {
    struct trace_item *items;
    unsigned capacity;
    unsigned count;
    uint64_t digest;
};

void trace_sink_init(struct trace_sink *sink, struct trace_item *items, unsigned capacity);

void decide(const struct engine_input *input,
            struct trace_sink *sink,
            struct engine_output *ret_output);

/* The class that counts: the policy's, else the request's or its key's, else noncritical. What a
 * caller claims cannot move the floor that a reviewed policy set. */
static inline enum traffic_class engine_traffic_class(const struct policy *policy,
                                                      const struct facts *facts)
{
    if (policy && policy->traffic_class)
        return (enum traffic_class)policy->traffic_class;
    return facts->traffic_class ? facts->traffic_class : TRAFFIC_CLASS_NONCRITICAL_USER_FACING;
}

/* The chain after input was answered with output. */
void chain_step(struct chain *chain,
                const struct engine_input *input,
                const struct engine_output *output);

/* A number over everything in the decision that the engine sets; equal decisions have equal ones.
 */
uint64_t engine_decision_digest(const struct engine_output *output);

#endif
