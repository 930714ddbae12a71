/* signalboxctl policy ... */
#include "ctl/ctl.h"
#include "ctl/diagnostic.h"
#include "ctl/display.h"
#include "ctl/render.h"
#include "signalbox/v1/policy.pb-c.h"

#define ACTIVATE_METHOD "/signalbox.v1.PolicyService/ActivatePolicy"
#define PAGE_ROWS       1000
#define PAGES_MAX       1000

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

static void print_version(struct ctl *ctl, const char *what, const Signalbox__V1__Policy *policy)
{
    buf_format(&ctl->out, "%s ", what);
    display_put(slice_of(policy->policy_id), false, &ctl->out);
    buf_format(&ctl->out, "@%u", policy->version);
    if (*policy->workload) {
        buf_put_text(&ctl->out, " for ");
        display_put(slice_of(policy->workload), false, &ctl->out);
        buf_put_text(&ctl->out, " in ");
        display_put(slice_of(policy->environment), false, &ctl->out);
    }
    buf_put_text(&ctl->out, "\n");
}

static int activate(struct ctl *ctl, const char *policy_id, uint32_t version)
{
    Signalbox__V1__ActivatePolicyRequest request;
    const Signalbox__V1__ActivatePolicyResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__activate_policy_request__init(&request);
    request.policy_id = ctl_text(policy_id);
    request.version = version;
    code = ctl_call(ctl, ACTIVATE_METHOD, &request.base,
                    &signalbox__v1__activate_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else {
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
        if (answer->policy)
            print_version(ctl, "active:", answer->policy);
        if (answer->replaced)
            print_version(ctl, "in place of:", answer->replaced);
    }
    return diagnostic_exit(answer->diagnostics, answer->n_diagnostics);
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
            print_version(ctl, "published:", answer->policy);
    }
    if (!stored)
        return CTL_EXIT_DOCUMENT;
    return then ? activate(ctl, answer->policy->policy_id, answer->policy->version) : CTL_EXIT_OK;
}

int command_policy_activate(struct ctl *ctl)
{
    uint32_t version;

    if (!ctl_version(ctl->arguments.operands[1], &version))
        return CTL_EXIT_USAGE;
    return activate(ctl, ctl->arguments.operands[0], version);
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
    print_version(ctl, "policy", policy);
    render_group("Version", &policy->base, "active published_unix_ms published_by catalog_version",
                 &ctl->arena, &ctl->out);
    buf_put_text(&ctl->out, "\n");
    display_put(slice_of(policy->document), true, &ctl->out);
    if (!*policy->document || policy->document[strlen(policy->document) - 1] != '\n')
        buf_put_text(&ctl->out, "\n");
    return CTL_EXIT_OK;
}

/* Puts the policies of all pages into one answer. */
static int collect(struct ctl *ctl, Signalbox__V1__ListPoliciesResponse *ret_all)
{
    Signalbox__V1__ListPoliciesRequest request;
    const Signalbox__V1__ListPoliciesResponse *page;
    ProtobufCMessage *reply;

    signalbox__v1__list_policies_request__init(&request);
    request.page_size = PAGE_ROWS;
    for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
        Signalbox__V1__Policy **policies;
        int code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                            &signalbox__v1__list_policies_response__descriptor, &reply);

        if (code != CTL_EXIT_OK)
            return code;
        page = (const void *)reply;
        policies = arena_calloc(&ctl->arena, ret_all->n_policies + page->n_policies + 1,
                                sizeof(Signalbox__V1__Policy *));
        if (!policies)
            return ctl_fail(result_row(RESULT_NO_MEMORY)->exit_code, "too many policies");
        for (size_t i = 0; i < ret_all->n_policies; i++)
            policies[i] = ret_all->policies[i];
        for (size_t i = 0; i < page->n_policies; i++)
            policies[ret_all->n_policies + i] = page->policies[i];
        ret_all->policies = policies;
        ret_all->n_policies += page->n_policies;
        if (!*page->next_page_token)
            break;
        request.page_token = page->next_page_token;
    }
    return CTL_EXIT_OK;
}

int command_policy_list(struct ctl *ctl)
{
    static const char *const titles[] = {"POLICY",      "VERSION>",  "ACTIVE", "WORKLOAD",
                                         "ENVIRONMENT", "PUBLISHED", "BY",     NULL};
    Signalbox__V1__ListPoliciesResponse all;
    struct table table;
    int code;

    signalbox__v1__list_policies_response__init(&all);
    code = collect(ctl, &all);
    if (code != CTL_EXIT_OK)
        return code;
    if (ctl->json) {
        ctl_print_json(ctl, &all.base);
        return CTL_EXIT_OK;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < all.n_policies; i++) {
        const Signalbox__V1__Policy *policy = all.policies[i];

        table_add_text(&table, policy->policy_id);
        table_add_format(&table, "%u", policy->version);
        table_add_text(&table, policy->active ? "active" : "");
        table_add_text(&table, policy->workload);
        table_add_text(&table, policy->environment);
        table_add(&table, render_time(policy->published_unix_ms, &ctl->arena));
        table_add_text(&table, policy->published_by);
    }
    if (all.n_policies)
        table_print(&table, &ctl->out);
    else
        buf_put_text(&ctl->out, "no policies\n");
    return CTL_EXIT_OK;
}
