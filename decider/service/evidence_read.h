/* Evidence as it is stored, found by its number. Admin thread, between admin_begin and admin_end.
 */
#ifndef SERVICE_EVIDENCE_READ_H
#define SERVICE_EVIDENCE_READ_H

#include "service/evidence.h"
#include "service/pieces.h"
#include "service/state.h"

/* One row and what became of it; texts are lent by the read transaction, arrays by the arena. */
struct evidence_row {
    uint32_t number;
    struct slice workload, environment;
    struct evidence_record record;
    uint32_t revoked; /* number of the row that takes it back; 0: it stands */
};

/* RESULT_NOT_FOUND: no row has the number. */
MUST_USE enum result evidence_read(struct store_read *read,
                                   uint32_t number,
                                   struct arena *arena,
                                   struct evidence_row *ret_row);
/* A piece that the caller may see, by its id; RESULT_NOT_FOUND with a message. */
MUST_USE enum result evidence_find(struct service *service,
                                   struct admin_call *call,
                                   struct slice id,
                                   struct evidence_row *ret_row);
/* Copied into the call's arena. */
MUST_USE enum result evidence_summarize(struct service *service,
                                        struct admin_call *call,
                                        const struct evidence_row *row,
                                        struct evidence_summary *ret_item);
/* The newest number of all; 0: none. */
MUST_USE enum result evidence_last(struct store_read *read, uint32_t *ret_number);

#endif
