/* The tables of policy_document.def, and the functions of their own that some fields have. For
 * policy_parse and policy_dump; nobody else needs it. */
#ifndef ENGINE_POLICY_FIELDS_H
#define ENGINE_POLICY_FIELDS_H

#include "engine/field.h"
#include "engine/policy_document.h"

/* Into struct policy_document. */
extern const struct field_table policy_document_fields;

/* Into struct document_entry: the table for the kind of fallback entry. */
const struct field_table *policy_entry_fields(enum entry_kind kind);

#define POLICY_OWN_FIELD(name)                                                                     \
    void policy_parse_##name(struct field_reader *reader, const struct json_node *node,            \
                             const struct field *field, void *target);                             \
    bool policy_dump_##name(struct buf *buf, const struct field *field, const void *target,        \
                            unsigned depth)

POLICY_OWN_FIELD(fallbacks);
POLICY_OWN_FIELD(requires);
POLICY_OWN_FIELD(default_response);
POLICY_OWN_FIELD(allowed_reasons);
POLICY_OWN_FIELD(blocked_reasons);
POLICY_OWN_FIELD(payload_logging_mode);

/* Findings for every word of the entry's allowed_reasons that its blocked_reasons take back. */
void policy_parse_contradictions(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct document_entry *entry);

#endif
