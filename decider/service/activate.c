/* Activate and roll back: what each makes of what serves. A version always serves as the current
 * catalog and evidence make it, so both compile anew; a version that does not go with the catalog
 * any more is refused with its findings. */
#include <stdio.h>

#include "base/invariant.h"
#include "service/activation.h"
#include "service/compile.h"
#include "service/policies.h"
#include "service/rights.h"

static enum result check_reason(struct admin_call *call, struct slice reason)
{
    if (reason.len > TEXT_BYTES_MAX)
        return admin_fail(call, RESULT_INVALID, "A reason has at most 512 bytes.");
    return RESULT_OK;
}

static enum result compile_current(struct service *service,
                                   struct admin_call *call,
                                   struct slice policy_id,
                                   uint32_t version,
                                   struct compiled **ret_compiled)
{
    const struct catalog_set *catalog = service->admin.current->catalog;
    const struct compile_order order = {
        .name = {policy_id, version, catalog->version, EVIDENCE_NEWEST},
        .catalog = catalog->catalog,
    };
    enum result result = compile_new(service->admin.read, &order, &call->diagnostics, ret_compiled);

    if (result == RESULT_INVALID)
        return admin_fail(call, RESULT_PRECONDITION,
                          "The version does not compile against the current catalog.");
    return result;
}

static bool same_version(const struct compiled *a, const struct compiled *b)
{
    return b && compiled_is_version(a, compiled_policy_id(b), b->policy->version);
}

/* The share that is asked for. The policy's own applies where there is something to be beside. */
static uint32_t wanted_percent(const struct activation_request *request,
                               const struct serving *before,
                               const struct compiled *compiled)
{
    uint32_t own = compiled->policy->canary_percent;

    if (request->percent)
        return request->percent;
    return own && before && !same_version(before->whole, compiled) ? own : 100;
}

/* For all requests. */
static enum result
plan_whole(struct service *service, struct compiled *compiled, struct activation *activation)
{
    const struct serving *before = activation->before;
    struct activation_record row;
    enum result result;

    activation->whole = compiled;
    activation->replaced = before ? before->whole : NULL;
    result = activation_whole(service, before, &activation->restores);
    if (result || !before || !same_version(before->whole, compiled))
        return result;
    /* What was whole stays and its canary goes: as a roll back. */
    activation->replaced = before->canary;
    result = activation_read(service, before, activation->restores, &row);
    if (result == RESULT_OK)
        activation->restores = row.before;
    return result;
}

/* For some of them. */
static enum result plan_canary(struct service *service,
                               struct admin_call *call,
                               struct compiled *compiled,
                               struct activation *activation)
{
    const struct serving *before = activation->before;

    if (!before)
        return admin_fail(call, RESULT_PRECONDITION,
                          "Nothing is active that the rest of the requests could stay with.");
    if (same_version(before->whole, compiled))
        return admin_fail(call, RESULT_PRECONDITION,
                          "The version serves already, and cannot be beside itself.");
    activation->whole = before->whole;
    activation->canary = compiled;
    activation->replaced = same_version(before->canary, compiled) ? NULL : before->canary;
    return activation_whole(service, before, &activation->restores);
}

static bool
stands_already(const struct serving *before, const struct compiled *compiled, uint32_t percent)
{
    if (!before)
        return false;
    return percent == 100
               ? !before->canary && same_version(before->whole, compiled)
               : same_version(before->canary, compiled) && before->canary_percent == percent;
}

static enum result activate(struct service *service,
                            struct admin_call *call,
                            const struct activation_request *request,
                            struct activation *activation,
                            struct compiled *compiled,
                            struct activation_summary *ret_summary)
{
    uint32_t percent = wanted_percent(request, activation->before, compiled);
    enum result result;

    if (stands_already(activation->before, compiled, percent))
        return activation_keep(service, call, activation, ret_summary);
    activation->canary_percent = percent == 100 ? 0 : percent;
    result = percent == 100 ? plan_whole(service, compiled, activation)
                            : plan_canary(service, call, compiled, activation);
    return result ? result : activation_commit(service, call, activation, ret_summary);
}

static enum result begin_activate(struct service *service,
                                  struct admin_call *call,
                                  const struct activation_request *request,
                                  struct idempotent *repeat,
                                  struct activation_summary *ret_summary)
{
    uint32_t version = request->version;
    struct policy_record record;
    struct activation activation;
    struct compiled *compiled;
    struct slice answer;
    enum result result = policies_find(service, call, request->policy_id, &version, &record);

    if (result == RESULT_OK)
        result = idempotent_find(service, call, repeat, &answer);
    if (result)
        return result;
    if (answer.len)
        return activation_again(service, call, answer, ret_summary);
    activation = (struct activation){
        .workload = record.workload,
        .environment = record.environment,
        .before = snapshot_serving(service->admin.current, record.workload, record.environment),
        .action = AUDIT_ACTION_ACTIVATE_POLICY,
        .reason = request->reason,
        .repeat = repeat,
    };
    result = activation_expect(call, activation.before, request->etag);
    if (result == RESULT_OK)
        result = compile_current(service, call, request->policy_id, version, &compiled);
    if (result)
        return result;
    result = activate(service, call, request, &activation, compiled, ret_summary);
    compiled_unref(compiled);
    return result;
}

enum result service_activate(struct service *service,
                             struct admin_call *call,
                             const struct activation_request *request,
                             struct activation_summary *ret_summary)
{
    char numbers[32];
    struct idempotent repeat;
    enum result result = check_reason(call, request->reason);

    *ret_summary = (struct activation_summary){.number = 0};
    if (result)
        return result;
    if (request->percent > 100)
        return admin_fail(call, RESULT_INVALID, "A percentage is at most 100.");
    snprintf(numbers, sizeof numbers, "%u %u", (unsigned)request->version,
             (unsigned)request->percent);
    idempotent_init(&repeat, call, "activate", request->write_id,
                    (const struct slice[]){request->policy_id, slice_of(numbers), request->reason,
                                           request->etag},
                    4);
    result = admin_begin(service);
    if (result == RESULT_OK) {
        result = begin_activate(service, call, request, &repeat, ret_summary);
        admin_end(service);
    }
    idempotent_done(&repeat);
    return result;
}

/* ---- roll back ---- */

/* Where the policy serves, of what the caller may see. */
static enum result find_place(const struct service *service,
                              struct admin_call *call,
                              struct slice policy_id,
                              const struct serving **ret_serving)
{
    const struct serving *serving, *found = NULL;
    size_t position = 0;

    while ((serving = map_next(&service->admin.current->policies->active, &position)) != NULL) {
        const struct policy *policy = serving->whole->policy;

        if (!rights_environment(call->caller, policy_text(policy, policy->environment)) ||
            (!compiled_is_of(serving->whole, policy_id) &&
             !compiled_is_of(serving->canary, policy_id)))
            continue;
        if (found)
            return admin_fail(call, RESULT_PRECONDITION,
                              "The policy is active in several places; name workload and "
                              "environment.");
        found = serving;
    }
    if (!found)
        return admin_fail(call, RESULT_NOT_FOUND, "No policy of that name is active.");
    *ret_serving = found;
    return RESULT_OK;
}

static enum result find_serving(const struct service *service,
                                struct admin_call *call,
                                const struct roll_back_request *request,
                                const struct serving **ret_serving)
{
    if (request->policy_id.len)
        return find_place(service, call, request->policy_id, ret_serving);
    if (!request->workload.len || !request->environment.len)
        return admin_fail(call, RESULT_INVALID,
                          "Name the policy, or the workload and the environment.");
    *ret_serving =
        rights_environment(call->caller, request->environment)
            ? snapshot_serving(service->admin.current, request->workload, request->environment)
            : NULL;
    if (!*ret_serving)
        return admin_fail(call, RESULT_NOT_FOUND, "Nothing is active there.");
    return RESULT_OK;
}

/* The canary goes, or what the activation before made active comes back. *ret_row is what is gone
 * back to. */
static enum result plan_roll_back(struct service *service,
                                  struct admin_call *call,
                                  struct activation *activation,
                                  struct activation_record *ret_row)
{
    const struct serving *before = activation->before;
    uint32_t number;
    enum result result = activation_whole(service, before, &number);

    invariant(before);
    if (result)
        return result;
    activation->replaced = before->canary ? before->canary : before->whole;
    if (number)
        result = activation_read(service, before, number, ret_row);
    else
        ret_row->before = 0;
    if (result == RESULT_OK && !before->canary) {
        if (!ret_row->before)
            return admin_fail(call, RESULT_PRECONDITION, "There is nothing to go back to.");
        result = activation_read(service, before, ret_row->before, ret_row);
    }
    activation->restores = ret_row->before;
    return result;
}

static enum result begin_roll_back(struct service *service,
                                   struct admin_call *call,
                                   const struct roll_back_request *request,
                                   struct idempotent *repeat,
                                   struct activation_summary *ret_summary)
{
    struct activation activation = {
        .action = AUDIT_ACTION_ROLL_BACK_POLICY, .reason = request->reason, .repeat = repeat};
    struct activation_record row = {.before = 0};
    const struct policy *policy;
    struct slice answer;
    enum result result = idempotent_find(service, call, repeat, &answer);

    if (result)
        return result;
    if (answer.len)
        return activation_again(service, call, answer, ret_summary);
    result = find_serving(service, call, request, &activation.before);
    if (result == RESULT_OK)
        result = activation_expect(call, activation.before, request->etag);
    if (result == RESULT_OK)
        result = plan_roll_back(service, call, &activation, &row);
    if (result)
        return result;
    policy = activation.before->whole->policy;
    activation.workload = policy_text(policy, policy->workload);
    activation.environment = policy_text(policy, policy->environment);
    if (activation.before->canary)
        activation.whole = compiled_ref(activation.before->whole);
    else
        result = compile_current(service, call, row.policy_id, row.version, &activation.whole);
    if (result)
        return result;
    result = activation_commit(service, call, &activation, ret_summary);
    compiled_unref(activation.whole);
    return result;
}

enum result service_roll_back(struct service *service,
                              struct admin_call *call,
                              const struct roll_back_request *request,
                              struct activation_summary *ret_summary)
{
    struct idempotent repeat;
    enum result result = check_reason(call, request->reason);

    *ret_summary = (struct activation_summary){.number = 0};
    if (result)
        return result;
    idempotent_init(&repeat, call, "roll_back", request->write_id,
                    (const struct slice[]){request->policy_id, request->workload,
                                           request->environment, request->reason, request->etag},
                    5);
    result = admin_begin(service);
    if (result == RESULT_OK) {
        result = begin_roll_back(service, call, request, &repeat, ret_summary);
        admin_end(service);
    }
    idempotent_done(&repeat);
    return result;
}
