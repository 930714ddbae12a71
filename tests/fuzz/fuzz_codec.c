/* Facts and reports from any bytes: whatever decodes encodes to bytes that decode to the same
 * again. The first byte of the input chooses facts or a report. */
#include <stdint.h>

#include "base/invariant.h"
#include "store/codec.h"

#define ARENA_BYTES_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum result get(bool is_report, struct slice bytes, struct arena *arena, struct buf *buf)
{
    struct report report;
    struct facts facts;
    enum result result;

    if (is_report) {
        result = codec_get_report(bytes, arena, &report);
        if (!result)
            codec_put_report(buf, &report, CODEC_SCOPE_DIGEST);
    } else {
        result = codec_get_facts(bytes, arena, &facts);
        if (!result)
            codec_put_facts(buf, &facts, CODEC_SCOPE_DIGEST);
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct buf first, second;
    struct arena arena;
    bool is_report = len && (bytes[0] & 1);

    if (len == 0)
        return 0;
    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    buf_init(&first, len);
    buf_init(&second, len);
    if (!get(is_report, (struct slice){(const char *)bytes + 1, len - 1}, &arena, &first)) {
        invariant(!buf_failed(&first)); /* canonical: never longer than what was read */
        invariant(!get(is_report, buf_slice(&first), &arena, &second));
        invariant(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    buf_done(&second);
    buf_done(&first);
    arena_done(&arena);
    return 0;
}
