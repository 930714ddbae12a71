/* Candidates ranked by a sum of parts: each part is a share of its weight, in thousandths, and the
 * weights stand in one table. Shares rather than rules of order, because a reviewer can follow a
 * sum; integers, so that every machine ranks alike.
 *
 * What a gate would refuse anyway makes a candidate unfit whatever its score: unfit ones stand
 * behind all that fit, and say what they lack. Nothing that is unknown counts as good. */
#include <stdlib.h>

#include "engine/evidence_demand.h"
#include "engine/gate.h"
#include "engine/money.h"
#include "engine/suggest_candidate.h"

#define SHARE_WHOLE 1000
/* Where nobody says how large a request is, so that prices still rank: a short question with some
 * context, and a paragraph in answer. */
#define TYPICAL_INPUT_TOKENS  1000
#define TYPICAL_OUTPUT_TOKENS 500

static unsigned share_of(unsigned part, unsigned whole)
{
    return whole ? SHARE_WHOLE * part / whole : SHARE_WHOLE;
}

static unsigned count_of(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

enum quality_class suggest_floor(enum traffic_class traffic_class)
{
    static const enum quality_class floors[TRAFFIC_CLASS_END] = {
#define T(NAME, number, name, sentence, floor) [number] = floor,
#include "signalbox/taxonomy/traffic_class.def"
#undef T
    };

    return floors[traffic_class ? traffic_class : TRAFFIC_CLASS_NONCRITICAL_USER_FACING];
}

static unsigned share_needs(const struct suggest_candidate *candidate)
{
    unsigned asked = count_of(candidate->question->needs);

    return share_of(asked - count_of(candidate->made->lacking_needs), asked);
}

static unsigned share_data_classes(const struct suggest_candidate *candidate)
{
    unsigned asked = count_of(candidate->question->data_classes);

    return share_of(asked - count_of(candidate->made->lacking_data_classes), asked);
}

/* Full for the primary's class or better; half for a lower one that is not under the floor. */
static unsigned share_quality(const struct suggest_candidate *candidate)
{
    const struct catalog_route *primary = candidate->question->primary;
    enum quality_class found = candidate->made->route->model->quality_class;

    if (set_has(candidate->faults, FAULT_FLOOR))
        return 0;
    return !primary || found >= primary->model->quality_class ? SHARE_WHOLE : SHARE_WHOLE / 2;
}

static unsigned share_strengths(const struct suggest_candidate *candidate)
{
    return share_of(count_of(candidate->made->matching_strengths),
                    count_of(candidate->question->strengths));
}

/* Against the cheapest one: twice its price is half the share. */
static unsigned share_cost(const struct suggest_candidate *candidate)
{
    uint64_t nusd = candidate->made->request_nusd;

    if (!candidate->priced || set_has(candidate->faults, FAULT_COST))
        return 0;
    return nusd ? (unsigned)((unsigned __int128)SHARE_WHOLE * candidate->cheapest_nusd / nusd)
                : SHARE_WHOLE;
}

/* Against the fastest one. */
static unsigned share_latency(const struct suggest_candidate *candidate)
{
    uint32_t ms = candidate->made->route->latency_p95_ms;

    if (!ms || set_has(candidate->faults, FAULT_LATENCY))
        return 0;
    return (unsigned)((uint64_t)SHARE_WHOLE * candidate->fastest_ms / ms);
}

/* Every boundary that is not crossed is an approval less to get. */
static unsigned share_boundary(const struct suggest_candidate *candidate)
{
    unsigned kept = 0;

    if (!candidate->question->primary)
        return SHARE_WHOLE;
    kept += suggest_same_provider(candidate);
    kept += suggest_same_account(candidate);
    kept += suggest_same_region(candidate);
    return share_of(kept, 3);
}

/* 1000 in all. What a request cannot do without comes first, then what its users notice, then what
 * it costs, then what it takes to have it approved. */
static const struct {
    unsigned weight;
    unsigned (*share)(const struct suggest_candidate *candidate);
} parts[] = {
    {250, share_needs}, {200, share_data_classes}, {180, share_quality}, {150, share_strengths},
    {100, share_cost},  {70, share_latency},       {50, share_boundary},
};

static enum tier tier_of(const struct suggest_candidate *candidate)
{
    const struct catalog_route *primary = candidate->question->primary;

    return primary ? catalog_tier(primary->model, candidate->made->route->model) : TIER_PRIMARY;
}

/* What the gates ask of a fallback entry on this route before it serves. */
static uint64_t evidence_of(const struct suggest_candidate *candidate)
{
    enum tier tier = candidate->made->tier;
    struct evidence_place home, there;
    uint64_t evidence;

    if (tier == TIER_PRIMARY)
        return 0;
    home = evidence_place_of(candidate->question->primary);
    there = evidence_place_of(candidate->made->route);
    evidence = evidence_demand_of_tier(tier) | evidence_demand_of_place(&home, &there);
    if (gate_has_tools(&(struct facts){.needs = candidate->question->needs}))
        evidence |= evidence_demand_of_tools(tier);
    return evidence;
}

static struct usage typical_usage(const struct suggest_question *question,
                                  const struct catalog_route *route)
{
    bool unsaid = !question->input_tokens && !question->output_tokens;
    struct usage usage = {{0}};

    usage.amounts[UNIT_INPUT_TOKEN] = unsaid ? TYPICAL_INPUT_TOKENS : question->input_tokens;
    usage.amounts[UNIT_OUTPUT_TOKEN] = unsaid ? TYPICAL_OUTPUT_TOKENS : question->output_tokens;
    if (route->family == FAMILY_OPENAI_EMBEDDINGS)
        usage.amounts[UNIT_OUTPUT_TOKEN] = 0;
    if (route->family == FAMILY_OPENAI_IMAGES && set_has(route->priced, UNIT_IMAGE)) {
        usage.amounts[UNIT_INPUT_TOKEN] = usage.amounts[UNIT_OUTPUT_TOKEN] = 0;
        usage.amounts[UNIT_IMAGE] = 1;
    }
    return usage;
}

/* False: a unit that a request uses has no price. */
static bool price(const struct suggest_question *question,
                  const struct catalog_route *route,
                  uint64_t *ret_nusd)
{
    struct usage usage = typical_usage(question, route);
    const uint64_t *prices = route->price_pusd;

    for (unsigned unit = 1; unit < UNIT_END; unit++)
        if (usage.amounts[unit] && !set_has(route->priced, unit))
            return false;
    for (unsigned i = 0; i < route->price_steps_count; i++)
        if (usage.amounts[UNIT_INPUT_TOKEN] > route->price_steps[i].above_input_tokens)
            prices = route->price_steps[i].price_pusd;
    usage.amounts[UNIT_REQUEST] = 1;
    *ret_nusd = money_priced_nusd(prices, route->priced, &usage);
    return true;
}

static bool allows_environment(const struct catalog_route *route, struct slice environment)
{
    bool allowed = !environment.len || !route->environments.count;

    for (unsigned i = 0; !allowed && i < route->environments.count; i++)
        allowed = slice_equal(route->environments.items[i], environment);
    return allowed;
}

/* A bound that is not known is too small. */
static bool is_short(uint64_t most, uint64_t needed)
{
    return needed && (!most || needed > most);
}

static void find_faults(struct suggest_candidate *candidate)
{
    const struct suggest_question *question = candidate->question;
    const struct catalog_route *route = candidate->made->route;
    const struct catalog_model *model = route->model;
    uint64_t tokens = money_sum_nusd(question->input_tokens, question->output_tokens);
    const bool faults[FAULT_END] = {
        [FAULT_NEEDS] = candidate->made->lacking_needs,
        [FAULT_DATA_CLASSES] = candidate->made->lacking_data_classes,
        [FAULT_FLOOR] = model->quality_class < suggest_floor(question->traffic_class),
        [FAULT_CONTEXT] = is_short(model->context_tokens_max, tokens),
        [FAULT_OUTPUT] = is_short(model->output_tokens_max, question->output_tokens),
        [FAULT_ENVIRONMENT] = !allows_environment(route, question->environment),
        [FAULT_REGION] = question->region.len && !slice_equal(question->region, route->region),
        [FAULT_TENANT] = route->account->tenant.len,
        [FAULT_NO_PRICE] = !candidate->priced,
        [FAULT_COST] = candidate->priced && question->request_nusd_max &&
                       candidate->made->request_nusd > question->request_nusd_max,
        [FAULT_NO_LATENCY] = question->latency_ms_max && !route->latency_p95_ms,
        [FAULT_LATENCY] =
            question->latency_ms_max && route->latency_p95_ms > question->latency_ms_max,
    };

    for (unsigned i = 0; i < FAULT_END; i++)
        candidate->faults |= faults[i] ? SET_OF(i) : 0;
}

/* What does not depend on the other candidates. */
static void judge(struct suggest_candidate *candidate)
{
    const struct suggest_question *question = candidate->question;
    struct suggestion *made = candidate->made;
    const struct catalog_model *model = made->route->model;

    made->tier = tier_of(candidate);
    made->lacking_needs = question->needs & ~made->route->capabilities;
    made->lacking_data_classes = question->data_classes & ~made->route->data_classes;
    for (unsigned i = 0; i < model->strengths_count; i++)
        made->matching_strengths |= question->strengths & SET_OF(model->strengths[i].strength);
    made->evidence = evidence_of(candidate);
    candidate->priced = price(question, made->route, &made->request_nusd);
    find_faults(candidate);
    made->fits = !candidate->faults;
}

/* Best first; ids are unique, so that the order is one. */
static int compare(const void *a, const void *b)
{
    const struct suggestion *left = a, *right = b;

    if (left->fits != right->fits)
        return left->fits ? -1 : 1;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return slice_compare(left->route->id, right->route->id);
}

static bool is_candidate(const struct suggest_question *question, const struct catalog_route *route)
{
    enum family family = question->family;

    if (!family && question->primary)
        family = question->primary->family;
    return route != question->primary && (!family || route->family == family) &&
           !(question->primary && slice_equal(route->id, question->primary->id));
}

/* What depends on the others: the cheapest and the fastest are the measure. */
static void score_all(struct suggest_candidate *candidates, unsigned count, struct arena *arena)
{
    uint64_t cheapest_nusd = UINT64_MAX;
    uint32_t fastest_ms = UINT32_MAX;

    for (unsigned i = 0; i < count; i++) {
        const struct suggestion *made = candidates[i].made;

        if (candidates[i].priced && made->request_nusd < cheapest_nusd)
            cheapest_nusd = made->request_nusd;
        if (made->route->latency_p95_ms && made->route->latency_p95_ms < fastest_ms)
            fastest_ms = made->route->latency_p95_ms;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned sum = 0;

        candidates[i].cheapest_nusd = cheapest_nusd;
        candidates[i].fastest_ms = fastest_ms;
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
            sum += parts[part].weight * parts[part].share(&candidates[i]);
        candidates[i].made->score = sum / SHARE_WHOLE;
        candidates[i].made->why = suggest_explain(&candidates[i], arena);
    }
}

enum result suggest_routes(const struct catalog *catalog,
                           const struct suggest_question *question,
                           struct arena *arena,
                           struct suggestion **ret_suggestions,
                           unsigned *ret_count)
{
    struct suggest_candidate *candidates =
        arena_calloc(arena, catalog->routes_count + 1, sizeof *candidates);
    struct suggestion *made = arena_calloc(arena, catalog->routes_count + 1, sizeof *made);
    unsigned count = 0;

    if (!candidates || !made)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < catalog->routes_count; i++)
        if (is_candidate(question, &catalog->routes[i])) {
            made[count].route = &catalog->routes[i];
            candidates[count] =
                (struct suggest_candidate){.question = question, .made = &made[count]};
            judge(&candidates[count]);
            count++;
        }
    score_all(candidates, count, arena);
    if (arena->failed)
        return RESULT_NO_MEMORY;
    qsort(made, count, sizeof *made, compare);
    *ret_suggestions = made;
    *ret_count = count;
    return RESULT_OK;
}
