/* DecisionService.Explain: a dry run on the admin thread. */
#include "rpc/handler.h"
#include "signalbox/limits.h"

static enum result get_reports(struct handling *handling,
                               const Signalbox__V1__ExplainRequest *request,
                               struct report **ret_reports)
{
    struct arena *arena = handling->admin.arena;
    struct report *reports;

    if (request->n_reports > ATTEMPTS_MAX)
        return handler_refuse(handling, "reports", "has too many items");
    reports = arena_calloc(arena, request->n_reports, sizeof *reports);
    if (!reports)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < request->n_reports; i++) {
        enum result result =
            wire_get_report(request->reports[i], arena, &reports[i], &handling->error);

        if (result)
            return result;
    }
    *ret_reports = reports;
    return RESULT_OK;
}

enum result handler_explain(struct handling *handling)
{
    const Signalbox__V1__ExplainRequest *request = (const void *)handling->request;
    Signalbox__V1__ExplainResponse *response;
    struct arena *arena = handling->admin.arena;
    struct decision *decisions = NULL;
    struct report *reports = NULL;
    struct facts facts;
    unsigned count = 0;
    enum result result;

    if (!request->admission)
        return handler_refuse(handling, "admission", "is needed");
    result = wire_get_admission(request->admission, arena, &facts, &handling->error);
    if (!result)
        result = get_reports(handling, request, &reports);
    if (!result)
        result =
            service_explain(handling->service, &handling->admin, &facts, reports,
                            (unsigned)request->n_reports, request->deadline_ms, &decisions, &count);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__explain_response__descriptor);
    if (response && count && (response->earlier = arena_calloc(arena, count, sizeof(void *)))) {
        decisions[count - 1].resume_token = (struct slice){NULL, 0};
        decisions[count - 1].has_record = false;
        response->decision = wire_put_decision(&decisions[count - 1], arena);
        for (unsigned i = 0; i + 1 < count; i++) {
            decisions[i].has_trace = false;
            decisions[i].has_record = false;
            decisions[i].resume_token = (struct slice){NULL, 0};
            response->earlier[response->n_earlier++] = wire_put_decision(&decisions[i], arena);
        }
    }
    return handler_answer(handling, response);
}
