/* Text for a terminal: how wide it is, and made harmless. */
#ifndef CTL_DISPLAY_H
#define CTL_DISPLAY_H

#include "base/buf.h"

/* Appends text with every control, escape and direction-changing character, and every byte that is
 * not UTF-8, as U+FFFD. Line ends and tabs too, unless lines is true. */
void display_put(struct slice text, bool lines, struct buf *buf);
/* Columns that text takes: 0 for combining marks, 2 for wide characters. */
unsigned display_width(struct slice text);

#endif
