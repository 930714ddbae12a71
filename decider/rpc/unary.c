/* Decide.
 *
 * ARMED_COUNT requests are outstanding with gRPC at any time; each call has an object of its own
 * that goes back to the idle ones when the call has ended, so a burst of calls that wait for
 * commits does not hold up the next ones. A call that is answered at once costs one batch; only one
 * that has to wait listens for cancellation in a batch of its own. */
#include <stdlib.h>

#include "base/invariant.h"
#include "rpc/auth.h"
#include "rpc/state.h"

#define ARMED_COUNT 64
#define UNARY_MAX   4096

struct unary {
    struct rpc_server *server;
    struct list link; /* of the idle ones */
    struct tag on_request;
    struct tag on_close;
    struct tag on_done;
    grpc_call *call;
    struct call_head head;
    grpc_byte_buffer *payload;
    grpc_byte_buffer reply;
    struct ticket ticket;
    int cancelled;
    unsigned tags;  /* outstanding */
    bool has_reply; /* reply holds a message */
    bool asked;     /* the ticket is with the service */
    bool answered;  /* nothing more will be sent */
    bool listening; /* RECV_CLOSE has been started */
};

static void arm_all(struct rpc_server *server);

static void release(struct unary *unary)
{
    struct rpc_server *server = unary->server;

    if (unary->tags)
        return;
    if (unary->call)
        grpc_call_unref(unary->call);
    if (unary->payload)
        grpc_byte_buffer_destroy(unary->payload);
    grpc_metadata_array_destroy(&unary->head.metadata);
    list_append(&server->unary_idle, &unary->link);
    server->owner.live--;
    arm_all(server);
}

static void finish(struct unary *unary, struct call_status *status)
{
    struct call_batch batch = {.count = 0};

    unary->answered = true;
    call_add(&batch, GRPC_OP_SEND_INITIAL_METADATA);
    if (unary->has_reply)
        call_add_message(&batch, &unary->reply, 0);
    call_add_status(&batch, status);
    if (!unary->listening) {
        unary->listening = true;
        call_add_close(&batch, &unary->cancelled);
    }
    unary->tags++;
    call_start(unary->call, &batch, &unary->on_done);
    call_status_done(status);
}

static void fail(struct unary *unary, const struct wire_status *from)
{
    struct call_status status;

    call_status_set(&status, from, &unary->server->reply);
    finish(unary, &status);
    arena_reset(&unary->server->reply);
}

static void on_answer(struct ticket *ticket, const struct ticket_answer *answer)
{
    struct unary *unary = CONTAINER_OF(ticket, struct unary, ticket);
    struct arena *arena = &unary->server->reply;
    Signalbox__V1__DecideResponse response;
    struct call_status status;

    unary->asked = false;
    if (answer->result) {
        struct wire_status failed = {answer->result, answer->message, answer->reason, answer->field,
                                     answer->retry_after_ms};

        fail(unary, &failed);
        return;
    }
    signalbox__v1__decide_response__init(&response);
    response.decision = wire_put_decision(answer->decision, arena);
    if (!response.decision) {
        struct wire_status failed = {.result = RESULT_NO_MEMORY};

        arena_reset(arena);
        fail(unary, &failed);
        return;
    }
    call_buffer_init(&unary->reply);
    call_buffer_add(&unary->reply, call_pack(&response.base));
    unary->has_reply = true;
    arena_reset(arena);
    call_status_set_ok(&status);
    finish(unary, &status);
}

/* Reads the message and asks; false: *reterr_status. */
static bool
ask(struct unary *unary, struct wire_status *reterr_status, struct wire_error *reterr_error)
{
    struct rpc_server *server = unary->server;
    const struct method *method = method_row(METHOD_DECIDE);
    struct auth auth = auth_read(server->service, &unary->head.metadata);
    const struct principal *principal =
        auth_check(server, method, &auth, server->owner.now_ms, reterr_status);
    ProtobufCMessage *message = NULL;
    struct question question;
    struct slice bytes = {NULL, 0};
    enum result result;

    if (!principal)
        return false;
    result = call_bytes(unary->payload, method->bytes_max, &server->question, &bytes, reterr_error);
    if (!result)
        result = wire_unpack(method->request, bytes, &server->question, &message, reterr_error);
    if (!result)
        result = wire_get_question((const Signalbox__V1__DecideRequest *)message, &server->question,
                                   &question, reterr_error);
    if (result) {
        *reterr_status = call_wire_error(result, reterr_error);
        return false;
    }
    unary->asked = true;
    service_ask(server->service, principal, &question, server->owner.now_ms, &unary->ticket);
    return true;
}

static void listen_for_close(struct unary *unary)
{
    struct call_batch batch = {.count = 0};

    unary->listening = true;
    call_add_close(&batch, &unary->cancelled);
    unary->tags++;
    call_start(unary->call, &batch, &unary->on_close);
}

static void on_request(struct tag *tag, bool ok)
{
    struct unary *unary = CONTAINER_OF(tag, struct unary, on_request);
    struct rpc_server *server = unary->server;
    struct wire_error error;
    struct wire_status status = {.result = RESULT_UNAVAILABLE};

    unary->tags--;
    server->unary_armed--;
    if (!ok) {
        unary->call = NULL;
        release(unary);
        return;
    }
    arm_all(server);
    unary->tags++; /* held until this function has ended */
    if (server_draining(server) || !ask(unary, &status, &error))
        fail(unary, &status);
    arena_reset(&server->question);
    if (!unary->answered)
        listen_for_close(unary);
    unary->tags--;
    release(unary);
}

static void on_close(struct tag *tag, bool ok)
{
    struct unary *unary = CONTAINER_OF(tag, struct unary, on_close);

    (void)ok;
    unary->tags--;
    if (unary->asked) {
        /* Cancelled, or its deadline has passed; gRPC answers the caller by itself. */
        service_forget(unary->server->service, &unary->ticket);
        unary->asked = false;
        unary->answered = true;
    }
    release(unary);
}

static void on_done(struct tag *tag, bool ok)
{
    struct unary *unary = CONTAINER_OF(tag, struct unary, on_done);

    (void)ok;
    if (unary->has_reply)
        call_buffer_done(&unary->reply);
    unary->has_reply = false;
    unary->tags--;
    release(unary);
}

static struct unary *take(struct rpc_server *server)
{
    struct list *link = list_pop(&server->unary_idle);
    struct unary *unary;

    if (link)
        return CONTAINER_OF(link, struct unary, link);
    if (server->unary_count == UNARY_MAX)
        return NULL;
    unary = calloc(1, sizeof *unary);
    if (unary)
        server->unary_count++;
    return unary;
}

/* Puts one more request for a call into the queue. False: not now. */
static bool arm(struct rpc_server *server)
{
    struct unary *unary = take(server);

    if (!unary)
        return false;
    *unary = (struct unary){.server = server,
                            .on_request = {on_request},
                            .on_close = {on_close},
                            .on_done = {on_done},
                            .ticket = {.answer = on_answer}};
    list_init(&unary->link);
    list_init(&unary->ticket.link);
    grpc_metadata_array_init(&unary->head.metadata);
    if (server_request(server, METHOD_DECIDE, &unary->call, &unary->head, &unary->payload,
                       &unary->on_request)) {
        unary->tags++;
        server->owner.live++;
        server->unary_armed++;
        return true;
    }
    grpc_metadata_array_destroy(&unary->head.metadata);
    list_append(&server->unary_idle, &unary->link);
    return false;
}

static void arm_all(struct rpc_server *server)
{
    while (!server_draining(server) && server->unary_armed < ARMED_COUNT && arm(server))
        continue;
}

void unary_open(struct rpc_server *server)
{
    arm_all(server);
}

void unary_close(struct rpc_server *server)
{
    struct list *link;

    while ((link = list_pop(&server->unary_idle)))
        free(CONTAINER_OF(link, struct unary, link));
}
