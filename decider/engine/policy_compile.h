/* What the two halves of policy_compile share: parts of the block under way. */
#ifndef ENGINE_POLICY_COMPILE_H
#define ENGINE_POLICY_COMPILE_H

#include "engine/policy_document.h"

/* Pieces of a kind that one route keeps; of sign-offs, those of each role. */
#define ROUTE_EVIDENCE_MAX 16

/* Cleared room at the next multiple of 16; its offset, or 0 after a failure. */
uint32_t policy_put_room(struct buf *buf, size_t bytes);
struct policy_ref policy_put_text(struct buf *buf, struct slice text);
/* Writes over room that was put before. */
void policy_put_at(struct buf *buf, size_t offset, const void *bytes, size_t len);
struct policy_ref policy_put_texts(struct buf *buf, struct texts texts);

/* A piece of evidence while a policy is compiled. */
struct compiled_piece {
    bool foreign;              /* of another workload or environment; it counts for nothing */
    enum evidence_state state; /* for the route at hand; unspecified: it does not speak of it */
    struct slice detail;
    bool written; /* its texts are in the block, for routes to share */
    struct policy_ref id, owner, prompt_version, tool_digest, customer_tiers;
};

/* Judges every piece for the route and puts what is kept into the block, per kind. pieces has an
 * element for each of the input's. */
void policy_put_evidence(const struct policy_compile_input *input,
                         struct compiled_piece *pieces,
                         const struct evidence_use *use,
                         struct buf *buf,
                         struct policy_route *made);

#endif
