/* A catalog while it is parsed: what the tables of catalog_document.def fill in. References are
 * still names, because a document's lists may stand in any order. For catalog_parse and
 * catalog_route. */
#ifndef ENGINE_CATALOG_DRAFT_H
#define ENGINE_CATALOG_DRAFT_H

#include "engine/catalog.h"
#include "engine/field.h"

struct draft_account {
    struct catalog_account account;
    struct slice provider;
};

struct draft_route {
    struct catalog_route route;
    struct slice model;
    struct slice account;
    uint64_t lacks;
};

/* One list of the document: count items of some struct, and the node of each. */
struct draft_list {
    void *items;
    const struct json_node **nodes;
    unsigned count;
    struct map by_id; /* the first item of each id */
};

struct catalog_draft {
    struct draft_list providers; /* struct catalog_provider */
    struct draft_list accounts;  /* struct draft_account */
    struct draft_list models;    /* struct catalog_model */
    struct draft_list routes;    /* struct draft_route */
};

/* Fields of a route that do more than their kind; for struct draft_route. */
void catalog_parse_base_url(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target);
void catalog_parse_overrides(struct field_reader *reader,
                             const struct json_node *node,
                             const struct field *field,
                             void *target);
void catalog_parse_price(struct field_reader *reader,
                         const struct json_node *node,
                         const struct field *field,
                         void *target);
/* Adds to route, a copy of draft's whose account and model are found, what several fields decide.
 */
void catalog_route_finish(struct field_reader *reader,
                          const struct draft_route *draft,
                          const struct json_node *node,
                          struct catalog_route *route);

#endif
