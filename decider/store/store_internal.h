/* What env, read and writer share: the open store and its writer. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <lmdb.h>
#include <semaphore.h>

#include "store/store.h"

#define STORE_MAGIC        0x53424f58u
#define STORE_SECRET_BYTES 32

struct writer {
    _Atomic(struct store_write *) arrived; /* newest first; anybody pushes, the thread takes all */
    atomic_bool asleep;                    /* who turns it off owes wake a post */
    atomic_bool stopping;
    atomic_bool full;
    sem_t wake;
    pthread_t thread;
    bool started;
    struct store_write *waiting; /* the thread's: taken and not yet in a batch, oldest first */
    atomic_uint_least64_t commits, writes, bytes, failures;
};

struct store {
    uint32_t magic;
    MDB_env *env;
    MDB_dbi tables[STORE_TABLE_END];
    int lock_fd;
    char *directory;
    char secret[STORE_SECRET_BYTES];
    struct writer writer;
};

static inline MDB_val store_val(struct slice bytes)
{
    union {
        const char *lent;
        void *ptr;
    } unqualified = {.lent = bytes.ptr}; /* MDB_val serves both ways; LMDB does not write here */

    return (MDB_val){bytes.len, unqualified.ptr};
}

/* Writes the sentence and returns result. */
enum result
store_fail(struct store_error *reterr_error, enum result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes <directory>/signalbox.lock for as long as *ret_fd is open. RESULT_LOCKED, RESULT_IO. */
MUST_USE enum result
store_lock(const char *directory, int *ret_fd, struct store_error *reterr_error);

/* Writes of one transaction, in the order of submission. */
struct batch {
    struct store_write *writes[WRITE_BATCH_MAX];
    unsigned count;
};

/* True when the batch is durable, false when there was no room for it and nothing of it is stored.
 * Ends the process on any other failure. Writer thread. */
bool batch_commit(struct store *store, const struct batch *batch);
/* True when the store takes a small write again. Writer thread. */
bool batch_room(struct store *store);

/* RESULT_NO_MEMORY: no thread could be started. */
MUST_USE enum result writer_start(struct store *store);
/* Waits until every submitted write is done. Does nothing when it was not started. */
void writer_stop(struct store *store);

#endif
