/* Entries in order: an entry's own reasons first, then its gates, then health. */
#include "engine/candidate.h"

#include "engine/money.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool candidate_output_reached(const struct engine_input *input)
{
    return input->chain->output_reached || (input->report && input->report->output_visible);
}

int64_t candidate_time_left_ms(const struct engine_input *input)
{
    const struct policy *policy = input->policy;
    bool admission = input->report == NULL;
    int64_t admitted_ms = admission ? input->now_ms : input->chain->admitted_ms;
    int64_t deadline_ms = input->chain->deadline_ms;
    int64_t left = INT64_MAX;

    if (admission && input->deadline_ms)
        deadline_ms = input->now_ms + input->deadline_ms;
    if (policy->elapsed_ms_max && !candidate_output_reached(input))
        left = smaller(left, admitted_ms + (int64_t)policy->elapsed_ms_max - input->now_ms);
    left = smaller(left, admitted_ms + (int64_t)policy->total_ms_max - input->now_ms);
    if (deadline_ms)
        left = smaller(left, deadline_ms - input->now_ms);
    return left;
}

static void trace_entry(struct trace_sink *sink,
                        const struct engine_input *input,
                        unsigned index,
                        struct trace_item item)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);

    item.entry = index;
    if (entry->kind == ENTRY_KIND_ROUTE)
        item.route = policy_text(input->policy, policy_route(input->policy, entry->route)->id);
    trace_add(sink, &item);
}

/* What the live view says of the entry; REASON_UNSPECIFIED: nothing against it. */
static enum reason
check_health(const struct engine_input *input, struct trace_sink *sink, unsigned index)
{
    const struct view_route *view = &input->view->routes[index];
    int64_t left_ms = candidate_time_left_ms(input);
    bool slow = view->first_output_p95_ms && (int64_t)view->first_output_p95_ms > left_ms;
    enum reason unhealthy = view->unhealthy != REASON_UNSPECIFIED ? view->unhealthy
                            : slow                                ? REASON_LATENCY_OVER_TARGET
                                                                  : REASON_UNSPECIFIED;

    trace_entry(
        sink, input, index,
        (struct trace_item){
            .check = SLICE_LITERAL("health"),
            .verdict = gate_verdict(unhealthy == REASON_UNSPECIFIED),
            .found = trace_word(unhealthy == REASON_UNSPECIFIED ? "healthy"
                                                                : signalbox_reason_name(unhealthy)),
            .needed = trace_of(TRACE_MILLISECONDS, left_ms > 0 ? (uint64_t)left_ms : 0),
        });
    return unhealthy;
}

static uint64_t data_classes_of(const struct facts *facts)
{
    return facts->data_classes ? facts->data_classes : SET_OF(DATA_CLASS_UNCLASSIFIED);
}

bool candidate_check(const struct engine_input *input,
                     struct trace_sink *sink,
                     unsigned index,
                     struct engine_output *output,
                     struct candidate *ret_candidate,
                     enum reason *ret_unhealthy)
{
    const struct policy *policy = input->policy;
    const struct policy_entry *entry = policy_entry(policy, index);
    const struct policy_route *route = policy_route(policy, entry->route);
    struct gate_input gate = {
        .question = input,
        .entry = entry,
        .route = route,
        .primary = policy_route(policy, policy_entry(policy, 0)->route),
        .index = index,
        .data_classes = data_classes_of(input->facts),
        .needs = input->facts->needs | (input->facts->stream ? SET_OF(NEED_STREAMING) : 0),
        .output_tokens = money_output_tokens(input, route),
        .estimate_nusd = money_estimate_nusd(input, route),
        .charged_nusd = money_sum_nusd(input->chain->charged_nusd, output->charged_nusd),
        .output_visible =
            input->chain->output_visible || (input->report && input->report->output_visible),
        .sink = sink,
    };
    bool passes = gate_check_all(&gate);

    *ret_unhealthy = check_health(input, sink, index);
    if (!passes && output->blocking_gate == GATE_UNSPECIFIED) {
        output->blocking_gate = gate.blocking_gate;
        output->blocking_check = slice_of(gate.blocking_check);
    }
    *ret_candidate = (struct candidate){
        .found = passes && *ret_unhealthy == REASON_UNSPECIFIED,
        .entry = index,
        .estimate_nusd = gate.estimate_nusd,
    };
    return passes;
}

/* A queue takes who can wait; a default response takes anybody. */
static bool
check_without_route(const struct engine_input *input, struct trace_sink *sink, unsigned index)
{
    bool queue = policy_entry(input->policy, index)->kind == ENTRY_KIND_QUEUE;
    bool passes = !queue || input->facts->tolerates_queue;

    trace_entry(sink, input, index,
                (struct trace_item){
                    .check = SLICE_LITERAL("tolerates_queue"),
                    .verdict = queue ? gate_verdict(passes) : VERDICT_NOT_REQUIRED,
                    .found = trace_word(passes ? "yes" : "no"),
                    .needed = trace_word(queue ? "the caller can wait" : ""),
                });
    return passes;
}

/* Gates and health of an entry whose reasons already allow it. */
static struct candidate try_entry(const struct engine_input *input,
                                  struct trace_sink *sink,
                                  unsigned index,
                                  struct engine_output *output)
{
    struct candidate candidate = {.entry = index};
    enum reason unhealthy;

    if (policy_entry(input->policy, index)->kind == ENTRY_KIND_ROUTE)
        candidate_check(input, sink, index, output, &candidate, &unhealthy);
    else
        candidate.found = check_without_route(input, sink, index);
    return candidate;
}

static bool check_reasons(const struct engine_input *input, struct trace_sink *sink, unsigned index)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    enum failure failure = input->classification.failure;
    bool blocked = set_has(entry->blocked, failure);
    bool passes = set_has(entry->allowed, failure) && !blocked;

    trace_entry(
        sink, input, index,
        (struct trace_item){
            .check = blocked ? SLICE_LITERAL("blocked_reasons") : SLICE_LITERAL("allowed_reasons"),
            .verdict = gate_verdict(passes),
            .found = trace_of(TRACE_FAILURES, blocked ? entry->blocked : entry->allowed),
            .needed = trace_of(TRACE_FAILURES, SET_OF(failure)),
        });
    return passes;
}

struct candidate candidate_after_failure(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         unsigned after,
                                         struct engine_output *output)
{
    for (unsigned i = after + 1; i < input->policy->entries.len; i++) {
        struct candidate candidate;

        if (!check_reasons(input, sink, i))
            continue;
        candidate = try_entry(input, sink, i, output);
        if (candidate.found)
            return candidate;
    }
    return (struct candidate){.found = false};
}

/* An entry names breaker_open itself or the class that opened the breaker; rate_limited_until is
 * also allowed by who allows the class. */
static bool check_admission_reason(const struct engine_input *input,
                                   struct trace_sink *sink,
                                   unsigned index,
                                   enum reason reason)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    enum failure failure = reason == REASON_BREAKER_OPEN
                               ? input->view->routes[0].opened_by
                               : signalbox_reason_row(reason)->failure_class;
    bool blocked = failure != FAILURE_NONE && set_has(entry->blocked, failure);
    bool named = set_has(entry->admission_reasons, reason) ||
                 (failure != FAILURE_NONE && set_has(entry->allowed, failure));

    trace_entry(sink, input, index,
                (struct trace_item){
                    .check = SLICE_LITERAL("admission_reason"),
                    .verdict = gate_verdict(named && !blocked),
                    .found = trace_of(TRACE_FAILURES, blocked ? entry->blocked : entry->allowed),
                    .needed = trace_word(signalbox_reason_name(reason)),
                });
    return named && !blocked;
}

struct candidate candidate_for_admission(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         enum reason reason,
                                         struct engine_output *output)
{
    for (unsigned i = 1; i < input->policy->entries.len; i++) {
        struct candidate candidate;

        if (!check_admission_reason(input, sink, i, reason))
            continue;
        candidate = try_entry(input, sink, i, output);
        if (candidate.found)
            return candidate;
    }
    return (struct candidate){.found = false};
}
