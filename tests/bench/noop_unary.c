/* Decide. A slot serves one call after another; its answer is packed on the queue's thread, also
 * when the writer thread sends it. */
#include <stdlib.h>

#include "base/invariant.h"
#include "noop.h"

#define SLOTS 64

struct noop_unary {
    struct noop *noop;
    struct tag on_request, on_done;
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *question;
    grpc_byte_buffer answer;
    int cancelled;
};

static void arm(struct noop_unary *unary)
{
    struct noop *noop = unary->noop;

    unary->question = NULL;
    unary->metadata.count = 0;
    invariant(grpc_server_request_registered_call(
                  noop->server, noop->decide, &unary->call, &unary->deadline, &unary->metadata,
                  &unary->question, noop->queue, noop->queue, &unary->on_request) == GRPC_CALL_OK);
}

static void finish(struct noop_unary *unary)
{
    grpc_op ops[4] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_RECV_CLOSE_ON_SERVER}};

    ops[1].data.send_message.send_message = &unary->answer;
    ops[2].data.send_status_from_server.status = GRPC_STATUS_OK;
    ops[3].data.recv_close_on_server.cancelled = &unary->cancelled;
    message_start(unary->call, ops, 4, &unary->on_done);
}

void noop_unary_committed(struct noop_unary *unary)
{
    finish(unary);
}

static void decide(struct noop_unary *unary)
{
    struct noop *noop = unary->noop;
    struct slice bytes = message_bytes(unary->question, &noop->arena);
    Signalbox__V1__DecideResponse response = SIGNALBOX__V1__DECIDE_RESPONSE__INIT;
    const struct noop_item report = {.unary = unary};
    const Signalbox__V1__DecideRequest *request = (const void *)message_unpack(
        &signalbox__v1__decide_request__descriptor, bytes, &noop->arena);

    invariant(request);
    response.decision = noop_answer(noop, request->boundary);
    message_put(&unary->answer, message_pack(&response.base));
    if (noop->store && request->boundary) {
        noop_commit(noop, request, &report); /* from here on the writer may have finished it */
        return;
    }
    if (noop->store)
        noop_commit(noop, request, NULL);
    finish(unary);
}

/* The caller went away before its question was there. */
static void end_without_question(struct noop_unary *unary)
{
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_RECV_CLOSE_ON_SERVER}};

    message_put(&unary->answer, grpc_empty_slice());
    ops[0].data.send_status_from_server.status = GRPC_STATUS_INVALID_ARGUMENT;
    ops[1].data.recv_close_on_server.cancelled = &unary->cancelled;
    message_start(unary->call, ops, 2, &unary->on_done);
}

static void on_request(struct tag *tag, bool ok)
{
    struct noop_unary *unary = CONTAINER_OF(tag, struct noop_unary, on_request);
    grpc_byte_buffer *question = unary->question;

    invariant(ok);
    if (!question) {
        end_without_question(unary);
        return;
    }
    decide(unary);
    arena_reset(&unary->noop->arena);
    grpc_byte_buffer_destroy(question);
}

static void on_done(struct tag *tag, bool ok)
{
    struct noop_unary *unary = CONTAINER_OF(tag, struct noop_unary, on_done);

    (void)ok;
    message_done(&unary->answer);
    grpc_call_unref(unary->call);
    arm(unary);
}

void noop_unary_arm(struct noop *noop)
{
    struct noop_unary *slots = calloc(SLOTS, sizeof *slots);

    invariant(slots);
    for (unsigned i = 0; i < SLOTS; i++) {
        slots[i].noop = noop;
        slots[i].on_request.fn = on_request;
        slots[i].on_done.fn = on_done;
        grpc_metadata_array_init(&slots[i].metadata);
        arm(&slots[i]);
    }
}
