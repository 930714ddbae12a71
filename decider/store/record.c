/* Seals: LMDB keeps no checksums of its pages, so each record carries one. Half of a SHA-256 is
 * more than accidents need; it is no defence against somebody who can write the store. */
#include "store/field.h"

size_t record_begin(struct buf *buf, uint8_t version)
{
    size_t begun = buf->len;

    buf_put_u8(buf, version);
    return begun;
}

void record_seal(struct buf *buf, size_t begun)
{
    struct digest digest;

    if (buf_failed(buf))
        return;
    digest_sha256((struct slice){buf->ptr + begun, buf->len - begun}, &digest);
    buf_put(buf, digest.bytes, RECORD_SEAL_BYTES);
}

enum result record_unseal(struct slice bytes, uint8_t version, struct slice *ret_body)
{
    struct digest digest;
    size_t sealed;

    if (bytes.len < 1 + RECORD_SEAL_BYTES)
        return RESULT_CORRUPT;
    sealed = bytes.len - RECORD_SEAL_BYTES;
    digest_sha256((struct slice){bytes.ptr, sealed}, &digest);
    if ((uint8_t)bytes.ptr[0] != version ||
        memcmp(digest.bytes, bytes.ptr + sealed, RECORD_SEAL_BYTES) != 0)
        return RESULT_CORRUPT;
    *ret_body = (struct slice){bytes.ptr + 1, sealed - 1};
    return RESULT_OK;
}
