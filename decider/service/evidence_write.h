/* Evidence on its way into the store, as the files that put it and take it back share it. Admin
 * thread, between admin_begin and admin_end. */
#ifndef SERVICE_EVIDENCE_WRITE_H
#define SERVICE_EVIDENCE_WRITE_H

#include "service/admin.h"
#include "service/evidence_read.h"
#include "service/rows.h"

struct evidence_write {
    struct service *service;
    struct admin_call *call;
    struct idempotent *repeat;
    struct evidence_row *made; /* with numbers of their own, in order */
    unsigned count;
    uint32_t last; /* number given */
    struct rows rows;
    struct policy_set *policies; /* with what serves the touched places; NULL: nothing does */
    struct trip_calls *trips;    /* whose rows are among those; NULL: none */
};

void evidence_write_begin(struct evidence_write *write,
                          struct service *service,
                          struct admin_call *call,
                          struct idempotent *repeat);
void evidence_write_done(struct evidence_write *write);

/* Who calls, and for which user. */
struct slice evidence_write_key(const struct admin_call *call);
struct slice evidence_write_user(const struct admin_call *call);

/* A row under its number, and the number's own. */
void evidence_write_row(struct evidence_write *write, const struct evidence_row *row);
void evidence_write_audit(struct evidence_write *write,
                          const struct evidence_row *row,
                          enum audit_action action,
                          struct slice detail);
/* Compiles what serves the places of made anew with it. RESULT_TOO_LARGE with a message: a place
 * has as many pieces as it may have. */
MUST_USE enum result evidence_write_places(struct evidence_write *write);
/* Tells rollback rule failed_eval of the evaluations in the list that were not passed, for every
 * entry of every version in service that answers with their model. What it turns off is off when
 * this returns, and its rows go with the others: evidence_write_commit comes next. */
MUST_USE enum result evidence_trip(struct evidence_write *write, const struct evidence_list *list);
MUST_USE enum result evidence_write_commit(struct evidence_write *write);

#endif
