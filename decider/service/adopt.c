/* A report whose admission this decider lost in a crash, before it was committed: the token that
 * came with the answer says what was decided, and from it and the facts, which the report repeats,
 * the boundary is decided again as it was. */
#include "service/ask.h"
#include "service/boundary.h"
#include "service/copy.h"
#include "service/lookup.h"

static bool need_admission(struct ask *ask)
{
    return ask_refuse(ask, RESULT_ADMISSION_NEEDED, "ADMISSION_NEEDED", NULL, NULL);
}

static bool check_adoption(struct ask *ask)
{
    struct question admission = *ask->question;
    struct digest digest;

    if (!ask->has_token)
        return need_admission(ask);
    if (ask->token.expires_ms < ask->now_ms)
        return ask_invalid(ask, "resume_token", "The token has expired.");
    /* Later answers are durable: a decider that does not know them is not the one that gave them.
     */
    if (ask->token.boundary > 0)
        return ask_invalid(ask, "resume_token", "The request is not stored here any more.");
    if (ask->question->boundary > 1)
        return ask_refuse(ask, RESULT_PRECONDITION, "OUT_OF_ORDER", "boundary",
                          "A boundary was skipped.");
    if (!ask->question->has_facts)
        return need_admission(ask);
    admission.boundary = 0;
    if (!ask_digest(ask, &admission, &digest))
        return false;
    if (!digest_equal(digest.bytes, ask->token.admission.bytes, DIGEST_BYTES))
        return ask_invalid(ask, "admission",
                           "These are not the facts that the token was made for.");
    return true;
}

/* Boundary 0 again, where the token says it went; false: it goes elsewhere. */
static enum result
decide_as_told(struct ask *ask, struct request *request, bool plain, bool *ret_same)
{
    const struct token *token = &ask->token;
    enum result result = boundary_decide(ask->service, request,
                                         &(struct boundary_question){
                                             .digest = &token->admission,
                                             .now_ms = token->admitted_ms,
                                             .seed = token->decision_id,
                                             .deadline_ms = token->deadline_ms,
                                             .adopted = true,
                                             .plain = plain,
                                             .plain_entry = token->entry,
                                         });

    *ret_same = result == RESULT_OK && request->output.decision.has_route &&
                request->output.entry == token->entry &&
                (token->route == TOKEN_ROUTE_UNKNOWN || request->output.route == token->route);
    return result;
}

/* Boundary 0 again, as it was answered before it was forgotten. Something may have been switched
 * or pinned meanwhile; where what holds now leads elsewhere, it is looked past. */
static enum result decide_adopted(struct ask *ask)
{
    const struct token *token = &ask->token;
    struct request *request = ask->request;
    struct history *history = &request->history;
    struct arena *arena = &request->arena;
    enum result result;
    bool same;

    history->request_id = request->id;
    history->engine_version = SLICE_LITERAL(ENGINE_VERSION);
    history->key_id = arena_copy(arena, token->key_id);
    history->policy_id = arena_copy(arena, token->policy_id);
    history->policy_version = token->policy_version;
    history->catalog_version = token->catalog_version;
    history->evidence_version = token->evidence_version;
    if (!copy_facts(arena, &ask->facts, &history->facts))
        return RESULT_NO_MEMORY;
    result = lookup_begin(ask->service);
    if (result == RESULT_OK)
        result = lookup_policy(ask->service, history, &request->compiled);
    if (result == RESULT_OK)
        result = decide_as_told(ask, request, false, &same);
    if (result == RESULT_OK && !same) {
        history->boundaries_count = 0;
        request->chain = (struct chain){.state = CHAIN_STATE_NEW};
        result = decide_as_told(ask, request, true, &same);
    }
    if (result)
        return result;
    return same ? RESULT_OK : RESULT_NOT_FOUND;
}

bool ask_adopt(struct ask *ask)
{
    struct service *service = ask->service;
    struct requests *requests = &service->owner.requests;
    enum result result;

    if (!check_adoption(ask))
        return false;
    ask->request = request_new(requests, ask->question->request_id, ask->tenant);
    if (!ask->request)
        return ask_failed(ask, RESULT_NO_MEMORY);
    result = decide_adopted(ask);
    if (result == RESULT_OK && !request_enter(requests, ask->request))
        result = RESULT_NO_MEMORY;
    if (result) {
        request_free(requests, ask->request);
        ask->request = NULL;
        if (result == RESULT_NOT_FOUND)
            return ask_invalid(ask, "resume_token",
                               "What the token was made with is not stored here.");
        return ask_failed(ask, result);
    }
    counter_add(&service->counters.adopted, 1);
    /* Held from now on even if the report is refused: its token is the proof. */
    request_timer(requests, ask->request, boundary_give_up_ms(service, ask->request));
    return ask_go_on(ask);
}
