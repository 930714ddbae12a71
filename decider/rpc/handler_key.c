/* KeyService. */
#include "rpc/handler.h"
#include "signalbox/limits.h"

static Signalbox__V1__Key *put_key(struct handling *handling, const struct principal *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Key *message = handler_message(handling, &signalbox__v1__key__descriptor);

    if (!message)
        return NULL;
    message->key_id = wire_text(from->key_id, arena);
    message->role = (Signalbox__V1__Role)from->role;
    message->tenant = wire_text(from->tenant, arena);
    message->team = wire_text(from->team, arena);
    message->user = wire_text(from->user, arena);
    message->app = wire_text(from->app, arena);
    message->workloads = wire_texts(from->workloads, arena, &message->n_workloads);
    message->environments = wire_texts(from->environments, arena, &message->n_environments);
    message->tenants = wire_texts(from->tenants, arena, &message->n_tenants);
    message->default_workload = wire_text(from->default_workload, arena);
    message->default_environment = wire_text(from->default_environment, arena);
    message->default_traffic_class = (Signalbox__V1__TrafficClass)from->default_traffic_class;
    message->default_data_classes = (Signalbox__V1__DataClass *)wire_set(
        from->default_data_classes, arena, &message->n_default_data_classes);
    message->created_unix_ms = from->created_ms;
    message->expires_unix_ms = from->expires_ms;
    message->revoked_unix_ms = from->revoked_ms;
    message->label = wire_text(from->label, arena);
    return message;
}

static void
get_key(struct handling *handling, const Signalbox__V1__Key *from, struct principal *ret_key)
{
    *ret_key = (struct principal){
        .role = (enum role)from->role,
        .tenant = handler_name(handling, "key.tenant", from->tenant),
        .team = handler_name(handling, "key.team", from->team),
        .user = handler_name(handling, "key.user", from->user),
        .app = handler_name(handling, "key.app", from->app),
        .workloads = handler_names(handling, "key.workloads", from->workloads, from->n_workloads),
        .environments =
            handler_names(handling, "key.environments", from->environments, from->n_environments),
        .tenants = handler_names(handling, "key.tenants", from->tenants, from->n_tenants),
        .default_workload = handler_name(handling, "key.default_workload", from->default_workload),
        .default_environment =
            handler_name(handling, "key.default_environment", from->default_environment),
        .default_traffic_class = (enum traffic_class)from->default_traffic_class,
        .default_data_classes =
            handler_set(handling, "key.default_data_classes",
                        (const unsigned *)from->default_data_classes, from->n_default_data_classes),
        .expires_ms = from->expires_unix_ms,
        .label = handler_name(handling, "key.label", from->label),
    };
    if (!from->role)
        (void)handler_refuse(handling, "key.role", "is needed");
}

enum result handler_create_key(struct handling *handling)
{
    const Signalbox__V1__CreateKeyRequest *request = (const void *)handling->request;
    Signalbox__V1__CreateKeyResponse *response;
    struct principal wanted = {.role = ROLE_UNSPECIFIED}, made = {.role = ROLE_UNSPECIFIED};
    char secret[SECRET_TEXT_BYTES + 1];
    enum result result;

    if (!request->key)
        return handler_refuse(handling, "key", "is needed");
    get_key(handling, request->key, &wanted);
    if (handling->refused)
        return RESULT_INVALID;
    result = service_create_key(handling->service, &handling->admin, &wanted, &made, secret);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__create_key_response__descriptor);
    if (response) {
        response->key = put_key(handling, &made);
        response->secret = wire_text(slice_of(secret), handling->admin.arena);
    }
    explicit_bzero(secret, sizeof secret);
    return handler_answer(handling, response);
}

enum result handler_list_keys(struct handling *handling)
{
    const Signalbox__V1__ListKeysRequest *request = (const void *)handling->request;
    Signalbox__V1__ListKeysResponse *response;
    struct arena *arena = handling->admin.arena;
    struct principal *keys = NULL;
    struct slice next = {NULL, 0};
    struct slice token = handler_page_token(handling, request->page_token);
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result =
        service_list_keys(handling->service, &handling->admin, token, rows, &keys, &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_keys_response__descriptor);
    if (response && (response->keys = handler_items(handling, count))) {
        for (unsigned i = 0; i < count; i++)
            response->keys[response->n_keys++] = put_key(handling, &keys[i]);
        response->next_page_token = wire_text(next, arena);
    }
    return handler_answer(handling, response);
}

enum result handler_revoke_key(struct handling *handling)
{
    const Signalbox__V1__RevokeKeyRequest *request = (const void *)handling->request;
    Signalbox__V1__RevokeKeyResponse *response;
    struct principal key = {.role = ROLE_UNSPECIFIED};
    struct slice key_id =
        handler_needed(handling, "key_id", handler_name(handling, "key_id", request->key_id));
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_revoke_key(handling->service, &handling->admin, key_id, &key);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__revoke_key_response__descriptor);
    if (response)
        response->key = put_key(handling, &key);
    return handler_answer(handling, response);
}
