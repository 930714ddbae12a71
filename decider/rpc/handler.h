/* Handlers of the unary methods on the admin thread: message in, service call, message out.
 *
 * Everything a handler makes lives in admin.arena, which is reset after the answer was packed. */
#ifndef RPC_HANDLER_H
#define RPC_HANDLER_H

#include "rpc/method.h"
#include "service/service.h"
#include "wire/wire.h"

struct handling {
    struct service *service;
    struct admin_call admin; /* arena, caller, time; message and findings when something failed */
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    struct wire_error error; /* where the request is at fault, with RESULT_INVALID */
};

enum result handler_explain(struct handling *handling);
enum result handler_validate_policy(struct handling *handling);
enum result handler_publish_policy(struct handling *handling);
enum result handler_activate_policy(struct handling *handling);
enum result handler_get_policy(struct handling *handling);
enum result handler_list_policies(struct handling *handling);
enum result handler_publish_catalog(struct handling *handling);
enum result handler_get_catalog(struct handling *handling);
enum result handler_create_key(struct handling *handling);
enum result handler_list_keys(struct handling *handling);
enum result handler_revoke_key(struct handling *handling);
enum result handler_get_request(struct handling *handling);
enum result handler_replay_request(struct handling *handling);

/* A message of this type in the arena, initialised; NULL at the arena's bound. */
void *handler_message(struct handling *handling, const ProtobufCMessageDescriptor *descriptor);
/* Sets the response; RESULT_NO_MEMORY when it is NULL or the arena's bound was reached. */
enum result handler_answer(struct handling *handling, void *response);
/* RESULT_INVALID with field and text set. */
enum result handler_refuse(struct handling *handling, const char *field, const char *text);
/* page_size of a list request: 0 reads as 100, more than 1000 is refused with 0. */
unsigned handler_page_rows(struct handling *handling, uint32_t page_size);

#endif
