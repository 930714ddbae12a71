/* Tests that a team keeps beside its policy: named requests and failures with expected decisions.
 *
 *   {"policy": "support-chat-fallback-v1",
 *    "tests": [{"name": "a timeout falls back",
 *               "request": {"requested_model": "primary-approved-model", "needs": ["tools"]},
 *               "steps": [{"expect": {"action": "send", "route": "primary-approved-at-mock-a"}},
 *                         {"failure": "timeout", "expect": {"action": "fallback"}}]}]}
 *
 * policy_test_parse reads the document; policy_test_run decides every step of every test with the
 * compiled policy, as decide() would, and compares. A step without a failure is the admission. It
 * also counts what the tests reached: entries, allowed and blocked reasons, checks that blocked,
 * rows of the law (attempt.def) and refusals of admission (admission.def). Pure. */
#ifndef ENGINE_POLICY_TEST_H
#define ENGINE_POLICY_TEST_H

#include "base/arena.h"
#include "engine/diagnostic.h"
#include "engine/gate.h"
#include "signalbox/result.h"

#define POLICY_TESTS_MAX 1000

struct policy_test_step;
struct policy_test_live;

struct policy_test {
    struct slice name;
    struct slice pointer; /* in the document */
    struct facts facts;   /* tenant, workload and environment filled in by who runs it */
    uint32_t deadline_ms;
    struct policy_test_live *live;
    unsigned live_count;
    struct policy_test_step *steps;
    unsigned steps_count;
};

struct policy_test_document {
    struct slice policy_id;
    struct policy_test *tests;
    unsigned tests_count;
};

struct policy_test_difference {
    struct slice pointer; /* of the expectation in the document */
    struct slice expected, found;
};

struct policy_test_outcome {
    struct slice name;
    bool passed;
    struct policy_test_difference *differences;
    unsigned differences_count;
};

/* One thing that tests can reach. */
struct policy_test_rule {
    struct slice name; /* "entry 1 allows timeout", "gate boundary/data_class blocks", ... */
    unsigned reached;  /* by so many tests */
};

struct policy_test_report {
    struct policy_test_outcome *outcomes;
    unsigned outcomes_count, passed_count;
    struct policy_test_rule *rules;
    unsigned rules_count, reached_count;
};

/* RESULT_INVALID with findings; RESULT_NO_MEMORY. In the arena. */
MUST_USE enum result policy_test_parse(struct slice text,
                                       struct arena *arena,
                                       struct diagnostics *diagnostics,
                                       struct policy_test_document **ret_document);
MUST_USE enum result policy_test_run(const struct policy_test_document *document,
                                     const struct policy *policy,
                                     int64_t now_ms,
                                     struct arena *arena,
                                     struct policy_test_report *ret_report);

#endif
