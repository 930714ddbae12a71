/* What tests of a policy can reach, and what they did; for policy_test_run.c alone. */
#ifndef ENGINE_POLICY_TEST_RULES_H
#define ENGINE_POLICY_TEST_RULES_H

#include "engine/policy_test.h"

struct policy_test_rules {
    const struct policy *policy;
    struct policy_test_rule *items; /* what the report shows */
    struct policy_test_key *keys;   /* beside them: how each is found again */
    unsigned count;
};

/* Every entry with its reasons, every refusal of admission.def, every row of attempt.def, every
 * check of a gate. RESULT_NO_MEMORY. */
MUST_USE enum result policy_test_rules_init(struct policy_test_rules *rules,
                                            const struct policy *policy,
                                            struct arena *arena);
/* What one decided boundary reached. test counts from 1: a rule is counted once for each test. */
void policy_test_rules_reach(struct policy_test_rules *rules,
                             unsigned test,
                             const struct engine_output *output,
                             const struct trace_sink *sink,
                             bool admission);
/* The name of an entry: its first route's id, "queue:NAME" or "default_response"; in the arena. */
struct slice
policy_test_entry_name(const struct policy *policy, unsigned entry, struct arena *arena);

#endif
