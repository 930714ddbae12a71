/* One batch as one transaction, and what it means when it fails. A full disk or map is an answer;
 * every other failure ends the process, since LMDB does not tell a failed write from a failed sync
 * and what the disk holds is then not known. */
#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/log.h"
#include "store/kill_point.h"
#include "store/store_internal.h"

#define ROOM_BYTES      (64 * 1024)
#define DISK_FULL_BYTES (1024 * 1024)

static noreturn void end_process(const struct store *store, const char *step, int error)
{
    log_event(LOG_ERROR, "store_failed", log_text("directory", store->directory),
              log_text("step", step), log_text("error", mdb_strerror(error)),
              log_number("code", error));
    _exit(result_row(RESULT_IO)->exit_code);
}

static int apply_op(struct store *store, MDB_txn *txn, const struct store_op *op)
{
    MDB_val key = store_val(op->key), value = store_val(op->value);
    MDB_dbi table = store->tables[op->table];
    int error = 0;

    switch (op->kind) {
    case STORE_OP_PUT:
        error = mdb_put(txn, table, &key, &value, 0);
        break;
    case STORE_OP_DELETE:
        error = mdb_del(txn, table, &key, NULL);
        break;
    }
    return error == MDB_NOTFOUND ? 0 : error;
}

static int apply_ops(struct store *store, MDB_txn *txn, const struct store_op *ops, unsigned count)
{
    int error = 0;

    for (unsigned i = 0; i < count && !error; i++)
        error = apply_op(store, txn, &ops[i]);
    return error;
}

static int apply(struct store *store, MDB_txn *txn, const struct batch *batch)
{
    int error = 0;

    for (unsigned i = 0; i < batch->count && !error; i++) {
        const struct store_write *write = batch->writes[i];

        error = apply_ops(store, txn, write->ops, write->ops_count);
        if (!error)
            error = apply_ops(store, txn, write->more_ops, write->more_ops_count);
        if (i == 0 && batch->count > 1)
            store_kill_point(STORE_KILL_POINT_BETWEEN_PUTS);
    }
    return error;
}

/* LMDB turns a write that the file system cut short into EIO, so a disk that fills up would end the
 * process; the file system is asked. Should the EIO be a real one, still nothing is lost: what was
 * written stands in no meta page, and a meta page that failed is found below. */
static bool disk_full(const struct store *store)
{
    struct statvfs status;

    return statvfs(store->directory, &status) == 0 &&
           status.f_bavail * status.f_frsize < DISK_FULL_BYTES;
}

static bool means_full(const struct store *store, int error)
{
    switch (error) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return true;
    case EIO:
        return disk_full(store);
    default:
        return false;
    }
}

/* After a failed commit: nothing of it is in the store, unless it was the meta page that failed.
 * LMDB cannot say what the disk holds then, and refuses every transaction from there on. */
static bool meta_failed(struct store *store)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (!error)
        mdb_txn_abort(txn);
    return error == MDB_PANIC;
}

/* True when the transaction is durable, false when there was no room for it. */
static bool commit(struct store *store, MDB_txn *txn)
{
    int error = mdb_txn_commit(txn);

    if (error && (!means_full(store, error) || meta_failed(store)))
        end_process(store, "commit", error);
    return !error;
}

bool batch_commit(struct store *store, const struct batch *batch)
{
    MDB_txn *txn;
    int error;

    store_kill_point(STORE_KILL_POINT_BEFORE_BEGIN);
    error = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (error)
        end_process(store, "begin", error);
    error = apply(store, txn, batch);
    if (error) {
        mdb_txn_abort(txn);
        if (!means_full(store, error))
            end_process(store, "write", error);
        return false;
    }
    store_kill_point(STORE_KILL_POINT_BEFORE_COMMIT);
    if (!commit(store, txn))
        return false;
    store_kill_point(STORE_KILL_POINT_AFTER_COMMIT);
    return true;
}

/* Writes ROOM_BYTES and takes them away again. */
bool batch_room(struct store *store)
{
    MDB_val key = store_val(SLICE_LITERAL("room")), value = {ROOM_BYTES, NULL};
    MDB_dbi table = store->tables[STORE_TABLE_META];
    bool room = true;

    for (int step = 0; step < 2 && room; step++) {
        MDB_txn *txn;
        int error = mdb_txn_begin(store->env, NULL, 0, &txn);

        if (error)
            end_process(store, "begin", error);
        if (step == 0) {
            error = mdb_put(txn, table, &key, &value, MDB_RESERVE);
            if (!error)
                memset(value.mv_data, 0, ROOM_BYTES);
        } else {
            error = mdb_del(txn, table, &key, NULL);
        }
        if (error) {
            mdb_txn_abort(txn);
            if (!means_full(store, error))
                end_process(store, "write", error);
            return false;
        }
        room = commit(store, txn);
    }
    return room;
}
