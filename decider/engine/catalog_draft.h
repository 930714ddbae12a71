/* A catalog while it is parsed: what the tables of catalog_document.def fill in. References are
 * still names, because a document's lists may stand in any order. For catalog_parse, catalog_model,
 * catalog_price and catalog_route. */
#ifndef ENGINE_CATALOG_DRAFT_H
#define ENGINE_CATALOG_DRAFT_H

#include "engine/catalog.h"
#include "engine/field.h"

#define CATALOG_ITEMS_MAX 10000

/* A named set of capabilities. */
struct draft_profile {
    struct slice id;
    uint64_t capabilities;
};

struct draft_account {
    struct catalog_account account;
    struct slice provider;
};

/* Prices as they are listed: no discount, no mark-up. */
struct draft_prices {
    uint64_t pusd[UNIT_END];
    uint64_t priced; /* set of enum unit */
};

struct draft_step {
    uint64_t above_input_tokens;
    struct draft_prices prices;
};

struct draft_route {
    struct catalog_route route;
    struct slice model;
    struct slice account;
    uint64_t lacks;
    struct draft_prices prices;
    struct draft_step *steps;
    unsigned steps_count;
    struct catalog_extra_unit *extra_units; /* at list prices */
    unsigned extra_units_count;
};

/* One list of the document: count items of some struct, and the node of each. */
struct draft_list {
    void *items;
    const struct json_node **nodes;
    unsigned count;
    struct map by_id; /* the first item of each id */
};

struct catalog_draft {
    struct draft_list profiles;  /* struct draft_profile */
    struct draft_list providers; /* struct catalog_provider */
    struct draft_list accounts;  /* struct draft_account */
    struct draft_list models;    /* struct catalog_model */
    struct draft_list routes;    /* struct draft_route */
};

/* Fields that do more than their kind. Of struct catalog_draft: */
void catalog_parse_profiles(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target);
/* of struct draft_account: */
void catalog_parse_ip_allow_list(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target);
/* of struct catalog_model: */
void catalog_parse_strengths(struct field_reader *reader,
                             const struct json_node *node,
                             const struct field *field,
                             void *target);
/* of struct draft_route: */
void catalog_parse_base_url(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target);
void catalog_parse_overrides(struct field_reader *reader,
                             const struct json_node *node,
                             const struct field *field,
                             void *target);

/* The document's members; for struct catalog_draft. */
extern const struct field_table catalog_document_fields;
/* A profile's capabilities, its one field; for struct draft_profile. */
extern const struct field_table catalog_profile_table;
/* For struct catalog_strength. */
extern const struct field_table catalog_strength_table;
/* The members of a route's prices; for struct draft_route. */
extern const struct field_table catalog_price_table;

/* node is an object of at most field->high members, or there is a finding and the result is false.
 */
bool catalog_expect_members(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field);
/* The member's key is a name, or there is a finding and the result is false. */
bool catalog_expect_key(struct field_reader *reader, const struct json_node *member);
/* The item of that name, or NULL, after a finding at node's member unless the name itself has one
 * already. */
const void *catalog_find_item(struct field_reader *reader,
                              const struct draft_list *list,
                              struct slice name,
                              const struct json_node *node,
                              const char *member);
/* Adds to a model what its profile can do. */
void catalog_model_finish(struct field_reader *reader,
                          const struct draft_list *profiles,
                          const struct json_node *node,
                          struct catalog_model *model);
/* Adds to route, a copy of draft's, what its prices come to. */
void catalog_price_finish(struct field_reader *reader,
                          const struct draft_route *draft,
                          const struct json_node *node,
                          struct catalog_route *route);
/* Adds to route, a copy of draft's whose account and model are found, what several fields decide.
 */
void catalog_route_finish(struct field_reader *reader,
                          const struct draft_route *draft,
                          const struct json_node *node,
                          struct catalog_route *route);

#endif
