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

/* The first thing that is wrong decides; later ones are not looked at. */
struct key_check {
    struct handling *handling;
    bool bad;
};

static struct slice check_text(struct key_check *check, const char *field, const char *text)
{
    struct slice slice = slice_of(text);

    if (slice.len > NAME_BYTES_MAX && !check->bad) {
        check->bad = true;
        (void)handler_refuse(check->handling, field, "is longer than 128 bytes");
    }
    return slice;
}

static struct texts
check_texts(struct key_check *check, const char *field, char **texts, size_t count)
{
    struct slice *items = NULL;

    if (count > LIST_ITEMS_MAX && !check->bad) {
        check->bad = true;
        (void)handler_refuse(check->handling, field, "has too many items");
    }
    if (count && !check->bad)
        items = arena_calloc(check->handling->admin.arena, count, sizeof *items);
    if (!items)
        return (struct texts){NULL, 0};
    for (size_t i = 0; i < count; i++)
        items[i] = check_text(check, field, texts[i]);
    return (struct texts){items, (unsigned)count};
}

static bool get_key(struct handling *handling, const Signalbox__V1__Key *from, struct principal *to)
{
    struct key_check check = {handling, false};

    to->role = (enum role)from->role;
    to->tenant = check_text(&check, "key.tenant", from->tenant);
    to->team = check_text(&check, "key.team", from->team);
    to->user = check_text(&check, "key.user", from->user);
    to->app = check_text(&check, "key.app", from->app);
    to->workloads = check_texts(&check, "key.workloads", from->workloads, from->n_workloads);
    to->environments =
        check_texts(&check, "key.environments", from->environments, from->n_environments);
    to->tenants = check_texts(&check, "key.tenants", from->tenants, from->n_tenants);
    to->default_workload = check_text(&check, "key.default_workload", from->default_workload);
    to->default_environment =
        check_text(&check, "key.default_environment", from->default_environment);
    to->default_traffic_class = (enum traffic_class)from->default_traffic_class;
    for (size_t i = 0; i < from->n_default_data_classes; i++)
        if (from->default_data_classes[i])
            to->default_data_classes |= SET_OF(from->default_data_classes[i]);
    to->expires_ms = from->expires_unix_ms;
    to->label = check_text(&check, "key.label", from->label);
    return !check.bad;
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
    if (!request->key->role)
        return handler_refuse(handling, "key.role", "is needed");
    if (!get_key(handling, request->key, &wanted))
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
    unsigned count = 0, rows = handler_page_rows(handling, request->page_size);
    enum result result;

    if (rows == 0)
        return RESULT_INVALID;
    result = service_list_keys(handling->service, &handling->admin, slice_of(request->page_token),
                               rows, &keys, &count, &next);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__list_keys_response__descriptor);
    if (response && (response->keys = arena_calloc(arena, count, sizeof(void *)))) {
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
    enum result result;

    if (!*request->key_id)
        return handler_refuse(handling, "key_id", "is needed");
    result =
        service_revoke_key(handling->service, &handling->admin, slice_of(request->key_id), &key);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__revoke_key_response__descriptor);
    if (response)
        response->key = put_key(handling, &key);
    return handler_answer(handling, response);
}
