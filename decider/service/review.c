/* Reviews: the checklist, a team's policy tests, what versions differ in, candidates for an entry.
 * All of them ask the engine about what is stored, and change nothing. */
#include "service/admin.h"
#include "service/choice.h"
#include "service/live.h"

/* What is switched off or pinned of the policy's id now; a draft would take it over. */
static enum result look(struct service *service,
                        struct admin_call *call,
                        const struct policy *policy,
                        struct view *ret_view)
{
    struct compiled *compiled;
    enum result result =
        compiled_new((struct slice){(const char *)policy, policy->bytes}, &compiled);

    if (result)
        return result;
    result = live_view_for_admin(service, compiled, REASON_UNSPECIFIED, call->now_ms, ret_view);
    compiled_unref(compiled);
    if (result == RESULT_TIMEOUT)
        return admin_fail(call, result, "The thread that decides does not answer.");
    return result;
}

enum result service_checklist(struct service *service,
                              struct admin_call *call,
                              const struct policy_choice *choice,
                              struct checklist_summary *ret_summary)
{
    struct view view;
    const struct policy *policy;
    struct chosen chosen;
    enum result result = choice_take(service, call, choice, &chosen);

    *ret_summary = (struct checklist_summary){.made_unix_ms = call->now_ms};
    if (result || !chosen.document)
        return result;
    result = choice_compile(service, call, &chosen, &policy);
    if (result == RESULT_OK)
        result = look(service, call, policy, &view);
    if (result == RESULT_OK)
        result = checklist_make(policy, &view, call->now_ms, call->arena, &ret_summary->checklist);
    if (result)
        return result;
    ret_summary->policy_id = chosen.policy_id;
    ret_summary->workload = chosen.document->workload;
    ret_summary->environment = chosen.document->environment;
    ret_summary->version = chosen.version;
    ret_summary->catalog_version = chosen.catalog_version;
    return RESULT_OK;
}

enum result service_test_policy(struct service *service,
                                struct admin_call *call,
                                const struct policy_choice *choice,
                                struct slice tests,
                                struct policy_test_report *ret_report)
{
    struct policy_test_document *document = NULL;
    const struct policy *policy;
    struct chosen chosen;
    enum result result = policy_test_parse(tests, call->arena, &call->diagnostics, &document);

    *ret_report = (struct policy_test_report){.outcomes_count = 0};
    if (result)
        return result == RESULT_INVALID ? RESULT_OK : result;
    result = choice_take(service, call, choice, &chosen);
    if (result || !chosen.document)
        return result;
    result = choice_compile(service, call, &chosen, &policy);
    return result ? result
                  : policy_test_run(document, policy, call->now_ms, call->arena, ret_report);
}

enum result service_diff_policies(struct service *service,
                                  struct admin_call *call,
                                  const struct policy_choice *before,
                                  const struct policy_choice *after,
                                  struct policy_diff *ret_diff)
{
    struct chosen one, other = {.version = 0};
    enum result result = choice_take(service, call, before, &one);

    *ret_diff = (struct policy_diff){.fields_count = 0};
    if (result == RESULT_OK)
        result = choice_take(service, call, after, &other);
    if (result || !one.document || !other.document)
        return result;
    return policy_diff(one.document, other.document, call->arena, ret_diff);
}

static const struct catalog_route *find_route(const struct service *service, struct slice route_id)
{
    const struct catalog *catalog = service->admin.current->catalog->catalog;

    return map_get(&catalog->routes_by_id, route_id);
}

enum result service_suggest_routes(struct service *service,
                                   struct admin_call *call,
                                   struct suggest_question *question,
                                   struct slice primary_route,
                                   struct suggestion **ret_suggestions,
                                   unsigned *ret_count)
{
    question->primary = NULL;
    if (primary_route.len) {
        question->primary = find_route(service, primary_route);
        if (!question->primary)
            return admin_fail(call, RESULT_NOT_FOUND, "The catalog has no such primary route.");
    }
    return suggest_routes(service->admin.current->catalog->catalog, question, call->arena,
                          ret_suggestions, ret_count);
}

enum result service_get_route(struct service *service,
                              struct admin_call *call,
                              struct slice route_id,
                              const struct catalog_route **ret_route)
{
    *ret_route = find_route(service, route_id);
    return *ret_route ? RESULT_OK
                      : admin_fail(call, RESULT_NOT_FOUND, "The catalog has no such route.");
}
