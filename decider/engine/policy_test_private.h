/* A document of policy tests in memory; for policy_test_parse.c and policy_test_run.c alone. */
#ifndef ENGINE_POLICY_TEST_PRIVATE_H
#define ENGINE_POLICY_TEST_PRIVATE_H

#include "engine/field.h"
#include "engine/policy_test.h"

/* A member that was not given is empty, 0 or unspecified, and is not compared. */
struct policy_test_expectation {
    enum action action;
    struct slice route, entry;
    enum tier tier;
    enum reason reason;
    bool has_failure; /* failure may be FAILURE_NONE: success */
    enum failure failure;
    enum disposition disposition;
    uint32_t http_status;
    enum gate gate;
    struct slice check, notice;
};

struct policy_test_step {
    struct slice pointer; /* of its expect, in the document */
    bool has_failure;     /* else report is classified */
    enum failure failure;
    bool has_report;
    struct report report;
    uint64_t elapsed_ms;
    struct policy_test_expectation expect;
};

struct policy_test_live {
    struct slice route;
    enum reason unhealthy;
    bool off;
};

/* Into struct policy_test_document. */
extern const struct field_table policy_test_fields;

#endif
