/* Amounts: 64-bit nano-USD from 64-bit pico-USD unit prices, rounded up, saturating, exact below
 * that. No floating point. A saturated amount is above every limit, so it fails closed. */
#ifndef ENGINE_MONEY_H
#define ENGINE_MONEY_H

#include "engine/engine.h"

/* What this usage costs on the route. A unit without a price of its own is charged at the price of
 * the plainer unit that it is a kind of: reasoning as output, cached input and cache writes as
 * input (OpenAI bills reasoning tokens as output tokens; no provider asks more for a cached token
 * than for a plain one, so plain is the safe side). A cache write may cost more than plain input,
 * so a catalog should price it where the provider does.
 *
 * The prices are those of the highest step that the input passes, all kinds of input tokens
 * together, and they count for the whole request. */
uint64_t money_cost_nusd(const struct policy *policy,
                         const struct policy_route *route,
                         const struct usage *usage);

/* What this usage costs at these prices, one for each unit, plainer units in place of those that
 * have none as above. */
uint64_t money_priced_nusd(const uint64_t *price_pusd, uint64_t priced, const struct usage *usage);

/* The request's family has output tokens: all but embeddings have. */
static inline bool money_puts_out(const struct facts *facts)
{
    return facts->family != FAMILY_OPENAI_EMBEDDINGS;
}

/* Output tokens that an attempt may produce in each choice: what the caller asks for, else the
 * smaller of the policy's cap and its entry's, else the route's maximum; none of a family without
 * output. */
uint64_t money_output_tokens(const struct engine_input *input, const struct policy_route *route);

/* What an attempt of this request may cost: the input estimate and the output tokens of every
 * choice, each of them a reasoning token where those cost more. */
uint64_t money_estimate_nusd(const struct engine_input *input, const struct policy_route *route);

/* What the attempt that input->report ended is charged. Reported usage counts. Without it: nothing
 * when the body did not leave in full or the provider answered with an error status (none bills
 * those); a stream is charged the input estimate and the tokens seen; all else the estimate of the
 * whole attempt. Units of the provider's own come on top: those with a price, by their counts.
 * *ret_estimated: tokens were estimated, or such a unit has no price or a count that is no number,
 * and so is missing in the charge. */
uint64_t money_charge_nusd(const struct engine_input *input,
                           const struct policy_route *route,
                           bool *ret_estimated);

/* The sum, saturated. */
static inline uint64_t money_sum_nusd(uint64_t a_nusd, uint64_t b_nusd)
{
    return a_nusd > UINT64_MAX - b_nusd ? UINT64_MAX : a_nusd + b_nusd;
}

#endif
