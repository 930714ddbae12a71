/* Money by integers: products in 128 bits, rounded up once per sum. */
#include "engine/money.h"

#define PUSD_PER_NUSD 1000

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

uint64_t money_cost_nusd(const struct policy_route *route, const struct usage *usage)
{
    unsigned __int128 total_pusd = 0;

    for (unsigned unit = UNIT_UNSPECIFIED + 1; unit < UNIT_END; unit++) {
        unsigned priced = set_has(route->priced, unit) ? unit : (unsigned)plainer[unit];

        total_pusd += (unsigned __int128)usage->amounts[unit] * route->price_pusd[priced];
    }
    total_pusd = (total_pusd + PUSD_PER_NUSD - 1) / PUSD_PER_NUSD;
    return total_pusd > UINT64_MAX ? UINT64_MAX : (uint64_t)total_pusd;
}

uint64_t money_output_tokens(const struct engine_input *input, const struct policy_route *route)
{
    if (input->facts->max_output_tokens)
        return input->facts->max_output_tokens;
    return input->policy->output_tokens_max ? input->policy->output_tokens_max
                                            : route->output_tokens_max;
}

static uint64_t saturating_product(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static struct usage estimate_usage(const struct engine_input *input, uint64_t output_tokens)
{
    return (struct usage){.amounts = {
                              [UNIT_INPUT_TOKEN] = input->facts->input_tokens_estimate,
                              [UNIT_OUTPUT_TOKEN] = output_tokens,
                              [UNIT_REQUEST] = 1,
                          }};
}

uint64_t money_estimate_nusd(const struct engine_input *input, const struct policy_route *route)
{
    uint64_t choices = input->facts->choices ? input->facts->choices : 1;
    uint64_t output_tokens = saturating_product(money_output_tokens(input, route), choices);
    struct usage usage = estimate_usage(input, output_tokens);

    return money_cost_nusd(route, &usage);
}

uint64_t money_charge_nusd(const struct engine_input *input,
                           const struct policy_route *route,
                           bool *ret_estimated)
{
    const struct report *report = input->report;
    uint64_t reported = 0;

    for (unsigned unit = 0; unit < UNIT_END; unit++)
        reported |= report->usage.amounts[unit];
    *ret_estimated = false;
    if (reported) {
        struct usage usage = report->usage;

        usage.amounts[UNIT_REQUEST] = 1;
        return money_cost_nusd(route, &usage);
    }
    if (!report->body_sent || report->http_status >= 400)
        return 0;
    *ret_estimated = true;
    if (input->facts->stream) {
        struct usage seen = estimate_usage(input, report->output_tokens_seen);

        return money_cost_nusd(route, &seen);
    }
    return money_estimate_nusd(input, route);
}
