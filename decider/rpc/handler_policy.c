/* PolicyService. */
#include "rpc/handler.h"

static Signalbox__V1__Policy *put_policy(struct handling *handling,
                                         const struct policy_summary *from)
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
    message->published_unix_ms = from->published_ms;
    message->published_by = wire_text(from->published_by, arena);
    message->document = wire_text(from->document, arena);
    message->catalog_version = from->catalog_version;
    return message;
}

static Signalbox__V1__Diagnostic *put_diagnostic(struct handling *handling,
                                                 const struct diagnostic *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Diagnostic *message =
        handler_message(handling, &signalbox__v1__diagnostic__descriptor);

    if (!message)
        return NULL;
    message->code = wire_text(slice_of(diagnostic_name(from->code)), arena);
    message->error = diagnostic_is_error(from->code);
    message->pointer = wire_text(from->pointer, arena);
    message->found = wire_text(from->found, arena);
    message->expected = wire_text(from->expected, arena);
    message->hint = wire_text(slice_of(diagnostic_hint(from->code)), arena);
    message->line = from->line;
    message->column = from->column;
    return message;
}

/* All findings that were kept; a failure shows in the arena. */
static Signalbox__V1__Diagnostic **put_diagnostics(struct handling *handling, size_t *ret_count)
{
    const struct diagnostics *from = &handling->admin.diagnostics;
    Signalbox__V1__Diagnostic **items;
    size_t count = 0;

    *ret_count = 0;
    for (const struct diagnostic *finding = from->first; finding; finding = finding->next)
        count++;
    items = arena_calloc(handling->admin.arena, count, sizeof(void *));
    if (!items)
        return NULL;
    for (const struct diagnostic *finding = from->first; finding; finding = finding->next)
        items[(*ret_count)++] = put_diagnostic(handling, finding);
    return items;
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
        response->diagnostics = put_diagnostics(handling, &response->n_diagnostics);
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
        response->policy = put_policy(handling, &policy);
        response->diagnostics = put_diagnostics(handling, &response->n_diagnostics);
    }
    return handler_answer(handling, response);
}

enum result handler_activate_policy(struct handling *handling)
{
    const Signalbox__V1__ActivatePolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__ActivatePolicyResponse *response;
    struct policy_summary policy = {.version = 0}, replaced = {.version = 0};
    enum result result;

    if (!*request->policy_id)
        return handler_refuse(handling, "policy_id", "is needed");
    result =
        service_activate_policy(handling->service, &handling->admin, slice_of(request->policy_id),
                                request->version, &policy, &replaced);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__activate_policy_response__descriptor);
    if (response) {
        response->policy = put_policy(handling, &policy);
        response->diagnostics = put_diagnostics(handling, &response->n_diagnostics);
        if (replaced.version)
            response->replaced = put_policy(handling, &replaced);
    }
    return handler_answer(handling, response);
}

enum result handler_get_policy(struct handling *handling)
{
    const Signalbox__V1__GetPolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__GetPolicyResponse *response;
    struct policy_summary policy = {.version = 0};
    enum result result;

    if (!*request->policy_id)
        return handler_refuse(handling, "policy_id", "is needed");
    result = service_get_policy(handling->service, &handling->admin, slice_of(request->policy_id),
                                request->version, &policy);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_policy_response__descriptor);
    if (response)
        response->policy = put_policy(handling, &policy);
    return handler_answer(handling, response);
}

enum result handler_list_policies(struct handling *handling)
{
    const Signalbox__V1__ListPoliciesRequest *request = (const void *)handling->request;
    Signalbox__V1__ListPoliciesResponse *response;
    struct arena *arena = handling->admin.arena;
    struct policy_summary *policies = NULL;
    struct slice next = {NULL, 0};
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (rows == 0)
        return RESULT_INVALID;
    result = service_list_policies(handling->service, &handling->admin,
                                   slice_of(request->page_token), rows, &policies, &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_policies_response__descriptor);
    if (response && (response->policies = arena_calloc(arena, count, sizeof(void *)))) {
        for (unsigned i = 0; i < count; i++)
            response->policies[response->n_policies++] = put_policy(handling, &policies[i]);
        response->next_page_token = wire_text(next, arena);
    }
    return handler_answer(handling, response);
}

enum result handler_publish_catalog(struct handling *handling)
{
    const Signalbox__V1__PublishCatalogRequest *request = (const void *)handling->request;
    Signalbox__V1__PublishCatalogResponse *response;
    struct catalog_summary catalog = {.version = 0};
    enum result result = service_publish_catalog(handling->service, &handling->admin,
                                                 slice_of(request->document), &catalog);

    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__publish_catalog_response__descriptor);
    if (response) {
        response->version = catalog.version;
        response->diagnostics = put_diagnostics(handling, &response->n_diagnostics);
        response->routes = catalog.routes;
        response->models = catalog.models;
        response->policies = catalog.policies;
    }
    return handler_answer(handling, response);
}

enum result handler_get_catalog(struct handling *handling)
{
    const Signalbox__V1__GetCatalogRequest *request = (const void *)handling->request;
    Signalbox__V1__GetCatalogResponse *response;
    struct catalog_summary catalog = {.version = 0};
    enum result result =
        service_get_catalog(handling->service, &handling->admin, request->version, &catalog);

    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_catalog_response__descriptor);
    if (response) {
        response->version = catalog.version;
        response->document = wire_text(catalog.document, handling->admin.arena);
    }
    return handler_answer(handling, response);
}
