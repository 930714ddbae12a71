/* Request records from any bytes. The input is read as it is and, since no random bytes carry their
 * own SHA-256, once more as the body of a record that is sealed here. What decodes encodes to a
 * record that decodes to the same again. */
#include <stdint.h>

#include "base/invariant.h"
#include "store/history.h"

#define ARENA_BYTES_MAX (1 << 20)
#define SEAL_BYTES      16
#define BODY_BYTES_MAX  65536

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(struct slice bytes)
{
    static struct history history;
    struct buf first, second;
    struct arena arena;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    buf_init(&first, bytes.len);
    buf_init(&second, bytes.len);
    if (!history_decode(bytes, &arena, &history)) {
        history_encode(&history, &first);
        invariant(!buf_failed(&first)); /* canonical: never longer than what was read */
        invariant(!history_decode(buf_slice(&first), &arena, &history));
        history_encode(&history, &second);
        invariant(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    buf_done(&second);
    buf_done(&first);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char sealed[1 + BODY_BYTES_MAX + SEAL_BYTES];
    struct digest digest;

    check((struct slice){(const char *)bytes, len});
    if (len > BODY_BYTES_MAX)
        return 0;
    sealed[0] = HISTORY_VERSION;
    if (len)
        memcpy(sealed + 1, bytes, len);
    digest_sha256((struct slice){sealed, 1 + len}, &digest);
    memcpy(sealed + 1 + len, digest.bytes, SEAL_BYTES);
    check((struct slice){sealed, 1 + len + SEAL_BYTES});
    return 0;
}
