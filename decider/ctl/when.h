/* Moments as people think of them: the minute, and how far away that is. */
#ifndef CTL_WHEN_H
#define CTL_WHEN_H

#include <stdint.h>

#include "base/arena.h"

/* "19 days", "90 minutes". Whole units, rounded down. */
struct slice when_span(uint64_t ms, struct arena *arena);
/* "1681056708 ms", as gates trace an age, in a unit that people think in; other texts as they are.
 */
struct slice when_readable(const char *text, struct arena *arena);
/* "3 days ago", "in 12 days", "now"; empty for 0. */
struct slice when_age(int64_t unix_ms, int64_t now_ms, struct arena *arena);
/* "2026-01-02 03:04 UTC, 3 days ago"; empty for 0. */
struct slice when_text(int64_t unix_ms, int64_t now_ms, struct arena *arena);

#endif
