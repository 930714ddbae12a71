/* signalboxctl policy activate, policy rollback: what serves from now on. Both print what serves,
 * in place of what, and the etag that makes the next change safe. */
#include "ctl/activation.h"
#include "ctl/diagnostic.h"
#include "ctl/show.h"

#define ACTIVATE_METHOD "/signalbox.v1.PolicyService/ActivatePolicy"
#define PERCENT_MOST    100

int activation_call(struct ctl *ctl, const Signalbox__V1__ActivatePolicyRequest *request)
{
    const Signalbox__V1__ActivatePolicyResponse *answer;
    ProtobufCMessage *reply;
    int code = ctl_call(ctl, ACTIVATE_METHOD, &request->base,
                        &signalbox__v1__activate_policy_response__descriptor, &reply);

    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json) {
        ctl_print_json(ctl, reply);
    } else {
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
        show_activation(ctl, &(struct activation){.policy = answer->policy,
                                                  .replaced = answer->replaced,
                                                  .canary = answer->canary,
                                                  .canary_percent = answer->canary_percent,
                                                  .etag = answer->etag});
    }
    return diagnostic_exit(answer->diagnostics, answer->n_diagnostics);
}

int command_policy_activate(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    Signalbox__V1__ActivatePolicyRequest request;

    signalbox__v1__activate_policy_request__init(&request);
    if (!ctl_version(arguments->operands[1], &request.version) ||
        !ctl_count_within(ctl, "percent", PERCENT_MOST, &request.percent))
        return CTL_EXIT_USAGE;
    request.policy_id = ctl_text(arguments->operands[0]);
    request.reason = ctl_text(argument_text(arguments, "reason"));
    request.etag = ctl_text(argument_text(arguments, "etag"));
    request.write_id = ctl_text(argument_text(arguments, "write-id"));
    return activation_call(ctl, &request);
}

int command_policy_rollback(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *workload = argument_text(arguments, "workload");
    const char *environment = argument_text(arguments, "environment");
    Signalbox__V1__RollBackPolicyRequest request;
    const Signalbox__V1__RollBackPolicyResponse *answer;
    ProtobufCMessage *reply;
    int code;

    if (!arguments->operands[0] == !(workload && environment) || !workload != !environment)
        return ctl_fail(CTL_EXIT_USAGE, "%s: an ID, or --workload and --environment",
                        arguments->command->words);
    signalbox__v1__roll_back_policy_request__init(&request);
    request.policy_id = ctl_text(arguments->operands[0]);
    request.workload = ctl_text(workload);
    request.environment = ctl_text(environment);
    request.reason = ctl_text(argument_text(arguments, "reason"));
    request.etag = ctl_text(argument_text(arguments, "etag"));
    request.write_id = ctl_text(argument_text(arguments, "write-id"));
    code = ctl_call(ctl, arguments->command->method, &request.base,
                    &signalbox__v1__roll_back_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_activation(ctl, &(struct activation){.policy = answer->policy,
                                                  .replaced = answer->replaced,
                                                  .canary = answer->canary,
                                                  .canary_percent = answer->canary_percent,
                                                  .etag = answer->etag});
    return CTL_EXIT_OK;
}
