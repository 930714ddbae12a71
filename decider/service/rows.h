/* The rows of one write, encoded into memory of their own until it is committed: for administrative
 * calls whose number of rows depends on what they are about.
 *
 *   struct rows rows;
 *   rows_init(&rows);
 *   policy_record_encode(&record, rows_bytes(&rows));
 *   rows_put(&rows, STORE_TABLE_POLICY, store_key_slice(&key));     what was just encoded
 *   rows_audit(&rows, &audit);
 *   result = rows_commit(&rows, service, policies, NULL);
 *   rows_done(&rows);
 *
 * Failures are sticky and told by rows_commit. Admin thread. */
#ifndef SERVICE_ROWS_H
#define SERVICE_ROWS_H

#include "service/idempotent.h"
#include "service/state.h"
#include "store/control.h"

struct rows {
    struct arena arena;
    struct buf bytes; /* of the record that is being encoded */
    struct store_op *ops;
    unsigned count, capacity;
    bool failed; /* out of memory */
    bool too_large;
};

void rows_init(struct rows *rows);
void rows_done(struct rows *rows);

/* An empty buffer for the next record. */
struct buf *rows_bytes(struct rows *rows);
/* What was encoded into rows_bytes, under a key that is copied. */
void rows_put(struct rows *rows, enum store_table table, struct slice key);
/* Key and value are lent until the commit. */
void rows_lend(struct rows *rows, enum store_table table, struct slice key, struct slice value);
/* The key is lent until the commit. */
void rows_delete(struct rows *rows, enum store_table table, struct slice key);
void rows_audit(struct rows *rows, const struct audit_record *record);
/* Nothing without an idempotency id. repeat is lent until the commit. */
void rows_repeat(struct rows *rows, struct idempotent *repeat, struct slice answer);

/* As admin_commit. RESULT_NO_MEMORY and RESULT_TOO_LARGE: nothing is written. */
MUST_USE enum result rows_commit(struct rows *rows,
                                 struct service *service,
                                 struct policy_set *policies,
                                 struct catalog_set *catalog);

#endif
