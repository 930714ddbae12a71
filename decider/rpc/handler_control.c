/* PolicyService: what serves, what is switched off or pinned, and who did what. */
#include <inttypes.h>

#include "rpc/handler.h"
#include "service/control.h"

/* "queue:NAME" is the longest name of an entry. */
#define ENTRY_NAME_BYTES_MAX (NAME_BYTES_MAX + sizeof "queue:" - 1)
#define PERCENT_MAX          100

static char *put_version(struct handling *handling, uint32_t version)
{
    struct arena *arena = handling->admin.arena;

    return wire_text(arena_format(arena, "%" PRIu32, version), arena);
}

/* A message, or NULL where no version is meant. */
static Signalbox__V1__Policy *put_version_of(struct handling *handling,
                                             const struct policy_summary *from)
{
    return from->version ? handler_policy(handling, from) : NULL;
}

/* ---- what serves ---- */

enum result handler_activate_policy(struct handling *handling)
{
    const Signalbox__V1__ActivatePolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__ActivatePolicyResponse *response;
    struct activation_summary summary = {.number = 0};
    struct activation_request wanted = {
        .policy_id = handler_needed(handling, "policy_id",
                                    handler_name(handling, "policy_id", request->policy_id)),
        .version = request->version,
        .percent = request->percent,
        .reason = handler_text(handling, "reason", request->reason, TEXT_BYTES_MAX),
        .etag = handler_name(handling, "etag", request->etag),
        .write_id = handler_name(handling, "write_id", request->write_id),
    };
    enum result result;

    if (request->percent > PERCENT_MAX)
        (void)handler_refuse(handling, "percent", "is more than 100");
    if (handling->refused)
        return RESULT_INVALID;
    result = service_activate(handling->service, &handling->admin, &wanted, &summary);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__activate_policy_response__descriptor);
    if (response) {
        response->policy = handler_policy(handling, &summary.active);
        response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
        response->replaced = put_version_of(handling, &summary.replaced);
        response->canary = put_version_of(handling, &summary.canary);
        response->canary_percent = summary.canary_percent;
        response->etag = wire_text(summary.etag, handling->admin.arena);
    }
    return handler_answer(handling, response);
}

/* A policy or a place, whole. */
static void check_place(struct handling *handling, const struct roll_back_request *wanted)
{
    bool place = wanted->workload.len || wanted->environment.len;

    if (wanted->policy_id.len && place)
        (void)handler_refuse(handling, "policy_id",
                             "comes in place of workload and environment, not beside them");
    if (!wanted->policy_id.len && !place)
        (void)handler_refuse(handling, "policy_id",
                             "is needed, or a workload and an environment are");
    if (place && !wanted->workload.len)
        (void)handler_refuse(handling, "workload", "is needed with an environment");
    if (place && !wanted->environment.len)
        (void)handler_refuse(handling, "environment", "is needed with a workload");
}

enum result handler_roll_back_policy(struct handling *handling)
{
    const Signalbox__V1__RollBackPolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__RollBackPolicyResponse *response;
    struct activation_summary summary = {.number = 0};
    struct roll_back_request wanted = {
        .policy_id = handler_name(handling, "policy_id", request->policy_id),
        .workload = handler_name(handling, "workload", request->workload),
        .environment = handler_name(handling, "environment", request->environment),
        .reason = handler_text(handling, "reason", request->reason, TEXT_BYTES_MAX),
        .etag = handler_name(handling, "etag", request->etag),
        .write_id = handler_name(handling, "write_id", request->write_id),
    };
    enum result result;

    check_place(handling, &wanted);
    if (handling->refused)
        return RESULT_INVALID;
    result = service_roll_back(handling->service, &handling->admin, &wanted, &summary);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__roll_back_policy_response__descriptor);
    if (response) {
        response->policy = handler_policy(handling, &summary.active);
        response->replaced = put_version_of(handling, &summary.replaced);
        response->canary = put_version_of(handling, &summary.canary);
        response->canary_percent = summary.canary_percent;
        response->etag = wire_text(summary.etag, handling->admin.arena);
    }
    return handler_answer(handling, response);
}

/* ---- switches ---- */

/* What each scope is named by. */
static const struct {
    bool policy_id, name;
} scopes[SWITCH_SCOPE_END] = {
    [SWITCH_SCOPE_POLICY] = {true, false},   [SWITCH_SCOPE_ENTRY] = {true, true},
    [SWITCH_SCOPE_ROUTE] = {false, true},    [SWITCH_SCOPE_ACCOUNT] = {false, true},
    [SWITCH_SCOPE_PROVIDER] = {false, true},
};

static void check_switch(struct handling *handling, const struct switch_request *wanted)
{
    const struct {
        const char *field;
        bool given, needed;
    } names[] = {
        {"policy_id", wanted->policy_id.len != 0, scopes[wanted->scope].policy_id},
        {"name", wanted->name.len != 0, scopes[wanted->scope].name},
    };

    if (!wanted->scope)
        (void)handler_refuse(handling, "scope", "is needed");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].needed && !names[i].given)
            (void)handler_refuse(handling, names[i].field, "is needed with this scope");
        if (!names[i].needed && names[i].given)
            (void)handler_refuse(handling, names[i].field, "is not part of this scope");
    }
}

static Signalbox__V1__Switch *put_switch(struct handling *handling,
                                         const struct switch_record *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Switch *message = handler_message(handling, &signalbox__v1__switch__descriptor);

    if (!message)
        return NULL;
    message->scope = (Signalbox__V1__SwitchScope)from->scope;
    message->policy_id = wire_text(from->policy_id, arena);
    message->name = wire_text(from->name, arena);
    message->on = from->at_ms == 0;
    message->rule = (Signalbox__V1__RollbackRule)from->rule;
    message->turned_unix_ms = from->at_ms;
    message->turned_by = wire_text(from->by, arena);
    message->reason = wire_text(from->reason, arena);
    message->request_id = wire_text(from->request_id, arena);
    message->etag = put_version(handling, from->version);
    return message;
}

enum result handler_set_switch(struct handling *handling)
{
    const Signalbox__V1__SetSwitchRequest *request = (const void *)handling->request;
    Signalbox__V1__SetSwitchResponse *response;
    struct switch_record record = {.version = 0};
    struct switch_request wanted = {
        .scope = (enum switch_scope)request->scope,
        .policy_id = handler_name(handling, "policy_id", request->policy_id),
        .name = handler_text(handling, "name", request->name, ENTRY_NAME_BYTES_MAX),
        .on = request->on,
        .reason = handler_reason(handling, request->reason),
        .etag = handler_name(handling, "etag", request->etag),
        .write_id = handler_name(handling, "write_id", request->write_id),
    };
    enum result result;

    check_switch(handling, &wanted);
    if (handling->refused)
        return RESULT_INVALID;
    result = service_set_switch(handling->service, &handling->admin, &wanted, &record);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__set_switch_response__descriptor);
    if (response)
        response->switch_ = put_switch(handling, &record);
    return handler_answer(handling, response);
}

enum result handler_list_switches(struct handling *handling)
{
    const Signalbox__V1__ListSwitchesRequest *request = (const void *)handling->request;
    Signalbox__V1__ListSwitchesResponse *response;
    struct switch_record *records = NULL;
    struct slice token = handler_page_token(handling, request->page_token), next = {NULL, 0};
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_list_switches(handling->service, &handling->admin, token, rows, &records,
                                   &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_switches_response__descriptor);
    if (response && (response->switches = handler_items(handling, count))) {
        for (unsigned i = 0; i < count; i++)
            response->switches[response->n_switches++] = put_switch(handling, &records[i]);
        response->next_page_token = wire_text(next, handling->admin.arena);
    }
    return handler_answer(handling, response);
}

/* ---- pins ---- */

static Signalbox__V1__Pin *put_pin(struct handling *handling, const struct pin_record *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Pin *message = handler_message(handling, &signalbox__v1__pin__descriptor);

    if (!message)
        return NULL;
    message->policy_id = wire_text(from->policy_id, arena);
    message->entry = wire_text(from->entry, arena);
    message->set_unix_ms = from->at_ms;
    message->expires_unix_ms = from->expires_ms;
    message->set_by = wire_text(from->by, arena);
    message->reason = wire_text(from->reason, arena);
    message->etag = put_version(handling, from->version);
    return message;
}

enum result handler_set_pin(struct handling *handling)
{
    const Signalbox__V1__SetPinRequest *request = (const void *)handling->request;
    Signalbox__V1__SetPinResponse *response;
    struct pin_record record = {.version = 0};
    struct pin_request wanted = {
        .policy_id = handler_needed(handling, "policy_id",
                                    handler_name(handling, "policy_id", request->policy_id)),
        .entry = handler_text(handling, "entry", request->entry, ENTRY_NAME_BYTES_MAX),
        .expires_unix_ms = request->expires_unix_ms,
        .reason = handler_reason(handling, request->reason),
        .etag = handler_name(handling, "etag", request->etag),
        .write_id = handler_name(handling, "write_id", request->write_id),
    };
    enum result result;

    if (wanted.entry.len && wanted.expires_unix_ms <= 0)
        (void)handler_refuse(handling, "expires_unix_ms", "is needed with an entry");
    if (!wanted.entry.len && wanted.expires_unix_ms != 0)
        (void)handler_refuse(handling, "expires_unix_ms", "comes with an entry");
    if (handling->refused)
        return RESULT_INVALID;
    result = service_set_pin(handling->service, &handling->admin, &wanted, &record);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__set_pin_response__descriptor);
    if (response)
        response->pin = put_pin(handling, &record);
    return handler_answer(handling, response);
}

enum result handler_list_pins(struct handling *handling)
{
    const Signalbox__V1__ListPinsRequest *request = (const void *)handling->request;
    Signalbox__V1__ListPinsResponse *response;
    struct pin_record *records = NULL;
    struct slice token = handler_page_token(handling, request->page_token), next = {NULL, 0};
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_list_pins(handling->service, &handling->admin, token, rows, &records, &count,
                               &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_pins_response__descriptor);
    if (response && (response->pins = handler_items(handling, count))) {
        for (unsigned i = 0; i < count; i++)
            response->pins[response->n_pins++] = put_pin(handling, &records[i]);
        response->next_page_token = wire_text(next, handling->admin.arena);
    }
    return handler_answer(handling, response);
}

/* ---- the audit trail ---- */

static Signalbox__V1__AuditEvent *put_event(struct handling *handling,
                                            const struct audit_record *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__AuditEvent *message =
        handler_message(handling, &signalbox__v1__audit_event__descriptor);

    if (!message)
        return NULL;
    message->action = (Signalbox__V1__AuditAction)from->action;
    message->at_unix_ms = from->at_ms;
    message->by = wire_text(from->by, arena);
    message->policy_id = wire_text(from->policy_id, arena);
    message->version = from->version;
    message->workload = wire_text(from->workload, arena);
    message->environment = wire_text(from->environment, arena);
    message->subject = wire_text(from->subject, arena);
    message->detail = wire_text(from->detail, arena);
    message->reason = wire_text(from->reason, arena);
    return message;
}

enum result handler_list_audit(struct handling *handling)
{
    const Signalbox__V1__ListAuditRequest *request = (const void *)handling->request;
    Signalbox__V1__ListAuditResponse *response;
    struct audit_query query = {
        .policy_id = handler_name(handling, "policy_id", request->policy_id),
        .workload = handler_name(handling, "workload", request->workload),
        .environment = handler_name(handling, "environment", request->environment),
        .page_token = handler_page_token(handling, request->page_token),
        .rows_max = handler_page_rows(handling, request->page_size),
    };
    struct audit_record *records = NULL;
    struct slice next = {NULL, 0};
    unsigned count = 0;
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result =
        service_list_audit(handling->service, &handling->admin, &query, &records, &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_audit_response__descriptor);
    if (response && (response->events = handler_items(handling, count))) {
        for (unsigned i = 0; i < count; i++)
            response->events[response->n_events++] = put_event(handling, &records[i]);
        response->next_page_token = wire_text(next, handling->admin.arena);
    }
    return handler_answer(handling, response);
}
