/* PolicyService: the catalog, and what an import of one would change. */
#include "rpc/handler.h"

_Static_assert((int)CATALOG_CHANGE_ADDED ==
                       SIGNALBOX__V1__CATALOG_CHANGE_KIND__CATALOG_CHANGE_KIND_ADDED &&
                   (int)CATALOG_CHANGE_REMOVED ==
                       SIGNALBOX__V1__CATALOG_CHANGE_KIND__CATALOG_CHANGE_KIND_REMOVED &&
                   (int)CATALOG_CHANGE_ALTERED ==
                       SIGNALBOX__V1__CATALOG_CHANGE_KIND__CATALOG_CHANGE_KIND_ALTERED,
               "kinds of changes go out by their numbers");

static Signalbox__V1__CatalogChange *put_change(struct handling *handling,
                                                const struct catalog_change *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__CatalogChange *message =
        handler_message(handling, &signalbox__v1__catalog_change__descriptor);

    if (!message)
        return NULL;
    message->kind = (Signalbox__V1__CatalogChangeKind)from->kind;
    message->pointer = wire_text(from->pointer, arena);
    message->before = wire_text(from->before, arena);
    message->after = wire_text(from->after, arena);
    message->voids = (Signalbox__V1__Binding *)wire_set(from->voids, arena, &message->n_voids);
    return message;
}

static void put_review(struct handling *handling,
                       const struct catalog_summary *from,
                       Signalbox__V1__PublishCatalogResponse *message)
{
    struct arena *arena = handling->admin.arena;

    message->compared_version = from->compared;
    message->changes = handler_items(handling, from->diff.changes_count);
    for (unsigned i = 0; message->changes && i < from->diff.changes_count; i++)
        message->changes[message->n_changes++] = put_change(handling, &from->diff.changes[i]);
    message->voided_evidence = wire_texts((struct texts){from->voided, from->voided_count}, arena,
                                          &message->n_voided_evidence);
    message->touched_policies = wire_texts((struct texts){from->touched, from->touched_count},
                                           arena, &message->n_touched_policies);
}

enum result handler_publish_catalog(struct handling *handling)
{
    const Signalbox__V1__PublishCatalogRequest *request = (const void *)handling->request;
    Signalbox__V1__PublishCatalogResponse *response;
    struct catalog_summary catalog = {.version = 0};
    struct catalog_request wanted = {
        .document = slice_of(request->document),
        .review_only = request->review_only,
        .expected_version = request->expected_version,
        .write_id = handler_name(handling, "write_id", request->write_id),
    };
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_publish_catalog(handling->service, &handling->admin, &wanted, &catalog);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__publish_catalog_response__descriptor);
    if (response) {
        response->version = catalog.version;
        response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
        response->routes = catalog.routes;
        response->models = catalog.models;
        response->policies = catalog.policies;
        put_review(handling, &catalog, response);
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

static Signalbox__V1__GetRouteResponse *put_route(struct handling *handling,
                                                  const struct catalog_route *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__GetRouteResponse *message =
        handler_message(handling, &signalbox__v1__get_route_response__descriptor);

    if (!message)
        return NULL;
    message->route = wire_text(from->id, arena);
    message->provider = wire_text(from->account->provider->id, arena);
    message->account = wire_text(from->account->id, arena);
    message->region = wire_text(from->region, arena);
    message->family = (Signalbox__V1__Family)from->family;
    message->model = wire_text(from->model->id, arena);
    message->provider_model = wire_text(from->provider_model, arena);
    message->reported_models =
        wire_texts(from->reported_models, arena, &message->n_reported_models);
    message->base_url = wire_text(from->base_url, arena);
    message->credential = wire_text(from->account->credential, arena);
    message->overrides = wire_text(from->overrides, arena);
    message->connect_ms = from->timeouts.connect_ms;
    message->total_ms = from->timeouts.total_ms;
    return message;
}

enum result handler_get_route(struct handling *handling)
{
    const Signalbox__V1__GetRouteRequest *request = (const void *)handling->request;
    struct slice id =
        handler_needed(handling, "route", handler_name(handling, "route", request->route));
    const struct catalog_route *route = NULL;
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_get_route(handling->service, &handling->admin, id, &route);
    return result ? result : handler_answer(handling, put_route(handling, route));
}
