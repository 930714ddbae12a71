/* Policies from documents to blocks: document, author, catalog and evidence of a version put
 * together. What goes in is stored for ever, so that any block can be made again, byte for byte.
 * Any thread with a read transaction of its own. */
#ifndef SERVICE_COMPILE_H
#define SERVICE_COMPILE_H

#include "base/buf.h"
#include "engine/policy_document.h"
#include "service/compiled.h"
#include "service/pieces.h"
#include "store/policy.h"

#define COMPILE_BYTES_MAX (256 * 1024 * 1024)

struct compile_source {
    uint32_t version;
    uint32_t catalog_version;
    struct evidence_author author;
    const struct pieces *pieces; /* of the document's workload and environment */
};

/* A document that was checked against the catalog. Appends to block, which is empty. */
MUST_USE enum result compile_document(const struct policy_document *document,
                                      const struct compile_source *source,
                                      struct arena *arena,
                                      struct buf *block);

/* A stored version with evidence up to row name->evidence_version. */
struct compile_order {
    struct policy_name name;
    const struct catalog *catalog; /* of name.catalog_version */
    const struct pieces *pieces;   /* in place of what is stored; NULL: none */
};

/* Everything that is needed meanwhile comes from the findings' arena. RESULT_NOT_FOUND: there is no
 * such version; RESULT_INVALID: it does not go with the catalog, the findings say why. */
MUST_USE enum result compile_stored(struct store_read *read,
                                    const struct compile_order *order,
                                    struct diagnostics *findings,
                                    struct buf *block);
/* The same as an object, with an arena of its own. findings may be NULL; else it is set up with an
 * arena by the caller, who gets the errors in it. */
MUST_USE enum result compile_new(struct store_read *read,
                                 const struct compile_order *order,
                                 struct diagnostics *findings,
                                 struct compiled **ret_compiled);

/* The document and who published it; lent by the read transaction. RESULT_NOT_FOUND,
 * RESULT_CORRUPT. */
MUST_USE enum result compile_read(struct store_read *read,
                                  struct slice policy_id,
                                  uint32_t version,
                                  struct policy_record *ret_record);

#endif
