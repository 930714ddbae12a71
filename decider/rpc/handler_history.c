/* HistoryService. */
#include "base/uuid.h"
#include "rpc/handler.h"

static enum result get_query(struct handling *handling,
                             const char *request_id,
                             const char *tenant,
                             struct request_query *ret_query)
{
    struct slice id = slice_of(request_id);

    *ret_query = (struct request_query){.tenant = slice_of(tenant), .has_id = id.len != 0};
    if (id.len && !uuid_parse(id, &ret_query->request_id))
        return handler_refuse(handling, "request_id", "is not a UUID");
    return RESULT_OK;
}

enum result handler_get_request(struct handling *handling)
{
    const Signalbox__V1__GetRequestRequest *request = (const void *)handling->request;
    Signalbox__V1__GetRequestResponse *response;
    struct arena *arena = handling->admin.arena;
    struct decision *decisions = NULL;
    struct request_query query;
    struct record record;
    unsigned count = 0;
    enum result result = get_query(handling, request->request_id, request->tenant, &query);

    query.want_decisions = request->want_decisions;
    if (!result)
        result = service_get_request(handling->service, &handling->admin, &query, &record,
                                     &decisions, &count);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_request_response__descriptor);
    if (response && (response->decisions = arena_calloc(arena, count, sizeof(void *)))) {
        response->record = wire_put_record(&record, arena);
        for (unsigned i = 0; i < count; i++)
            response->decisions[response->n_decisions++] = wire_put_decision(&decisions[i], arena);
    }
    return handler_answer(handling, response);
}

static Signalbox__V1__ReplayedBoundary *
put_boundary(struct handling *handling, unsigned number, const struct replayed_boundary *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__ReplayedBoundary *message =
        handler_message(handling, &signalbox__v1__replayed_boundary__descriptor);

    if (!message)
        return NULL;
    message->boundary = number;
    message->same = from->same;
    message->skipped = from->skipped;
    message->differences = arena_calloc(arena, from->differences_count, sizeof(void *));
    for (unsigned i = 0; message->differences && i < from->differences_count; i++)
        message->differences[message->n_differences++] =
            wire_put_change(&from->differences[i], arena);
    return message;
}

enum result handler_replay_request(struct handling *handling)
{
    const Signalbox__V1__ReplayRequestRequest *request = (const void *)handling->request;
    Signalbox__V1__ReplayRequestResponse *response;
    struct arena *arena = handling->admin.arena;
    struct request_query query;
    struct replay replay = {.same = false};
    char id[UUID_TEXT_BYTES + 1];
    enum result result = get_query(handling, request->request_id, request->tenant, &query);

    if (!result)
        result = service_replay_request(handling->service, &handling->admin, &query, &replay);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__replay_request_response__descriptor);
    if (response &&
        (response->boundaries = arena_calloc(arena, replay.boundaries_count, sizeof(void *)))) {
        uuid_format(replay.request_id, id);
        response->request_id = wire_text(slice_of(id), arena);
        response->same = replay.same;
        for (unsigned i = 0; i < replay.boundaries_count; i++)
            response->boundaries[response->n_boundaries++] =
                put_boundary(handling, i, &replay.boundaries[i]);
    }
    return handler_answer(handling, response);
}
