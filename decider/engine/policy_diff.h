/* What two versions of a policy differ in: fields, and what follows from them. Pure; in the arena.
 */
#ifndef ENGINE_POLICY_DIFF_H
#define ENGINE_POLICY_DIFF_H

#include "engine/policy_document.h"

struct policy_field_change {
    struct slice pointer;       /* RFC 6901, into the canonical form */
    struct slice before, after; /* compact JSON; empty: not there */
};

struct policy_diff {
    struct policy_field_change *fields;
    unsigned fields_count;
    struct slice *consequences; /* sentences, such as "A timeout on the primary no longer goes to
                                   entry 1 (approved-backup-at-mock-b)." */
    unsigned consequences_count;
};

/* The name of an entry of a checked document: its first route's id, "queue:NAME" or
 * "default_response"; in the arena or lent. */
struct slice policy_document_entry_name(const struct policy_document *document,
                                        unsigned index,
                                        struct arena *arena);

/* Both checked against a catalog. RESULT_NO_MEMORY. */
MUST_USE enum result policy_diff(const struct policy_document *before,
                                 const struct policy_document *after,
                                 struct arena *arena,
                                 struct policy_diff *ret_diff);

#endif
