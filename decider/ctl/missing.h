/* From a checklist that is no-go to the evidence that would make it go: one skeleton for each
 * piece, as a document for `evidence put`.
 *
 * What only people know stands as null, as an empty text or as a date of letters; the decider
 * refuses each of these, so that a skeleton that was not filled in is never taken for evidence. */
#ifndef CTL_MISSING_H
#define CTL_MISSING_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/v1/checklist.pb-c.h"

struct missing_source {
    const Signalbox__V1__ChecklistResponse *list;
    /* A text that is the same for routes which share the evidence about their model; lent. NULL:
     * the route could not be looked up. */
    const char *(*find_kin)(void *context, const char *route);
    void *context;
};

struct missing_piece;

struct missing {
    struct missing_piece *first;
    /* What a document alone does not cure, a sentence each. */
    const char **notes;
    size_t notes_count;
};

/* In the arena. False: a route could not be looked up, or the arena's bound. */
bool missing_find(const struct missing_source *source,
                  struct arena *arena,
                  struct missing *ret_missing);
/* Appends {"evidence": [...]} and a line end. */
void missing_write(const struct missing *missing,
                   const Signalbox__V1__ChecklistResponse *list,
                   struct buf *buf);

#endif
