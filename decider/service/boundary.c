/* Classification reads the report as it came, with the provider's message; the decision reads the
 * copy that is stored, so that deciding again from history reads the same. */
#include "service/boundary.h"

#include "base/invariant.h"
#include "engine/spread.h"
#include "service/copy.h"
#include "service/live.h"
#include "service/trip.h"

#define VIEW_BYTES_MAX 1024

static struct classification classify_report(const struct request *request,
                                             const struct report *report)
{
    const struct policy *policy = request->compiled ? request->compiled->policy : NULL;
    const struct policy_route *route = rebuild_route(policy, request->output.route);

    return classify(report, route ? (enum family)route->family : FAMILY_UNSPECIFIED,
                    route ? policy_text(policy, route->provider) : SLICE_LITERAL(""),
                    request->history.facts.stream);
}

/* The view's bytes in the request's arena; an empty slice at its bound. */
static struct slice keep_view(struct request *request, const struct view *view)
{
    char memory[VIEW_BYTES_MAX];
    struct buf bytes;

    buf_init_fixed(&bytes, memory, sizeof memory);
    view_encode(view, &bytes);
    if (buf_failed(&bytes))
        request->arena.failed = true;
    return arena_copy(&request->arena, buf_slice(&bytes));
}

static void
keep_answer(struct request *request, struct history_boundary *boundary, uint64_t trace_digest)
{
    const struct engine_output *output = &request->output;

    boundary->action = (uint8_t)output->decision.action;
    boundary->reason = (uint8_t)output->decision.reason;
    boundary->disposition = (uint8_t)output->decision.disposition;
    boundary->entry = (uint8_t)output->entry;
    boundary->charged_nusd = output->charged_nusd;
    boundary->decision_digest = engine_decision_digest(output);
    boundary->trace_digest = trace_digest;
}

/* A boundary that is taken back and asked again has been counted. */
static void count_outcome(struct service *service,
                          struct request *request,
                          const struct engine_input *input,
                          bool late)
{
    unsigned boundary = request->history.boundaries_count;

    if (!input->report || boundary <= request->counted)
        return;
    request->counted = boundary;
    request->trip = trip_on_report(service, request, input, &request->output, late);
}

enum result boundary_decide(struct service *service,
                            struct request *request,
                            const struct boundary_question *question)
{
    struct history *history = &request->history;
    unsigned index = history->boundaries_count;
    struct history_boundary *boundary = &history->boundaries[index];
    struct engine_input input;
    struct trace_sink sink;
    struct view view;

    *boundary = (struct history_boundary){
        .now_ms = question->now_ms,
        .seed = question->seed,
        .deadline_ms = question->deadline_ms,
        .question = *question->digest,
        .adopted = question->adopted,
    };
    input = (struct engine_input){
        .policy = request->compiled ? request->compiled->policy : NULL,
        .facts = &history->facts,
        .chain = &request->chain,
        .key_id = history->key_id,
        .request_hash = spread_of(history->request_id),
        .now_ms = question->now_ms,
        .seed = question->seed,
        .deadline_ms = question->deadline_ms,
    };
    if (question->report) {
        input.classification = classify_report(request, question->report);
        boundary->failure = input.classification.failure;
        boundary->rule = input.classification.rule;
        boundary->detail = input.classification.detail;
        boundary->refusal = input.classification.refusal;
        if (!copy_report(&request->arena, question->report, &boundary->report))
            return RESULT_NO_MEMORY;
        input.report = &boundary->report;
    }
    live_view(&service->owner, question->plain ? NULL : request->compiled, question->refusal,
              question->now_ms, &view);
    if (question->plain && question->plain_entry)
        view.pin = (uint8_t)(question->plain_entry + 1);
    history->switches_version = service->owner.switches.version;
    trace_sink_init(&sink, NULL, 0);
    live_decide(&input, &view, &sink, &request->output);
    boundary->view = keep_view(request, &view);
    if (request->arena.failed)
        return RESULT_NO_MEMORY;
    keep_answer(request, boundary, sink.digest);
    outcome_of(&request->output, sink.digest, &request->outcomes[index]);
    count_outcome(service, request, &input, question->late);
    chain_step(&request->chain, &input, &request->output);
    history->boundaries_count++;
    return RESULT_OK;
}

void boundary_rewind(struct service *service, struct request *request, unsigned boundaries)
{
    struct buf *bytes = &service->owner.bytes;
    enum result result;

    /* Through its own record: the arena loses what later boundaries took, and the chain is made
     * anew. Without the memory even to go back the process ends; what was acknowledged is stored.
     */
    request->history.boundaries_count = boundaries;
    buf_clear(bytes);
    history_encode(&request->history, bytes);
    invariant(!buf_failed(bytes));
    result = request_decode(request, buf_slice(bytes));
    if (result == RESULT_OK)
        result = request_restore(request);
    invariant(result == RESULT_OK);
}

int64_t boundary_give_up_ms(const struct service *service, const struct request *request)
{
    const struct decision *decision = &request->output.decision;
    unsigned count = request->history.boundaries_count;

    if (count == 0 || request_ended(request))
        return 0;
    return request->history.boundaries[count - 1].now_ms + decision->delay_ms +
           decision->timeouts.total_ms + (int64_t)service->give_up_ms;
}
