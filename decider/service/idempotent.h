/* Writes that a caller may repeat: the same call with the same idempotency id gives the first
 * answer and changes nothing, another call with it is refused.
 *
 *   struct idempotent repeat;
 *   idempotent_init(&repeat, call, "put_evidence", write_id, parts, 2);
 *   result = idempotent_find(service, call, &repeat, &answer);   between admin_begin and admin_end
 *   if (result == RESULT_OK && answer.len) ... the call was carried out before; nothing is to do
 *   ... ops[count++] = idempotent_op(&repeat, answer)            in the write itself
 *   idempotent_done(&repeat);
 *
 * An answer is a text that names what was made, in words with a space between; the call makes its
 * response from it. Without an id nothing is found, and there is nothing to store. Admin thread. */
#ifndef SERVICE_IDEMPOTENT_H
#define SERVICE_IDEMPOTENT_H

#include "base/digest.h"
#include "service/state.h"
#include "store/layout.h"

struct idempotent {
    struct slice write_id; /* empty: the caller named none */
    struct slice method;
    struct digest digest; /* of the method and the parts of its request */
    int64_t at_ms;
    struct store_key key;
    struct buf bytes;
};

#define IDEMPOTENT_PARTS_MAX 16

/* parts: everything of the request that makes it what it is, but the id itself; at most
 * IDEMPOTENT_PARTS_MAX. Borrows write_id; method is static. */
void idempotent_init(struct idempotent *repeat,
                     const struct admin_call *call,
                     const char *method,
                     struct slice write_id,
                     const struct slice *parts,
                     unsigned count);
void idempotent_done(struct idempotent *repeat);

/* *ret_answer, in the call's arena, is empty when this is the first time. RESULT_INVALID: the id is
 * too long or has a NUL; RESULT_EXISTS: another call had it. Messages are set. */
MUST_USE enum result idempotent_find(struct service *service,
                                     struct admin_call *call,
                                     const struct idempotent *repeat,
                                     struct slice *ret_answer);

/* There is an operation to add to the write. */
static inline bool idempotent_named(const struct idempotent *repeat)
{
    return repeat->write_id.len > 0;
}
/* The row that remembers the call; lent until idempotent_done. buf_failed(&repeat->bytes)
 * afterwards: out of memory, or the answer is over its bound. answer is not empty. */
struct store_op idempotent_op(struct idempotent *repeat, struct slice answer);

/* Take the next word of an answer; the empty slice, and 0, at its end. */
struct slice idempotent_word(struct slice *answer);
uint32_t idempotent_number(struct slice *answer);

#endif
