/* The evidence of one workload and environment, as policy_compile takes it: every piece that was
 * put up to some row, with what was taken back up to there marked so.
 *
 * Rows are append-only and numbered, so "the evidence as of row n" is the same whenever it is read:
 * a policy that was compiled with it can be compiled again, byte for byte. Any thread with a read
 * transaction of its own. */
#ifndef SERVICE_PIECES_H
#define SERVICE_PIECES_H

#include "base/arena.h"
#include "engine/evidence.h"
#include "store/evidence.h"
#include "store/store.h"

/* Every piece that there is. */
#define EVIDENCE_NEWEST UINT32_MAX
/* For one workload and environment; service_put_evidence refuses more. */
#define PIECES_MAX 10000

struct pieces {
    struct evidence_piece *items; /* the oldest first */
    uint32_t *numbers;            /* of the items */
    unsigned count, capacity;
    uint32_t version; /* the newest row that was looked at, pieces and revocations; 0: none */
};

/* Pieces live in the arena and borrow from the read transaction. RESULT_CORRUPT: a row or its
 * document cannot be read. */
MUST_USE enum result pieces_load(struct store_read *read,
                                 struct slice workload,
                                 struct slice environment,
                                 uint32_t upto,
                                 struct arena *arena,
                                 struct pieces *ret_pieces);
/* A further row, such as one that is about to be stored; number is above all that are there. What
 * record holds is borrowed. RESULT_TOO_LARGE: PIECES_MAX. */
MUST_USE enum result pieces_add(struct pieces *pieces,
                                struct arena *arena,
                                uint32_t number,
                                const struct evidence_record *record);
/* The piece of a number, or NULL. */
struct evidence_piece *pieces_find(const struct pieces *pieces, uint32_t number);

/* The newest row of a place that is at most upto; 0: none. */
MUST_USE enum result pieces_version(struct store_read *read,
                                    struct slice workload,
                                    struct slice environment,
                                    uint32_t upto,
                                    uint32_t *ret_version);

/* "ev-12". */
struct slice pieces_id(struct arena *arena, uint32_t number);
/* False: not the id of a piece. */
bool pieces_parse_id(struct slice id, uint32_t *ret_number);

#endif
