/* A request's record on its way to disk and back. Owner thread, but for what the writer thread
 * calls inside. */
#ifndef SERVICE_COMMIT_H
#define SERVICE_COMMIT_H

#include "service/state.h"

/* Encodes the request as it stands and submits it: the record, its row in the open table, and what
 * a rollback rule did because of it. At most REQUEST_WRITES of one request are under way.
 * RESULT_NO_MEMORY: nothing is submitted. */
MUST_USE enum result commit_submit(struct service *service, struct request *request);
/* What has been written since the last call, in the order of submission, linked by next. The slots
 * are the owner's again, but still busy. */
struct write_slot *commit_collect(struct service *service);
/* Frees the slot for the next write. */
void commit_release(struct write_slot *slot);

#endif
