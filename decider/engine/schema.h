/* JSON Schemas (2020-12) of the documents, for editors and for whoever checks a document before it
 * is sent. They come out of the same tables as the reader, so they agree with it on everything that
 * is shape (engine/field_schema.h). policies/schema/ holds their text. Pure. */
#ifndef ENGINE_SCHEMA_H
#define ENGINE_SCHEMA_H

#include "base/buf.h"
#include "signalbox/result.h"

enum schema_kind {
    SCHEMA_KIND_POLICY,
    SCHEMA_KIND_CATALOG,
    SCHEMA_KIND_EVIDENCE,
    SCHEMA_KIND_POLICY_TEST,
    SCHEMA_KIND_END
};

/* "policy": policies/schema/policy.schema.json */
const char *schema_name(enum schema_kind kind);
/* Appends the schema, indented, with a line break at its end. RESULT_NO_MEMORY. */
MUST_USE enum result schema_write(enum schema_kind kind, struct buf *buf);

#endif
