/* What the three files of the exchange share: the handlers of exchange.def and the moves that one
 * part makes in another. Included by exchange*.c only. */
#ifndef CORE_EXCHANGE_PRIVATE_H
#define CORE_EXCHANGE_PRIVATE_H

#include "core/exchange.h"

/* What an event of the upstream side carries; all empty for bytes that were fed already. */
struct exchange_event {
    const struct answer *answer;
    const struct attempt_end *end; /* NULL: it goes on */
};

typedef void (*exchange_handler)(struct exchange *x, const struct exchange_event *event);

/* exchange.c */
void exchange_take_answer(struct exchange *x, const struct exchange_event *event);
void exchange_take_receipt(struct exchange *x, const struct exchange_event *event);
void exchange_ask_again(struct exchange *x, const struct exchange_event *event);
void exchange_note_leaving(struct exchange *x, const struct exchange_event *event);
/* Asks about the attempt that ended. */
void exchange_report(struct exchange *x, const struct attempt_end *end);
/* Reports an attempt that was decided and never sent. */
void exchange_report_unsent(struct exchange *x, const struct attempt_end *end);
void exchange_end(struct exchange *x, bool acknowledged);
bool exchange_deadline_passed(const struct exchange *x);

/* exchange_attempt.c */
void exchange_begin_attempt(struct exchange *x);
void exchange_end_delay(struct exchange *x, const struct exchange_event *event);
void exchange_leave_delay(struct exchange *x, const struct exchange_event *event);
void exchange_look_upstream(struct exchange *x, const struct exchange_event *event);
void exchange_check_limits(struct exchange *x, const struct exchange_event *event);
void exchange_leave_attempt(struct exchange *x, const struct exchange_event *event);
void exchange_on_piece(void *context, enum piece piece, struct slice raw);
/* Sets the one timer to what is due next in this state. */
void exchange_rearm(struct exchange *x);

/* exchange_reply.c */
/* Starts the stream if it has not begun, and lets go what is held. */
void exchange_release(struct exchange *x);
/* Tells the client that what it has so far is void. */
void exchange_mark_restart(struct exchange *x);
/* The answer in hand; last may be NULL: nobody acknowledged it. */
void exchange_deliver(struct exchange *x, const struct answer *last);
/* The decision's error, or ours for a decider that did not answer. */
void exchange_fail(struct exchange *x, const struct answer *answer);
void exchange_fail_queued(struct exchange *x, const struct answer *answer);

#endif
