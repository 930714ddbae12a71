/* Opening and closing. Everything that can be wrong with a directory is found here, before any
 * thread runs, and told in one sentence. Format, secret and tables are made in one transaction, so
 * a store is there as a whole or not at all. The sync mode is LMDB's default: a commit returns
 * after its pages and then its meta page are on the disk; faster modes may lose the last commit. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/random.h"
#include "store/kill_point.h"
#include "store/layout.h"
#include "store/store_internal.h"

#define FORMAT_BYTES 4

static const char *const table_names[] = {
#define TABLE(NAME, name, what) [STORE_TABLE_##NAME] = name,
#include "store/table.def"
#undef TABLE
};

enum result store_fail(struct store_error *error, enum result result, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return result;
}

/* A sentence for what LMDB says while a store is opened. */
static enum result fail_lmdb(const struct store *store, struct store_error *reterr_error, int error)
{
    const char *directory = store->directory, *why = mdb_strerror(error);

    switch (error) {
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
    case MDB_VERSION_MISMATCH:
        return store_fail(reterr_error, RESULT_CORRUPT,
                          "%.160s/data.mdb is damaged or no store: %.60s.", directory, why);
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return store_fail(reterr_error, RESULT_FULL, "No room to open the store %.160s: %.60s.",
                          directory, why);
    case ENOMEM:
        return store_fail(reterr_error, RESULT_NO_MEMORY,
                          "No memory or address space for the map of the store %.160s.", directory);
    default:
        return store_fail(reterr_error, RESULT_IO, "Cannot open the store %.160s: %.60s.",
                          directory, why);
    }
}

/* The entries of a directory are durable once the directory is synced. A file system that cannot is
 * taken as it is: nothing has been acknowledged yet. */
static void sync_directory(const char *directory, const char *below)
{
    char path[PATH_MAX];
    int fd;

    if ((size_t)snprintf(path, sizeof path, "%s%s", directory, below) >= sizeof path)
        return;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static enum result make_directory(const struct store *store, struct store_error *reterr_error)
{
    struct stat status;

    if (mkdir(store->directory, 0700) == 0) {
        sync_directory(store->directory, "/..");
        return RESULT_OK;
    }
    if (errno != EEXIST)
        return store_fail(reterr_error, RESULT_IO, "Cannot make the directory %.160s: %.60s.",
                          store->directory, strerror(errno));
    if (stat(store->directory, &status) || !S_ISDIR(status.st_mode))
        return store_fail(reterr_error, RESULT_IO, "%.160s is not a directory.", store->directory);
    return RESULT_OK;
}

static enum result
open_env(struct store *store, const struct store_options *options, struct store_error *reterr_error)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t map_bytes = (options->map_bytes + page_bytes - 1) / page_bytes * page_bytes;
    int fd, dead, error = mdb_env_create(&store->env);

    if (!error)
        error = mdb_env_set_maxdbs(store->env, STORE_TABLE_END);
    if (!error && options->readers_max)
        error = mdb_env_set_maxreaders(store->env, options->readers_max);
    if (!error)
        error = mdb_env_set_mapsize(store->env, map_bytes);
    if (!error)
        error = mdb_env_open(store->env, store->directory, MDB_NOTLS, 0600);
    if (!error)
        error = mdb_env_get_fd(store->env, &fd);
    if (!error && fcntl(fd, F_SETFD, FD_CLOEXEC)) /* LMDB does it for its other files only */
        error = errno;
    if (!error)
        error = mdb_reader_check(store->env, &dead);
    return error ? fail_lmdb(store, reterr_error, error) : RESULT_OK;
}

static int put_meta(struct store *store, MDB_txn *txn, struct slice name, struct slice value)
{
    MDB_val key = store_val(name), bytes = store_val(value);

    return mdb_put(txn, store->tables[STORE_TABLE_META], &key, &bytes, 0);
}

static int put_format(struct store *store, MDB_txn *txn)
{
    const char format[FORMAT_BYTES] = {STORE_FORMAT};

    return put_meta(store, txn, SLICE_LITERAL("format"), (struct slice){format, sizeof format});
}

static int open_tables(struct store *store, MDB_txn *txn)
{
    int error = 0;

    for (int i = 0; i < STORE_TABLE_END && !error; i++)
        error = mdb_dbi_open(txn, table_names[i], MDB_CREATE, &store->tables[i]);
    return error;
}

static int make_tables(struct store *store, MDB_txn *txn)
{
    int error = open_tables(store, txn);

    random_bytes(store->secret, sizeof store->secret);
    if (!error)
        error = put_format(store, txn);
    if (!error)
        error = put_meta(store, txn, SLICE_LITERAL("secret"),
                         (struct slice){store->secret, sizeof store->secret});
    return error;
}

static uint32_t format_of(MDB_val value)
{
    uint8_t bytes[FORMAT_BYTES];

    memcpy(bytes, value.mv_data, sizeof bytes);
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Looks before anything is made: a store of a newer program stays as it is. */
static enum result check_format(struct store *store,
                                MDB_txn *txn,
                                uint32_t *ret_format,
                                struct store_error *reterr_error)
{
    MDB_val format_key = store_val(SLICE_LITERAL("format"));
    MDB_val secret_key = store_val(SLICE_LITERAL("secret"));
    MDB_val format, secret;
    MDB_dbi meta;
    int error = mdb_dbi_open(txn, table_names[STORE_TABLE_META], 0, &meta);

    if (!error)
        error = mdb_get(txn, meta, &format_key, &format);
    if (!error)
        error = mdb_get(txn, meta, &secret_key, &secret);
    if (error && error != MDB_NOTFOUND)
        return fail_lmdb(store, reterr_error, error);
    if (error || format.mv_size != FORMAT_BYTES || secret.mv_size != sizeof store->secret)
        return store_fail(reterr_error, RESULT_CORRUPT,
                          "%.160s/data.mdb was not made by Signalbox.", store->directory);
    *ret_format = format_of(format);
    if (*ret_format < STORE_FORMAT_OLDEST || *ret_format > STORE_FORMAT)
        return store_fail(reterr_error, RESULT_CORRUPT,
                          "The store %.160s has format %u; this program knows formats %u to %u.",
                          store->directory, (unsigned)*ret_format, STORE_FORMAT_OLDEST,
                          STORE_FORMAT);
    memcpy(store->secret, secret.mv_data, sizeof store->secret);
    return RESULT_OK;
}

/* True when the file holds nothing at all. */
static int is_empty(MDB_txn *txn, bool *ret_empty)
{
    MDB_stat status;
    MDB_dbi unnamed;
    int error = mdb_dbi_open(txn, NULL, 0, &unnamed);

    if (!error)
        error = mdb_stat(txn, unnamed, &status);
    if (!error)
        *ret_empty = status.ms_entries == 0;
    return error;
}

/* Brings an older store up to date in the same transaction, or leaves it as it is. */
static enum result load(struct store *store, struct store_error *reterr_error)
{
    enum result result = RESULT_OK;
    uint32_t format = STORE_FORMAT;
    bool empty = false;
    MDB_txn *txn;
    int error = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (error)
        return fail_lmdb(store, reterr_error, error);
    error = is_empty(txn, &empty);
    if (!error && empty) {
        error = make_tables(store, txn);
    } else if (!error) {
        result = check_format(store, txn, &format, reterr_error);
        if (!result)
            error = open_tables(store, txn);
        /* Tables that came later are made by opening them; rows of before are read as they are. */
        if (!result && !error && format != STORE_FORMAT)
            error = put_format(store, txn);
    }
    if (error || result) {
        mdb_txn_abort(txn);
        return result ? result : fail_lmdb(store, reterr_error, error);
    }
    error = mdb_txn_commit(txn);
    if (error)
        return fail_lmdb(store, reterr_error, error);
    if (empty)
        sync_directory(store->directory, "");
    return RESULT_OK;
}

static enum result open_parts(struct store *store,
                              const struct store_options *options,
                              struct store_error *reterr_error)
{
    enum result result;

    if (!store_kill_point_arm())
        return store_fail(reterr_error, RESULT_INVALID,
                          "SIGNALBOX_KILL_POINT names no kill point; store %.160s.",
                          store->directory);
    result = make_directory(store, reterr_error);
    if (!result)
        result = store_lock(store->directory, &store->lock_fd, reterr_error);
    if (!result)
        result = open_env(store, options, reterr_error);
    if (!result)
        result = load(store, reterr_error);
    if (result)
        return result;
    result = writer_start(store);
    if (result)
        return store_fail(reterr_error, result, "Cannot start the writer of the store %.160s.",
                          store->directory);
    return RESULT_OK;
}

enum result store_open(const struct store_options *options,
                       struct store **ret_store,
                       struct store_error *reterr_error)
{
    struct store *store = calloc(1, sizeof *store);
    enum result result;

    if (store) {
        store->magic = STORE_MAGIC;
        store->lock_fd = -1;
        store->directory = strdup(options->directory);
    }
    if (!store || !store->directory) {
        free(store);
        return store_fail(reterr_error, RESULT_NO_MEMORY, "No memory to open the store %.160s.",
                          options->directory);
    }
    result = open_parts(store, options, reterr_error);
    if (result)
        store_close(store);
    else
        *ret_store = store;
    return result;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    invariant(store->magic == STORE_MAGIC);
    writer_stop(store);
    if (store->env)
        mdb_env_close(store->env);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->directory);
    explicit_bzero(store->secret, sizeof store->secret);
    store->magic = 0;
    free(store);
}

struct slice store_secret(const struct store *store)
{
    return (struct slice){store->secret, sizeof store->secret};
}
