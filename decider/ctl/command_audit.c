/* signalboxctl audit, policy history: the same list, newest first, asked for in two ways. */
#include "base/clock.h"
#include "ctl/show.h"

static int list(struct ctl *ctl, Signalbox__V1__ListAuditRequest *request)
{
    const Signalbox__V1__ListAuditResponse *answer;
    ProtobufCMessage *reply;
    uint32_t limit = 0;
    int code;

    if (!ctl_count_within(ctl, "limit", UINT32_MAX, &limit))
        return CTL_EXIT_USAGE;
    code = ctl_call_pages(ctl, ctl->arguments.command->method, &request->base,
                          &signalbox__v1__list_audit_response__descriptor, limit, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_audit(ctl, answer->events, answer->n_events, clock_unix_ms());
    return CTL_EXIT_OK;
}

int command_audit(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    Signalbox__V1__ListAuditRequest request;

    signalbox__v1__list_audit_request__init(&request);
    request.policy_id = ctl_text(argument_text(arguments, "policy"));
    request.workload = ctl_text(argument_text(arguments, "workload"));
    request.environment = ctl_text(argument_text(arguments, "environment"));
    return list(ctl, &request);
}

int command_policy_history(struct ctl *ctl)
{
    Signalbox__V1__ListAuditRequest request;

    signalbox__v1__list_audit_request__init(&request);
    request.policy_id = ctl_text(ctl->arguments.operands[0]);
    return list(ctl, &request);
}
