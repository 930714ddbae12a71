/* A dry run: the decisions that these facts and reports would get now. Nothing is stored, no live
 * state moves. Time passes between the boundaries as the reports tell: the delay that was answered,
 * then the attempt. */
#include "base/random.h"
#include "service/admin.h"
#include "service/complete.h"
#include "service/live.h"
#include "service/rebuild.h"
#include "service/retrace.h"
#include "service/rights.h"

struct dry_run {
    const struct policy *policy;
    struct facts facts;
    struct chain chain;
    struct view view;
    struct slice key_id;
    uint64_t request_hash; /* as some request id would give it */
    int64_t now_ms;
};

static struct classification
classify_report(const struct dry_run *run, const struct report *report, unsigned index)
{
    const struct policy_route *route = rebuild_route(run->policy, index);

    return classify(report, route ? (enum family)route->family : FAMILY_UNSPECIFIED,
                    route ? policy_text(run->policy, route->provider) : SLICE_LITERAL(""),
                    run->facts.stream);
}

/* Decides one boundary into output, which holds the answer to the one before. */
static enum result step(struct dry_run *run,
                        const struct report *report,
                        uint32_t deadline_ms,
                        struct arena *arena,
                        struct engine_output *output)
{
    struct engine_input input = {
        .policy = run->policy,
        .facts = &run->facts,
        .view = &run->view,
        .chain = &run->chain,
        .key_id = run->key_id,
        .request_hash = run->request_hash,
        .report = report,
        .seed = random_u64(),
        .deadline_ms = deadline_ms,
    };
    enum result result;

    if (report) {
        input.classification = classify_report(run, report, output->route);
        run->now_ms += output->decision.delay_ms + (int64_t)(report->elapsed_ms & INT32_MAX);
    }
    input.now_ms = run->now_ms;
    result = retrace_decide(&input, arena, output);
    if (result == RESULT_OK)
        chain_step(&run->chain, &input, output);
    return result;
}

/* The policy in the arena, so that the answer outlives a change of policies; and the view of now.
 */
static enum result take_policy(struct service *service,
                               struct admin_call *call,
                               enum reason refusal,
                               struct dry_run *run)
{
    struct compiled *compiled = snapshot_policy(service->admin.current, run->facts.workload,
                                                run->facts.environment, run->request_hash);
    enum result result = live_view_for_admin(service, compiled, refusal, run->now_ms, &run->view);
    char *copy;

    if (result == RESULT_TIMEOUT)
        return admin_fail(call, result, "The thread that decides does not answer.");
    if (result || !compiled)
        return result;
    copy = arena_alloc(call->arena, compiled->policy->bytes);
    if (!copy)
        return RESULT_NO_MEMORY;
    memcpy(copy, compiled->bytes, compiled->policy->bytes);
    run->policy = policy_view(copy, compiled->policy->bytes);
    return run->policy ? RESULT_OK : RESULT_CORRUPT;
}

static enum result begin(struct service *service,
                         struct admin_call *call,
                         const struct facts *facts,
                         struct dry_run *run)
{
    struct digest identity;
    struct asker asker;

    if (facts->key_digest.len && facts->key_digest.len != DIGEST_BYTES)
        return admin_fail(call, RESULT_INVALID, "A SHA-256 has 32 bytes.");
    if (facts->workload.len > NAME_BYTES_MAX || facts->environment.len > NAME_BYTES_MAX)
        return admin_fail(call, RESULT_INVALID, "A name has at most 128 bytes.");
    if (facts->key_digest.len)
        identity = service_identity_of_digest(service, facts->key_digest);
    complete_facts(service->admin.current, facts->key_digest.len ? &identity : NULL, facts,
                   call->now_ms, &run->facts, &asker);
    if (!slice_is(run->facts.tenant, TENANT_UNKNOWN) &&
        !rights_tenant(call->caller, run->facts.tenant))
        return admin_fail(call, RESULT_DENIED, "The token may not speak for this tenant.");
    if (!rights_environment(call->caller, run->facts.environment))
        return admin_fail(call, RESULT_DENIED, "The token may not speak for this environment.");
    run->now_ms = call->now_ms;
    run->key_id = asker.key_id;
    run->request_hash = random_u64();
    return take_policy(service, call, asker.refusal, run);
}

/* NOLINTNEXTLINE(readability-function-size): parameters as service.h has them */
enum result service_explain(struct service *service,
                            struct admin_call *call,
                            const struct facts *facts,
                            const struct report *reports,
                            unsigned reports_count,
                            uint32_t deadline_ms,
                            struct decision **ret_decisions,
                            unsigned *ret_count)
{
    struct engine_output output = {.entry = 0};
    struct decision *decisions;
    struct dry_run *run;
    unsigned count = 0;
    enum result result;

    if (reports_count > ATTEMPTS_MAX)
        return admin_fail(call, RESULT_INVALID, "No chain has so many attempts.");
    /* The decisions lend from the facts, so these are the arena's too. */
    run = arena_calloc(call->arena, 1, sizeof *run);
    decisions = arena_calloc(call->arena, reports_count + 1, sizeof *decisions);
    if (!run || !decisions)
        return RESULT_NO_MEMORY;
    result = begin(service, call, facts, run);
    while (result == RESULT_OK && count <= reports_count && run->chain.state != CHAIN_STATE_ENDED) {
        result = step(run, count ? &reports[count - 1] : NULL, count ? 0 : deadline_ms, call->arena,
                      &output);
        if (result == RESULT_OK)
            decisions[count++] = output.decision;
    }
    *ret_decisions = decisions;
    *ret_count = count;
    return result;
}
