/* Deciding again: from a record's boundaries and their policy to the chain, inputs and outputs of
 * then. decide() is pure, so the answers are the same, bit for bit.
 *
 *   rebuild_begin(&rebuild, &history, policy);
 *   while (rebuild_step(&rebuild, &sink, &output)) ...    boundary 0, 1, ...
 *
 * Used for answers to repeated questions, records, replay and get. Any thread. */
#ifndef SERVICE_REBUILD_H
#define SERVICE_REBUILD_H

#include "engine/engine.h"
#include "store/history.h"

struct rebuild {
    const struct history *history;
    const struct policy *policy; /* NULL: none was active */
    struct chain chain;          /* before the next boundary */
    struct view view;            /* of the boundary decided last */
    unsigned next;
};

void rebuild_begin(struct rebuild *rebuild,
                   const struct history *history,
                   const struct policy *policy);
/* Decides the next boundary into ret_output, which lends from history and policy. False: there is
 * none, its view cannot be read, or the answer before it ended the chain. */
bool rebuild_step(struct rebuild *rebuild,
                  struct trace_sink *sink,
                  struct engine_output *ret_output);

/* What a record tells of one boundary's answer. */
struct outcome {
    enum action action;
    enum reason reason;
    enum failure failure;
    enum disposition disposition;
    enum tier tier;
    bool has_route;
    bool charge_estimated;
    bool notice;
    uint8_t entry;
    uint8_t route; /* with has_route: its index among the policy's */
    enum gate blocking_gate;
    struct slice blocking_check;
    uint32_t delay_ms;
    uint64_t charged_nusd;
    uint64_t trace_digest;
};

void outcome_of(const struct engine_output *output,
                uint64_t trace_digest,
                struct outcome *ret_outcome);
/* The outcomes of all boundaries; returns how many could be decided again. */
unsigned rebuild_outcomes(const struct history *history,
                          const struct policy *policy,
                          struct outcome ret_outcomes[ATTEMPTS_MAX + 1]);

/* The route of an answer by its index among the policy's; NULL: there is none. */
const struct policy_route *rebuild_route(const struct policy *policy, unsigned route);

#endif
