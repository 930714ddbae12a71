/* Which evidence an entry needs: what its tier demands, what the boundary that it crosses demands,
 * and what the document asks for on top. The gates ask the same of each route; here it is said of
 * the whole entry, for findings and for what a change of the document means. */
#include "engine/policy_document.h"

#define TIER_SIGN_OFFS                                                                             \
    (SET_OF(SIGN_OFF_PRODUCT) | SET_OF(SIGN_OFF_ENGINEERING) | SET_OF(SIGN_OFF_POLICY))

static uint64_t tier_demands(enum tier tier)
{
    static const uint64_t demands[TIER_END] = {
        [TIER_SAME_MODEL] = SET_OF(EVIDENCE_KIND_PARITY),
        [TIER_SAME_FAMILY] = SET_OF(EVIDENCE_KIND_PARITY) | SET_OF(EVIDENCE_KIND_EVAL) |
                             SET_OF(EVIDENCE_KIND_TOOL_CONTRACT),
        [TIER_DIFFERENT_FAMILY] = SET_OF(EVIDENCE_KIND_PARITY) | SET_OF(EVIDENCE_KIND_EVAL) |
                                  SET_OF(EVIDENCE_KIND_TOOL_CONTRACT) |
                                  SET_OF(EVIDENCE_KIND_SIGN_OFF),
    };

    return demands[tier];
}

static uint64_t boundary_demands(const struct catalog_route *home,
                                 const struct catalog_route *route)
{
    const struct catalog_account *from = home->account, *to = route->account;
    bool same_account = slice_equal(from->id, to->id);
    bool same_owners = slice_equal(from->owner, to->owner) &&
                       slice_equal(from->spend_owner, to->spend_owner) &&
                       slice_equal(from->quota_owner, to->quota_owner);
    uint64_t demands = 0;

    if (!same_account || !slice_equal(from->provider->id, to->provider->id) ||
        !slice_equal(home->region, route->region))
        demands |= SET_OF(EVIDENCE_KIND_BOUNDARY_APPROVAL);
    if (!same_account)
        demands |= SET_OF(EVIDENCE_KIND_QUOTA_OWNER);
    if (!same_owners)
        demands |= SET_OF(EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL);
    return demands;
}

uint64_t policy_demands(const struct policy_document *document, unsigned index)
{
    const struct catalog_route *home = document->entries[0].routes[0].resolved;
    const struct document_entry *entry = &document->entries[index];
    uint64_t demands;

    if (index == 0 || entry->kind != ENTRY_KIND_ROUTE)
        return 0;
    demands = tier_demands(entry->tier);
    for (unsigned i = 0; i < entry->routes_count; i++)
        if (home && entry->routes[i].resolved)
            demands |= boundary_demands(home, entry->routes[i].resolved);
    if (entry->requires_eval_pass)
        demands |= SET_OF(EVIDENCE_KIND_EVAL);
    if (entry->requires_cost_owner)
        demands |= SET_OF(EVIDENCE_KIND_COST_OWNER);
    if (entry->requires_quota_owner)
        demands |= SET_OF(EVIDENCE_KIND_QUOTA_OWNER);
    if (entry->requires_tool_contract_pass)
        demands |= SET_OF(EVIDENCE_KIND_TOOL_CONTRACT);
    if (entry->sign_offs)
        demands |= SET_OF(EVIDENCE_KIND_SIGN_OFF);
    return demands;
}

uint64_t policy_sign_offs(const struct policy_document *document, unsigned index)
{
    const struct document_entry *entry = &document->entries[index];

    return entry->sign_offs | (entry->tier == TIER_DIFFERENT_FAMILY ? TIER_SIGN_OFFS : 0);
}
