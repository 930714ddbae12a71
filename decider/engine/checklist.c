/* The gates are asked, not copied: for each route of each entry a request of the policy's own scope
 * is put together and goes through gate_check_all; what the gates trace becomes the rows. What only
 * a real request can answer (the caller's address) is said to be asked then. */
#include "engine/checklist.h"

#include "base/invariant.h"
#include "engine/candidate.h"
#include "engine/money.h"

#define ASKED_AT_REQUEST "asked at each request"

struct making {
    const struct policy *policy;
    const struct view *view;
    int64_t now_ms;
    struct arena *arena;
    struct checklist *list;
    struct trace_item items[CHECK_END];
};

static enum check check_of(struct slice name)
{
    for (unsigned i = 0; i < CHECK_END; i++)
        if (slice_is(name, check_row((enum check)i)->name))
            return (enum check)i;
    invariant(false); /* gates trace what stands in check.def */
    return CHECK_END;
}

/* The piece of that id on the route; NULL: none. */
static const struct policy_evidence *
find_piece(const struct policy *policy, const struct policy_route *route, struct slice id)
{
    for (unsigned kind = 1; id.len && kind < EVIDENCE_KIND_END; kind++) {
        struct policy_ref list = route->evidence[kind];
        const struct policy_evidence *pieces = policy_at(policy, list.offset);

        for (uint32_t i = 0; i < list.len; i++)
            if (slice_equal(policy_text(policy, pieces[i].id), id))
                return &pieces[i];
    }
    return NULL;
}

/* The newest piece of the kind that counts now; NULL: none. */
static const struct policy_evidence *
held_piece(const struct making *making, const struct policy_route *route, enum evidence_kind kind)
{
    struct policy_ref list = route->evidence[kind];
    const struct policy_evidence *pieces = policy_at(making->policy, list.offset);

    for (uint32_t i = 0; i < list.len; i++)
        if (pieces[i].state == EVIDENCE_STATE_HELD && making->now_ms < pieces[i].expires_unix_ms)
            return &pieces[i];
    return NULL;
}

static struct slice first_text(const struct policy *policy, struct policy_ref list)
{
    return list.len ? policy_list_text(policy, list, 0) : (struct slice){NULL, 0};
}

/* Demanded evidence that is bound to a prompt or to tools speaks of requests with just these. */
static void take_scope(const struct making *making,
                       const struct policy_route *route,
                       uint64_t demands,
                       struct facts *facts)
{
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        const struct policy_evidence *piece =
            set_has(demands, kind) ? held_piece(making, route, (enum evidence_kind)kind) : NULL;

        if (!piece)
            continue;
        if (piece->prompt_version.len)
            facts->prompt_version = policy_text(making->policy, piece->prompt_version);
        if (piece->tool_digest.len)
            facts->tool_digest = policy_text(making->policy, piece->tool_digest);
        if (piece->customer_tiers.len && !facts->customer_tier.len)
            facts->customer_tier = first_text(making->policy, piece->customer_tiers);
    }
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

/* The longest input that leaves room for the output: what is longer is refused before any gate. */
static uint64_t
input_of(const struct policy *policy, const struct policy_entry *entry, uint64_t output_tokens)
{
    uint64_t input = smaller(policy->input_tokens_max, entry->limits.input_tokens_max);
    uint64_t context = smaller(policy->context_tokens_max, entry->limits.context_tokens_max);
    uint64_t room = context > output_tokens ? context - output_tokens : 0;

    return context && input > room ? room : input;
}

/* A request as large as the policy lets in, from somebody whom the entry serves. */
static void scope_of(const struct making *making,
                     const struct policy_entry *entry,
                     const struct policy_route *route,
                     struct facts *ret_facts)
{
    const struct policy *policy = making->policy;
    const struct policy_route *primary = policy_route(policy, policy_entry(policy, 0)->route);
    const struct engine_input question = {.policy = policy, .facts = ret_facts};

    *ret_facts = (struct facts){
        .workload = policy_text(policy, policy->workload),
        .environment = policy_text(policy, policy->environment),
        .family = (enum family)primary->family,
        .stream = set_has(primary->capabilities, NEED_STREAMING),
        .needs = entry->requires_tool_contract_pass ? SET_OF(NEED_TOOLS) : 0,
        .data_classes = policy->data_classes ? policy->data_classes : route->data_classes,
        .tenant = first_text(policy, entry->premium_tenants),
        .customer_tier = first_text(policy, entry->customer_tiers),
        .shows_notice = true,
        .max_output_tokens = entry->limits.output_tokens_max,
    };
    if (route->account_tenant.len)
        ret_facts->tenant = policy_text(policy, route->account_tenant);
    ret_facts->input_tokens_estimate =
        input_of(policy, entry, money_output_tokens(&question, route));
}

static void add_row(struct making *making, struct checklist_row row)
{
    making->list->rows[making->list->rows_count++] = row;
}

static struct checklist_row
row_of(const struct making *making, const struct policy_route *route, const struct trace_item *item)
{
    const struct policy_evidence *piece = find_piece(making->policy, route, item->evidence_id);
    struct checklist_row row = {
        .entry = item->entry,
        .route = item->route,
        .check = check_of(item->check),
        .verdict = item->verdict,
        .found = item->found,
        .needed = item->needed,
        .owner = item->owner,
        .evidence_id = item->evidence_id,
        .evidence_put_unix_ms = piece ? piece->put_unix_ms : 0,
        .evidence_expires_unix_ms = piece ? piece->expires_unix_ms : 0,
    };

    /* Who reviews may read what a refused caller is not told: which field changed, and to what. */
    if (row.verdict == VERDICT_BLOCK && piece && piece->detail.len)
        row.found = trace_text(policy_text(making->policy, piece->detail));
    if (row.check == CHECK_NETWORK && route->networks.len) {
        row.verdict = VERDICT_NOT_REQUIRED;
        row.found = trace_word(ASKED_AT_REQUEST);
    }
    return row;
}

static void
add_live(struct making *making, const struct engine_input *question, unsigned index, unsigned route)
{
    const struct policy_entry *entry = policy_entry(making->policy, index);
    struct view_switch off = making->view->policy_off.scope
                                 ? making->view->policy_off
                                 : candidate_switched_off(question, entry, index, route);
    struct gate_finding finding = candidate_switch_finding(off);
    struct checklist_row row = {
        .entry = index,
        .check = finding.check,
        .verdict = finding.verdict,
        .found = finding.found,
        .needed = finding.needed,
    };

    if (entry->kind == ENTRY_KIND_ROUTE)
        row.route = policy_text(making->policy, policy_route(making->policy, route)->id);
    add_row(making, row);
}

/* Requests to one route of an entry, of which facts is one. */
struct asking {
    const struct engine_input *question;
    unsigned entry, route; /* of an entry without routes: the primary's */
    unsigned first;        /* of the rows */
};

/* Every request is asked the same checks: what blocks one takes the place of what let those before
 * it in. */
static void ask(struct making *making, const struct asking *asking)
{
    const struct policy_route *route = policy_route(making->policy, asking->route);
    bool again = making->list->rows_count > asking->first;
    struct trace_sink sink;
    struct gate_input input;

    trace_sink_init(&sink, making->items, CHECK_END);
    gate_input_init(&input, asking->question, asking->entry, asking->route, &sink);
    if (input.route)
        gate_check_all(&input);
    else
        gate_check_entry(&input);
    invariant(sink.count <= CHECK_END);
    for (unsigned i = 0; i < sink.count; i++) {
        struct checklist_row row = row_of(making, route, &making->items[i]);
        struct checklist_row *kept = &making->list->rows[asking->first + i];

        if (!again || (row.verdict == VERDICT_BLOCK && kept->verdict != VERDICT_BLOCK))
            *kept = row;
    }
    making->list->rows_count = asking->first + sink.count;
}

static uint64_t demands_of(const struct asking *asking)
{
    struct trace_sink sink;
    struct gate_input input;

    trace_sink_init(&sink, NULL, 0);
    gate_input_init(&input, asking->question, asking->entry, asking->route, &sink);
    return input.demands;
}

/* The entry, with its route of that number where it has routes: for every customer tier that the
 * entry names, and every paid tier that the policy names. */
static void ask_gates(struct making *making, unsigned index, unsigned route_index)
{
    const struct policy *policy = making->policy;
    const struct policy_entry *entry = policy_entry(policy, index);
    const struct policy_route *route = policy_route(policy, route_index);
    const struct chain chain = {.state = CHAIN_STATE_NEW};
    struct facts facts;
    const struct engine_input question = {
        .policy = policy,
        .facts = &facts,
        .view = making->view,
        .chain = &chain,
        .key_id = first_text(policy, entry->premium_keys),
        .now_ms = making->now_ms,
    };
    const struct asking asking = {&question, index, route_index, making->list->rows_count};

    scope_of(making, entry, route, &facts);
    take_scope(making, route, demands_of(&asking), &facts);
    ask(making, &asking);
    for (unsigned i = 1; i < entry->customer_tiers.len; i++) {
        facts.customer_tier = policy_list_text(policy, entry->customer_tiers, i);
        ask(making, &asking);
    }
    for (unsigned i = 0; i < policy->service_tiers.len; i++) {
        facts.service_tier = policy_list_text(policy, policy->service_tiers, i);
        ask(making, &asking);
    }
    add_live(making, &question, index, route_index);
}

/* Live latency where somebody measured it, else what the evaluation or the parity check saw. */
static uint64_t latency_of(const struct making *making, unsigned route_index)
{
    const struct policy_route *route = policy_route(making->policy, route_index);
    const struct policy_evidence *piece = held_piece(making, route, EVIDENCE_KIND_EVAL);

    if (making->view->routes[route_index].first_output_p95_ms)
        return making->view->routes[route_index].first_output_p95_ms;
    if (!piece || !piece->latency_p95_ms)
        piece = held_piece(making, route, EVIDENCE_KIND_PARITY);
    return piece ? piece->latency_p95_ms : 0;
}

static void
measure(const struct making *making, const struct policy_entry *entry, struct checklist_entry *made)
{
    const struct policy_route *route = policy_route(making->policy, entry->route);
    struct engine_input question = {.policy = making->policy};
    struct facts facts;

    scope_of(making, entry, route, &facts);
    question.facts = &facts;
    made->route = policy_text(making->policy, route->id);
    made->request_nusd = money_estimate_nusd(&question, route);
    made->latency_p95_ms = latency_of(making, entry->route);
}

static void check_entry(struct making *making, unsigned index)
{
    const struct policy *policy = making->policy;
    const struct policy_entry *entry = policy_entry(policy, index);
    struct checklist_entry *made = &making->list->entries[index];
    unsigned first = making->list->rows_count;

    *made = (struct checklist_entry){
        .entry = index,
        .kind = (enum entry_kind)entry->kind,
        .tier = (enum tier)entry->tier,
        .request_nusd_max = policy->cost_nusd_max,
        .latency_target_ms = policy->latency_target_ms,
        .go = true,
    };
    if (entry->kind == ENTRY_KIND_ROUTE) {
        measure(making, entry, made);
        for (unsigned i = 0; i < entry->routes_count; i++)
            ask_gates(making, index, entry->route + i);
    } else {
        ask_gates(making, index, policy_entry(policy, 0)->route);
    }
    for (unsigned i = first; i < making->list->rows_count; i++)
        made->go &= making->list->rows[i].verdict != VERDICT_BLOCK;
}

enum result checklist_make(const struct policy *policy,
                           const struct view *view,
                           int64_t now_ms,
                           struct arena *arena,
                           struct checklist *ret_checklist)
{
    unsigned rows_max = (policy->routes.len + policy->entries.len) * (CHECK_END + 1);
    struct checklist list = {.entries_count = policy->entries.len, .go = true};
    struct making *making = arena_calloc(arena, 1, sizeof *making);

    list.entries = arena_calloc(arena, list.entries_count, sizeof *list.entries);
    list.rows = arena_calloc(arena, rows_max, sizeof *list.rows);
    if (!making || !list.entries || !list.rows)
        return RESULT_NO_MEMORY;
    making->policy = policy;
    making->view = view;
    making->now_ms = now_ms;
    making->arena = arena;
    making->list = &list;
    for (unsigned i = 0; i < list.entries_count; i++) {
        check_entry(making, i);
        list.go &= list.entries[i].go;
    }
    *ret_checklist = list;
    return RESULT_OK;
}
