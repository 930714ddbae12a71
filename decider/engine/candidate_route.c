/* A route is drawn by weight from the request's id alone, so that every boundary, every duplicate
 * and every replay draws alike; the picks of different entries are independent of each other. */
#include "engine/candidate_route.h"

#include "engine/money.h"
#include "engine/spread.h"

/* ---- the order ---- */

static uint64_t weight_of(const struct engine_input *input, unsigned entry, unsigned place)
{
    const struct policy_entry *row = policy_entry(input->policy, entry);
    uint32_t weight = policy_route(input->policy, row->route + place)->weight;

    return weight ? weight : 1;
}

unsigned candidate_draw(const struct engine_input *input, unsigned entry, uint32_t *left)
{
    unsigned last = (unsigned)__builtin_ctz(*left);
    uint64_t total = 0, pick;

    for (uint32_t set = *left; set; set &= set - 1)
        total += weight_of(input, entry, (unsigned)__builtin_ctz(set));
    pick = *left & (*left - 1)
               ? spread_pick(input->request_hash,
                             entry * ROUTES_MAX + (unsigned)__builtin_popcount(*left), total)
               : 0;
    for (uint32_t set = *left; set; set &= set - 1) {
        uint64_t weight = weight_of(input, entry, last = (unsigned)__builtin_ctz(set));

        if (pick < weight)
            break;
        pick -= weight;
    }
    *left &= ~(UINT32_C(1) << last);
    return last;
}

/* ---- switches, attempts, health ---- */

struct view_switch candidate_switched_off(const struct engine_input *input,
                                          const struct policy_entry *entry,
                                          unsigned index,
                                          unsigned route)
{
    const struct view *view = input->view;

    if (view->entries_off[index].scope || entry->kind != ENTRY_KIND_ROUTE)
        return view->entries_off[index];
    return view->routes[route].off;
}

struct gate_finding candidate_switch_finding(struct view_switch off)
{
    const char *found = off.rule    ? signalbox_rollback_rule_name((enum rollback_rule)off.rule)
                        : off.scope ? signalbox_switch_scope_name((enum switch_scope)off.scope)
                                    : "on";

    return (struct gate_finding){
        .check = CHECK_SWITCH,
        .verdict = gate_verdict(!off.scope),
        .found = trace_word(found),
        .needed = trace_word("on"),
    };
}

static bool check_attempts(struct gate_input *gate)
{
    uint32_t max = gate_attempts_max(gate);

    return gate_find(gate, &(struct gate_finding){
                               .check = CHECK_ENTRY_ATTEMPTS,
                               .verdict = gate_verdict_if(max, gate->attempts < max),
                               .found = trace_number(gate->attempts),
                               .needed = trace_number(max),
                           });
}

/* What the view alone says. */
static enum reason health_of(const struct view_route *view, int64_t left_ms)
{
    if (view->unhealthy != REASON_UNSPECIFIED)
        return view->unhealthy;
    return view->first_output_p95_ms && (int64_t)view->first_output_p95_ms > left_ms
               ? REASON_LATENCY_OVER_TARGET
               : REASON_UNSPECIFIED;
}

static int64_t left_for(const struct engine_input *input, struct candidate_place place)
{
    return place.retry ? INT64_MAX : candidate_time_left_ms(input);
}

enum reason candidate_unhealthy(const struct engine_input *input, struct candidate_place place)
{
    const struct policy_entry *entry = policy_entry(input->policy, place.entry);

    if (candidate_switched_off(input, entry, place.entry, place.route).scope)
        return REASON_ACCOUNT_DRAINED;
    return health_of(&input->view->routes[place.route], left_for(input, place));
}

/* Only an admission has the choice to look for a faster route; afterwards the time left counts. */
static bool is_over_target(const struct engine_input *input, const struct view_route *view)
{
    return !input->report && input->policy->latency_target_ms &&
           view->first_output_p95_ms > input->policy->latency_target_ms;
}

/* A route over the latency target is healthy all the same: it serves when no entry that names this
 * reason can. */
static bool check_health(struct gate_input *gate, struct candidate_place place)
{
    const struct engine_input *input = gate->question;
    const struct view_route *view = &input->view->routes[place.route];
    int64_t left_ms = candidate_time_left_ms(input);
    enum reason unhealthy = health_of(view, left_for(input, place));
    bool slow = unhealthy == REASON_UNSPECIFIED && is_over_target(input, view);
    enum reason shown = slow ? REASON_LATENCY_OVER_TARGET : unhealthy;
    uint64_t needed_ms = slow          ? input->policy->latency_target_ms
                         : left_ms > 0 ? (uint64_t)left_ms
                                       : 0;

    gate_find(gate, &(struct gate_finding){
                        .check = CHECK_HEALTH,
                        .verdict = gate_verdict(unhealthy == REASON_UNSPECIFIED),
                        .found = trace_word(
                            shown == REASON_UNSPECIFIED ? "healthy" : signalbox_reason_name(shown)),
                        .needed = trace_of(TRACE_MILLISECONDS, needed_ms),
                    });
    return slow;
}

void candidate_look_at(const struct engine_input *input,
                       struct trace_sink *sink,
                       struct candidate_place place,
                       uint64_t charged_nusd,
                       struct candidate_look *ret_look)
{
    struct gate_input gate;
    struct gate_finding on;

    gate_input_init(&gate, input, place.entry, place.route, sink);
    gate.charged_nusd = money_sum_nusd(gate.charged_nusd, charged_nusd);
    on = candidate_switch_finding(
        candidate_switched_off(input, gate.entry, place.entry, place.route));
    gate_find(&gate, &on);
    ret_look->passes = check_attempts(&gate);
    ret_look->passes &= gate_check_all(&gate);
    ret_look->slow = check_health(&gate, place);
    ret_look->unhealthy = candidate_unhealthy(input, place);
    ret_look->estimate_nusd = gate.estimate_nusd;
    ret_look->blocked = gate.blocked;
    if (gate.blocked)
        ret_look->blocking = gate.blocking;
}
