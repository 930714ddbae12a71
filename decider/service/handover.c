/* The owner pays one atomic load per turn, and the mutex only when there is something to swap. A
 * generation, not the pointer, tells the waiting side that its snapshot, or a newer one, is live.
 */
#include "service/handover.h"

#include <errno.h>

#include "base/clock.h"

/* Its address names the thread. */
static _Thread_local char this_thread;

bool handover_init(struct handover *handover)
{
    pthread_condattr_t attributes;
    bool done;

    atomic_init(&handover->next, NULL);
    atomic_init(&handover->owner, NULL);
    handover->generation = 0;
    if (pthread_condattr_init(&attributes))
        return false;
    done = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(&handover->swapped, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!done)
        return false;
    if (pthread_mutex_init(&handover->mutex, NULL)) {
        pthread_cond_destroy(&handover->swapped);
        return false;
    }
    return true;
}

void handover_done(struct handover *handover)
{
    snapshot_unref(atomic_exchange(&handover->next, NULL));
    pthread_mutex_destroy(&handover->mutex);
    pthread_cond_destroy(&handover->swapped);
}

static void swap_in(struct service *service, struct snapshot *snapshot)
{
    snapshot_unref(service->owner.live);
    service->owner.live = snapshot;
}

void handover_expect(struct handover *handover, bool expected)
{
    /* Its own address is no thread's. */
    atomic_store(&handover->owner, expected ? (const void *)handover : NULL);
}

bool handover_is_owner(const struct handover *handover)
{
    const void *owner = atomic_load(&handover->owner);

    return !owner || owner == &this_thread;
}

struct timespec handover_deadline(void)
{
    uint64_t until_ns = clock_monotonic_ns() + UINT64_C(1000000) * HANDOVER_WAIT_MS;

    return (struct timespec){.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
}

static enum result wait_for_swap(struct handover *handover, uint64_t generation)
{
    struct timespec until = handover_deadline();
    int error = 0;
    bool swapped;

    pthread_mutex_lock(&handover->mutex);
    while (handover->generation < generation && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&handover->swapped, &handover->mutex, &until);
    swapped = handover->generation >= generation;
    pthread_mutex_unlock(&handover->mutex);
    return swapped ? RESULT_OK : RESULT_TIMEOUT;
}

enum result handover_give(struct service *service, struct snapshot *snapshot)
{
    struct handover *handover = &service->handover;
    struct snapshot *before = service->admin.current;
    uint64_t generation = ++service->admin.generation;
    enum result result = RESULT_OK;

    snapshot->generation = generation;
    service->admin.current = snapshot;
    snapshot_ref(snapshot);
    if (handover_is_owner(handover)) {
        /* One that was never taken must not come after this one. */
        snapshot_unref(atomic_exchange(&handover->next, NULL));
        swap_in(service, snapshot);
    } else {
        /* One that the owner has not come to is dropped: this one holds its changes too. */
        snapshot_unref(atomic_exchange(&handover->next, snapshot));
        if (service->wake)
            service->wake(service->wake_context);
        result = wait_for_swap(handover, generation);
    }
    /* The last reference, when the owner has let go of it: to free what ten thousand policies share
     * takes longer than to decide, so it is done here. */
    snapshot_unref(before);
    return result;
}

void handover_take(struct service *service)
{
    struct handover *handover = &service->handover;
    struct snapshot *snapshot;

    if (atomic_load_explicit(&handover->owner, memory_order_relaxed) != &this_thread)
        atomic_store(&handover->owner, &this_thread);
    if (!atomic_load_explicit(&handover->next, memory_order_relaxed))
        return;
    snapshot = atomic_exchange(&handover->next, NULL);
    if (!snapshot)
        return;
    swap_in(service, snapshot);
    pthread_mutex_lock(&handover->mutex);
    handover->generation = snapshot->generation;
    pthread_cond_broadcast(&handover->swapped);
    pthread_mutex_unlock(&handover->mutex);
}
