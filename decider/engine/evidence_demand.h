/* What a fallback has to show before it may serve: because of the kind of change that it is, and of
 * the places where its routes are. One table for findings, differences, suggestions and gates. Not
 * what a document asks for on top. Pure. */
#ifndef ENGINE_EVIDENCE_DEMAND_H
#define ENGINE_EVIDENCE_DEMAND_H

#include "engine/catalog.h"

/* Where a route's data goes, and whose money and quota it takes there. */
struct evidence_place {
    struct slice provider, account, region;
    struct slice account_owner, spend_owner, quota_owner;
};

struct evidence_place evidence_place_of(const struct catalog_route *route);

/* Sets of enum evidence_kind. Of a tier that is no fallback route's: none. */
uint64_t evidence_demand_of_tier(enum tier tier);
/* What requests with tools need besides. */
uint64_t evidence_demand_of_tools(enum tier tier);
/* What crossing from the primary's place to another one needs. */
uint64_t evidence_demand_of_place(const struct evidence_place *home,
                                  const struct evidence_place *there);
/* The set of enum sign_off that a tier demands; not empty where it demands SIGN_OFF. */
uint64_t evidence_demand_sign_offs(enum tier tier);

#endif
