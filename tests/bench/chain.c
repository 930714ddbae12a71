#include "chain.h"

#include "base/clock.h"
#include "sample.h"
#include "wire/wire.h"

/* Field numbers of decision.proto and facts.proto, as tags. */
#define BYTES_TAG(number)  ((number) << 3 | 2)
#define VARINT_TAG(number) ((number) << 3)

enum {
    REQUEST_ID = BYTES_TAG(1),
    REQUEST_BOUNDARY = VARINT_TAG(2),
    REQUEST_ADMISSION = BYTES_TAG(3),
    REQUEST_REPORT = BYTES_TAG(4),
    REQUEST_TOKEN = BYTES_TAG(5),
    REPORT_ROUTE = BYTES_TAG(1),
    REPORT_STARTED = VARINT_TAG(17),
};

static bool keep(struct slice *part, const ProtobufCMessage *message, struct arena *arena)
{
    char *bytes = message ? arena_alloc(arena, protobuf_c_message_get_packed_size(message)) : NULL;

    if (!bytes)
        return false;
    *part = (struct slice){bytes, protobuf_c_message_pack(message, (uint8_t *)bytes)};
    return true;
}

bool chain_parts_init(struct chain_parts *parts, const struct facts *facts, struct arena *arena)
{
    struct report report = sample_success();
    Signalbox__V1__Admission *admission = wire_put_admission(facts, arena);
    Signalbox__V1__AttemptReport *success = wire_put_report(&report, arena);

    return admission && success && keep(&parts->admission, &admission->base, arena) &&
           keep(&parts->report, &success->base, arena);
}

void chain_begin(struct chain *chain)
{
    chain->started_unix_ms = clock_unix_ms();
    uuid_format(uuid_make(chain->started_unix_ms), chain->request_id);
    chain->boundary = CHAIN_ADMISSION;
}

static void put_bytes(struct buf *buf, uint64_t tag, struct slice bytes)
{
    buf_put_varint(buf, tag);
    buf_put_varint(buf, bytes.len);
    buf_put_slice(buf, bytes);
}

static void put_report(const struct chain *chain, struct slice rest, struct buf *buf)
{
    char memory[NAME_BYTES_MAX + 32];
    struct buf head;

    buf_init_fixed(&head, memory, sizeof memory);
    put_bytes(&head, REPORT_ROUTE, (struct slice){chain->route, chain->route_len});
    buf_put_varint(&head, REPORT_STARTED);
    buf_put_varint(&head, (uint64_t)chain->started_unix_ms);
    buf_put_varint(buf, REQUEST_REPORT);
    buf_put_varint(buf, head.len + rest.len);
    buf_put_slice(buf, buf_slice(&head));
    buf_put_slice(buf, rest);
}

void chain_ask(const struct chain *chain, const struct chain_parts *parts, struct buf *buf)
{
    put_bytes(buf, REQUEST_ID, (struct slice){chain->request_id, UUID_TEXT_BYTES});
    if (chain->boundary == CHAIN_ADMISSION) {
        put_bytes(buf, REQUEST_ADMISSION, parts->admission);
        return;
    }
    buf_put_varint(buf, REQUEST_BOUNDARY);
    buf_put_varint(buf, 1);
    put_report(chain, parts->report, buf);
    put_bytes(buf, REQUEST_TOKEN, (struct slice){chain->token, chain->token_len});
}

bool chain_step(struct chain *chain, const struct answer *answer)
{
    bool admission = chain->boundary == CHAIN_ADMISSION;

    if (admission && !answer->refused && answer->action == ACTION_SEND &&
        answer->route.len <= sizeof chain->route && answer->token.len <= sizeof chain->token) {
        memcpy(chain->route, answer->route.ptr, answer->route.len);
        chain->route_len = answer->route.len;
        memcpy(chain->token, answer->token.ptr, answer->token.len);
        chain->token_len = answer->token.len;
        chain->boundary = CHAIN_REPORT;
        return true;
    }
    chain_begin(chain);
    return !admission && !answer->refused && answer->action == ACTION_COMPLETE;
}
