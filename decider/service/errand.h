/* How the admin thread has something done with live state: it hands an errand to the owner, and
 * waits until the owner has looked, changed memory, and had stored what is to be stored.
 *
 *   begin    on the owner thread; looks and acts, and puts what is to be stored into rows. With a
 *            result other than RESULT_OK nothing is stored.
 *   ... rows are committed in the order in which errands begin, and in that of the requests' own
 *       writes that the owner submits
 *   end      on the owner thread; errand->result is that of begin, or else of the commit
 *
 * An errand is on the heap and owns all that it uses, because a caller that has waited in vain
 * leaves it behind. Where no thread has turned yet, or the caller is the owner's thread, all of it
 * happens inside the call. */
#ifndef SERVICE_ERRAND_H
#define SERVICE_ERRAND_H

#include "service/rows.h"
#include "service/state.h"

struct errand {
    enum result (*begin)(struct service *service, struct errand *errand);
    void (*end)(struct service *service, struct errand *errand); /* or NULL */
    void (*free)(struct errand *errand);                         /* of the object around it */
    struct rows rows;
    enum result result;
    /* The handing over's. */
    struct service *service;
    struct errand *next;
    struct store_write write;
    bool running, done, abandoned; /* under the mutex of service->handover */
};

/* Members besides the functions are set here. */
void errand_init(struct errand *errand);
/* The errand and the object around it. */
void errand_free(struct errand *errand);

/* Has the owner carry it out. True: errand->result tells; the caller frees it. False: the owner did
 * not come to it in time, and frees it when it does; nothing of it was begun, or its commit is
 * still under way. Admin thread, or the owner's. */
MUST_USE bool errand_carry_out(struct service *service, struct errand *errand);
/* Owner thread: has the rows stored, which are there already, with nobody waiting; then frees it.
 */
void errand_start(struct service *service, struct errand *errand);

/* Owner thread, in every turn. */
void errands_turn(struct service *service);
/* When no thread is left that could: frees what was handed over. */
void errands_done(struct service *service);

#endif
