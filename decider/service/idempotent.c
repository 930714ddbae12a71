/* The digest is taken over digests of the parts, so that where one part ends and the next begins is
 * in it, and a document of megabytes is not copied for it. */
#include "service/idempotent.h"

#include "base/invariant.h"
#include "service/admin.h"
#include "store/control.h"

/* An answer names each of 1000 pieces of evidence. */
#define RECORD_BYTES_MAX (64 * 1024)

void idempotent_init(struct idempotent *repeat,
                     const struct admin_call *call,
                     const char *method,
                     struct slice write_id,
                     const struct slice *parts,
                     unsigned count)
{
    struct digest digests[IDEMPOTENT_PARTS_MAX + 1];

    invariant(count <= IDEMPOTENT_PARTS_MAX);
    *repeat = (struct idempotent){
        .write_id = write_id, .method = slice_of(method), .at_ms = call->now_ms};
    buf_init(&repeat->bytes, RECORD_BYTES_MAX);
    if (!idempotent_named(repeat))
        return;
    digest_sha256(repeat->method, &digests[0]);
    for (unsigned i = 0; i < count; i++)
        digest_sha256(parts[i], &digests[i + 1]);
    digest_sha256((struct slice){(const char *)digests, (count + 1) * sizeof *digests},
                  &repeat->digest);
}

void idempotent_done(struct idempotent *repeat)
{
    buf_done(&repeat->bytes);
}

static struct slice digest_slice(const struct digest *digest)
{
    return (struct slice){(const char *)digest->bytes, sizeof digest->bytes};
}

enum result idempotent_find(struct service *service,
                            struct admin_call *call,
                            const struct idempotent *repeat,
                            struct slice *ret_answer)
{
    struct write_record record;
    struct store_key key;
    struct slice value;
    enum result result;

    *ret_answer = SLICE_LITERAL("");
    if (!idempotent_named(repeat))
        return RESULT_OK;
    if (repeat->write_id.len > NAME_BYTES_MAX ||
        memchr(repeat->write_id.ptr, '\0', repeat->write_id.len))
        return admin_fail(call, RESULT_INVALID, "A write id has at most 128 bytes and no NUL.");
    key = layout_write(repeat->write_id);
    result = store_get(service->admin.read, STORE_TABLE_WRITE, store_key_slice(&key), &value);
    if (result == RESULT_NOT_FOUND)
        return RESULT_OK;
    if (result == RESULT_OK)
        result = write_record_decode(value, &record);
    if (result)
        return result;
    if (!slice_equal(record.method, repeat->method) ||
        !slice_equal(record.digest, digest_slice(&repeat->digest)))
        return admin_fail(call, RESULT_EXISTS, "Another call was made with this write id.");
    *ret_answer = arena_copy(call->arena, record.answer);
    return ret_answer->len ? RESULT_OK : call->arena->failed ? RESULT_NO_MEMORY : RESULT_CORRUPT;
}

struct store_op idempotent_op(struct idempotent *repeat, struct slice answer)
{
    const struct write_record record = {
        .method = repeat->method,
        .digest = digest_slice(&repeat->digest),
        .at_ms = repeat->at_ms,
        .answer = answer,
    };

    invariant(idempotent_named(repeat) && answer.len);
    repeat->key = layout_write(repeat->write_id);
    buf_clear(&repeat->bytes);
    write_record_encode(&record, &repeat->bytes);
    return (struct store_op){STORE_OP_PUT, STORE_TABLE_WRITE, store_key_slice(&repeat->key),
                             buf_slice(&repeat->bytes)};
}

struct slice idempotent_word(struct slice *answer)
{
    const char *space = answer->len ? memchr(answer->ptr, ' ', answer->len) : NULL;
    struct slice word = {answer->ptr, space ? (size_t)(space - answer->ptr) : answer->len};
    size_t taken = word.len + (space ? 1 : 0);

    if (taken)
        *answer = (struct slice){answer->ptr + taken, answer->len - taken};
    return word;
}

uint32_t idempotent_number(struct slice *answer)
{
    struct slice word = idempotent_word(answer);
    uint32_t number = 0;

    for (size_t i = 0; i < word.len; i++)
        number = number * 10 + (uint32_t)(word.ptr[i] - '0');
    return number;
}
