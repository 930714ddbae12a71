/* protobuf-c messages <-> the plain structs of include/, both ways, and nothing else.
 *
 * Before protobuf-c sees bytes from outside, wire_scan reads them as the descriptor has them: it
 * refuses what protobuf-c would lose or let pass (text that is not UTF-8 or holds NUL, repeated
 * singular messages, duplicate map keys, values that are not members of their enum, nesting).
 *
 * Structs lend from the unpacked message, messages lend from structs and the arena. Every name here
 * is pure; arenas bound what a message may take. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/decision.h"
#include "signalbox/result.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/key.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

/* Where and what; the texts are short and safe to show. */
struct wire_error {
    char field[128]; /* "request.admission.tenant" */
    char text[192];
};

/* Scans and unpacks into the arena. RESULT_INVALID with reterr_error; RESULT_TOO_LARGE when the
 * arena's bound is reached. The message is freed with the arena. */
MUST_USE enum result wire_unpack(const ProtobufCMessageDescriptor *descriptor,
                                 struct slice bytes,
                                 struct arena *arena,
                                 ProtobufCMessage **ret_message,
                                 struct wire_error *reterr_error);
/* Without the scan, which is half of the work: for what this project's own decider packed. Still
 * safe with any bytes, and what becomes of them is checked as ever; only texts may come shortened
 * or not be UTF-8. *ret_message is NULL on failure. */
MUST_USE enum result wire_unpack_unscanned(const ProtobufCMessageDescriptor *descriptor,
                                           struct slice bytes,
                                           struct arena *arena,
                                           ProtobufCMessage **ret_message,
                                           struct wire_error *reterr_error);

/* One item of a packed StreamDecideRequest. request is what unpacks to a DecideRequest; requests is
 * how often it was there, and must be 1. */
struct wire_item {
    uint64_t correlation_id;
    struct slice request;
    unsigned requests;
};
/* Cuts the next item off *rest, which starts as the whole message, without looking into its
 * question: a bad question ends its item alone. RESULT_NOT_FOUND at the end; RESULT_INVALID when
 * the message itself is malformed. */
MUST_USE enum result wire_next_item(struct slice *rest, struct wire_item *ret_item);

/* Message to struct. Checks bounds of limits.h, enum membership and lengths. */
MUST_USE enum result wire_get_question(const Signalbox__V1__DecideRequest *message,
                                       struct arena *arena,
                                       struct question *ret_question,
                                       struct wire_error *reterr_error);
MUST_USE enum result wire_get_admission(const Signalbox__V1__Admission *message,
                                        struct arena *arena,
                                        struct facts *ret_facts,
                                        struct wire_error *reterr_error);
MUST_USE enum result wire_get_report(const Signalbox__V1__AttemptReport *message,
                                     struct arena *arena,
                                     struct report *ret_report,
                                     struct wire_error *reterr_error);
MUST_USE enum result wire_get_decision(const Signalbox__V1__Decision *message,
                                       struct arena *arena,
                                       struct decision *ret_decision,
                                       struct wire_error *reterr_error);
MUST_USE enum result wire_get_record(const Signalbox__V1__Record *message,
                                     struct arena *arena,
                                     struct record *ret_record,
                                     struct wire_error *reterr_error);

/* Struct to message, in the arena; NULL when its bound is reached. */
Signalbox__V1__DecideRequest *wire_put_question(const struct question *question,
                                                struct arena *arena);
Signalbox__V1__Admission *wire_put_admission(const struct facts *facts, struct arena *arena);
Signalbox__V1__AttemptReport *wire_put_report(const struct report *report, struct arena *arena);
Signalbox__V1__Decision *wire_put_decision(const struct decision *decision, struct arena *arena);
Signalbox__V1__Record *wire_put_record(const struct record *record, struct arena *arena);
Signalbox__V1__Trace *wire_put_trace(const struct trace *trace, struct arena *arena);
Signalbox__V1__RecordChange *wire_put_change(const struct record_change *change,
                                             struct arena *arena);

/* A trace value as people read it ("12000 ms", "0.05 USD", "tools, vision"); lent by the arena. */
struct slice wire_trace_text(const struct trace_value *value, struct arena *arena);

/* google.rpc.Status of an item or call that failed, with ErrorInfo, and BadRequest or RetryInfo as
 * the result asks for, packed. An empty reason goes out as the result's name and comes back empty.
 */
struct wire_status {
    enum result result;
    struct slice message;
    struct slice reason; /* ErrorInfo reason; domain is "signalbox" */
    struct slice field;  /* BadRequest field violation; empty: none */
    uint64_t retry_after_ms;
};
Google__Rpc__Status *wire_put_status(const struct wire_status *status, struct arena *arena);
/* Reads what wire_put_status wrote; unknown details are passed over. */
MUST_USE enum result wire_get_status(const Google__Rpc__Status *message,
                                     struct arena *arena,
                                     struct wire_status *ret_status);

/* Text of a slice as a C string in the arena, as protobuf-c wants it; NULL at the bound. */
char *wire_text(struct slice text, struct arena *arena);
/* A list of texts, and the members of a set, likewise; *ret_count is how many there are. */
char **wire_texts(struct texts texts, struct arena *arena, size_t *ret_count);
unsigned *wire_set(uint64_t set, struct arena *arena, size_t *ret_count);

#endif
