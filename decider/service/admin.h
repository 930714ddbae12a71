/* What the admin thread's calls share: their read transaction, who may see what, a new snapshot.
 * Admin thread. */
#ifndef SERVICE_ADMIN_H
#define SERVICE_ADMIN_H

#include "service/state.h"

/* A page, and what one call walks at most. */
#define ADMIN_ROWS_DEFAULT     100
#define ADMIN_ROWS_MAX         1000
#define ADMIN_WALK_ROWS_MAX    10000
#define ADMIN_RECORD_BYTES_MAX (DOCUMENT_BYTES_MAX + 64 * 1024)

/* Between the two, values that store_get lends stay. */
MUST_USE enum result admin_begin(struct service *service);
void admin_end(struct service *service);

/* Sets the message and returns result. */
enum result admin_fail(struct admin_call *call, enum result result, const char *message);

/* rows_max of a list: 0 reads as the default. */
unsigned admin_rows(unsigned rows_max);

/* Writes, and then puts the parts into service; NULL parts stay as they are. Nothing changes when
 * the write fails. */
MUST_USE enum result admin_commit(struct service *service,
                                  struct store_write *write,
                                  struct policy_set *policies,
                                  struct key_set *keys,
                                  struct catalog_set *catalog);

#endif
