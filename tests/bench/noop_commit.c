#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/uuid.h"
#include "noop.h"

#define TENANT    "demo"
#define MAP_BYTES (UINT64_C(64) << 30)

static void on_bell(struct tag *tag, bool ok)
{
    struct noop *noop = CONTAINER_OF(tag, struct noop, on_bell);

    (void)ok;
    atomic_store(&noop->rung, false);
}

bool noop_commit_open(struct noop *noop, const char *directory)
{
    const struct store_options options = {directory, MAP_BYTES, 16};
    struct store_error error;
    grpc_channel *channel;

    if (store_open(&options, &noop->store, &error)) {
        fprintf(stderr, "bench_noop: %s\n", error.text);
        return false;
    }
    noop->on_bell.fn = on_bell;
    channel = grpc_lame_client_channel_create("bell", GRPC_STATUS_UNAVAILABLE, "bell");
    noop->bell = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, noop->queue,
                                          grpc_slice_from_static_string("/bell"), NULL,
                                          gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    return true;
}

/* True when it is the first on the stack. */
static bool push(_Atomic(struct noop_item *) *stack, struct noop_item *item)
{
    item->next = atomic_load_explicit(stack, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(stack, &item->next, item))
        continue;
    return !item->next;
}

/* On the writer thread. */
static void on_done(struct store_write *write, enum result result)
{
    struct noop_item *item = CONTAINER_OF(write, struct noop_item, write);
    struct noop *noop = item->noop;

    invariant(result == RESULT_OK);
    if (item->unary)
        noop_unary_committed(item->unary);
    if (!item->stream)
        push(&noop->spare, item);
    else if (push(&noop->done, item) && !atomic_exchange(&noop->rung, true))
        message_start(noop->bell, NULL, 0, &noop->on_bell);
}

static struct noop_item *new_item(struct noop *noop)
{
    struct noop_item *item;

    if (!noop->free)
        noop->free = atomic_exchange(&noop->spare, NULL);
    item = noop->free;
    if (item)
        noop->free = item->next;
    else
        item = calloc(1, sizeof *item);
    invariant(item);
    return item;
}

void noop_commit(struct noop *noop,
                 const Signalbox__V1__DecideRequest *request,
                 const struct noop_item *report)
{
    struct noop_item *item = new_item(noop);
    struct uuid id = {{0}};

    invariant(uuid_parse(slice_of(request->request_id), &id));
    item->noop = noop;
    item->stream = report ? report->stream : NULL;
    item->unary = report ? report->unary : NULL;
    item->correlation_id = report ? report->correlation_id : 0;
    item->key = layout_request(id, SLICE_LITERAL(TENANT));
    item->write.done = on_done;
    item->write.ops_count = 1;
    item->write.ops[0] = (struct store_op){
        .kind = STORE_OP_PUT,
        .table = STORE_TABLE_HISTORY,
        .key = store_key_slice(&item->key),
        .value = {noop->record, report ? noop->report_record_bytes : noop->admission_record_bytes},
    };
    store_submit(noop->store, &item->write);
}

void noop_commit_turn(struct noop *noop)
{
    struct noop_item *item = NULL, *next;

    if (atomic_load_explicit(&noop->done, memory_order_relaxed))
        item = atomic_exchange(&noop->done, NULL);
    for (; item; item = next) {
        next = item->next;
        noop_stream_committed(item->stream, item->correlation_id);
        item->next = noop->free;
        noop->free = item;
    }
}
