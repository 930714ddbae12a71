/* Facts, reports and records from any bytes: whatever decodes encodes to bytes that decode to the
 * same again. The first byte of the input chooses: 0 facts, 1 a report, from 2 on a record, whose
 * body the rest is. Since no random bytes carry their own SHA-256, a record is sealed here. */
#include <stdint.h>

#include "base/digest.h"
#include "base/invariant.h"
#include "store/codec.h"
#include "store/control.h"
#include "store/evidence.h"
#include "store/policy.h"

#define ARENA_BYTES_MAX (1 << 20)
#define SEAL_BYTES      16
#define BODY_BYTES_MAX  65536
#define RECORD_VERSION  1

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

typedef enum result (*get_bytes)(struct slice bytes, struct arena *arena, struct buf *buf);

static enum result get_facts(struct slice bytes, struct arena *arena, struct buf *buf)
{
    struct facts facts;
    enum result result = codec_get_facts(bytes, arena, &facts);

    if (!result)
        codec_put_facts(buf, &facts, CODEC_SCOPE_DIGEST);
    return result;
}

static enum result get_report(struct slice bytes, struct arena *arena, struct buf *buf)
{
    struct report report;
    enum result result = codec_get_report(bytes, arena, &report);

    if (!result)
        codec_put_report(buf, &report, CODEC_SCOPE_DIGEST);
    return result;
}

static enum result get_evidence(struct slice bytes, struct arena *arena, struct buf *buf)
{
    struct evidence_record record;
    enum result result = evidence_record_decode(bytes, arena, &record);

    if (!result)
        evidence_record_encode(&record, buf);
    return result;
}

#define GET(name)                                                                                  \
    static enum result get_##name(struct slice bytes, struct arena *arena, struct buf *buf)        \
    {                                                                                              \
        struct name##_record record;                                                               \
        enum result result = name##_record_decode(bytes, &record);                                 \
                                                                                                   \
        (void)arena;                                                                               \
        if (!result)                                                                               \
            name##_record_encode(&record, buf);                                                    \
        return result;                                                                             \
    }

GET(active)
GET(activation)
GET(switch)
GET(pin)
GET(audit)
GET(write)
GET(feedback)
GET(policy)
GET(catalog)

static const get_bytes records[] = {
    get_evidence, get_active, get_activation, get_switch, get_pin,
    get_audit,    get_write,  get_feedback,   get_policy, get_catalog,
};

static void check(get_bytes get, struct slice bytes)
{
    struct buf first, second;
    struct arena arena;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    buf_init(&first, bytes.len + 1);
    buf_init(&second, bytes.len + 1);
    if (!get(bytes, &arena, &first)) {
        invariant(!buf_failed(&first)); /* canonical: never longer than what was read */
        invariant(first.len <= bytes.len);
        invariant(!get(buf_slice(&first), &arena, &second));
        invariant(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    buf_done(&second);
    buf_done(&first);
    arena_done(&arena);
}

static void check_record(get_bytes get, struct slice body)
{
    static char sealed[1 + BODY_BYTES_MAX + SEAL_BYTES];
    struct digest digest;

    if (body.len > BODY_BYTES_MAX)
        return;
    sealed[0] = RECORD_VERSION;
    if (body.len)
        memcpy(sealed + 1, body.ptr, body.len);
    digest_sha256((struct slice){sealed, 1 + body.len}, &digest);
    memcpy(sealed + 1 + body.len, digest.bytes, SEAL_BYTES);
    check(get, (struct slice){sealed, 1 + body.len + SEAL_BYTES});
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice rest = {(const char *)bytes + 1, len - 1};

    if (len == 0)
        return 0;
    if (bytes[0] < 2)
        check(bytes[0] ? get_report : get_facts, rest);
    else
        check_record(records[(bytes[0] - 2u) % (sizeof records / sizeof *records)], rest);
    return 0;
}
