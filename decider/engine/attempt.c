/* After an attempt: what it cost, whether it answered, and if not, the first row of attempt.def
 * whose guard holds. Guards only look; the route's own gates and the search for the next entry are
 * asked at most once each and traced then. */
#include "engine/attempt.h"

#include "engine/answer.h"
#include "engine/backoff.h"
#include "engine/candidate.h"
#include "engine/money.h"

struct attempt {
    const struct engine_input *input;
    struct trace_sink *sink;
    struct engine_output *output;
    const struct failure_row *class;
    unsigned entry; /* of the attempt that ended */
    unsigned route;
    bool output_visible;
    enum side_effect side_effect;
    uint64_t charged_nusd; /* with this attempt's */
    bool searched;
    struct candidate next;
    struct candidate same; /* by may_retry */
    uint32_t delay_ms;     /* by may_retry */
};

typedef bool guard(struct attempt *attempt);

enum side_effect attempt_side_effect(const struct facts *facts, const struct report *report)
{
    enum side_effect worst = SIDE_EFFECT_UNSPECIFIED;
    enum side_effect untold = report->output_visible ? SIDE_EFFECT_POSSIBLE : SIDE_EFFECT_NO_EFFECT;

    if (facts->tool_effects != SIDE_EFFECT_UNSPECIFIED && report->output_visible)
        untold = facts->tool_effects;
    for (unsigned i = 0; i < report->tool_calls.count; i++) {
        enum side_effect told = report->tool_calls.items[i].side_effect;
        enum side_effect effect = told != SIDE_EFFECT_UNSPECIFIED ? told : untold;

        if (effect > worst)
            worst = effect;
    }
    return worst;
}

static const struct candidate *search(struct attempt *attempt)
{
    if (!attempt->searched) {
        attempt->searched = true;
        attempt->next =
            candidate_after_failure(attempt->input, attempt->sink, attempt->entry, attempt->output);
    }
    return &attempt->next;
}

static bool caller_left(struct attempt *attempt)
{
    return attempt->input->classification.failure == FAILURE_CANCELLED;
}

static bool caller_too_late(struct attempt *attempt)
{
    int64_t deadline_ms = attempt->input->chain->deadline_ms;

    return attempt->input->classification.failure == FAILURE_DEADLINE_EXCEEDED ||
           (deadline_ms && attempt->input->now_ms >= deadline_ms);
}

static bool side_effect(struct attempt *attempt)
{
    return attempt->side_effect >= SIDE_EFFECT_POSSIBLE;
}

/* Some entry behind the last one says that it may follow this class. */
static bool named(const struct attempt *attempt)
{
    const struct policy *policy = attempt->input->policy;
    enum failure failure = attempt->input->classification.failure;

    for (unsigned i = attempt->entry + 1; i < policy->entries.len; i++) {
        const struct policy_entry *entry = policy_entry(policy, i);

        if (set_has(entry->allowed, failure) && !set_has(entry->blocked, failure))
            return true;
    }
    return false;
}

static bool terminal(struct attempt *attempt)
{
    bool schema = attempt->input->classification.failure == FAILURE_OUTPUT_SCHEMA_INVALID;

    if (attempt->class->override == FAILURE_OVERRIDE_NEVER)
        return true;
    if (attempt->class->override != FAILURE_OVERRIDE_IF_NAMED)
        return false;
    return !named(attempt) || (schema && attempt->input->chain->schema_retries > 0);
}

static bool policy_off(struct attempt *attempt)
{
    return attempt->input->view->policy_off.scope;
}

static bool attempts_used(struct attempt *attempt)
{
    return attempt->input->chain->attempts_count >= attempt->input->policy->attempts_max;
}

static int64_t elapsed_ms(const struct attempt *attempt)
{
    return attempt->input->now_ms - attempt->input->chain->admitted_ms;
}

static bool elapsed_used(struct attempt *attempt)
{
    uint64_t max = attempt->input->policy->elapsed_ms_max;

    return max && !candidate_output_reached(attempt->input) && elapsed_ms(attempt) >= (int64_t)max;
}

static bool total_used(struct attempt *attempt)
{
    return elapsed_ms(attempt) >= (int64_t)attempt->input->policy->total_ms_max;
}

static bool cost_used(struct attempt *attempt)
{
    uint64_t max = attempt->input->policy->cost_nusd_max;

    return max && attempt->charged_nusd >= max;
}

static bool visible(struct attempt *attempt)
{
    return attempt->output_visible;
}

/* The streaming gate asks the entry; policy, caller and limits are asked here. */
static bool visible_for_good(struct attempt *attempt)
{
    if (!visible(attempt))
        return false;
    return !attempt->input->policy->restart_after_partial_output ||
           !attempt->input->facts->can_restart || policy_off(attempt) || attempts_used(attempt) ||
           total_used(attempt) || cost_used(attempt) || !search(attempt)->found;
}

static unsigned retries_on(const struct chain *chain, unsigned route)
{
    unsigned attempts = 0;

    for (unsigned i = 0; i < chain->attempts_count; i++)
        attempts += chain->attempts[i].route == route;
    return attempts ? attempts - 1 : 0;
}

/* After the hard stop only an entry that shows its notice goes on, by a retry too. */
static bool stops_hard(const struct attempt *attempt)
{
    return candidate_hard_stop(attempt->input) &&
           !policy_entry(attempt->input->policy, attempt->entry)->requires_user_notice;
}

/* Everything but the route itself lets it be tried again. */
static bool retry_fits(struct attempt *attempt)
{
    const struct engine_input *input = attempt->input;
    unsigned retries = retries_on(input->chain, attempt->route);
    bool never_fits = slice_is(input->classification.detail, "request_exceeds_limit");

    if (!attempt->class->retryable || never_fits || input->view->retry_refused ||
        retries >= input->policy->retries_per_route_max || stops_hard(attempt))
        return false;
    return backoff_delay(input, retries, &attempt->delay_ms) &&
           (int64_t)attempt->delay_ms < candidate_time_left_ms(input);
}

/* The same route again passes what it passed before, asked anew: the data boundary holds for every
 * attempt, evidence may have expired meanwhile, and somebody may have turned a switch. */
static bool may_retry(struct attempt *attempt)
{
    const struct engine_input *input = attempt->input;
    unsigned attempts_left = input->policy->attempts_max - input->chain->attempts_count;

    if (!retry_fits(attempt))
        return false;
    attempt->same =
        candidate_for_retry(input, attempt->sink, attempt->entry, attempt->route, attempt->output);
    return attempt->same.found && (attempts_left > 1 || !search(attempt)->found);
}

static bool next_found(struct attempt *attempt)
{
    return search(attempt)->found;
}

static bool hard_stop(struct attempt *attempt)
{
    return candidate_hard_stop(attempt->input);
}

static bool always(struct attempt *attempt)
{
    (void)attempt;
    return true;
}

enum move {
    MOVE_STOP,
    MOVE_RETRY,
    MOVE_NEXT,
};

static const struct step {
    guard *applies;
    enum move move;
    enum disposition disposition;
    enum reason reason;
} steps[] = {
#define S(guard, move, DISPOSITION, REASON, sentence)                                              \
    {guard, MOVE_##move, DISPOSITION_##DISPOSITION, REASON_##REASON},
#include "engine/attempt.def"
#undef S
};

static void next(struct attempt *attempt, enum reason reason)
{
    const struct engine_input *input = attempt->input;
    const struct candidate *candidate = search(attempt);

    if (policy_entry(input->policy, candidate->entry)->kind == ENTRY_KIND_ROUTE)
        answer_route(input, ACTION_FALLBACK, reason, candidate, 0, attempt->output);
    else
        answer_without_route(input, candidate->entry, attempt->output);
}

static void apply(struct attempt *attempt, const struct step *step)
{
    const struct engine_input *input = attempt->input;

    if (step->move == MOVE_STOP) {
        enum failure failure = input->classification.failure;

        if (step->reason == REASON_CALLER_DEADLINE)
            failure = FAILURE_DEADLINE_EXCEEDED;
        answer_stop(input, failure, step->reason, step->disposition, attempt->output);
    } else if (input->view->reserve_refused) {
        answer_stop(input, FAILURE_BUDGET_EXHAUSTED, REASON_BUDGET_EXHAUSTED,
                    DISPOSITION_FAIL_CLOSED, attempt->output);
    } else if (step->move == MOVE_RETRY) {
        answer_route(input, ACTION_RETRY, step->reason, &attempt->same, attempt->delay_ms,
                     attempt->output);
    } else {
        next(attempt, step->reason);
    }
}

/* A refusal, or a filter that ended a stream, is what the client gets, whoever it came from. */
static bool complete(const struct engine_input *input, struct engine_output *output)
{
    enum failure failure = input->classification.failure;

    if (failure == FAILURE_NONE)
        answer_complete(input, REASON_SUCCESS, output);
    else if (failure == FAILURE_SAFETY_BLOCK && input->classification.refusal)
        answer_complete(input, REASON_REFUSAL_DELIVERED, output);
    else if (failure == FAILURE_CONTENT_FILTERED_MIDSTREAM)
        answer_complete(input, REASON_CONTENT_FILTERED, output);
    else
        return false;
    return true;
}

static void settle(const struct engine_input *input,
                   const struct chain_attempt *last,
                   struct engine_output *output)
{
    const struct policy_route *route = policy_route(input->policy, last->route);

    output->charged_nusd = money_charge_nusd(input, route, &output->charge_estimated);
    output->intents[output->intents_count++] = (struct engine_intent){
        .kind = INTENT_SETTLE,
        .entry = last->entry,
        .route = last->route,
        .amount_nusd = output->charged_nusd,
    };
}

void attempt_decide(const struct engine_input *input,
                    struct trace_sink *sink,
                    struct engine_output *output)
{
    const struct chain *chain = input->chain;
    const struct chain_attempt *last = &chain->attempts[chain->attempts_count - 1];
    enum side_effect effect = attempt_side_effect(input->facts, input->report);
    struct attempt attempt = {
        .input = input,
        .sink = sink,
        .output = output,
        .class = signalbox_failure_row(input->classification.failure),
        .entry = last->entry,
        .route = last->route,
        .output_visible = chain->output_visible || input->report->output_visible,
        .side_effect = effect > chain->side_effect ? effect : chain->side_effect,
    };
    const struct step *step = steps;

    settle(input, last, output);
    attempt.charged_nusd = money_sum_nusd(chain->charged_nusd, output->charged_nusd);
    if (complete(input, output))
        return;
    while (!step->applies(&attempt))
        step++; /* the last row always applies */
    apply(&attempt, step);
}
