/* The writer thread pushes what is done onto a stack and wakes the owner when the stack was empty;
 * the owner takes the whole stack and turns it around. */
#include "service/commit.h"

#include "base/invariant.h"
#include "service/boundary.h"
#include "service/trip.h"

#define RECORD_BYTES_MAX (4 * 1024 * 1024)

/* On the writer thread. */
static void on_done(struct store_write *write, enum result result)
{
    struct write_slot *slot = CONTAINER_OF(write, struct write_slot, write);
    struct service *service = slot->service;
    struct write_slot *head = atomic_load_explicit(&service->done, memory_order_relaxed);
    bool first;

    slot->result = result;
    /* Once it is pushed the slot is the owner's. */
    do {
        slot->next = head;
        first = !head;
    } while (!atomic_compare_exchange_weak_explicit(&service->done, &head, slot,
                                                    memory_order_release, memory_order_relaxed));
    if (first && service->wake)
        service->wake(service->wake_context);
}

/* The record, in the slot's own memory or, where it is longer, on the heap. */
static bool encode(struct write_slot *slot, const struct history *history, struct slice *ret_record)
{
    struct buf bytes;

    buf_init_fixed(&bytes, slot->record, sizeof slot->record);
    history_encode(history, &bytes);
    if (buf_failed(&bytes)) {
        history_encode(history, &slot->overflow);
        bytes = slot->overflow;
    }
    *ret_record = buf_slice(&bytes);
    return !buf_failed(&bytes);
}

static struct slice open_value(struct write_slot *slot, int64_t give_up_ms)
{
    struct buf bytes;

    buf_init_fixed(&bytes, slot->open_value, sizeof slot->open_value);
    buf_put_u64(&bytes, (uint64_t)give_up_ms);
    return buf_slice(&bytes);
}

enum result commit_submit(struct service *service, struct request *request)
{
    struct write_slot *slot = request_slot(request);
    struct slice key = store_key_slice(&request->key), record;
    bool gives_up = request->history.unreported_ms != 0;
    bool open = !request_ended(request) && !gives_up;
    unsigned count = 0;

    invariant(slot);
    buf_init(&slot->overflow, RECORD_BYTES_MAX);
    if (!encode(slot, &request->history, &record)) {
        buf_done(&slot->overflow);
        trip_free(service, request->trip, false);
        request->trip = NULL;
        return RESULT_NO_MEMORY;
    }
    slot->service = service;
    slot->request = request;
    slot->trip = request->trip;
    request->trip = NULL;
    slot->boundaries = request->history.boundaries_count;
    slot->gives_up = gives_up;
    slot->busy = true;
    slot->write.done = on_done;
    slot->write.more_ops = slot->trip ? slot->trip->rows.ops : NULL;
    slot->write.more_ops_count = slot->trip ? slot->trip->rows.count : 0;
    slot->write.ops[count++] = (struct store_op){STORE_OP_PUT, STORE_TABLE_HISTORY, key, record};
    if (open)
        slot->write.ops[count++] =
            (struct store_op){STORE_OP_PUT, STORE_TABLE_OPEN, key,
                              open_value(slot, boundary_give_up_ms(service, request))};
    else if (slot->boundaries > 1 || gives_up)
        slot->write.ops[count++] =
            (struct store_op){STORE_OP_DELETE, STORE_TABLE_OPEN, key, {NULL, 0}};
    slot->write.ops_count = count;
    store_submit(service->store, &slot->write);
    return RESULT_OK;
}

struct write_slot *commit_collect(struct service *service)
{
    struct write_slot *slot, *next, *first = NULL;

    if (!atomic_load_explicit(&service->done, memory_order_relaxed))
        return NULL;
    slot = atomic_exchange_explicit(&service->done, NULL, memory_order_acquire);
    for (; slot; slot = next) {
        next = slot->next;
        slot->next = first;
        first = slot;
    }
    return first;
}

void commit_release(struct write_slot *slot)
{
    trip_free(slot->service, slot->trip, slot->result == RESULT_OK);
    slot->trip = NULL;
    buf_done(&slot->overflow);
    slot->busy = false;
}
