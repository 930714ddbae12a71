/* The unit is the largest of which at least two have passed, so that "1 day" never stands for
 * nearly two of them. Dates come from render.h. */
#include "ctl/when.h"

#include <string.h>

#include "base/decimal.h"
#include "ctl/render.h"

#define MINUTE_LEN 16 /* "2026-01-02 03:04" */

#define SECOND_MS 1000
#define LONG_MS   (10 * 60 * SECOND_MS) /* timeouts are shorter, and told in ms */

struct slice when_span(uint64_t ms, struct arena *arena)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"day", 86400000}, {"hour", 3600000}, {"minute", 60000}, {"second", SECOND_MS}};
    const unsigned last = sizeof units / sizeof *units - 1;
    unsigned i = 0;

    while (i < last && ms < 2 * units[i].ms)
        i++;
    ms /= units[i].ms;
    return arena_format(arena, "%llu %s%s", (unsigned long long)ms, units[i].name,
                        ms == 1 ? "" : "s");
}

struct slice when_readable(const char *text, struct arena *arena)
{
    const char *unit = strstr(text, " ms");
    uint64_t ms;

    if (!unit || unit[strlen(" ms")] ||
        !decimal_parse((struct slice){text, (size_t)(unit - text)}, 0, &ms) || ms < LONG_MS)
        return slice_of(text);
    return when_span(ms, arena);
}

struct slice when_age(int64_t unix_ms, int64_t now_ms, struct arena *arena)
{
    bool past = unix_ms <= now_ms;
    /* Two hours that were asked for a moment ago are still two hours. */
    uint64_t away = past ? (uint64_t)now_ms - (uint64_t)unix_ms
                         : (uint64_t)unix_ms - (uint64_t)now_ms + SECOND_MS - 1;
    struct slice span;

    if (unix_ms == 0)
        return SLICE_LITERAL("");
    if (away < SECOND_MS)
        return SLICE_LITERAL("now");
    span = when_span(away, arena);
    return arena_format(arena, "%s%.*s%s", past ? "" : "in ", (int)span.len, span.ptr,
                        past ? " ago" : "");
}

struct slice when_text(int64_t unix_ms, int64_t now_ms, struct arena *arena)
{
    struct slice time = render_time(unix_ms, arena), age = when_age(unix_ms, now_ms, arena);

    if (unix_ms <= 0 || time.len < MINUTE_LEN)
        return time;
    return arena_format(arena, "%.*s UTC, %.*s", MINUTE_LEN, time.ptr, (int)age.len, age.ptr);
}
