/* Records of evidence: the piece as a canonical document with what it was bound to when it was put,
 * or the taking back of one. Append-only; rows of a workload and environment are in the order of
 * their numbers, which count over all evidence, so that "the evidence as of number n" is what
 * stands up to there. Sealed like all records. */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/facts.h"
#include "signalbox/result.h"

struct evidence_record {
    uint32_t revokes; /* the number of the piece that this row takes back; 0: it is a piece */
    enum evidence_kind kind;
    struct slice document; /* canonical JSON of one piece (engine/evidence.h) */
    struct slice subject;  /* what it was bound to: a model's id or a route's */
    struct pairs bindings; /* evidence_bound_name, value */
    struct slice by;       /* key id */
    struct slice by_user;  /* the key's user, or empty */
    int64_t at_ms;
    struct slice reason; /* of taking back */
};

void evidence_record_encode(const struct evidence_record *record, struct buf *buf);
/* Lends slices of bytes; arrays come from the arena. */
MUST_USE enum result
evidence_record_decode(struct slice bytes, struct arena *arena, struct evidence_record *ret_record);

#endif
