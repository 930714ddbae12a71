/* The tables of evidence_document.def, for whoever describes the format. */
#ifndef ENGINE_EVIDENCE_FIELDS_H
#define ENGINE_EVIDENCE_FIELDS_H

#include "engine/evidence.h"
#include "engine/field.h"

/* {"evidence": [...]} */
extern const struct field_table evidence_list_fields;
/* Into struct evidence: the table of the kind. */
const struct field_table *evidence_piece_fields(enum evidence_kind kind);
/* What a check of the kind consists of at least when it was passed; an empty set for other kinds.
 * ret_words is not NULL and gets the words of the set. */
uint64_t evidence_kind_checks(enum evidence_kind kind, const struct field_words **ret_words);

#endif
