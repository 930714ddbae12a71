/* One worker's questions to the decider, answered on the worker's own loop.
 *
 * The client library answers on its thread; each answer is copied there into the asking it belongs
 * to and put on a lock-free list, and the worker is woken through a descriptor it watches. Apart
 * from that callback everything is the worker's thread's. */
#ifndef ASK_ASKER_H
#define ASK_ASKER_H

#include "core/answer.h"

struct asker;
struct asking;

/* Registers a worker with the client. NULL: out of memory or descriptors, or the client is closing.
 */
struct asker *asker_open(struct signalbox_client *client);
/* After the client was closed: no callback runs any more. Takes NULL. */
void asker_close(struct asker *asker);

/* Readable when answers are there. */
int asker_fd(const struct asker *asker);
/* Takes what is there, in the order it came; on_answer gets each owner and its asking. */
void asker_run(struct asker *asker, void (*on_answer)(void *owner, struct asking *asking));

/* Always followed by an answer, a refusal to take the question too. NULL: out of memory. */
struct asking *
asker_ask(struct asker *asker, const struct question *question, uint32_t timeout_ms, void *owner);
/* Valid once answered, until asking_release. */
const struct answer *asking_answer(const struct asking *asking);
/* Done with it; before the answer too: then the question is withdrawn. Takes NULL. */
void asking_release(struct asking *asking);

/* For lists of the owner. */
struct asking *asking_next(const struct asking *asking);
void asking_set_next(struct asking *asking, struct asking *next);

#endif
