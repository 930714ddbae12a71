/* What the store's tests share: a directory of their own, short calls for the common case, and
 * copies of the test program itself as other processes. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>

#include "store/store.h"

#define MAP_BYTES (UINT64_C(64) << 20)

struct fixture {
    char parent[64]; /* made by mkdtemp */
    char directory[96];
    struct store *store;
    struct store_read *read;
};

static inline void fixture_prepare(struct fixture *fixture)
{
    *fixture = (struct fixture){.parent = "/tmp/signalbox-store-XXXXXX"};
    assert_non_null(mkdtemp(fixture->parent));
    snprintf(fixture->directory, sizeof fixture->directory, "%s/store", fixture->parent);
}

static inline void fixture_open(struct fixture *fixture, uint64_t map_bytes)
{
    const struct store_options options = {fixture->directory, map_bytes, 32};
    struct store_error error = {""};

    if (store_open(&options, &fixture->store, &error))
        fail_msg("store_open: %s", error.text);
    assert_int_equal(store_read_open(fixture->store, &fixture->read), RESULT_OK);
}

static inline void fixture_close(struct fixture *fixture)
{
    store_read_close(fixture->read);
    store_close(fixture->store);
    fixture->read = NULL;
    fixture->store = NULL;
}

static inline void fixture_remove(struct fixture *fixture)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "signalbox.lock"};
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->directory, files[i]);
        unlink(path);
    }
    rmdir(fixture->directory);
    unlink(fixture->directory);
    assert_int_equal(rmdir(fixture->parent), 0);
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture_prepare(fixture);
    fixture_open(fixture, MAP_BYTES);
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    fixture_remove(fixture);
    free(fixture);
    return 0;
}

static inline enum result
fixture_put(struct fixture *fixture, enum store_table table, struct slice key, struct slice value)
{
    struct store_write write = {.ops = {{STORE_OP_PUT, table, key, value}}, .ops_count = 1};

    return store_write_wait(fixture->store, &write);
}

static inline enum result
fixture_delete(struct fixture *fixture, enum store_table table, struct slice key)
{
    struct store_write write = {.ops = {{STORE_OP_DELETE, table, key, {NULL, 0}}}, .ops_count = 1};

    return store_write_wait(fixture->store, &write);
}

/* A fresh snapshot; the value is lent until the next. */
static inline enum result fixture_get(struct fixture *fixture,
                                      enum store_table table,
                                      struct slice key,
                                      struct slice *ret_value)
{
    store_read_reset(fixture->read);
    assert_int_equal(store_read_renew(fixture->read), RESULT_OK);
    return store_get(fixture->read, table, key, ret_value);
}

#define assert_slice(slice, text)                                                                  \
    do {                                                                                           \
        assert_int_equal((slice).len, strlen(text));                                               \
        assert_memory_equal((slice).ptr, (text), strlen(text));                                    \
    } while (0)

/* A copy of this program with other arguments (fork and exec: the store has threads). Its stdout is
 * *ret_out. environment is one NAME=value, or NULL. */
static inline pid_t
fixture_spawn(const char *const arguments[3], const char *environment, int *ret_out)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (environment) {
            char name[64] = "";
            const char *value = strchr(environment, '=');

            memcpy(name, environment, (size_t)(value - environment));
            setenv(name, value + 1, 1);
        }
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test", arguments[0], arguments[1], arguments[2], (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *ret_out = ends[0];
    return pid;
}

/* All that comes until the end, as text; returns the wait status. */
static inline int fixture_wait(pid_t pid, int out, char *ret_text, size_t text_bytes)
{
    size_t len = 0;
    ssize_t got;
    int status;

    while (len < text_bytes - 1 && (got = read(out, ret_text + len, text_bytes - 1 - len)) > 0)
        len += (size_t)got;
    ret_text[len] = '\0';
    close(out);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#endif
