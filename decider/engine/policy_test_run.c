/* Each test decides by itself, boundary after boundary, with decide() and the view that it
 * describes; time passes as its steps say. What an expectation names is compared, by a table. */
#include "engine/policy_test_private.h"
#include "engine/policy_test_rules.h"
#include "engine/spread.h"

#define DIFFERENCES_MAX 16 /* the members of an expectation, and one for a step too many */

struct run {
    const struct policy *policy;
    int64_t now_ms;
    struct arena *arena;
    struct policy_test_rules rules;
    struct trace_item items[TRACE_ITEMS_MAX];
    /* Of the test under way. */
    const struct policy_test *test;
    unsigned number; /* from 1 */
    struct facts facts;
    struct view view;
    struct chain chain;
    struct engine_output output;
    int64_t test_now_ms;
    struct policy_test_outcome *outcome;
};

static void differ(struct run *run, struct slice pointer, struct slice expected, struct slice found)
{
    struct policy_test_outcome *outcome = run->outcome;

    if (outcome->differences_count < DIFFERENCES_MAX)
        outcome->differences[outcome->differences_count++] =
            (struct policy_test_difference){pointer, expected, found};
}

/* ---- expectations ---- */

static struct slice number_text(struct run *run, uint64_t number)
{
    return arena_format(run->arena, "%llu", (unsigned long long)number);
}

static struct slice failure_text(enum failure failure)
{
    return slice_of(failure == FAILURE_NONE ? "success" : signalbox_failure_name(failure));
}

static void expect_text(struct run *run,
                        const struct policy_test_step *step,
                        const char *member,
                        struct slice expected,
                        struct slice found)
{
    if (expected.len && !slice_equal(expected, found))
        differ(
            run,
            arena_format(run->arena, "%.*s/%s", (int)step->pointer.len, step->pointer.ptr, member),
            expected, found.len ? found : SLICE_LITERAL("nothing"));
}

static struct slice given(bool is_given, const char *text)
{
    return is_given ? slice_of(text) : (struct slice){NULL, 0};
}

static struct slice entry_found(struct run *run)
{
    const struct decision *decision = &run->output.decision;

    if (decision->action == ACTION_FAIL_CLOSED)
        return SLICE_LITERAL("none");
    return policy_test_entry_name(run->policy, run->output.entry, run->arena);
}

static void compare(struct run *run, const struct policy_test_step *step)
{
    const struct policy_test_expectation *expect = &step->expect;
    const struct decision *decision = &run->output.decision;
    const struct trace_item *blocked = &decision->blocked;
    const struct {
        const char *member;
        struct slice expected, found;
    } rows[] = {
        {"action", given(expect->action, signalbox_action_name(expect->action)),
         slice_of(signalbox_action_name(decision->action))},
        {"route", expect->route, decision->route.id},
        {"entry", expect->entry, expect->entry.len ? entry_found(run) : expect->entry},
        {"tier", given(expect->tier, signalbox_tier_name(expect->tier)),
         slice_of(signalbox_tier_name(decision->route.tier))},
        {"reason", given(expect->reason, signalbox_reason_name(expect->reason)),
         slice_of(signalbox_reason_name(decision->reason))},
        {"failure", expect->has_failure ? failure_text(expect->failure) : SLICE_LITERAL(""),
         failure_text(decision->failure)},
        {"disposition", given(expect->disposition, signalbox_disposition_name(expect->disposition)),
         slice_of(signalbox_disposition_name(decision->disposition))},
        {"http_status",
         expect->http_status ? number_text(run, expect->http_status) : SLICE_LITERAL(""),
         number_text(run, decision->error.http_status)},
        {"gate", given(expect->gate, signalbox_gate_name(expect->gate)),
         slice_of(decision->has_blocked ? signalbox_gate_name(blocked->gate) : "none")},
        {"check", expect->check, decision->has_blocked ? blocked->check : SLICE_LITERAL("none")},
        {"notice", expect->notice, decision->notice.text},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_text(run, step, rows[i].member, rows[i].expected, rows[i].found);
}

/* ---- steps ---- */

/* How an attempt of a class looks in a report, where the test names the class alone. */
static void report_of(enum failure failure, struct report *report)
{
    static const struct {
        enum failure failure;
        uint32_t http_status;
        bool output_visible, body_unsent, caller_gone;
    } looks[] = {
        {FAILURE_NONE, 200, true, false, false},
        {FAILURE_RATE_LIMITED, 429, false, false, false},
        {FAILURE_OVERLOADED, 529, false, false, false},
        {FAILURE_TEMPORARY_5XX, 500, false, false, false},
        {FAILURE_UNAVAILABLE, 503, false, false, false},
        {FAILURE_NETWORK_ERROR, 0, false, true, false},
        {FAILURE_PERMISSION_DENIED, 403, false, false, false},
        {FAILURE_PROVIDER_QUOTA_EXHAUSTED, 429, false, false, false},
        {FAILURE_MODEL_NOT_FOUND, 404, false, false, false},
        {FAILURE_CONTEXT_LENGTH_EXCEEDED, 400, false, false, false},
        {FAILURE_AUTH_ERROR, 401, false, false, false},
        {FAILURE_REGION_UNSUPPORTED, 403, false, false, false},
        {FAILURE_INVALID_REQUEST, 400, false, false, false},
        {FAILURE_UNSUPPORTED_SCHEMA, 400, false, false, false},
        {FAILURE_PAYLOAD_TOO_LARGE, 413, false, false, false},
        {FAILURE_SAFETY_BLOCK, 400, false, false, false},
        {FAILURE_PARTIAL_STREAM, 200, true, false, false},
        {FAILURE_CONTENT_FILTERED_MIDSTREAM, 200, true, false, false},
        {FAILURE_CANCELLED, 0, false, false, true},
    };

    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        if (looks[i].failure != failure)
            continue;
        report->http_status = looks[i].http_status;
        report->output_seen = report->output_visible = looks[i].output_visible;
        report->body_sent = !looks[i].body_unsent;
        report->caller_gone = looks[i].caller_gone;
        return;
    }
}

static struct classification classification_of(const struct run *run,
                                               const struct policy_test_step *step,
                                               const struct report *report)
{
    const struct policy_route *route = policy_route(run->policy, run->output.route);

    if (step->has_failure)
        return (struct classification){.failure = step->failure};
    return classify(report, (enum family)route->family, policy_text(run->policy, route->provider),
                    run->facts.stream);
}

static void decide_step(struct run *run, const struct policy_test_step *step, bool admission)
{
    struct report report = step->report;
    struct trace_sink sink;
    struct engine_input input = {
        .policy = run->policy,
        .facts = &run->facts,
        .view = &run->view,
        .chain = &run->chain,
        .request_hash = run->number,
        .seed = run->number,
        .deadline_ms = admission ? run->test->deadline_ms : 0,
    };

    if (!admission) {
        if (step->has_failure && !step->has_report)
            report_of(step->failure, &report);
        input.report = &report;
        input.classification = classification_of(run, step, &report);
        run->test_now_ms += run->output.decision.delay_ms + (int64_t)step->elapsed_ms;
    }
    input.now_ms = run->test_now_ms;
    trace_sink_init(&sink, run->items, TRACE_ITEMS_MAX);
    decide(&input, &sink, &run->output);
    policy_test_rules_reach(&run->rules, run->number, &run->output, &sink, admission);
    compare(run, step);
    chain_step(&run->chain, &input, &run->output);
}

/* ---- tests ---- */

/* What a request does not say is what the policy's own users send. */
static void complete(struct run *run)
{
    const struct policy *policy = run->policy;
    const struct policy_route *primary = policy_route(policy, policy_entry(policy, 0)->route);

    run->facts = run->test->facts;
    run->facts.workload = policy_text(policy, policy->workload);
    run->facts.environment = policy_text(policy, policy->environment);
    if (!run->facts.family)
        run->facts.family = (enum family)primary->family;
    if (!run->facts.requested_model.len)
        run->facts.requested_model = policy_text(policy, primary->model_id);
    if (!run->facts.tenant.len)
        run->facts.tenant = SLICE_LITERAL("test");
    if (!run->facts.data_classes)
        run->facts.data_classes = policy->data_classes;
}

static bool take_live(struct run *run)
{
    for (unsigned i = 0; i < run->test->live_count; i++) {
        const struct policy_test_live *live = &run->test->live[i];
        bool found = false;

        for (unsigned r = 0; r < run->policy->routes.len; r++) {
            if (!slice_equal(policy_text(run->policy, policy_route(run->policy, r)->id),
                             live->route))
                continue;
            run->view.routes[r].unhealthy = live->unhealthy;
            run->view.routes[r].off.scope = live->off ? SWITCH_SCOPE_ROUTE : 0;
            found = true;
        }
        if (found)
            continue;
        differ(run,
               arena_format(run->arena, "%.*s/live/%u/route", (int)run->test->pointer.len,
                            run->test->pointer.ptr, i),
               SLICE_LITERAL("a route of the policy"), live->route);
        return false;
    }
    return true;
}

static void run_steps(struct run *run)
{
    for (unsigned i = 0; i < run->test->steps_count; i++) {
        const struct policy_test_step *step = &run->test->steps[i];

        if (i && run->chain.state != CHAIN_STATE_SENT) {
            differ(run, step->pointer, SLICE_LITERAL("a request that goes on"),
                   arena_format(run->arena, "it ended before this step: %s, %s",
                                signalbox_action_name(run->output.decision.action),
                                signalbox_reason_name(run->output.decision.reason)));
            return;
        }
        decide_step(run, step, i == 0);
    }
}

static enum result run_test(struct run *run, unsigned index, const struct policy_test *test)
{
    run->outcome->name = test->name;
    run->outcome->differences =
        arena_calloc(run->arena, DIFFERENCES_MAX, sizeof *run->outcome->differences);
    if (!run->outcome->differences)
        return RESULT_NO_MEMORY;
    run->test = test;
    run->number = index + 1;
    run->view = (struct view){.refusal = REASON_UNSPECIFIED};
    run->chain = (struct chain){.state = CHAIN_STATE_NEW};
    run->output = (struct engine_output){.entry = 0};
    run->test_now_ms = run->now_ms;
    complete(run);
    if (take_live(run))
        run_steps(run);
    run->outcome->passed = run->outcome->differences_count == 0;
    return run->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result policy_test_run(const struct policy_test_document *document,
                            const struct policy *policy,
                            int64_t now_ms,
                            struct arena *arena,
                            struct policy_test_report *ret_report)
{
    struct policy_test_report report = {.outcomes_count = document->tests_count};
    struct run *run = arena_calloc(arena, 1, sizeof *run);
    enum result result;

    report.outcomes = arena_calloc(arena, report.outcomes_count + 1, sizeof *report.outcomes);
    if (!run || !report.outcomes)
        return RESULT_NO_MEMORY;
    run->policy = policy;
    run->now_ms = now_ms;
    run->arena = arena;
    result = policy_test_rules_init(&run->rules, policy, arena);
    for (unsigned i = 0; result == RESULT_OK && i < document->tests_count; i++) {
        run->outcome = &report.outcomes[i];
        result = run_test(run, i, &document->tests[i]);
        report.passed_count += run->outcome->passed;
    }
    if (result)
        return result;
    report.rules = run->rules.items;
    report.rules_count = run->rules.count;
    for (unsigned i = 0; i < report.rules_count; i++)
        report.reached_count += report.rules[i].reached > 0;
    *ret_report = report;
    return RESULT_OK;
}
