/* Where a request stands: the attempts so far. Built only by chain_step (engine.h) from decided
 * boundaries, so that replaying the boundaries gives the same chain. */
#ifndef ENGINE_CHAIN_H
#define ENGINE_CHAIN_H

#include "signalbox/facts.h"

/* You are here when */
enum chain_state {
    CHAIN_STATE_NEW,   /* nothing is decided */
    CHAIN_STATE_SENT,  /* an attempt is under way, or the gateway waits to start it */
    CHAIN_STATE_ENDED, /* a terminal answer was given; nothing may follow */
};

struct chain_attempt {
    uint8_t entry;
    uint8_t route;      /* index among the policy's routes */
    uint8_t failure;    /* enum failure of how it ended; 0 while it runs or after success */
    uint64_t cost_nusd; /* charged */
};

struct chain {
    enum chain_state state;
    int64_t admitted_ms;
    int64_t deadline_ms;     /* the caller's own, absolute; 0: none */
    unsigned attempts_count; /* started */
    struct chain_attempt attempts[ATTEMPTS_MAX];
    uint64_t charged_nusd;
    enum side_effect side_effect; /* the worst so far */
    bool output_visible;          /* now; a restart makes it false again */
    bool output_reached;          /* ever: the time to first output is over and counts no more */
    unsigned schema_retries;
};

#endif
