/* The demands of tiers as a table, those of places as three comparisons. Places are texts, not
 * routes, because some who ask have a catalog and some have a compiled policy. */
#include "engine/evidence_demand.h"

struct tier_row {
    uint64_t kinds;
    uint64_t with_tools;
    uint64_t sign_offs;
};

#define K(KIND) SET_OF(EVIDENCE_KIND_##KIND)
#define R(ROLE) SET_OF(SIGN_OFF_##ROLE)

static const struct tier_row tiers[TIER_END] = {
    [TIER_SAME_MODEL] = {K(PARITY), 0, 0},
    [TIER_SAME_FAMILY] = {K(PARITY) | K(EVAL), K(TOOL_CONTRACT), 0},
    [TIER_DIFFERENT_FAMILY] = {K(PARITY) | K(EVAL) | K(SIGN_OFF), K(TOOL_CONTRACT),
                               R(PRODUCT) | R(ENGINEERING) | R(POLICY)},
};

static const struct tier_row *row_of(enum tier tier)
{
    return &tiers[(unsigned)tier < TIER_END ? tier : TIER_UNSPECIFIED];
}

struct evidence_place evidence_place_of(const struct catalog_route *route)
{
    const struct catalog_account *account = route->account;

    return (struct evidence_place){
        .provider = account->provider->id,
        .account = account->id,
        .region = route->region,
        .account_owner = account->owner,
        .spend_owner = account->spend_owner,
        .quota_owner = account->quota_owner,
    };
}

uint64_t evidence_demand_of_tier(enum tier tier)
{
    return row_of(tier)->kinds;
}

uint64_t evidence_demand_of_tools(enum tier tier)
{
    return row_of(tier)->with_tools;
}

uint64_t evidence_demand_of_place(const struct evidence_place *home,
                                  const struct evidence_place *there)
{
    bool same_account = slice_equal(home->account, there->account);
    uint64_t demands = 0;

    if (!same_account || !slice_equal(home->provider, there->provider) ||
        !slice_equal(home->region, there->region))
        demands |= K(BOUNDARY_APPROVAL);
    if (!same_account)
        demands |= K(QUOTA_OWNER);
    if (!slice_equal(home->account_owner, there->account_owner) ||
        !slice_equal(home->spend_owner, there->spend_owner) ||
        !slice_equal(home->quota_owner, there->quota_owner))
        demands |= K(ACCOUNT_OWNER_APPROVAL);
    return demands;
}

uint64_t evidence_demand_sign_offs(enum tier tier)
{
    return row_of(tier)->sign_offs;
}
