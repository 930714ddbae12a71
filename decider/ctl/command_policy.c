/* signalboxctl policy ... */
#include "ctl/activation.h"
#include "ctl/ctl.h"
#include "ctl/diagnostic.h"
#include "ctl/display.h"
#include "ctl/render.h"
#include "ctl/show.h"

#define PERCENT_ALL 100

int command_policy_validate(struct ctl *ctl)
{
    Signalbox__V1__ValidatePolicyRequest request;
    const Signalbox__V1__ValidatePolicyResponse *answer;
    ProtobufCMessage *reply;
    struct slice document;
    int code = ctl_read_file(ctl, ctl->arguments.operands[0], &document);

    if (code != CTL_EXIT_OK)
        return code;
    signalbox__v1__validate_policy_request__init(&request);
    request.document = ctl_text(document.ptr);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__validate_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
    if (answer->valid && !ctl->json)
        buf_put_text(&ctl->out, "valid\n");
    return answer->valid ? CTL_EXIT_OK : CTL_EXIT_DOCUMENT;
}

/* What was just published; all of it, unless the policy asks for a canary. */
static int activate(struct ctl *ctl, const Signalbox__V1__Policy *policy)
{
    Signalbox__V1__ActivatePolicyRequest request;

    signalbox__v1__activate_policy_request__init(&request);
    request.policy_id = policy->policy_id;
    request.version = policy->version;
    return activation_call(ctl, &request);
}

int command_policy_publish(struct ctl *ctl)
{
    Signalbox__V1__PublishPolicyRequest request;
    const Signalbox__V1__PublishPolicyResponse *answer;
    ProtobufCMessage *reply;
    struct slice document;
    int code = ctl_read_file(ctl, ctl->arguments.operands[0], &document);
    bool stored, then = argument_flag(&ctl->arguments, "activate");

    if (code != CTL_EXIT_OK)
        return code;
    signalbox__v1__publish_policy_request__init(&request);
    request.document = ctl_text(document.ptr);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__publish_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    stored = answer->policy && answer->policy->version;
    /* With --activate the one JSON document is the activation's, which names the version too. */
    if (ctl->json && !(stored && then))
        ctl_print_json(ctl, reply);
    if (!ctl->json) {
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
        if (stored)
            show_version(ctl, "published:", answer->policy);
    }
    if (!stored)
        return CTL_EXIT_DOCUMENT;
    return then ? activate(ctl, answer->policy) : CTL_EXIT_OK;
}

int command_policy_show(struct ctl *ctl)
{
    Signalbox__V1__GetPolicyRequest request;
    const Signalbox__V1__Policy *policy;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__get_policy_request__init(&request);
    request.policy_id = ctl_text(ctl->arguments.operands[0]);
    if (!ctl_version(ctl->arguments.operands[1], &request.version))
        return CTL_EXIT_USAGE;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    policy = ((const Signalbox__V1__GetPolicyResponse *)(const void *)reply)->policy;
    if (ctl->json || !policy) {
        ctl_print_json(ctl, reply);
        return CTL_EXIT_OK;
    }
    show_version(ctl, "policy", policy);
    render_group("Version", &policy->base,
                 "active percent published_unix_ms published_by catalog_version", &ctl->arena,
                 &ctl->out);
    buf_put_text(&ctl->out, "\n");
    display_put(slice_of(policy->document), true, &ctl->out);
    if (!*policy->document || policy->document[strlen(policy->document) - 1] != '\n')
        buf_put_text(&ctl->out, "\n");
    return CTL_EXIT_OK;
}

/* The document and nothing else, byte for byte: it is for a file. */
int command_policy_dump(struct ctl *ctl)
{
    Signalbox__V1__GetPolicyRequest request;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__get_policy_request__init(&request);
    request.policy_id = ctl_text(ctl->arguments.operands[0]);
    request.want_canonical = true;
    if (!ctl_version(ctl->arguments.operands[1], &request.version))
        return CTL_EXIT_USAGE;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    buf_put_text(&ctl->out,
                 ((const Signalbox__V1__GetPolicyResponse *)(const void *)reply)->canonical);
    return CTL_EXIT_OK;
}

int command_policy_list(struct ctl *ctl)
{
    static const char *const titles[] = {"POLICY",      "VERSION>",  "ACTIVE", "WORKLOAD",
                                         "ENVIRONMENT", "PUBLISHED", "BY",     NULL};
    Signalbox__V1__ListPoliciesRequest request;
    const Signalbox__V1__ListPoliciesResponse *all;
    ProtobufCMessage *reply;
    struct table table;
    int code;

    signalbox__v1__list_policies_request__init(&request);
    code = ctl_call_pages(ctl, ctl->arguments.command->method, &request.base,
                          &signalbox__v1__list_policies_response__descriptor, 0, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    all = (const void *)reply;
    if (ctl->json) {
        ctl_print_json(ctl, reply);
        return CTL_EXIT_OK;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < all->n_policies; i++) {
        const Signalbox__V1__Policy *policy = all->policies[i];

        table_add_text(&table, policy->policy_id);
        table_add_format(&table, "%u", policy->version);
        if (policy->active && policy->percent && policy->percent < PERCENT_ALL)
            table_add_format(&table, "%u %%", policy->percent);
        else
            table_add_text(&table, policy->active ? "active" : "");
        table_add_text(&table, policy->workload);
        table_add_text(&table, policy->environment);
        table_add(&table, render_time(policy->published_unix_ms, &ctl->arena));
        table_add_text(&table, policy->published_by);
    }
    if (all->n_policies)
        table_print(&table, &ctl->out);
    else
        buf_put_text(&ctl->out, "no policies\n");
    return CTL_EXIT_OK;
}
