/* The file is there before the key is: a start that ends in between makes another token and writes
 * the file anew; the other order could leave a store whose operator nobody is. */
#include "service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "service/keys.h"
#include "service/state.h"

void secret_make(char ret_text[SECRET_TEXT_BYTES + 1])
{
    uint8_t bytes[32];

    random_bytes(bytes, sizeof bytes);
    memcpy(ret_text, "sbx_", sizeof "sbx_");
    digest_base64url(bytes, sizeof bytes, ret_text + 4);
    explicit_bzero(bytes, sizeof bytes);
}

void secret_make_key_id(char ret_text[KEY_ID_TEXT_BYTES + 1])
{
    uint8_t bytes[8];

    random_bytes(bytes, sizeof bytes);
    memcpy(ret_text, "key_", sizeof "key_");
    digest_hex(bytes, sizeof bytes, ret_text + 4);
}

struct digest secret_identity(const struct store *store, struct slice secret)
{
    struct digest sha256;

    digest_sha256(secret, &sha256);
    return secret_identity_of_digest(
        store, (struct slice){(const char *)sha256.bytes, sizeof sha256.bytes});
}

struct digest secret_identity_of_digest(const struct store *store, struct slice sha256)
{
    struct digest identity;

    digest_hmac(store_secret(store), sha256, &identity);
    return identity;
}

static enum result fail(struct service_error *reterr_error, const char *what, const char *path)
{
    snprintf(reterr_error->text, sizeof reterr_error->text,
             "the operator token's file %.150s: %s: %s", path, what, strerror(errno));
    return RESULT_IO;
}

/* Text and a newline, synced. */
static bool write_text(int fd, const char *text)
{
    size_t len = strlen(text);

    return write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
}

static enum result
write_file(const char *path, const char *text, struct service_error *reterr_error)
{
    char temporary[PATH_MAX];
    bool written;
    int fd;

    if (snprintf(temporary, sizeof temporary, "%s.%016llx", path,
                 (unsigned long long)random_u64()) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail(reterr_error, "name", path);
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(reterr_error, "create", path);
    written = write_text(fd, text);
    if (close(fd) || !written || rename(temporary, path)) {
        enum result result = fail(reterr_error, "write", path);

        unlink(temporary);
        return result;
    }
    return RESULT_OK;
}

enum result secret_make_operator(struct service *service,
                                 const char *path,
                                 int64_t now_ms,
                                 struct service_error *reterr_error)
{
    const struct principal wanted = {.role = ROLE_OPERATOR,
                                     .label = SLICE_LITERAL("first operator")};
    char secret[SECRET_TEXT_BYTES + 1], key_id[KEY_ID_TEXT_BYTES + 1];
    enum result result;

    secret_make(secret);
    secret_make_key_id(key_id);
    result = write_file(path, secret, reterr_error);
    if (result == RESULT_OK) {
        result = keys_add(service, &wanted, key_id, secret, now_ms);
        if (result)
            snprintf(reterr_error->text, sizeof reterr_error->text,
                     "the first operator key cannot be stored: %s", result_row(result)->sentence);
    }
    explicit_bzero(secret, sizeof secret);
    return result;
}
