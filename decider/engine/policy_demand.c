/* Which evidence an entry needs: what its tier demands, what the boundary that it crosses demands,
 * and what the document asks for on top. The gates ask the same of each route; here it is said of
 * the whole entry, for findings and for what a change of the document means. */
#include "engine/evidence_demand.h"
#include "engine/policy_document.h"

uint64_t policy_demands(const struct policy_document *document, unsigned index)
{
    const struct catalog_route *primary = document->entries[0].routes[0].resolved;
    const struct document_entry *entry = &document->entries[index];
    uint64_t demands;

    if (index == 0 || entry->kind != ENTRY_KIND_ROUTE)
        return 0;
    demands = evidence_demand_of_tier(entry->tier) | evidence_demand_of_tools(entry->tier);
    for (unsigned i = 0; i < entry->routes_count; i++)
        if (primary && entry->routes[i].resolved) {
            struct evidence_place home = evidence_place_of(primary);
            struct evidence_place there = evidence_place_of(entry->routes[i].resolved);

            demands |= evidence_demand_of_place(&home, &there);
        }
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

    return entry->sign_offs | evidence_demand_sign_offs(entry->tier);
}
