/* What the tests of evidence and of reviews share: the template policy, published by one person and
 * approved by another, and a way to see whether its fallback is open and which check shuts it. */
#ifndef TESTS_UNIT_SERVICE_REVIEW_FIXTURE_H
#define TESTS_UNIT_SERVICE_REVIEW_FIXTURE_H

#include "unit/service/fixture.h"

#define TEMPLATE       "support-chat-fallback-v1"
#define TEMPLATE_FILE  "policies/support-chat-fallback-v1.json"
#define APPROVALS_FILE "policies/evidence/support-chat-fallback-v1.json"
#define WORKLOAD       "customer-support-chat"
#define BACKUP         "approved-backup-at-mock-b"

static const struct principal author = {
    .key_id = SLICE_LITERAL("key_author"),
    .role = ROLE_OPERATOR,
    .user = SLICE_LITERAL("ann"),
};

static inline void
activate_as(struct fixture *f, const struct principal *caller, struct slice document)
{
    struct activation_summary activation;
    struct policy_summary policy;

    fixture_call(f)->caller = caller;
    assert_int_equal(service_publish_policy(f->service, &f->call, document, &policy), RESULT_OK);
    assert_true(policy.version > 0);
    assert_int_equal(service_activate(f->service, &f->call,
                                      &(struct activation_request){.policy_id = policy.policy_id,
                                                                   .version = policy.version,
                                                                   .percent = 100},
                                      &activation),
                     RESULT_OK);
}

/* The template is active; nothing is approved. */
static inline int setup_template(void **state)
{
    struct fixture *f;

    fixture_setup_empty(state);
    f = *state;
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    activate_as(f, &author, fixture_file(f, TEMPLATE_FILE));
    return 0;
}

/* And all that it needs. */
static inline int setup_approved(void **state)
{
    setup_template(state);
    fixture_put_evidence(*state, fixture_file(*state, APPROVALS_FILE));
    return 0;
}

/* What shut the fallback, of the first failed attempt's trace. */
struct shut {
    unsigned count; /* checks that block */
    char check[32]; /* the first of them */
    char found[64];
    char evidence[16];
};

static inline void on_shut(const struct ticket_answer *answer, void *context)
{
    struct shut *shut = context;
    const struct trace *trace = answer->decision ? &answer->decision->trace : NULL;

    for (unsigned i = 0; trace && i < trace->count; i++) {
        const struct trace_item *item = &trace->items[i];

        if (item->verdict != VERDICT_BLOCK || item->entry != 1 || shut->count++)
            continue;
        snprintf(shut->check, sizeof shut->check, "%.*s", (int)item->check.len, item->check.ptr);
        snprintf(shut->found, sizeof shut->found, "%.*s",
                 item->found.kind == TRACE_TEXT ? (int)item->found.text.len : 0,
                 item->found.kind == TRACE_TEXT && item->found.text.len ? item->found.text.ptr
                                                                        : "");
        snprintf(shut->evidence, sizeof shut->evidence, "%.*s", (int)item->evidence_id.len,
                 item->evidence_id.len ? item->evidence_id.ptr : "");
    }
}

static inline struct question template_admission(struct uuid id)
{
    struct question question = question_admission(id);

    question.facts.workload = SLICE_LITERAL(WORKLOAD);
    question.facts.requested_model = SLICE_LITERAL("primary-approved-model");
    question.facts.needs = SET_OF(NEED_TOOLS);
    return question;
}

/* A request whose primary fails. True: the fallback is open. */
static inline bool is_open(struct fixture *f, struct uuid id, struct shut *ret_shut)
{
    struct question admission = template_admission(id);
    struct question report = question_report(id, 1, "primary-approved-at-mock-a");
    struct asked asked = {.answers = 0};

    *ret_shut = (struct shut){.count = 0};
    fixture_answer(f, &admission, &asked);
    assert_int_equal(asked.decision.action, ACTION_SEND);
    report_status(&report, 500);
    report.want_trace = true;
    asked.inspect = on_shut;
    asked.context = ret_shut;
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_OK);
    return asked.decision.action == ACTION_FALLBACK;
}

/* found begins with what is wanted; more may say how. */
static inline bool is_shut_by(const struct shut *shut, const char *check, const char *found)
{
    return strcmp(shut->check, check) == 0 && strncmp(shut->found, found, strlen(found)) == 0;
}

#define assert_open(f)                                                                             \
    do {                                                                                           \
        struct shut shut_;                                                                         \
        if (!is_open(f, fixture_id(f), &shut_))                                                    \
            fail_msg("shut by %s, found \"%s\"", shut_.check, shut_.found);                        \
    } while (0)
/* By that check alone, with what it found. */
#define assert_shut(f, wanted_check, wanted_found)                                                 \
    do {                                                                                           \
        struct shut shut_;                                                                         \
        assert_false(is_open(f, fixture_id(f), &shut_));                                           \
        if (shut_.count != 1 || !is_shut_by(&shut_, wanted_check, wanted_found))                   \
            fail_msg("%u checks, the first %s, found \"%s\"", shut_.count, shut_.check,            \
                     shut_.found);                                                                 \
    } while (0)

static const struct fixture_place template_place = {WORKLOAD, "production"};

/* The example catalog with one text in it replaced by another of the same length. */
static inline struct slice
catalog_with(struct fixture *f, const char *route, const char *from, const char *to)
{
    static char text[65536];
    struct slice whole = fixture_file(f, "policies/catalog.json");
    char *at;

    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = '\0';
    at = strstr(text, route);
    assert_non_null(at);
    at = strstr(at, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    return (struct slice){text, whole.len};
}

#endif
