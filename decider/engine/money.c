/* Money by integers: products in 128 bits, sums that stop at the top, rounded up once at the end.
 *
 * Prices were made exact when the catalog was read (discounts and mark-ups are in them), so that
 * nothing is left to do here but choosing the step of a long input and multiplying. */
#include "engine/money.h"

#include "base/decimal.h"

#define PUSD_PER_NUSD 1000
/* Counts of a provider's own units may have decimals, such as seconds. */
#define COUNT_DIGITS   6
#define COUNT_PER_UNIT 1000000

typedef unsigned __int128 wide;

/* The plainer unit that a unit is a kind of; itself where it is plain. */
static const enum unit plainer[UNIT_END] = {
    [UNIT_INPUT_TOKEN] = UNIT_INPUT_TOKEN,
    [UNIT_CACHED_INPUT_TOKEN] = UNIT_INPUT_TOKEN,
    [UNIT_CACHE_WRITE_TOKEN] = UNIT_INPUT_TOKEN,
    [UNIT_OUTPUT_TOKEN] = UNIT_OUTPUT_TOKEN,
    [UNIT_REASONING_TOKEN] = UNIT_OUTPUT_TOKEN,
    [UNIT_IMAGE] = UNIT_IMAGE,
    [UNIT_VIDEO_SECOND] = UNIT_VIDEO_SECOND,
    [UNIT_AUDIO_SECOND] = UNIT_AUDIO_SECOND,
    [UNIT_REQUEST] = UNIT_REQUEST,
};

static wide sum(wide a, wide b)
{
    wide total;

    return __builtin_add_overflow(a, b, &total) ? ~(wide)0 : total;
}

static wide divide_up(wide amount, uint64_t by)
{
    return amount / by + (amount % by != 0);
}

static uint64_t to_nusd(wide pusd)
{
    wide nusd = divide_up(pusd, PUSD_PER_NUSD);

    return nusd > UINT64_MAX ? UINT64_MAX : (uint64_t)nusd;
}

/* The prices for an input of that many tokens. */
static const uint64_t *
prices_at(const struct policy *policy, const struct policy_route *route, wide input_tokens)
{
    const struct policy_price_step *steps =
        (const struct policy_price_step *)policy_at(policy, route->price_steps.offset);
    const uint64_t *prices = route->price_pusd;

    for (uint32_t i = 0; i < route->price_steps.len; i++)
        if (input_tokens > steps[i].above_input_tokens)
            prices = steps[i].price_pusd; /* thresholds rise: the last one passed is the highest */
    return prices;
}

static wide usage_pusd(const uint64_t *price_pusd, uint64_t priced, const struct usage *usage)
{
    wide total = 0;

    for (unsigned unit = UNIT_UNSPECIFIED + 1; unit < UNIT_END; unit++) {
        unsigned charged = set_has(priced, unit) ? unit : (unsigned)plainer[unit];

        total = sum(total, (wide)usage->amounts[unit] * price_pusd[charged]);
    }
    return total;
}

uint64_t money_priced_nusd(const uint64_t *price_pusd, uint64_t priced, const struct usage *usage)
{
    return to_nusd(usage_pusd(price_pusd, priced, usage));
}

static wide
cost_pusd(const struct policy *policy, const struct policy_route *route, const struct usage *usage)
{
    wide input_tokens = (wide)usage->amounts[UNIT_INPUT_TOKEN] +
                        usage->amounts[UNIT_CACHED_INPUT_TOKEN] +
                        usage->amounts[UNIT_CACHE_WRITE_TOKEN];

    return usage_pusd(prices_at(policy, route, input_tokens), route->priced, usage);
}

uint64_t money_cost_nusd(const struct policy *policy,
                         const struct policy_route *route,
                         const struct usage *usage)
{
    return to_nusd(cost_pusd(policy, route, usage));
}

uint64_t money_output_tokens(const struct engine_input *input, const struct policy_route *route)
{
    uint64_t of_entry = policy_entry(input->policy, route->entry)->limits.output_tokens_max;
    uint64_t cap = input->policy->output_tokens_max;

    if (!money_puts_out(input->facts))
        return 0;
    if (input->facts->max_output_tokens)
        return input->facts->max_output_tokens;
    if (of_entry && (!cap || of_entry < cap))
        cap = of_entry;
    return cap ? cap : route->output_tokens_max;
}

static uint64_t saturating_product(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* The input estimate with so many tokens put out. */
static wide estimate_pusd(const struct engine_input *input,
                          const struct policy_route *route,
                          enum unit output,
                          uint64_t output_tokens)
{
    struct usage usage = {.amounts = {
                              [UNIT_INPUT_TOKEN] = input->facts->input_tokens_estimate,
                              [UNIT_REQUEST] = 1,
                          }};

    usage.amounts[output] = output_tokens;
    return cost_pusd(input->policy, route, &usage);
}

static wide attempt_pusd(const struct engine_input *input, const struct policy_route *route)
{
    uint64_t choices = input->facts->choices ? input->facts->choices : 1;
    uint64_t tokens = saturating_product(money_output_tokens(input, route), choices);
    wide answered = estimate_pusd(input, route, UNIT_OUTPUT_TOKEN, tokens);
    wide reasoned = estimate_pusd(input, route, UNIT_REASONING_TOKEN, tokens);

    return reasoned > answered ? reasoned : answered;
}

uint64_t money_estimate_nusd(const struct engine_input *input, const struct policy_route *route)
{
    return to_nusd(attempt_pusd(input, route));
}

static const struct policy_extra_unit *
find_extra(const struct policy *policy, const struct policy_route *route, struct slice name)
{
    const struct policy_extra_unit *units =
        (const struct policy_extra_unit *)policy_at(policy, route->extra_units.offset);

    for (uint32_t i = 0; i < route->extra_units.len; i++)
        if (slice_equal(policy_text(policy, units[i].name), name))
            return &units[i];
    return NULL;
}

/* The provider's own units. *exact is cleared when one of them could not be charged. */
static wide
extra_pusd(const struct engine_input *input, const struct policy_route *route, bool *exact)
{
    const struct pairs *used = &input->report->extra_usage;
    wide total = 0;

    for (unsigned i = 0; i < used->count; i++) {
        const struct policy_extra_unit *unit = find_extra(input->policy, route, used->items[i].key);
        uint64_t count = 0;
        bool counted = decimal_parse(used->items[i].value, COUNT_DIGITS, &count);

        if (unit)
            total = sum(total, divide_up((wide)count * unit->price_pusd, COUNT_PER_UNIT));
        if (!counted || (count && !unit))
            *exact = false;
    }
    return total;
}

/* Everything but the provider's own units. */
static wide
token_pusd(const struct engine_input *input, const struct policy_route *route, bool *exact)
{
    const struct report *report = input->report;
    uint64_t reported = 0;

    for (unsigned unit = 0; unit < UNIT_END; unit++)
        reported |= report->usage.amounts[unit];
    if (reported) {
        struct usage usage = report->usage;

        usage.amounts[UNIT_REQUEST] = 1;
        return cost_pusd(input->policy, route, &usage);
    }
    if (!report->body_sent || report->http_status >= 400)
        return 0;
    *exact = false;
    return input->facts->stream
               ? estimate_pusd(input, route, UNIT_OUTPUT_TOKEN, report->output_tokens_seen)
               : attempt_pusd(input, route);
}

uint64_t money_charge_nusd(const struct engine_input *input,
                           const struct policy_route *route,
                           bool *ret_estimated)
{
    bool exact = true;
    wide total = token_pusd(input, route, &exact);

    total = sum(total, extra_pusd(input, route, &exact));
    *ret_estimated = !exact;
    return to_nusd(total);
}
