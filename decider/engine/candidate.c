/* Entries in order: an entry's own reasons first, then its routes in the request's own order. All
 * checks are asked and traced, also behind one that blocks: who reads a trace wants to know
 * everything that is missing. */
#include "engine/candidate.h"

#include "engine/candidate_route.h"

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

/* Traces a check of the entry: it is named by its first route, where it has one. */
static bool find(const struct engine_input *input,
                 struct trace_sink *sink,
                 unsigned index,
                 const struct gate_finding *finding)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    bool routed = entry->kind == ENTRY_KIND_ROUTE;
    const struct trace_place place = {input->policy, index,
                                      routed ? policy_route(input->policy, entry->route) : NULL};

    trace_add(sink, &place, finding);
    return finding->verdict != VERDICT_BLOCK;
}

/* ---- one entry ---- */

/* The first block of the boundary stays. */
static void remember(struct engine_output *output, bool blocked, const struct trace_item *blocking)
{
    if (!blocked || output->decision.has_blocked)
        return;
    output->decision.has_blocked = true;
    output->decision.blocked = *blocking;
}

/* Adds what a route has to say; the first that may serve stays, unless it is slow and this one is
 * not. */
static void merge(struct candidate *candidate,
                  unsigned place,
                  unsigned route,
                  const struct candidate_look *look)
{
    bool serves = look->passes && look->unhealthy == REASON_UNSPECIFIED;

    candidate->passes |= look->passes;
    if (look->passes && !serves) {
        if (!candidate->sick)
            candidate->unhealthy = look->unhealthy;
        candidate->sick |= UINT32_C(1) << place;
    }
    if (!serves || (candidate->found && (!candidate->slow || look->slow)))
        return;
    candidate->found = true;
    candidate->slow = look->slow;
    candidate->route = route;
    candidate->estimate_nusd = look->estimate_nusd;
}

static struct candidate of_routes(const struct engine_input *input,
                                  struct trace_sink *sink,
                                  unsigned index,
                                  struct engine_output *output)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    struct candidate candidate = {.entry = index};
    uint32_t left = (uint32_t)(SET_OF(entry->routes_count) - 1);
    struct candidate_look look;
    struct trace_item blocking;
    bool blocked = false;

    while (left && (!candidate.found || candidate.slow)) {
        unsigned place = candidate_draw(input, index, &left);

        candidate_look_at(input, sink, (struct candidate_place){index, entry->route + place, false},
                          output->charged_nusd, &look);
        merge(&candidate, place, entry->route + place, &look);
        if (look.blocked && !blocked)
            blocking = look.blocking;
        blocked |= look.blocked;
    }
    if (!candidate.found)
        remember(output, blocked, &blocking);
    return candidate;
}

/* A queue takes who can wait; a default response takes anybody whom the entry is for. */
static struct candidate of_no_route(const struct engine_input *input,
                                    struct trace_sink *sink,
                                    unsigned index,
                                    struct engine_output *output)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    bool queue = entry->kind == ENTRY_KIND_QUEUE;
    bool waits = input->facts->tolerates_queue;
    const struct gate_finding on =
        candidate_switch_finding(candidate_switched_off(input, entry, index, 0));
    struct candidate candidate = {.entry = index};
    struct gate_input gate;

    gate_input_init(&gate, input, index, 0, sink);
    candidate.found = gate_find(&gate, &on);
    candidate.passes = gate_check_entry(&gate);
    candidate.passes &= gate_find(&gate, &(struct gate_finding){
                                             .check = CHECK_TOLERATES_QUEUE,
                                             .verdict = gate_verdict_if(queue, waits),
                                             .found = trace_word(waits ? "yes" : "no"),
                                             .needed = trace_word(queue ? "yes" : ""),
                                         });
    candidate.found &= candidate.passes;
    if (!candidate.found)
        remember(output, gate.blocked, &gate.blocking);
    return candidate;
}

struct candidate candidate_of_entry(const struct engine_input *input,
                                    struct trace_sink *sink,
                                    unsigned entry,
                                    struct engine_output *output)
{
    return policy_entry(input->policy, entry)->kind == ENTRY_KIND_ROUTE
               ? of_routes(input, sink, entry, output)
               : of_no_route(input, sink, entry, output);
}

struct candidate candidate_for_retry(const struct engine_input *input,
                                     struct trace_sink *sink,
                                     unsigned entry,
                                     unsigned route,
                                     struct engine_output *output)
{
    struct candidate candidate = {.entry = entry};
    struct candidate_look look;

    candidate_look_at(input, sink, (struct candidate_place){entry, route, true},
                      output->charged_nusd, &look);
    merge(&candidate, route - policy_entry(input->policy, entry)->route, route, &look);
    if (!candidate.found)
        remember(output, look.blocked, &look.blocking);
    return candidate;
}

/* ---- after a failure ---- */

static bool check_reasons(const struct engine_input *input, struct trace_sink *sink, unsigned index)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    enum failure failure = input->classification.failure;
    bool blocked = set_has(entry->blocked, failure);
    bool passes = set_has(entry->allowed, failure) && !blocked;

    return find(input, sink, index,
                &(struct gate_finding){
                    .check = blocked ? CHECK_BLOCKED_REASONS : CHECK_ALLOWED_REASONS,
                    .verdict = gate_verdict(passes),
                    .found = trace_of(TRACE_FAILURES, blocked ? entry->blocked : entry->allowed),
                    .needed = trace_of(TRACE_FAILURES, SET_OF(failure)),
                });
}

/* The attempt that is reported on has failed, too: nobody asks after a success. */
static bool has_failed(const struct engine_input *input, unsigned attempt)
{
    return input->chain->attempts[attempt].failure ||
           (input->report && attempt == input->chain->attempts_count - 1);
}

static struct slice provider_of(const struct engine_input *input, unsigned attempt)
{
    const struct policy *policy = input->policy;

    return policy_text(policy,
                       policy_route(policy, input->chain->attempts[attempt].route)->provider);
}

static unsigned providers_failed(const struct engine_input *input)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < input->chain->attempts_count; i++) {
        bool again = false;

        for (unsigned j = 0; j < i; j++)
            again |=
                has_failed(input, j) && slice_equal(provider_of(input, j), provider_of(input, i));
        failed += has_failed(input, i) && !again;
    }
    return failed;
}

bool candidate_hard_stop(const struct engine_input *input)
{
    uint32_t max = input->policy->providers_failed_max;

    return max && providers_failed(input) >= max;
}

static bool
check_hard_stop(const struct engine_input *input, struct trace_sink *sink, unsigned index)
{
    const struct policy *policy = input->policy;

    if (!policy->providers_failed_max)
        return true;
    return find(input, sink, index,
                &(struct gate_finding){
                    .check = CHECK_HARD_STOP,
                    .verdict = gate_verdict(policy_entry(policy, index)->requires_user_notice ||
                                            !candidate_hard_stop(input)),
                    .found = trace_number(providers_failed(input)),
                    .needed = trace_number(policy->providers_failed_max),
                });
}

struct candidate candidate_after_failure(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         unsigned after,
                                         struct engine_output *output)
{
    for (unsigned i = after + 1; i < input->policy->entries.len; i++) {
        struct candidate candidate;

        if (!check_reasons(input, sink, i) || !check_hard_stop(input, sink, i))
            continue;
        candidate = candidate_of_entry(input, sink, i, output);
        if (candidate.found)
            return candidate;
    }
    return (struct candidate){.found = false};
}

/* ---- at an admission ---- */

/* Why a route of the primary is passed over, and the class that this stands for. */
struct pass_over {
    enum reason reason;
    enum failure failure;
};

static struct pass_over pass_over_of(const struct engine_input *input, unsigned place)
{
    unsigned route = policy_entry(input->policy, 0)->route + place;
    enum reason reason = candidate_unhealthy(input, (struct candidate_place){0, route, false});

    return (struct pass_over){reason, reason == REASON_BREAKER_OPEN
                                          ? input->view->routes[route].opened_by
                                          : signalbox_reason_row(reason)->failure_class};
}

static bool is_blocked(const struct policy_entry *entry, struct pass_over why)
{
    return why.failure != FAILURE_NONE && set_has(entry->blocked, why.failure);
}

/* An entry names breaker_open itself or the class that opened the breaker; rate_limited_until is
 * also allowed by who allows the class. */
static bool names(const struct policy_entry *entry, struct pass_over why)
{
    bool named = set_has(entry->admission_reasons, why.reason) ||
                 (why.failure != FAILURE_NONE && set_has(entry->allowed, why.failure));

    return named && !is_blocked(entry, why);
}

/* The first reason that the entry does not name, else the first of all. */
static struct pass_over decisive(const struct engine_input *input,
                                 const struct policy_entry *entry,
                                 const struct candidate *primary)
{
    struct pass_over first = {REASON_LATENCY_OVER_TARGET, FAILURE_NONE};

    for (uint32_t sick = primary->found ? 0 : primary->sick; sick; sick &= sick - 1) {
        struct pass_over why = pass_over_of(input, (unsigned)__builtin_ctz(sick));

        if (sick == primary->sick || !names(entry, why))
            first = why;
        if (!names(entry, why))
            break;
    }
    return first;
}

static bool check_admission_reason(const struct engine_input *input,
                                   struct trace_sink *sink,
                                   unsigned index,
                                   const struct candidate *primary)
{
    const struct policy_entry *entry = policy_entry(input->policy, index);
    struct pass_over why = decisive(input, entry, primary);

    return find(input, sink, index,
                &(struct gate_finding){
                    .check = CHECK_ADMISSION_REASON,
                    .verdict = gate_verdict(names(entry, why)),
                    .found = trace_of(TRACE_FAILURES,
                                      is_blocked(entry, why) ? entry->blocked : entry->allowed),
                    .needed = trace_word(signalbox_reason_name(why.reason)),
                });
}

struct candidate candidate_for_admission(const struct engine_input *input,
                                         struct trace_sink *sink,
                                         const struct candidate *primary,
                                         struct engine_output *output)
{
    for (unsigned i = 1; i < input->policy->entries.len; i++) {
        struct candidate candidate;

        if (!check_admission_reason(input, sink, i, primary))
            continue;
        candidate = candidate_of_entry(input, sink, i, output);
        if (candidate.found && !(primary->found && candidate.slow))
            return candidate;
    }
    return (struct candidate){.found = false};
}
