/* Decisions put into words: routes, timeouts, errors for the client, intents. */
#include "engine/answer.h"

#include "engine/money.h"

static uint32_t clamp_ms(int64_t ms)
{
    return ms < 1 ? 1 : ms > TOTAL_TIMEOUT_MS_MAX ? TOTAL_TIMEOUT_MS_MAX : (uint32_t)ms;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* First output gets an equal share of what is left of the policy's time among the attempts that are
 * left, so that a fallback always has its own; nothing outlives the policy or the caller. */
static struct timeouts
timeouts_of(const struct engine_input *input, const struct policy_route *route, uint32_t delay_ms)
{
    const struct policy *policy = input->policy;
    bool admission = input->report == NULL;
    int64_t admitted_ms = admission ? input->now_ms : input->chain->admitted_ms;
    int64_t deadline_ms = admission && input->deadline_ms ? input->now_ms + input->deadline_ms
                                                          : input->chain->deadline_ms;
    int64_t start_ms = input->now_ms + delay_ms;
    int64_t total = admitted_ms + (int64_t)policy->total_ms_max - start_ms;
    struct timeouts timeouts = route->timeouts;

    if (deadline_ms && deadline_ms - start_ms < total)
        total = deadline_ms - start_ms;
    timeouts.total_ms = smaller(timeouts.total_ms, clamp_ms(total));
    if (policy->elapsed_ms_max && !candidate_output_reached(input)) {
        int64_t left = admitted_ms + (int64_t)policy->elapsed_ms_max - start_ms;
        unsigned attempts = policy->attempts_max - input->chain->attempts_count;

        timeouts.first_output_ms =
            smaller(timeouts.first_output_ms, clamp_ms(left / (attempts ? attempts : 1)));
    }
    timeouts.first_output_ms = smaller(timeouts.first_output_ms, timeouts.total_ms);
    timeouts.connect_ms = smaller(timeouts.connect_ms, timeouts.first_output_ms);
    timeouts.idle_ms = smaller(timeouts.idle_ms, timeouts.total_ms);
    return timeouts;
}

static struct route route_of(const struct policy *policy,
                             const struct policy_entry *entry,
                             const struct policy_route *route)
{
    return (struct route){
        .id = policy_text(policy, route->id),
        .provider = policy_text(policy, route->provider),
        .account = policy_text(policy, route->account),
        .region = policy_text(policy, route->region),
        .family = (enum family)route->family,
        .model = policy_text(policy, route->model),
        .base_url = policy_text(policy, route->base_url),
        .credential = policy_text(policy, route->credential),
        .overrides = policy_text(policy, route->overrides),
        .tier = (enum tier)entry->tier,
    };
}

static void add_intent(struct engine_output *output, enum intent kind, uint64_t amount_nusd)
{
    if (output->intents_count < INTENTS_MAX)
        output->intents[output->intents_count++] = (struct engine_intent){
            kind, (uint8_t)output->entry, (uint8_t)output->route, amount_nusd};
}

static struct notice notice_of(const struct policy *policy, const struct policy_entry *entry)
{
    return (struct notice){.text = policy_text(policy, entry->notice),
                           .in_body = policy->notice_in_body && entry->notice.len};
}

/* The smallest of those that are given; 0: none is. */
static uint64_t smallest(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t least = a;

    if (b && (!least || b < least))
        least = b;
    return c && (!least || c < least) ? c : least;
}

/* What ended the last attempt stays visible in the answer that follows it. */
static void
set_failure(const struct engine_input *input, enum failure failure, struct engine_output *output)
{
    output->decision.failure = failure;
    if (input->report && failure == input->classification.failure) {
        output->decision.rule = input->classification.rule;
        output->decision.detail = input->classification.detail;
    }
}

void answer_route(const struct engine_input *input,
                  enum action action,
                  enum reason reason,
                  const struct candidate *candidate,
                  uint32_t delay_ms,
                  struct engine_output *output)
{
    const struct policy *policy = input->policy;
    const struct policy_entry *entry = policy_entry(policy, candidate->entry);
    const struct policy_route *route = policy_route(policy, candidate->route);
    struct decision *decision = &output->decision;
    uint64_t asked = input->facts->max_output_tokens;

    output->entry = candidate->entry;
    output->route = candidate->route;
    decision->action = action;
    decision->reason = reason;
    decision->has_route = true;
    decision->route = route_of(policy, entry, route);
    decision->attempt = input->chain->attempts_count + 1;
    decision->delay_ms = delay_ms;
    decision->timeouts = timeouts_of(input, route, delay_ms);
    decision->output_tokens_cap =
        smallest(asked, policy->output_tokens_max, entry->limits.output_tokens_max);
    decision->output_cap_added = !asked && decision->output_tokens_cap;
    decision->hold = policy->hold_output;
    decision->restart_output = reason == REASON_RESTART;
    decision->notice = notice_of(policy, entry);
    decision->reservation_expires_unix_ms =
        input->now_ms + delay_ms + decision->timeouts.total_ms + RESERVATION_GRACE_MS;
    if (input->report)
        set_failure(input, input->classification.failure, output);
    add_intent(output, INTENT_RESERVE, candidate->estimate_nusd);
    if (action == ACTION_RETRY)
        add_intent(output, INTENT_RETRY_TOKEN, 0);
}

void answer_without_route(const struct engine_input *input,
                          unsigned index,
                          struct engine_output *output)
{
    const struct policy *policy = input->policy;
    const struct policy_entry *entry = policy_entry(policy, index);
    struct decision *decision = &output->decision;

    output->entry = index;
    decision->route.tier = (enum tier)entry->tier;
    if (input->report)
        set_failure(input, input->classification.failure, output);
    if (entry->kind == ENTRY_KIND_QUEUE) {
        decision->action = ACTION_QUEUE;
        decision->reason = REASON_QUEUED;
        decision->disposition = DISPOSITION_QUEUED;
        decision->ticket.queue = policy_text(policy, entry->queue);
        decision->ticket.not_before_unix_ms = input->now_ms;
        decision->ticket.expires_unix_ms = input->now_ms + (int64_t)entry->queue_age_ms_max;
    } else {
        decision->action = ACTION_COMPLETE;
        decision->reason = REASON_DEFAULT_RESPONSE;
        decision->disposition = DISPOSITION_FALLBACK_SUCCESS;
        decision->default_response = policy_text(policy, entry->default_response);
        decision->notice = notice_of(policy, entry);
    }
}

void answer_complete(const struct engine_input *input,
                     enum reason reason,
                     struct engine_output *output)
{
    const struct chain *chain = input->chain;
    const struct chain_attempt *last = &chain->attempts[chain->attempts_count - 1];
    const struct policy_entry *entry = policy_entry(input->policy, last->entry);
    struct decision *decision = &output->decision;

    output->entry = last->entry;
    output->route = last->route;
    decision->action = ACTION_COMPLETE;
    decision->reason = reason;
    decision->disposition =
        output->entry ? DISPOSITION_FALLBACK_SUCCESS : DISPOSITION_PRIMARY_SUCCESS;
    decision->route.tier = (enum tier)entry->tier;
    decision->notice = notice_of(input->policy, entry);
    set_failure(input, input->classification.failure, output);
}

/* Retry-After is passed on where the client is asked to come back, or was limited by a provider. */
static uint64_t
retry_after_of(const struct engine_input *input, enum failure failure, bool should_retry)
{
    uint64_t asked = 0;

    if (should_retry)
        asked = input->view->retry_after_ms;
    else if (input->report && input->report->retry_after_given &&
             (failure == FAILURE_RATE_LIMITED || failure == FAILURE_OVERLOADED))
        asked = input->report->retry_after_ms;
    return asked > RETRY_AFTER_MS_MAX ? RETRY_AFTER_MS_MAX : asked;
}

static bool relays_provider(const struct engine_input *input,
                            const struct failure_row *class,
                            enum reason reason)
{
    unsigned status = input->report ? input->report->http_status : 0;

    return class->body == FAILURE_BODY_PROVIDERS && status >= 400 && status < 500 &&
           !input->report->output_visible &&
           (reason == REASON_TERMINAL_CLASS || reason == REASON_NO_ELIGIBLE_ROUTE);
}

void answer_stop(const struct engine_input *input,
                 enum failure failure,
                 enum reason reason,
                 enum disposition disposition,
                 struct engine_output *output)
{
    const struct reason_row *why = signalbox_reason_row(reason);
    enum failure class_of = failure != FAILURE_NONE ? failure : why->failure_class;
    const struct failure_row *class = signalbox_failure_row(class_of);
    struct decision *decision = &output->decision;
    /* The reason speaks for itself, unless all it says is that the class ended the request. */
    bool reason_speaks = reason != REASON_TERMINAL_CLASS && reason != REASON_NO_ELIGIBLE_ROUTE &&
                         reason != REASON_BLOCKED_BY_GATEWAY;

    decision->action = ACTION_FAIL_CLOSED;
    decision->reason = reason;
    decision->disposition = disposition;
    decision->error = (struct client_error){
        .http_status = why->http_status ? why->http_status : class->http_status,
        .type = slice_of(why->http_status == 401 ? "authentication_error" : class->type),
        .code = slice_of(why->code[0] ? why->code : class->code),
        .message = slice_of(reason_speaks ? why->sentence : class->sentence),
        .should_retry = class->should_retry,
        .retry_after_ms = retry_after_of(input, class_of, class->should_retry),
        .providers_body = relays_provider(input, class, reason),
    };
    set_failure(input, class_of, output);
}
