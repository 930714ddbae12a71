/* PolicyService: policy documents and their versions. What serves is in handler_control.c. */
#include "rpc/handler.h"

Signalbox__V1__Policy *handler_policy(struct handling *handling, const struct policy_summary *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Policy *message = handler_message(handling, &signalbox__v1__policy__descriptor);

    if (!message)
        return NULL;
    message->policy_id = wire_text(from->policy_id, arena);
    message->version = from->version;
    message->workload = wire_text(from->workload, arena);
    message->environment = wire_text(from->environment, arena);
    message->active = from->active;
    message->percent = from->percent;
    message->published_unix_ms = from->published_ms;
    message->published_by = wire_text(from->published_by, arena);
    message->document = wire_text(from->document, arena);
    message->catalog_version = from->catalog_version;
    return message;
}

enum result handler_validate_policy(struct handling *handling)
{
    const Signalbox__V1__ValidatePolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__ValidatePolicyResponse *response;
    enum result result =
        service_validate_policy(handling->service, &handling->admin, slice_of(request->document));

    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__validate_policy_response__descriptor);
    if (response) {
        response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
        response->valid = handling->admin.diagnostics.errors == 0;
    }
    return handler_answer(handling, response);
}

enum result handler_publish_policy(struct handling *handling)
{
    const Signalbox__V1__PublishPolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__PublishPolicyResponse *response;
    struct policy_summary policy = {.version = 0};
    enum result result = service_publish_policy(handling->service, &handling->admin,
                                                slice_of(request->document), &policy);

    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__publish_policy_response__descriptor);
    if (response) {
        response->policy = handler_policy(handling, &policy);
        response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
    }
    return handler_answer(handling, response);
}

enum result handler_get_policy(struct handling *handling)
{
    const Signalbox__V1__GetPolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__GetPolicyResponse *response;
    struct slice policy_id = handler_needed(
        handling, "policy_id", handler_name(handling, "policy_id", request->policy_id));
    struct policy_summary policy = {.version = 0};
    struct slice canonical = SLICE_LITERAL("");
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_get_policy(handling->service, &handling->admin, policy_id, request->version,
                                &policy);
    if (result == RESULT_OK && request->want_canonical)
        result = service_canonical_policy(&handling->admin, &policy, &canonical);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_policy_response__descriptor);
    if (response) {
        response->policy = handler_policy(handling, &policy);
        response->canonical = wire_text(canonical, handling->admin.arena);
    }
    return handler_answer(handling, response);
}

enum result handler_list_policies(struct handling *handling)
{
    const Signalbox__V1__ListPoliciesRequest *request = (const void *)handling->request;
    Signalbox__V1__ListPoliciesResponse *response;
    struct policy_summary *policies = NULL;
    struct slice token = handler_page_token(handling, request->page_token), next = {NULL, 0};
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_list_policies(handling->service, &handling->admin, token, rows, &policies,
                                   &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_policies_response__descriptor);
    if (response && (response->policies = handler_items(handling, count))) {
        for (unsigned i = 0; i < count; i++)
            response->policies[response->n_policies++] = handler_policy(handling, &policies[i]);
        response->next_page_token = wire_text(next, handling->admin.arena);
    }
    return handler_answer(handling, response);
}
