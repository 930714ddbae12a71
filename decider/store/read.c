/* Read transactions and walks. A reader is a transaction that is reset and renewed instead of ended
 * and begun: renewing takes no lock and no system call. It is tied to its struct, not to its thread
 * (MDB_NOTLS), so one thread may keep several. */
#include <errno.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "store/store_internal.h"

#define READ_MAGIC 0x53424f52u

struct store_read {
    uint32_t magic;
    struct store *store;
    MDB_txn *txn;
    bool renewed;
};

static enum result result_of(int error)
{
    switch (error) {
    case 0:
        return RESULT_OK;
    case MDB_NOTFOUND:
    case MDB_BAD_VALSIZE: /* an empty key, or one longer than any that is stored */
        return RESULT_NOT_FOUND;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return RESULT_CORRUPT;
    case MDB_READERS_FULL:
        return RESULT_FULL;
    case ENOMEM:
        return RESULT_NO_MEMORY;
    default:
        return RESULT_IO;
    }
}

enum result store_read_open(struct store *store, struct store_read **ret_read)
{
    struct store_read *read = calloc(1, sizeof *read);
    int error;

    invariant(store->magic == STORE_MAGIC);
    if (!read)
        return RESULT_NO_MEMORY;
    *read = (struct store_read){.magic = READ_MAGIC, .store = store};
    error = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &read->txn);
    if (error) {
        free(read);
        return result_of(error);
    }
    mdb_txn_reset(read->txn);
    *ret_read = read;
    return RESULT_OK;
}

void store_read_close(struct store_read *read)
{
    if (!read)
        return;
    invariant(read->magic == READ_MAGIC);
    mdb_txn_abort(read->txn);
    read->magic = 0;
    free(read);
}

enum result store_read_renew(struct store_read *read)
{
    enum result result;

    invariant(read->magic == READ_MAGIC);
    if (read->renewed)
        return RESULT_OK;
    result = result_of(mdb_txn_renew(read->txn));
    read->renewed = !result;
    return result;
}

void store_read_reset(struct store_read *read)
{
    invariant(read->magic == READ_MAGIC);
    if (read->renewed)
        mdb_txn_reset(read->txn);
    read->renewed = false;
}

enum result store_get(struct store_read *read,
                      enum store_table table,
                      struct slice key,
                      struct slice *ret_value)
{
    MDB_val name = store_val(key), value;
    enum result result;

    invariant(read->magic == READ_MAGIC && read->renewed && table < STORE_TABLE_END);
    result = result_of(mdb_get(read->txn, read->store->tables[table], &name, &value));
    if (!result)
        *ret_value = (struct slice){value.mv_data, value.mv_size};
    return result;
}

static bool begins_with(struct slice key, struct slice prefix)
{
    return key.len >= prefix.len && slice_equal((struct slice){key.ptr, prefix.len}, prefix);
}

/* The first key in order at or after `at`; the first of all when it is empty. */
static int seek_forwards(MDB_cursor *cursor, struct slice at, MDB_val *ret_key, MDB_val *ret_value)
{
    *ret_key = store_val(at);
    return mdb_cursor_get(cursor, ret_key, ret_value, at.len ? MDB_SET_RANGE : MDB_FIRST);
}

/* The last key at or before `at`. */
static int seek_backwards(MDB_cursor *cursor, struct slice at, MDB_val *ret_key, MDB_val *ret_value)
{
    int error = seek_forwards(cursor, at, ret_key, ret_value);

    if (error == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, ret_key, ret_value, MDB_LAST);
    if (!error && !slice_equal((struct slice){ret_key->mv_data, ret_key->mv_size}, at))
        return mdb_cursor_get(cursor, ret_key, ret_value, MDB_PREV);
    return error;
}

/* The last key that begins with prefix: the one before the first that follows them all, which is
 * prefix with its last byte that can be counted up counted up. */
static int seek_last(MDB_cursor *cursor, struct slice prefix, MDB_val *ret_key, MDB_val *ret_value)
{
    char after[STORE_KEY_BYTES_MAX];
    size_t len = prefix.len;
    int error = MDB_NOTFOUND;

    invariant(len <= sizeof after);
    while (len && (uint8_t)prefix.ptr[len - 1] == UINT8_MAX)
        len--;
    if (len) {
        memcpy(after, prefix.ptr, len);
        after[len - 1] = (char)((uint8_t)after[len - 1] + 1);
        error = seek_forwards(cursor, (struct slice){after, len}, ret_key, ret_value);
    }
    if (error == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, ret_key, ret_value, MDB_LAST);
    return error ? error : mdb_cursor_get(cursor, ret_key, ret_value, MDB_PREV);
}

/* `from` may lie outside of the prefix: a walk starts at the nearest key on its way. */
static int
seek(MDB_cursor *cursor, const struct store_walk *walk, MDB_val *ret_key, MDB_val *ret_value)
{
    bool from_inside = walk->from.len && begins_with(walk->from, walk->prefix);
    bool from_before = walk->from.len && slice_compare(walk->from, walk->prefix) < 0;

    if (!walk->backwards)
        return seek_forwards(cursor, !walk->from.len || from_before ? walk->prefix : walk->from,
                             ret_key, ret_value);
    if (from_before)
        return MDB_NOTFOUND;
    return from_inside ? seek_backwards(cursor, walk->from, ret_key, ret_value)
                       : seek_last(cursor, walk->prefix, ret_key, ret_value);
}

enum result store_walk(struct store_read *read,
                       enum store_table table,
                       const struct store_walk *walk,
                       store_visit visit,
                       void *context)
{
    MDB_cursor *cursor;
    MDB_val name, value;
    unsigned rows = 0;
    int error;

    invariant(read->magic == READ_MAGIC && read->renewed && table < STORE_TABLE_END);
    error = mdb_cursor_open(read->txn, read->store->tables[table], &cursor);
    if (error)
        return result_of(error);
    if (walk->rows_max)
        error = seek(cursor, walk, &name, &value);
    while (!error && rows < walk->rows_max) {
        struct slice key = {name.mv_data, name.mv_size};

        if (!begins_with(key, walk->prefix) ||
            !visit(context, key, (struct slice){value.mv_data, value.mv_size}))
            break;
        if (++rows < walk->rows_max)
            error = mdb_cursor_get(cursor, &name, &value, walk->backwards ? MDB_PREV : MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? RESULT_OK : result_of(error);
}
