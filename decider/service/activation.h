/* The one place through which activation goes: what serves a workload and environment is replaced
 * here, whatever asked for it. Where several deciders share an engine one day, this is what is
 * decided there.
 *
 * Activations of a place are numbered. The row of each says what it made active and which row
 * rolling back from it restores, so that rolling back again goes further back:
 *
 *   1 activate p@1              before 0
 *   2 activate p@2              before 1
 *   3 activate p@3 for 10 %     before 2     p@2 stays, p@3 beside it
 *   4 roll back                 before 1     to row 2's state, and from there as from row 2
 *   5 roll back                 before 0     to row 1's
 *
 * Admin thread, between admin_begin and admin_end. */
#ifndef SERVICE_ACTIVATION_H
#define SERVICE_ACTIVATION_H

#include "service/control.h"
#include "service/rows.h"

/* What is to serve a place from now on. */
struct activation {
    struct slice workload, environment;
    const struct serving *before; /* NULL: nothing serves there */
    struct compiled *whole;
    struct compiled *canary; /* NULL: none */
    uint32_t canary_percent;
    struct compiled *replaced; /* goes; NULL: nothing does */
    enum audit_action action;
    uint32_t restores; /* the row that rolling back from here restores; 0: none */
    struct slice reason;
    struct idempotent *repeat;
};

/* Rows, audit and the new state in one write; then it serves. */
MUST_USE enum result activation_commit(struct service *service,
                                       struct admin_call *call,
                                       const struct activation *activation,
                                       struct activation_summary *ret_summary);
/* Nothing is to be changed: tells how the place stands, and remembers the call. */
MUST_USE enum result activation_keep(struct service *service,
                                     struct admin_call *call,
                                     const struct activation *activation,
                                     struct activation_summary *ret_summary);
/* The answer of a call that was carried out before. */
MUST_USE enum result activation_again(struct service *service,
                                      struct admin_call *call,
                                      struct slice answer,
                                      struct activation_summary *ret_summary);

/* The row of the activation that made the whole version serve: with a canary, the one before. 0:
 * nothing serves, or it does since before activations were numbered. */
MUST_USE enum result
activation_whole(struct service *service, const struct serving *serving, uint32_t *ret_number);
/* A row of the place of serving; lent. */
MUST_USE enum result activation_read(struct service *service,
                                     const struct serving *serving,
                                     uint32_t number,
                                     struct activation_record *ret_record);
/* RESULT_PRECONDITION with a message: the caller saw another activation last. */
MUST_USE enum result
activation_expect(struct admin_call *call, const struct serving *serving, struct slice etag);

#endif
