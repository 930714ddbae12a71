/* Boundary: where the data goes and in whose name: region, the caller's network, provider, account.
 */
#include "base/address.h"
#include "engine/gate.h"

static bool texts_have(const struct texts *texts, struct slice text)
{
    for (unsigned i = 0; i < texts->count; i++)
        if (slice_equal(texts->items[i], text))
            return true;
    return false;
}

/* Both the request's list and the policy's bind; the needed region is the first of the list that
 * the route is not on, else of the one that there is. */
static bool check_region(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    const struct texts *asked = &input->question->facts->allowed_regions;
    struct slice region = gate_route_text(input, input->route->region);
    bool by_request = !asked->count || texts_have(asked, region);
    bool by_policy = !policy->regions.len || policy_list_has(policy, policy->regions, region);
    struct trace_value needed = trace_word("");

    if (asked->count && (by_policy || !by_request))
        needed = trace_text(asked->items[0]);
    else if (policy->regions.len)
        needed = trace_text(policy_list_text(policy, policy->regions, 0));
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_REGION,
                                .verdict = gate_verdict_if(asked->count || policy->regions.len,
                                                           by_request && by_policy),
                                .found = trace_text(region),
                                .needed = needed,
                                .owner = gate_route_text(input, input->route->account_owner),
                            });
}

static bool is_on_a_network(const struct gate_input *input)
{
    struct policy_ref list = input->route->networks;
    const struct policy_network *networks = policy_at(input->question->policy, list.offset);
    uint8_t address[ADDRESS_BYTES];

    if (!address_parse(input->question->facts->client_address, address))
        return false;
    for (uint32_t i = 0; i < list.len; i++)
        if (address_within(address, networks[i].address, networks[i].bits))
            return true;
    return false;
}

static bool check_network(struct gate_input *input)
{
    bool required = input->route->networks.len;
    struct slice address = input->question->facts->client_address;

    return gate_find(input,
                     &(struct gate_finding){
                         .check = CHECK_NETWORK,
                         .verdict = gate_verdict_if(required, required && is_on_a_network(input)),
                         .found = address.len ? trace_text(address) : trace_word("unknown address"),
                         .needed = trace_word(required ? "an address on the list" : ""),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}

/* One of the policy's list, where it has one. */
static bool check_provider(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    struct policy_ref list = policy->providers;
    struct slice provider = gate_route_text(input, input->route->provider);

    return gate_find(
        input,
        &(struct gate_finding){
            .check = CHECK_PROVIDER,
            .verdict = gate_verdict_if(list.len, policy_list_has(policy, list, provider)),
            .found = trace_text(provider),
            .needed = list.len ? trace_text(policy_list_text(policy, list, 0)) : trace_word(""),
        });
}

/* A key that a tenant brought serves that tenant alone, and the policy's list binds. */
static bool check_account(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    struct policy_ref list = policy->accounts;
    struct slice account = gate_route_text(input, input->route->account);
    struct slice tenant = gate_route_text(input, input->route->account_tenant);
    bool others_key = tenant.len && !slice_equal(tenant, input->question->facts->tenant);
    bool listed = !list.len || policy_list_has(policy, list, account);
    struct trace_value needed = trace_word("");

    if (others_key || (tenant.len && listed))
        needed = trace_word("the tenant's own key");
    else if (list.len)
        needed = trace_text(policy_list_text(policy, list, 0));
    return gate_find(
        input, &(struct gate_finding){
                   .check = CHECK_ACCOUNT,
                   .verdict = gate_verdict_if(tenant.len || list.len, !others_key && listed),
                   .found = others_key ? trace_word("another tenant's key") : trace_text(account),
                   .needed = needed,
                   .owner = gate_route_text(input, input->route->account_owner),
               });
}

bool gate_boundary_place_check(struct gate_input *input)
{
    bool passes = check_region(input);

    passes &= check_network(input);
    passes &= check_provider(input);
    passes &= check_account(input);
    return passes;
}
