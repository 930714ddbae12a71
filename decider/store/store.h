/* The store: one LMDB directory behind one wall. This folder alone knows <lmdb.h>.
 *
 * One process at a time: store_open takes a lock file and says clearly when another process has it.
 * Address space for the whole map is reserved at open; stale readers are cleared then.
 *
 * Reading. A store_read is a read transaction that one thread keeps and renews: store_read_renew
 * before a batch of look-ups, store_read_reset after it (a reader that stays open keeps old pages).
 * Values are lent until the reset.
 *
 * Writing. All writes go through one writer thread. A caller fills a store_write with operations
 * and submits it; the thread takes whatever has arrived, up to WRITE_BATCH_MAX, into one
 * transaction, syncs it (group commit), and calls each write's done on the writer thread. Writes
 * are applied in the order of submission; a store_write is atomic. Key and value bytes and the
 * store_write itself are lent to the store from submit to done.
 *
 * Failures. LMDB does not tell a failed write from a failed sync, so an I/O error from a commit
 * ends the process (log event "store_failed", exit code of RESULT_IO): what was not acknowledged
 * may be lost, nothing acknowledged is. When a batch finds disk or map full, each of its writes is
 * tried alone, so that one giant document does not fail its neighbours; those that find no room get
 * RESULT_FULL. store_full is set then until a later commit succeeds; while nobody submits, the
 * writer tries every second whether there is room again, so it ends by itself.
 *
 *   struct store *store;
 *   if (store_open(&options, &store, &error)) ...
 *   struct store_read *read;
 *   store_read_open(store, &read);
 *   store_read_renew(read);
 *   store_get(read, STORE_TABLE_POLICY, key, &value);
 *   store_read_reset(read);
 *   store_submit(store, &write);
 *   ... write.done(&write, RESULT_OK) on the writer thread
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "signalbox/result.h"
#include "signalbox/slice.h"

#define WRITE_BATCH_MAX       256
#define STORE_KEY_BYTES_MAX   480
#define STORE_VALUE_BYTES_MAX (64 * 1024 * 1024)

/* The tables; key layouts stand in store/layout.h, on one page. */
enum store_table {
#define TABLE(NAME, name, what) STORE_TABLE_##NAME,
#include "store/table.def"
#undef TABLE
    STORE_TABLE_END
};

struct store;
struct store_read;

struct store_options {
    const char *directory; /* made when it is not there, mode 0700 */
    uint64_t map_bytes;    /* address space to reserve; a multiple of the page size is made of it */
    unsigned readers_max;
};

struct store_error {
    char text[256]; /* a sentence for the operator, with the path */
};

/* RESULT_LOCKED: another process has it. RESULT_CORRUPT: not a store of ours, or a newer format.
 * RESULT_FULL, RESULT_IO, RESULT_NO_MEMORY; RESULT_INVALID: the path is too long, or the
 * environment names an unknown kill point (store/kill_point.h). Starts the writer thread. */
MUST_USE enum result store_open(const struct store_options *options,
                                struct store **ret_store,
                                struct store_error *reterr_error);
/* Waits for every submitted write, stops the writer, closes. Readers are closed before, and no
 * thread is inside store_submit. Takes NULL. */
void store_close(struct store *store);
/* True after a commit found disk or map full, until one succeeds. Any thread. */
bool store_full(const struct store *store);
/* The 32 random bytes made with the store, key of its MACs; lent until close. */
struct slice store_secret(const struct store *store);

/* RESULT_FULL: readers_max are open already. */
MUST_USE enum result store_read_open(struct store *store, struct store_read **ret_read);
void store_read_close(struct store_read *read); /* takes NULL */
/* RESULT_OK also when it is renewed already (then it sees the same snapshot). */
MUST_USE enum result store_read_renew(struct store_read *read);
void store_read_reset(struct store_read *read);

/* RESULT_NOT_FOUND when the key is not there. */
MUST_USE enum result store_get(struct store_read *read,
                               enum store_table table,
                               struct slice key,
                               struct slice *ret_value);

/* Walks keys that begin with prefix from `from` (inclusive; empty: the first, or the last when
 * backwards), calling back until it returns false or rows_max are seen. RESULT_OK however it ended.
 */
typedef bool (*store_visit)(void *context, struct slice key, struct slice value);
struct store_walk {
    struct slice prefix;
    struct slice from;
    bool backwards;
    unsigned rows_max;
};
MUST_USE enum result store_walk(struct store_read *read,
                                enum store_table table,
                                const struct store_walk *walk,
                                store_visit visit,
                                void *context);

enum store_op_kind {
    STORE_OP_PUT,
    STORE_OP_DELETE, /* of a key that is not there: nothing */
};

struct store_op {
    enum store_op_kind kind;
    enum store_table table;
    struct slice key;
    struct slice value;
};

#define STORE_OPS_MAX 8

struct store_write {
    struct store_write *next;                                    /* the store's while submitted */
    void (*done)(struct store_write *write, enum result result); /* RESULT_OK or RESULT_FULL */
    struct store_op ops[STORE_OPS_MAX];
    unsigned ops_count;
    const struct store_op *more_ops; /* further operations, or NULL */
    unsigned more_ops_count;
};

/* Lock-free; any thread. */
void store_submit(struct store *store, struct store_write *write);
/* Submits a copy and waits; write->done is not called. For administrative calls, never on the
 * decision path nor from a done. */
MUST_USE enum result store_write_wait(struct store *store, struct store_write *write);

/* How the writer fared since open. Any thread. */
struct store_stats {
    uint64_t commits;
    uint64_t writes;
    uint64_t bytes;
    uint64_t failures;
};
void store_stats(const struct store *store, struct store_stats *ret_stats);

#endif
