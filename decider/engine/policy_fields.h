/* The tables of policy_document.def and policy_entry.def, and the functions of their own that some
 * fields have. For policy_parse and policy_dump, and for whoever describes the format. */
#ifndef ENGINE_POLICY_FIELDS_H
#define ENGINE_POLICY_FIELDS_H

#include "engine/field.h"
#include "engine/policy_document.h"

/* Into struct policy_document. */
extern const struct field_table policy_document_fields;
/* Into struct document_route: one of several equivalent routes. */
extern const struct field_table policy_route_fields;

/* Into struct document_entry: the table for the kind of fallback entry. */
const struct field_table *policy_entry_fields(enum entry_kind kind);

#define POLICY_OWN_FIELD(name)                                                                     \
    void policy_parse_##name(struct field_reader *reader, const struct json_node *node,            \
                             const struct field *field, void *target);                             \
    bool policy_dump_##name(struct buf *buf, const struct field *field, const void *target,        \
                            unsigned depth)

POLICY_OWN_FIELD(fallbacks);
POLICY_OWN_FIELD(routes);
POLICY_OWN_FIELD(requires);
POLICY_OWN_FIELD(default_response);
POLICY_OWN_FIELD(allowed_reasons);
POLICY_OWN_FIELD(blocked_reasons);
POLICY_OWN_FIELD(payload_logging_mode);
POLICY_OWN_FIELD(multiple);

/* The words of allowed_reasons, or of blocked_reasons, as JSON strings parted by commas. */
void policy_put_reason_words(struct buf *buf, bool allowed);

/* More members of JSON Schemas: of a route, of what has routes, of a fallback route, of the
 * primary, of premium, of hold_output. */
#define POLICY_SCHEMA_ROUTE                                                                        \
    "\"anyOf\": [" FIELD_SCHEMA_HAS("route") ", " FIELD_SCHEMA_HAS("model") "]"
#define POLICY_SCHEMA_ROUTES                                                                       \
    "\"anyOf\": [" FIELD_SCHEMA_HAS("route") ", " FIELD_SCHEMA_HAS("model") ", " FIELD_SCHEMA_HAS( \
        "routes") "]"
#define POLICY_SCHEMA_ENTRY                                                                        \
    POLICY_SCHEMA_ROUTES ", " FIELD_SCHEMA_IF("requires_user_notice", "\"const\": true", "notice")
/* Of several routes the first one says what the policy serves; that it is the first is more than
 * validators in their strict modes let a schema say. */
#define POLICY_SCHEMA_A_ROUTE                                                                      \
    "{\"properties\": {\"routes\": {\"type\": \"array\", \"contains\": "                           \
    "{\"type\": \"object\", \"properties\": {\"route\": true}, \"required\": [\"route\"]}}}, "     \
    "\"required\": [\"routes\"]}"
#define POLICY_SCHEMA_PRIMARY                                                                      \
    "\"allOf\": [{" POLICY_SCHEMA_ROUTES "}, {\"anyOf\": [" FIELD_SCHEMA_HAS(                      \
        "route") ", " FIELD_SCHEMA_HAS("endpoint_family") ", " POLICY_SCHEMA_A_ROUTE "]}]"
#define POLICY_SCHEMA_PREMIUM                                                                      \
    "\"anyOf\": [" FIELD_SCHEMA_HAS("tenants") ", " FIELD_SCHEMA_HAS("keys") "]"
#define POLICY_SCHEMA_HOLD                                                                         \
    FIELD_SCHEMA_IF("until", "\"enum\": [\"tokens\", \"milliseconds\"]", "amount")

/* Rules between the fields of one entry, and what follows from them. For policy_parse. */
void policy_finish_entry(struct field_reader *reader,
                         const struct json_node *node,
                         struct document_entry *entry);
/* Rules between an entry and the policy's settings. */
void policy_finish_entry_limits(struct field_reader *reader,
                                const struct policy_document *document,
                                const struct document_entry *entry);
/* Findings for every word of the entry's allowed_reasons that its blocked_reasons take back. */
void policy_parse_contradictions(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct document_entry *entry);

/* Routes to the catalog's, tiers not yet. For policy_check. */
void policy_resolve(struct field_reader *reader,
                    struct policy_document *document,
                    const struct catalog *catalog);

#endif
