/* The checklist of a policy for people: what every gate of every entry says, and go or no-go. */
#ifndef CTL_CHECKLIST_H
#define CTL_CHECKLIST_H

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/v1/checklist.pb-c.h"

/* Ages are counted from the moment at which the decider made the list. */
void checklist_print(const Signalbox__V1__ChecklistResponse *list,
                     struct arena *arena,
                     struct buf *out);
/* To paste into a review. */
void checklist_print_markdown(const Signalbox__V1__ChecklistResponse *list,
                              struct arena *arena,
                              struct buf *out);

#endif
