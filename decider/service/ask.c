/* service_ask as a story: check, know who asks, find the request; then admit it, go on with it,
 * answer it again, or take it up by its token (adopt.c). A step that answers the ticket returns
 * false. */
#include "service/ask.h"

#include "base/random.h"
#include "base/uuid.h"
#include "engine/spread.h"
#include "service/boundary.h"
#include "service/commit.h"
#include "service/copy.h"
#include "service/lookup.h"
#include "service/reply.h"
#include "service/rights.h"
#include "store/codec.h"

bool ask_refuse(struct ask *ask,
                enum result result,
                const char *reason,
                const char *field,
                const char *message)
{
    reply_refuse(ask->ticket, result, reason, field, message);
    return false;
}

bool ask_invalid(struct ask *ask, const char *field, const char *message)
{
    return ask_refuse(ask, RESULT_INVALID, NULL, field, message);
}

bool ask_failed(struct ask *ask, enum result result)
{
    return ask_refuse(ask, result, NULL, NULL, NULL);
}

static bool is_name(struct slice name)
{
    return name.len <= NAME_BYTES_MAX && !(name.len && memchr(name.ptr, '\0', name.len));
}

/* What the wire has checked is not checked again; these are what keys are made of. */
static bool check(struct ask *ask)
{
    const struct question *question = ask->question;
    const struct facts *facts = &question->facts;

    if (!uuid_is_v7(question->request_id))
        return ask_invalid(ask, "request_id", "The request id is not a UUIDv7.");
    if (question->boundary > ATTEMPTS_MAX)
        return ask_invalid(ask, "boundary", "No chain has so many attempts.");
    if (question->boundary == 0 && !question->has_facts)
        return ask_invalid(ask, "admission", "An admission needs its facts.");
    if (question->boundary > 0 && !question->has_report)
        return ask_invalid(ask, "report", "From boundary 1 on the attempt's report is needed.");
    if (!question->has_facts)
        return true;
    if (facts->key_digest.len && facts->key_digest.len != DIGEST_BYTES)
        return ask_invalid(ask, "admission.key_digest", "A SHA-256 has 32 bytes.");
    if (!facts->key_digest.len && !facts->tenant.len)
        return ask_invalid(ask, "admission.tenant", "The tenant is needed where no key is given.");
    if (!is_name(facts->tenant))
        return ask_invalid(ask, "admission.tenant", "The name is too long.");
    if (!is_name(facts->workload))
        return ask_invalid(ask, "admission.workload", "The name is too long.");
    if (!is_name(facts->environment))
        return ask_invalid(ask, "admission.environment", "The name is too long.");
    return true;
}

static bool read_token(struct ask *ask)
{
    const struct question *question = ask->question;

    if (question->boundary == 0 || !question->resume_token.len)
        return true;
    ask->has_token =
        token_read(question->resume_token, store_secret(ask->service->store), &ask->token);
    if (!ask->has_token)
        return ask_invalid(ask, "resume_token", "This is no token of this decider.");
    if (memcmp(ask->token.request_id.bytes, question->request_id.bytes,
               sizeof question->request_id.bytes) != 0)
        return ask_invalid(ask, "resume_token", "The token belongs to another request.");
    ask->tenant = ask->token.tenant;
    return true;
}

static bool know_asker(struct ask *ask)
{
    const struct facts *facts = &ask->question->facts;
    struct digest identity;

    if (!ask->question->has_facts)
        return true;
    if (facts->key_digest.len)
        identity = service_identity_of_digest(ask->service, facts->key_digest);
    complete_facts(ask->service->owner.live, facts->key_digest.len ? &identity : NULL, facts,
                   ask->now_ms, &ask->facts, &ask->asker);
    if (ask->has_token && !slice_equal(ask->token.tenant, ask->facts.tenant))
        return ask_invalid(ask, "resume_token", "The token belongs to another tenant's request.");
    ask->tenant = ask->facts.tenant;
    return true;
}

/* The caller's own rights, not those of the key that it passes on. */
static bool may_ask(struct ask *ask, struct slice tenant, struct slice environment)
{
    /* Nobody's tenant is named: what follows is a refusal, and anybody may get one. */
    bool nobody =
        ask->asker.refusal == REASON_UNKNOWN_PRINCIPAL && slice_is(tenant, TENANT_UNKNOWN);

    if (!nobody && !rights_tenant(ask->caller, tenant))
        return ask_refuse(ask, RESULT_DENIED, NULL, NULL,
                          "The token may not speak for this tenant.");
    if (!rights_environment(ask->caller, environment))
        return ask_refuse(ask, RESULT_DENIED, NULL, NULL,
                          "The token may not speak for this environment.");
    return true;
}

bool ask_digest(struct ask *ask, const struct question *question, struct digest *ret_digest)
{
    enum result result = codec_question_digest(question, &ask->service->owner.bytes, ret_digest);

    return result ? ask_failed(ask, result) : true;
}

/* Submits what was decided, and answers the ticket now or when it is on disk. */
static void commit(struct ask *ask)
{
    struct service *service = ask->service;
    struct request *request = ask->request;
    unsigned last = request->history.boundaries_count - 1;
    bool ended = request_ended(request);

    request->waits = ended || last > 0;
    request_timer(&service->owner.requests, request, boundary_give_up_ms(service, request));
    if (request->waits)
        reply_wait(service, request, ask->ticket);
    else
        reply_boundary(service, request, last, ask->ticket);
}

static enum result decide_admission(struct ask *ask)
{
    struct service *service = ask->service;
    struct request *request = ask->request;
    struct history *history = &request->history;
    struct arena *arena = &request->arena;
    const struct policy *policy;

    history->request_id = request->id;
    history->engine_version = SLICE_LITERAL(ENGINE_VERSION);
    history->key_id = arena_copy(arena, ask->asker.key_id);
    if (!copy_facts(arena, &ask->facts, &history->facts))
        return RESULT_NO_MEMORY;
    request->compiled =
        compiled_ref(snapshot_policy(service->owner.live, history->facts.workload,
                                     history->facts.environment, spread_of(request->id)));
    if (request->compiled) {
        policy = request->compiled->policy;
        history->policy_id = policy_text(policy, policy->id);
        history->policy_version = policy->version;
        history->catalog_version = policy->catalog_version;
        history->evidence_version = policy->evidence_version;
    }
    return boundary_decide(service, request,
                           &(struct boundary_question){
                               .digest = &ask->digest,
                               .refusal = ask->asker.refusal,
                               .now_ms = ask->now_ms,
                               .seed = random_u64(),
                               .deadline_ms = ask->question->deadline_ms,
                           });
}

static bool check_time(struct ask *ask)
{
    int64_t off_ms = uuid_unix_ms(ask->question->request_id) - ask->now_ms;

    if (off_ms > REQUEST_ID_SKEW_MS_MAX || off_ms < -REQUEST_ID_SKEW_MS_MAX)
        return ask_invalid(ask, "request_id", "The request id's time is more than 10 minutes off.");
    return true;
}

static bool admit(struct ask *ask)
{
    struct service *service = ask->service;
    struct requests *requests = &service->owner.requests;
    enum result result;

    if (!check_time(ask))
        return false;
    if (store_full(service->store) || requests->count >= REQUESTS_MAX)
        return ask_failed(ask, RESULT_FULL);
    ask->request = request_new(requests, ask->question->request_id, ask->tenant);
    if (!ask->request)
        return ask_failed(ask, RESULT_NO_MEMORY);
    result = decide_admission(ask);
    if (result == RESULT_OK && !request_enter(requests, ask->request))
        result = RESULT_NO_MEMORY;
    if (result == RESULT_OK) {
        result = commit_submit(service, ask->request);
        if (result)
            request_leave(requests, ask->request);
    }
    if (result) {
        request_free(requests, ask->request);
        ask->request = NULL;
        return ask_failed(ask, result);
    }
    if (ask->request->output.decision.action == ACTION_FAIL_CLOSED)
        counter_add(&service->counters.refused, 1);
    commit(ask);
    return true;
}

/* The chain that the token speaks of is the one that is known, and the token is that of the
 * boundary before: who cannot show it did not get the answer that it reports on. */
static bool check_chain(struct ask *ask)
{
    const struct history *history = &ask->request->history;
    const struct token *token = &ask->token;

    if (ask->question->boundary == 0)
        return true;
    if (!ask->has_token)
        return ask_invalid(ask, "resume_token",
                           "From boundary 1 on the last answer's token is needed.");
    if (token->boundary + 1 != ask->question->boundary)
        return ask_refuse(ask, RESULT_PRECONDITION, "OUT_OF_ORDER", "resume_token",
                          "The token is not that of the boundary before.");
    if (token->chain_id == history->boundaries[0].seed &&
        token->boundary < history->boundaries_count &&
        token->decision_id == history->boundaries[token->boundary].seed)
        return true;
    counter_add(&ask->service->counters.superseded, 1);
    return ask_refuse(ask, RESULT_PRECONDITION, "SUPERSEDED", "resume_token",
                      "The token belongs to an admission that was decided anew; stop.");
}

static bool answer_again(struct ask *ask)
{
    struct request *request = ask->request;
    uint32_t boundary = ask->question->boundary;
    const struct history_boundary *stored = &request->history.boundaries[boundary];

    if (!digest_equal(stored->question.bytes, ask->digest.bytes, DIGEST_BYTES))
        return ask_refuse(ask, RESULT_EXISTS, NULL, NULL,
                          "This boundary was asked before with other facts.");
    counter_add(&ask->service->counters.duplicates, 1);
    if (request->waits && boundary + 1 == request->history.boundaries_count)
        reply_wait(ask->service, request, ask->ticket);
    else
        reply_boundary(ask->service, request, boundary, ask->ticket);
    return true;
}

static bool check_order(struct ask *ask)
{
    const struct request *request = ask->request;
    const struct report *report = &ask->question->report;
    uint32_t boundary = ask->question->boundary;

    if (boundary > request->history.boundaries_count)
        return ask_refuse(ask, RESULT_PRECONDITION, "OUT_OF_ORDER", "boundary",
                          "A boundary was skipped.");
    if (request_ended(request))
        return ask_refuse(ask, RESULT_PRECONDITION, "OUT_OF_ORDER", "boundary",
                          "The request has ended.");
    if (request->waits)
        return ask_refuse(ask, RESULT_PRECONDITION, "OUT_OF_ORDER", "boundary",
                          "The boundary before is not answered yet.");
    if (report->route.len && !slice_equal(report->route, request->output.decision.route.id))
        return ask_invalid(ask, "report.route", "The answer named another route.");
    return true;
}

static bool take_report(struct ask *ask)
{
    struct service *service = ask->service;
    struct request *request = ask->request;
    int64_t unreported_ms = request->history.unreported_ms;
    bool given_up = request->given_up;
    enum result result;

    if (!check_order(ask))
        return false;
    /* A late report takes up what was given up. */
    request->history.unreported_ms = 0;
    request->given_up = false;
    result = boundary_decide(service, request,
                             &(struct boundary_question){
                                 .report = &ask->question->report,
                                 .digest = &ask->digest,
                                 .now_ms = ask->now_ms,
                                 .seed = random_u64(),
                                 .late = unreported_ms || given_up,
                             });
    if (result == RESULT_OK)
        result = commit_submit(service, request);
    if (result == RESULT_OK) {
        commit(ask);
        return true;
    }
    boundary_rewind(service, request, ask->question->boundary);
    request->history.unreported_ms = unreported_ms;
    request->given_up = given_up;
    return ask_failed(ask, result);
}

bool ask_go_on(struct ask *ask)
{
    if (!check_chain(ask) || !ask_digest(ask, ask->question, &ask->digest))
        return false;
    if (ask->question->boundary < ask->request->history.boundaries_count)
        return answer_again(ask);
    return take_report(ask);
}

void service_ask(struct service *service,
                 const struct principal *caller,
                 const struct question *question,
                 int64_t now_ms,
                 struct ticket *ticket)
{
    struct ask ask = {.service = service,
                      .caller = caller,
                      .question = question,
                      .now_ms = now_ms,
                      .ticket = ticket};
    enum result result;

    counter_add(&service->counters.questions, 1);
    list_init(&ticket->link);
    ticket->want_trace = question->want_trace;
    ticket->want_record = question->want_record;
    ticket->waiting = false;
    if (!check(&ask) || !read_token(&ask) || !know_asker(&ask))
        return;
    if (ask.question->has_facts && !may_ask(&ask, ask.tenant, ask.facts.environment))
        return;
    result = lookup_request(service, question->request_id, ask.tenant, &ask.request);
    if (result == RESULT_INVALID)
        ask_invalid(&ask, "resume_token",
                    "Two tenants used this request id; the token tells which.");
    else if (result)
        ask_failed(&ask, result);
    else if (ask.request &&
             may_ask(&ask, ask.request->tenant, ask.request->history.facts.environment))
        ask_go_on(&ask);
    else if (!ask.request && question->boundary == 0 && ask_digest(&ask, question, &ask.digest))
        admit(&ask);
    else if (!ask.request && question->boundary > 0)
        ask_adopt(&ask);
    if (ask.request)
        request_retire(&service->owner.requests, ask.request);
    atomic_store_explicit(&service->counters.open_requests, service->owner.requests.count,
                          memory_order_relaxed);
}

void service_forget(struct service *service, struct ticket *ticket)
{
    if (!ticket->waiting)
        return;
    list_remove(&ticket->link);
    ticket->waiting = false;
    service->owner.waiting--;
}
