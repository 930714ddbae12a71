/* PolicyService: evidence. A document with errors is an answer with findings and no evidence. */
#include "rpc/handler.h"

static Signalbox__V1__EvidenceBinding *put_binding(struct handling *handling,
                                                   const struct pair *from)
{
    enum binding field = BINDING_UNSPECIFIED;
    Signalbox__V1__EvidenceBinding *message =
        handler_message(handling, &signalbox__v1__evidence_binding__descriptor);

    if (!message)
        return NULL;
    (void)signalbox_binding_parse(from->key, &field); /* another software's stays unspecified */
    message->field = (Signalbox__V1__Binding)field;
    message->value = wire_text(from->value, handling->admin.arena);
    return message;
}

/* As a row of a list: without what may be large, so that a page has a bound. */
static Signalbox__V1__Evidence *put_row(struct handling *handling,
                                        const struct evidence_summary *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Evidence *message =
        handler_message(handling, &signalbox__v1__evidence__descriptor);

    if (!message)
        return NULL;
    message->evidence_id = wire_text(from->id, arena);
    message->kind = (Signalbox__V1__EvidenceKind)from->kind;
    message->gate = (Signalbox__V1__Gate)from->gate;
    message->workload = wire_text(from->workload, arena);
    message->environment = wire_text(from->environment, arena);
    message->subject = wire_text(from->subject, arena);
    message->owner = wire_text(from->owner, arena);
    message->passed = from->passed;
    message->put_unix_ms = from->put_unix_ms;
    message->put_by = wire_text(from->put_by, arena);
    message->expires_unix_ms = from->expires_unix_ms;
    message->revoked = from->revoked;
    message->revoked_unix_ms = from->revoked_unix_ms;
    message->revoked_by = wire_text(from->revoked_by, arena);
    message->revoke_reason = wire_text(from->revoke_reason, arena);
    return message;
}

static Signalbox__V1__Evidence *put_whole(struct handling *handling,
                                          const struct evidence_summary *from)
{
    Signalbox__V1__Evidence *message = put_row(handling, from);

    if (!message)
        return NULL;
    message->document = wire_text(from->document, handling->admin.arena);
    message->bindings = handler_items(handling, from->bindings.count);
    for (unsigned i = 0; message->bindings && i < from->bindings.count; i++)
        message->bindings[message->n_bindings++] = put_binding(handling, &from->bindings.items[i]);
    return message;
}

typedef Signalbox__V1__Evidence *(*put_one)(struct handling *handling,
                                            const struct evidence_summary *from);

/* A failure shows in the arena. */
static Signalbox__V1__Evidence **put_all(struct handling *handling,
                                         const struct evidence_summary *from,
                                         unsigned count,
                                         put_one put,
                                         size_t *ret_count)
{
    Signalbox__V1__Evidence **items = handler_items(handling, count);

    *ret_count = 0;
    for (unsigned i = 0; items && i < count; i++)
        items[(*ret_count)++] = put(handling, &from[i]);
    return items;
}

static struct slice get_id(struct handling *handling, const char *text)
{
    return handler_needed(handling, "evidence_id", handler_name(handling, "evidence_id", text));
}

enum result handler_put_evidence(struct handling *handling)
{
    const Signalbox__V1__PutEvidenceRequest *request = (const void *)handling->request;
    Signalbox__V1__PutEvidenceResponse *response;
    struct slice write_id = handler_name(handling, "write_id", request->write_id);
    struct evidence_summary *items = NULL;
    unsigned count = 0;
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_put_evidence(handling->service, &handling->admin, slice_of(request->document),
                                  write_id, &items, &count);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__put_evidence_response__descriptor);
    if (response) {
        response->evidence = put_all(handling, items, count, put_whole, &response->n_evidence);
        response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
    }
    return handler_answer(handling, response);
}

enum result handler_revoke_evidence(struct handling *handling)
{
    const Signalbox__V1__RevokeEvidenceRequest *request = (const void *)handling->request;
    Signalbox__V1__RevokeEvidenceResponse *response;
    struct slice id = get_id(handling, request->evidence_id);
    struct slice reason = handler_reason(handling, request->reason);
    struct slice write_id = handler_name(handling, "write_id", request->write_id);
    struct evidence_summary item = {.revoked = false};
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result =
        service_revoke_evidence(handling->service, &handling->admin, id, reason, write_id, &item);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__revoke_evidence_response__descriptor);
    if (response)
        response->evidence = put_whole(handling, &item);
    return handler_answer(handling, response);
}

enum result handler_get_evidence(struct handling *handling)
{
    const Signalbox__V1__GetEvidenceRequest *request = (const void *)handling->request;
    Signalbox__V1__GetEvidenceResponse *response;
    struct slice id = get_id(handling, request->evidence_id);
    struct evidence_summary item = {.revoked = false};
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_get_evidence(handling->service, &handling->admin, id, &item);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_evidence_response__descriptor);
    if (response)
        response->evidence = put_whole(handling, &item);
    return handler_answer(handling, response);
}

enum result handler_list_evidence(struct handling *handling)
{
    const Signalbox__V1__ListEvidenceRequest *request = (const void *)handling->request;
    Signalbox__V1__ListEvidenceResponse *response;
    struct evidence_query query = {
        .workload = handler_name(handling, "workload", request->workload),
        .environment = handler_name(handling, "environment", request->environment),
        .kind = (enum evidence_kind)request->kind,
        .want_revoked = request->want_revoked,
        .page_token = handler_page_token(handling, request->page_token),
        .rows_max = handler_page_rows(handling, request->page_size),
    };
    struct evidence_summary *items = NULL;
    struct slice next = {NULL, 0};
    unsigned count = 0;
    enum result result;

    if (query.workload.len && !query.environment.len)
        (void)handler_refuse(handling, "environment", "is needed with a workload");
    if (query.environment.len && !query.workload.len)
        (void)handler_refuse(handling, "workload", "is needed with an environment");
    if (handling->refused)
        return RESULT_INVALID;
    result =
        service_list_evidence(handling->service, &handling->admin, &query, &items, &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_evidence_response__descriptor);
    if (response) {
        response->evidence = put_all(handling, items, count, put_row, &response->n_evidence);
        response->next_page_token = wire_text(next, handling->admin.arena);
    }
    return handler_answer(handling, response);
}
