/* Group commit: one thread, and whatever has arrived becomes one transaction. Submitting is a push
 * onto a stack; the thread takes the whole stack at once and turns it around, which gives the order
 * of submission back. The thread sleeps on a semaphore and is posted only when it said that it
 * sleeps, so a busy writer costs its callers no system call.
 *
 * A batch that finds disk or map full is tried again write by write: one giant document does not
 * fail its neighbours. While the store is full, the thread tries every now and then whether there
 * is room, so that store_full ends by itself even if nobody dares to submit. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/list.h"
#include "store/kill_point.h"
#include "store/store_internal.h"

#define NS_PER_S         UINT64_C(1000000000)
#define ROOM_INTERVAL_NS NS_PER_S

static void check_op(const struct store_op *op)
{
    invariant(op->table < STORE_TABLE_END);
    invariant(op->key.len > 0 && op->key.len <= STORE_KEY_BYTES_MAX);
    invariant(op->value.len <= STORE_VALUE_BYTES_MAX);
}

static void rouse(struct writer *writer)
{
    if (atomic_load(&writer->asleep) && atomic_exchange(&writer->asleep, false))
        sem_post(&writer->wake);
}

void store_submit(struct store *store, struct store_write *write)
{
    struct writer *writer = &store->writer;
    struct store_write *newest = atomic_load_explicit(&writer->arrived, memory_order_relaxed);

    invariant(store->magic == STORE_MAGIC && write->done && write->ops_count <= STORE_OPS_MAX);
    for (unsigned i = 0; i < write->ops_count; i++)
        check_op(&write->ops[i]);
    for (unsigned i = 0; i < write->more_ops_count; i++)
        check_op(&write->more_ops[i]);
    do
        write->next = newest;
    while (!atomic_compare_exchange_weak(&writer->arrived, &newest, write));
    rouse(writer);
}

/* Everything that has arrived, oldest first. */
static struct store_write *take_arrived(struct writer *writer)
{
    struct store_write *newest = atomic_exchange(&writer->arrived, NULL), *oldest = NULL;

    while (newest) {
        struct store_write *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void take_batch(struct writer *writer, struct batch *ret_batch)
{
    ret_batch->count = 0;
    do {
        if (!writer->waiting)
            writer->waiting = take_arrived(writer);
        while (writer->waiting && ret_batch->count < WRITE_BATCH_MAX) {
            ret_batch->writes[ret_batch->count++] = writer->waiting;
            writer->waiting = writer->waiting->next;
        }
    } while (ret_batch->count < WRITE_BATCH_MAX && atomic_load(&writer->arrived));
}

/* Until somebody submits or stops; while the store is full, ROOM_INTERVAL_NS at most. A post that
 * nobody waits for any more makes a later sleep short, no more. */
static void sleep_until_roused(struct writer *writer)
{
    atomic_store(&writer->asleep, true);
    if (atomic_load(&writer->arrived) || atomic_load(&writer->stopping)) {
        atomic_store(&writer->asleep, false);
        return;
    }
    if (!atomic_load(&writer->full)) {
        sem_wait(&writer->wake);
    } else {
        uint64_t until_ns = clock_monotonic_ns() + ROOM_INTERVAL_NS;
        const struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};

        sem_clockwait(&writer->wake, CLOCK_MONOTONIC, &until);
    }
    atomic_store(&writer->asleep, false);
}

static uint64_t bytes_of(const struct store_op *ops, unsigned count)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < count; i++)
        bytes += ops[i].key.len + ops[i].value.len;
    return bytes;
}

static void count_batch(struct writer *writer, const struct batch *batch, bool durable)
{
    uint64_t bytes = 0;

    if (!durable) {
        atomic_fetch_add_explicit(&writer->failures, batch->count, memory_order_relaxed);
        return;
    }
    for (unsigned i = 0; i < batch->count; i++)
        bytes += bytes_of(batch->writes[i]->ops, batch->writes[i]->ops_count) +
                 bytes_of(batch->writes[i]->more_ops, batch->writes[i]->more_ops_count);
    atomic_fetch_add_explicit(&writer->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->writes, batch->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->bytes, bytes, memory_order_relaxed);
}

/* A write belongs to its caller again as soon as its done is called. */
static void finish(struct store *store, const struct batch *batch, bool durable)
{
    count_batch(&store->writer, batch, durable);
    atomic_store(&store->writer.full, !durable);
    for (unsigned i = 0; i < batch->count; i++) {
        batch->writes[i]->done(batch->writes[i], durable ? RESULT_OK : RESULT_FULL);
        store_kill_point(STORE_KILL_POINT_BETWEEN_DONE);
    }
}

static void write_batch(struct store *store, const struct batch *batch)
{
    bool durable = batch_commit(store, batch);

    if (durable || batch->count == 1) {
        finish(store, batch, durable);
        return;
    }
    for (unsigned i = 0; i < batch->count; i++) {
        const struct batch single = {{batch->writes[i]}, 1};

        finish(store, &single, batch_commit(store, &single));
    }
}

static void *run(void *context)
{
    struct store *store = context;
    struct batch batch;

    invariant(store->magic == STORE_MAGIC);
    for (;;) {
        take_batch(&store->writer, &batch);
        if (batch.count) {
            write_batch(store, &batch);
            continue;
        }
        if (atomic_load(&store->writer.stopping))
            return NULL;
        sleep_until_roused(&store->writer);
        if (atomic_load(&store->writer.full) && !atomic_load(&store->writer.arrived))
            atomic_store(&store->writer.full, !batch_room(store));
    }
}

enum result writer_start(struct store *store)
{
    struct writer *writer = &store->writer;
    sigset_t all, before;

    if (sem_init(&writer->wake, 0, 0))
        return RESULT_NO_MEMORY;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    writer->started = pthread_create(&writer->thread, NULL, run, store) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (writer->started)
        return RESULT_OK;
    sem_destroy(&writer->wake);
    return RESULT_NO_MEMORY;
}

void writer_stop(struct store *store)
{
    struct writer *writer = &store->writer;

    if (!writer->started)
        return;
    atomic_store(&writer->stopping, true);
    rouse(writer);
    pthread_join(writer->thread, NULL);
    sem_destroy(&writer->wake);
    writer->started = false;
}

struct awaited {
    struct store_write write;
    enum result result;
    sem_t done;
};

static void on_awaited_done(struct store_write *write, enum result result)
{
    struct awaited *awaited = CONTAINER_OF(write, struct awaited, write);

    awaited->result = result;
    sem_post(&awaited->done);
}

/* Submits a copy: the caller's done stays uncalled. */
enum result store_write_wait(struct store *store, struct store_write *write)
{
    struct awaited awaited = {.write = *write};

    invariant(!pthread_equal(pthread_self(), store->writer.thread));
    if (sem_init(&awaited.done, 0, 0))
        return RESULT_NO_MEMORY;
    awaited.write.done = on_awaited_done;
    store_submit(store, &awaited.write);
    while (sem_wait(&awaited.done))
        invariant(errno == EINTR);
    sem_destroy(&awaited.done);
    return awaited.result;
}

bool store_full(const struct store *store)
{
    return atomic_load_explicit(&store->writer.full, memory_order_relaxed);
}

void store_stats(const struct store *store, struct store_stats *ret_stats)
{
    const struct writer *writer = &store->writer;

    *ret_stats = (struct store_stats){
        .commits = atomic_load_explicit(&writer->commits, memory_order_relaxed),
        .writes = atomic_load_explicit(&writer->writes, memory_order_relaxed),
        .bytes = atomic_load_explicit(&writer->bytes, memory_order_relaxed),
        .failures = atomic_load_explicit(&writer->failures, memory_order_relaxed),
    };
}
