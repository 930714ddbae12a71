/* HistoryService. */
#include "base/uuid.h"
#include "rpc/handler.h"
#include "service/control.h"

static struct uuid get_id(struct handling *handling, struct slice text)
{
    struct uuid id = {0};

    if (!uuid_parse(text, &id))
        (void)handler_refuse(handling, "request_id", "is not a UUID");
    return id;
}

static struct request_query
get_query(struct handling *handling, const char *request_id, const char *tenant)
{
    struct slice id = slice_of(request_id);
    struct request_query query = {
        .has_id = id.len != 0,
        .tenant = handler_name(handling, "tenant", tenant),
    };

    if (query.has_id)
        query.request_id = get_id(handling, id);
    return query;
}

enum result handler_get_request(struct handling *handling)
{
    const Signalbox__V1__GetRequestRequest *request = (const void *)handling->request;
    Signalbox__V1__GetRequestResponse *response;
    struct arena *arena = handling->admin.arena;
    struct decision *decisions = NULL;
    struct request_query query = get_query(handling, request->request_id, request->tenant);
    struct record record;
    unsigned count = 0;
    enum result result;

    query.want_decisions = request->want_decisions;
    if (handling->refused)
        return RESULT_INVALID;
    result = service_get_request(handling->service, &handling->admin, &query, &record, &decisions,
                                 &count);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__get_request_response__descriptor);
    if (response && (response->decisions = handler_items(handling, count))) {
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
    message->differences = handler_items(handling, from->differences_count);
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
    struct request_query query = get_query(handling, request->request_id, request->tenant);
    struct replay replay = {.same = false};
    char id[UUID_TEXT_BYTES + 1];
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_replay_request(handling->service, &handling->admin, &query, &replay);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__replay_request_response__descriptor);
    if (response && (response->boundaries = handler_items(handling, replay.boundaries_count))) {
        uuid_format(replay.request_id, id);
        response->request_id = wire_text(slice_of(id), arena);
        response->same = replay.same;
        for (unsigned i = 0; i < replay.boundaries_count; i++)
            response->boundaries[response->n_boundaries++] =
                put_boundary(handling, i, &replay.boundaries[i]);
    }
    return handler_answer(handling, response);
}

enum result handler_submit_feedback(struct handling *handling)
{
    const Signalbox__V1__SubmitFeedbackRequest *request = (const void *)handling->request;
    struct slice id = handler_needed(handling, "request_id", slice_of(request->request_id));
    struct feedback_request wanted = {
        .request_id = get_id(handling, id),
        .tenant = handler_name(handling, "tenant", request->tenant),
        .feedback = (enum feedback)request->feedback,
        .source = handler_name(handling, "source", request->source),
        .comment = handler_text(handling, "comment", request->comment, TEXT_BYTES_MAX),
    };
    enum result result;

    if (!wanted.feedback)
        (void)handler_refuse(handling, "feedback", "is needed");
    if (handling->refused)
        return RESULT_INVALID;
    result = service_put_feedback(handling->service, &handling->admin, &wanted);
    if (result)
        return result;
    return handler_answer(
        handling, handler_message(handling, &signalbox__v1__submit_feedback_response__descriptor));
}
