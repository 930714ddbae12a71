/* What comes of attempts, told to the rollback rules; and what follows when one trips.
 *
 * On a fallback entry the rule switches the entry off: in memory at once, on disk with the record
 * of the request in whose outcome it tripped. On a primary it is only told, once per window. Owner
 * thread, but for the trips that go with a call. */
#ifndef SERVICE_TRIP_H
#define SERVICE_TRIP_H

#include "service/rows.h"
#include "service/state.h"

/* Rows that go with what made a rule trip. */
struct trip {
    struct rows rows;
    struct store_key key; /* of the switch that was turned off */
    uint32_t version;     /* 0: none was; the rows are alerts */
};

/* The attempt that was reported on. late: it had been given up as unreported before. NULL: nothing
 * trips, or there is no memory for rows; then the switch is stored later. The caller hands it to
 * the commit, or frees it. */
struct trip *trip_on_report(struct service *service,
                            const struct request *request,
                            const struct engine_input *input,
                            const struct engine_output *output,
                            bool late);
/* Nobody reported on the request's last attempt. */
struct trip *
trip_on_give_up(struct service *service, const struct request *request, int64_t now_ms);
/* The commit is done, or will not be. Takes NULL. */
void trip_free(struct service *service, struct trip *trip, bool stored);

/* A word on an answer, for rule negative_feedback. */
struct trip_feedback {
    const struct policy *policy; /* that serves now */
    unsigned entry;              /* that answered */
    struct slice tenant;
    struct uuid request_id;
    enum feedback feedback;
    enum feedback before; /* the word that this one replaces, or unspecified */
    int64_t before_ms;
    int64_t now_ms;
    /* The rule's window without the word; set where it was counted. */
    bool counted;
    struct rollback_window window;
};
/* Both fill the empty trip with what is to be stored; trip_note_stored says what became of it. */
void trip_on_feedback(struct service *service, struct trip_feedback *feedback, struct trip *trip);
/* The word was not stored: it does not count, and will when it is said again. An entry that it
 * switched off stays off. */
void trip_forget_feedback(struct service *service, const struct trip_feedback *feedback);

/* A rule that reads no outcomes. */
struct trip_call {
    const struct policy *policy;
    unsigned entry;
    enum rollback_rule rule;
    struct slice detail;
    int64_t now_ms;
};
void trip_on_call(struct service *service, const struct trip_call *call, struct trip *trip);
/* The rows as part of others, which must not outlive the trip. */
void trip_lend(const struct trip *trip, struct rows *rows);
void trip_note_stored(struct service *service, const struct trip *trip, bool stored);

/* Stores what is off and not stored because its commit failed; in every turn. True: something is
 * left. */
bool trip_store_again(struct service *service, int64_t now_ms);

/* Trips of rules that read no outcomes, all that go with one write of the admin thread: their
 * entries are off in memory before it, and are stored by it. Admin thread.
 *
 *   calls = trip_calls_new(count)
 *   trip_calls_add(calls, compiled, &call)
 *   result = trip_calls_act(service, calls)     off from here on
 *   trip_calls_lend(calls, &rows)
 *   ... the write
 *   trip_calls_settle(service, calls, stored) */
struct trip_calls;

/* NULL: out of memory. */
struct trip_calls *trip_calls_new(unsigned count_max);
void trip_calls_free(struct trip_calls *calls); /* takes NULL; of those that have not acted */
/* call->policy is that of compiled; detail: why, of which at most 512 bytes are kept. */
void trip_calls_add(struct trip_calls *calls,
                    struct compiled *compiled,
                    const struct trip_call *call);
/* RESULT_TIMEOUT: the owner did not come to it; nothing is off, and calls is gone. */
MUST_USE enum result trip_calls_act(struct service *service, struct trip_calls *calls);
/* The rows are the calls' until they are settled. */
void trip_calls_lend(const struct trip_calls *calls, struct rows *rows);
/* What became of the write; frees calls. What is not stored is stored later. Takes NULL. */
void trip_calls_settle(struct service *service, struct trip_calls *calls, bool stored);

#endif
