/* Rollback rules: what an entry's outcomes say about switching it off (rollback_rule.def).
 *
 * One struct rollback_window per policy, entry and rule counts what was seen in a sliding window of
 * eight parts. Pure arithmetic on memory that the owner of live state keeps; times come in. All of
 * it starts all-zero.
 *
 *   rollback_outcome      decided attempt -> which rules saw a sample, and whether it was bad
 *   rollback_note_policy  counts that a tenant was active, and what its attempt cost
 *   rollback_note         counts a sample; true: the rule trips now
 *
 * What does not count: attempts that the caller ended, and failures that follow the request to
 * every route (its own invalid shape, its length, its data class, its safety block before an
 * answer), so that nobody's malformed requests switch anything off. A rule whose row asks for two
 * principals wants bad outcomes of two tenants as long as the policy served two within the window,
 * and its percentage of what all but the tenant with most of the bad ones have seen since that one
 * began: one tenant does not trip it together with the few bad outcomes that others always have.
 *
 * A clock that goes back by less than a window counts into the newest part; one that goes back
 * further starts the window anew. */
#ifndef ENGINE_ROLLBACK_H
#define ENGINE_ROLLBACK_H

#include "engine/engine.h"

#define ROLLBACK_PARTS 8

/* Tenants are told apart by 64 bits of a hash; the two seen last are enough to know whether there
 * were two. */
struct rollback_tenants {
    uint64_t first, second; /* 0: none */
    int64_t first_ms, second_ms;
};

struct rollback_window {
    int64_t begin_ms; /* of the newest part */
    uint32_t samples[ROLLBACK_PARTS];
    uint32_t bad[ROLLBACK_PARTS];
    struct rollback_tenants bad_tenants;
    uint64_t loudest; /* the tenant with most of the bad outcomes, by votes */
    int32_t votes[ROLLBACK_PARTS];
    uint32_t rest_samples[ROLLBACK_PARTS]; /* of all others, since it is that */
    uint32_t rest_bad[ROLLBACK_PARTS];
};

/* Per policy: who was active, and the mean of settled costs. */
struct rollback_policy {
    struct rollback_tenants tenants;
    int64_t begin_ms;
    uint64_t cost_nusd[ROLLBACK_PARTS];
    uint32_t costs[ROLLBACK_PARTS];
};

struct rollback_sample {
    bool seen; /* the rule has a sample */
    bool bad;
};

/* What one reported attempt says to each rule; cost_spike against the mean so far. The chain is
 * that of the question: its last attempt is the one reported on. */
void rollback_outcome(const struct engine_input *input,
                      const struct engine_output *output,
                      const struct rollback_policy *state,
                      struct rollback_sample ret_samples[ROLLBACK_RULE_END]);
/* What the attempt adds to the mean of settled costs; ROLLBACK_NO_COST: nothing, because it did not
 * answer or was charged by estimate. */
#define ROLLBACK_NO_COST UINT64_MAX
uint64_t rollback_cost(const struct engine_input *input, const struct engine_output *output);
/* Counts activity and a settled cost of the policy, on whichever entry. */
void rollback_note_policy(struct rollback_policy *state,
                          const struct policy_rollback *cost_rule,
                          uint64_t tenant_hash,
                          uint64_t cost_nusd,
                          int64_t now_ms);
/* Counts one sample. True: with this sample the rule trips. A rule that is not enabled counts
 * nothing and never trips. */
bool rollback_note(struct rollback_window *window,
                   const struct rollback_policy *state,
                   const struct policy_rollback *rule,
                   bool bad,
                   uint64_t tenant_hash,
                   int64_t now_ms);
/* Takes back one sample that was counted at at_ms, where the window still has it: another word on
 * the same thing takes its place. */
void rollback_take_back(struct rollback_window *window,
                        const struct policy_rollback *rule,
                        bool bad,
                        int64_t at_ms);

/* How long one part of the rule's window is. */
int64_t rollback_part_ms(const struct policy_rollback *rule);

#endif
