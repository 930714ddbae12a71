/* The answer of the last boundary is at hand; an earlier one, and any trace, is decided again. */
#include "service/reply.h"

#include "service/record.h"
#include "service/token.h"

/* How much longer than its request a token is good. */
#define TOKEN_GRACE_MS (60 * 60 * 1000)

void reply_wait(struct service *service, struct request *request, struct ticket *ticket)
{
    ticket->waiting = true;
    list_append(&request->tickets, &ticket->link);
    service->owner.waiting++;
}

void reply_refuse(struct ticket *ticket,
                  enum result result,
                  const char *reason,
                  const char *field,
                  const char *message)
{
    const struct ticket_answer answer = {
        .result = result,
        .message = slice_of(message ? message : result_row(result)->sentence),
        .reason = slice_of(reason),
        .field = slice_of(field),
        .retry_after_ms = result == RESULT_FULL ? FULL_RETRY_MS : 0,
    };

    ticket->answer(ticket, &answer);
}

/* Decides boundary again into owner->output, with its trace in sink. */
static bool decide_again(struct owner *owner,
                         const struct request *request,
                         unsigned boundary,
                         struct trace_sink *sink)
{
    const struct trace_sink fresh = *sink;
    struct rebuild rebuild;

    rebuild_begin(&rebuild, &request->history,
                  request->compiled ? request->compiled->policy : NULL);
    while (rebuild.next <= boundary) {
        *sink = fresh;
        if (!rebuild_step(&rebuild, sink, &owner->output))
            return false;
    }
    return true;
}

static struct slice make_token(const struct service *service,
                               const struct request *request,
                               unsigned boundary,
                               const struct decision *decision,
                               char memory[RESUME_TOKEN_BYTES_MAX])
{
    const struct history *history = &request->history;
    const struct history_boundary *admission = &history->boundaries[0];
    const struct history_boundary *asked = &history->boundaries[boundary];
    const struct token token = {
        .request_id = history->request_id,
        .boundary = boundary,
        .decision_id = asked->seed,
        .chain_id = admission->seed,
        .admission = admission->question,
        .admitted_ms = admission->now_ms,
        .deadline_ms = admission->deadline_ms,
        .policy_version = history->policy_version,
        .catalog_version = history->catalog_version,
        .evidence_version = history->evidence_version,
        .attempt = decision->attempt,
        .entry = asked->entry,
        .route = request->outcomes[boundary].route,
        .expires_ms = asked->now_ms + decision->delay_ms + decision->timeouts.total_ms +
                      (int64_t)service->give_up_ms + TOKEN_GRACE_MS,
        .tenant = request->tenant,
        .key_id = history->key_id,
        .policy_id = history->policy_id,
    };

    return (struct slice){memory, token_write(&token, store_secret(service->store), memory)};
}

void reply_boundary(struct service *service,
                    struct request *request,
                    unsigned boundary,
                    struct ticket *ticket)
{
    struct owner *owner = &service->owner;
    const struct engine_output *output = &request->output;
    char token[RESUME_TOKEN_BYTES_MAX];
    struct decision decision;
    struct trace_sink sink;
    enum result result = RESULT_OK;

    trace_sink_init(&sink, ticket->want_trace ? owner->trace : NULL,
                    ticket->want_trace ? TRACE_ITEMS_MAX : 0);
    if (boundary + 1 < request->history.boundaries_count || ticket->want_trace) {
        output = &owner->output;
        if (!decide_again(owner, request, boundary, &sink)) {
            reply_refuse(ticket, RESULT_CORRUPT, NULL, NULL, NULL);
            return;
        }
    }
    decision = output->decision;
    decision.durable = boundary < request->durable;
    if (decision.has_route)
        decision.resume_token = make_token(service, request, boundary, &decision, token);
    if (ticket->want_trace) {
        decision.has_trace = true;
        decision.trace = (struct trace){
            sink.items, sink.count < sink.capacity ? sink.count : sink.capacity, sink.digest};
    }
    arena_reset(&owner->arena);
    if (!decision.has_route || ticket->want_record) {
        const struct record_input input = {
            .history = &request->history,
            .policy = request->compiled ? request->compiled->policy : NULL,
            .outcomes = request->outcomes,
            .boundaries = boundary + 1,
        };

        decision.has_record = true;
        result = record_make(&input, &owner->arena, &decision.record);
    }
    if (result)
        reply_refuse(ticket, result, NULL, NULL, NULL);
    else
        ticket->answer(ticket, &(struct ticket_answer){.result = RESULT_OK, .decision = &decision});
}

void reply_waiting(struct service *service, struct request *request, enum result result)
{
    struct list *link;

    while ((link = list_pop(&request->tickets)) != NULL) {
        struct ticket *ticket = CONTAINER_OF(link, struct ticket, link);

        ticket->waiting = false;
        service->owner.waiting--;
        if (result)
            reply_refuse(ticket, result, NULL, NULL, NULL);
        else
            reply_boundary(service, request, request->history.boundaries_count - 1, ticket);
    }
}
