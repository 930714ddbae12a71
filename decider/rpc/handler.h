/* Handlers of the unary methods on the admin thread: message in, service call, message out.
 *
 * Everything a handler makes lives in admin.arena, which is reset after the answer was packed. What
 * a request may hold is checked here field by field, so that the caller learns which field is
 * wrong; whether it makes sense is the service's business. */
#ifndef RPC_HANDLER_H
#define RPC_HANDLER_H

#include "rpc/method.h"
#include "service/evidence.h"
#include "service/service.h"
#include "wire/wire.h"

struct handling {
    struct service *service;
    struct admin_call admin; /* arena, caller, time; message and findings when something failed */
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    bool refused;            /* a field of the request is wrong; error says which */
    struct wire_error error; /* where the request is at fault, with RESULT_INVALID */
};

enum result handler_explain(struct handling *handling);
enum result handler_validate_policy(struct handling *handling);
enum result handler_publish_policy(struct handling *handling);
enum result handler_activate_policy(struct handling *handling);
enum result handler_roll_back_policy(struct handling *handling);
enum result handler_get_policy(struct handling *handling);
enum result handler_list_policies(struct handling *handling);
enum result handler_publish_catalog(struct handling *handling);
enum result handler_get_catalog(struct handling *handling);
enum result handler_get_route(struct handling *handling);
enum result handler_put_evidence(struct handling *handling);
enum result handler_revoke_evidence(struct handling *handling);
enum result handler_get_evidence(struct handling *handling);
enum result handler_list_evidence(struct handling *handling);
enum result handler_set_switch(struct handling *handling);
enum result handler_list_switches(struct handling *handling);
enum result handler_set_pin(struct handling *handling);
enum result handler_list_pins(struct handling *handling);
enum result handler_list_audit(struct handling *handling);
enum result handler_checklist(struct handling *handling);
enum result handler_test_policy(struct handling *handling);
enum result handler_diff_policies(struct handling *handling);
enum result handler_suggest_routes(struct handling *handling);
enum result handler_create_key(struct handling *handling);
enum result handler_list_keys(struct handling *handling);
enum result handler_revoke_key(struct handling *handling);
enum result handler_get_request(struct handling *handling);
enum result handler_replay_request(struct handling *handling);
enum result handler_submit_feedback(struct handling *handling);

/* ---- the answer ---- */

/* A message of this type in the arena, initialised; NULL at the arena's bound. */
void *handler_message(struct handling *handling, const ProtobufCMessageDescriptor *descriptor);
/* Room for count pointers to messages; NULL at the arena's bound. */
void *handler_items(struct handling *handling, size_t count);
/* Sets the response; RESULT_NO_MEMORY when it is NULL or the arena's bound was reached. */
enum result handler_answer(struct handling *handling, void *response);

/* Parts that several answers have; NULL at the arena's bound. The findings are those of the call,
 * as many as were kept. */
Signalbox__V1__Policy *handler_policy(struct handling *handling, const struct policy_summary *from);
Signalbox__V1__Diagnostic **handler_diagnostics(struct handling *handling, size_t *ret_count);

/* ---- fields of the request (handler_field.c) ----
 *
 * Each refuses what is out of its bounds by the field's name ("key.tenant") and goes on; the first
 * refusal stays. A handler reads all fields, then looks at handling->refused once. */

/* RESULT_INVALID with field and text set, unless an earlier field was refused. */
enum result handler_refuse(struct handling *handling, const char *field, const char *text);
/* At most 128 bytes. */
struct slice handler_name(struct handling *handling, const char *field, const char *text);
/* At most bytes_max. */
struct slice
handler_text(struct handling *handling, const char *field, const char *text, size_t bytes_max);
/* text again; the empty one is refused. */
struct slice handler_needed(struct handling *handling, const char *field, struct slice text);
/* Why somebody does it, for the audit trail: needed, at most 512 bytes. */
struct slice handler_reason(struct handling *handling, const char *text);
/* At most 64 names. */
struct texts
handler_names(struct handling *handling, const char *field, char *const *texts, size_t count);
/* Members of a list; its unspecified one is refused. */
uint64_t
handler_set(struct handling *handling, const char *field, const unsigned *numbers, size_t count);
/* page_size of a list request: 0 reads as 100, more than 1000 is refused. */
unsigned handler_page_rows(struct handling *handling, uint32_t page_size);
struct slice handler_page_token(struct handling *handling, const char *page_token);

#endif
