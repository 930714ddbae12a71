/* Two stacks, as with the requests' writes: errands that have arrived, from the admin thread, and
 * errands whose rows are written, from the writer's. The owner pays two atomic loads per turn, and
 * the mutex only where somebody waits. */
#include "service/errand.h"

#include <errno.h>

#include "service/handover.h"

void errand_init(struct errand *errand)
{
    rows_init(&errand->rows);
    errand->result = RESULT_OK;
    errand->next = NULL;
    errand->running = errand->done = errand->abandoned = false;
}

void errand_free(struct errand *errand)
{
    rows_done(&errand->rows);
    errand->free(errand);
}

static void push(_Atomic(struct errand *) *stack, struct errand *errand)
{
    struct service *service = errand->service;
    struct errand *head = atomic_load_explicit(stack, memory_order_relaxed);
    bool first;

    do {
        errand->next = head;
        first = !head;
    } while (!atomic_compare_exchange_weak_explicit(stack, &head, errand, memory_order_release,
                                                    memory_order_relaxed));
    if (first && service->wake)
        service->wake(service->wake_context);
}

/* All of them, the first one first. */
static struct errand *take(_Atomic(struct errand *) *stack)
{
    struct errand *errand, *next, *first = NULL;

    if (!atomic_load_explicit(stack, memory_order_relaxed))
        return NULL;
    for (errand = atomic_exchange_explicit(stack, NULL, memory_order_acquire); errand;
         errand = next) {
        next = errand->next;
        errand->next = first;
        first = errand;
    }
    return first;
}

/* ---- the owner ---- */

static void on_written(struct store_write *write, enum result result)
{
    struct errand *errand = CONTAINER_OF(write, struct errand, write);

    errand->result = result;
    push(&errand->service->errands.written, errand);
}

/* True: rows are to be stored. */
static bool fill_write(struct errand *errand)
{
    const struct rows *rows = &errand->rows;

    if (errand->result == RESULT_OK && rows->failed)
        errand->result = RESULT_NO_MEMORY;
    else if (errand->result == RESULT_OK && rows->too_large)
        errand->result = RESULT_TOO_LARGE;
    errand->write = (struct store_write){
        .done = on_written, .more_ops = rows->ops, .more_ops_count = rows->count};
    return errand->result == RESULT_OK && rows->count > 0;
}

/* True: nobody waits for it any more. running: whether the owner is at it from now on. */
static bool mark(struct errand *errand, bool running)
{
    pthread_mutex_t *mutex = &errand->service->handover.mutex;
    bool abandoned;

    pthread_mutex_lock(mutex);
    errand->running = running;
    abandoned = errand->abandoned;
    pthread_mutex_unlock(mutex);
    return abandoned;
}

static void finish(struct errand *errand)
{
    struct handover *handover = &errand->service->handover;
    bool abandoned;

    if (errand->end)
        errand->end(errand->service, errand);
    pthread_mutex_lock(&handover->mutex);
    abandoned = errand->abandoned;
    errand->done = true;
    pthread_cond_broadcast(&handover->swapped);
    pthread_mutex_unlock(&handover->mutex);
    if (abandoned)
        errand_free(errand);
}

static void run(struct errand *errand)
{
    struct service *service = errand->service;

    if (mark(errand, true)) {
        errand_free(errand);
        return;
    }
    errand->result = errand->begin(service, errand);
    if (!fill_write(errand)) {
        finish(errand);
        return;
    }
    mark(errand, false);
    store_submit(service->store, &errand->write);
}

void errand_start(struct service *service, struct errand *errand)
{
    errand->service = service;
    errand->abandoned = true;
    if (fill_write(errand))
        store_submit(service->store, &errand->write);
    else
        finish(errand);
}

void errands_turn(struct service *service)
{
    struct errand *errand, *next;

    for (errand = take(&service->errands.written); errand; errand = next) {
        next = errand->next;
        finish(errand);
    }
    for (errand = take(&service->errands.arrived); errand; errand = next) {
        next = errand->next;
        run(errand);
    }
}

void errands_done(struct service *service)
{
    struct errand *errand, *next;

    for (errand = take(&service->errands.written); errand; errand = next) {
        next = errand->next;
        errand_free(errand);
    }
    for (errand = take(&service->errands.arrived); errand; errand = next) {
        next = errand->next;
        errand_free(errand);
    }
}

/* ---- who hands over ---- */

static void carry_out_here(struct service *service, struct errand *errand)
{
    errand->result = errand->begin(service, errand);
    if (fill_write(errand))
        errand->result = store_write_wait(service->store, &errand->write);
    if (errand->end)
        errand->end(service, errand);
}

/* While the owner is at it, which is short, nobody leaves. */
static bool wait_for_end(struct handover *handover, struct errand *errand)
{
    struct timespec until = handover_deadline();
    int error = 0;
    bool done;

    pthread_mutex_lock(&handover->mutex);
    while (!errand->done && (error != ETIMEDOUT || errand->running)) {
        if (error == ETIMEDOUT)
            until = handover_deadline();
        error = pthread_cond_timedwait(&handover->swapped, &handover->mutex, &until);
    }
    done = errand->done;
    errand->abandoned = !done;
    pthread_mutex_unlock(&handover->mutex);
    return done;
}

bool errand_carry_out(struct service *service, struct errand *errand)
{
    errand->service = service;
    if (handover_is_owner(&service->handover)) {
        carry_out_here(service, errand);
        return true;
    }
    push(&service->errands.arrived, errand);
    return wait_for_end(&service->handover, errand);
}
