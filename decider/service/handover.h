/* How a new snapshot gets from the admin thread to the owner.
 *
 * The admin thread leaves it in one atomic pointer, wakes the owner and waits until service_turn
 * has swapped it in. Where no thread has turned yet and none is expected, or the one that turned
 * last is the very thread that hands over (start-up, programs and tests on one thread), it is
 * swapped in at once. */
#ifndef SERVICE_HANDOVER_H
#define SERVICE_HANDOVER_H

#include <time.h>

#include "service/state.h"

/* An owner that does not turn for so long is taken for gone. */
#define HANDOVER_WAIT_MS 10000

MUST_USE bool handover_init(struct handover *handover);
void handover_done(struct handover *handover);

/* The admin thread: makes snapshot the newest and puts it into service. Takes over the caller's
 * reference. RESULT_TIMEOUT: it will be in service when the owner turns again. */
MUST_USE enum result handover_give(struct service *service, struct snapshot *snapshot);
/* The owner thread, at the start of a turn. */
void handover_take(struct service *service);

/* expected: a thread will turn that has not yet; until then nobody is the owner. Else the thread
 * that calls is taken for it. Before the first call of any thread. */
void handover_expect(struct handover *handover, bool expected);
/* The calling thread may touch live state itself: it is the one that turns, or none has yet. */
bool handover_is_owner(const struct handover *handover);
/* Until when one waits for the owner, on the clock of handover->swapped. */
struct timespec handover_deadline(void);

#endif
