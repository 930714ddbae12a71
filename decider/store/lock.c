/* One process per store. flock(2) on a file of our own: the kernel lets go of it when the process
 * ends in whatever way, and LMDB's lock file admits several processes. The file says who holds it
 * and is never removed, since another process may have it open. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/store_internal.h"

static enum result fail_locked(int fd, const char *path, struct store_error *reterr_error)
{
    char text[24] = "";
    long pid;

    if (pread(fd, text, sizeof text - 1, 0) < 0)
        text[0] = '\0';
    pid = strtol(text, NULL, 10);
    if (pid <= 0)
        return store_fail(reterr_error, RESULT_LOCKED,
                          "Another process has the store open and holds %.180s.", path);
    return store_fail(reterr_error, RESULT_LOCKED,
                      "Process %ld has the store open and holds %.180s.", pid, path);
}

/* Only for people: a lock without its number is a lock. */
static void write_pid(int fd)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len)
        return;
}

enum result store_lock(const char *directory, int *ret_fd, struct store_error *reterr_error)
{
    char path[PATH_MAX];
    enum result result;
    int fd;

    if ((size_t)snprintf(path, sizeof path, "%s/signalbox.lock", directory) >= sizeof path)
        return store_fail(reterr_error, RESULT_INVALID, "The path %.180s... is too long.",
                          directory);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return store_fail(reterr_error, RESULT_IO, "Cannot write %.180s: %.60s.", path,
                          strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        write_pid(fd);
        *ret_fd = fd;
        return RESULT_OK;
    }
    if (errno == EWOULDBLOCK)
        result = fail_locked(fd, path, reterr_error);
    else
        result = store_fail(reterr_error, RESULT_IO, "Cannot lock %.180s: %.60s.", path,
                            strerror(errno));
    close(fd);
    return result;
}
