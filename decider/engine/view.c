/* The view as bytes: a bit for each field that is set, then the fields. The eighth bit says that
 * more bits follow in a varint; views from before there were any have it clear and still read.
 *
 * What is read is written again and compared: that is the surest way to accept nothing but what
 * view_encode writes, and nobody decodes on the way to an answer. */
#include "engine/view.h"

enum {
    HAS_REFUSAL = 1,
    HAS_POSITION = 2,
    HAS_RETRY_AFTER = 4,
    RETRY_REFUSED = 8,
    RESERVE_REFUSED = 16,
    PROBE_REFUSED = 32,
    HAS_ROUTES = 64,
    HAS_MORE = 128,
};

enum {
    HAS_POLICY_OFF = 1,
    HAS_PIN = 2,
    HAS_ENTRIES_OFF = 4,
    HAS_ROUTES_OFF = 8,
};

/* Every field at its longest. */
#define VIEW_BYTES_MAX 1024

/* ---- writing ---- */

static bool route_is_set(const struct view_route *route)
{
    return route->unhealthy != REASON_UNSPECIFIED || route->first_output_p95_ms;
}

/* Which of the many are set; gathered in one pass, for every decision stores its view. */
struct sets {
    uint64_t routes, routes_off, entries_off;
};

static struct sets sets_of(const struct view *view)
{
    struct sets sets = {0, 0, 0};

    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        sets.routes |= (uint64_t)route_is_set(&view->routes[i]) << i;
        sets.routes_off |= (uint64_t)(view->routes[i].off.scope != 0) << i;
    }
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        sets.entries_off |= (uint64_t)(view->entries_off[i].scope != 0) << i;
    return sets;
}

static void put_switch(struct buf *buf, struct view_switch off)
{
    buf_put_u8(buf, off.scope);
    buf_put_u8(buf, off.rule);
}

static void put_routes(const struct view *view, uint64_t routes, struct buf *buf)
{
    buf_put_varint(buf, routes);
    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        if (!set_has(routes, i))
            continue;
        buf_put_varint(buf, view->routes[i].unhealthy);
        buf_put_varint(buf, view->routes[i].opened_by);
        buf_put_varint(buf, view->routes[i].first_output_p95_ms);
    }
}

static void
put_more(const struct view *view, uint64_t more, const struct sets *sets, struct buf *buf)
{
    buf_put_varint(buf, more);
    if (more & HAS_POLICY_OFF)
        put_switch(buf, view->policy_off);
    if (more & HAS_PIN)
        buf_put_u8(buf, view->pin);
    if (more & HAS_ENTRIES_OFF) {
        buf_put_varint(buf, sets->entries_off);
        for (unsigned i = 0; i < ENTRIES_MAX; i++)
            if (view->entries_off[i].scope)
                put_switch(buf, view->entries_off[i]);
    }
    if (more & HAS_ROUTES_OFF) {
        buf_put_varint(buf, sets->routes_off);
        for (unsigned i = 0; i < ROUTES_MAX; i++)
            if (view->routes[i].off.scope)
                put_switch(buf, view->routes[i].off);
    }
}

void view_encode(const struct view *view, struct buf *buf)
{
    const struct sets sets = sets_of(view);
    uint64_t more = (view->policy_off.scope ? HAS_POLICY_OFF : 0) | (view->pin ? HAS_PIN : 0) |
                    (sets.entries_off ? HAS_ENTRIES_OFF : 0) |
                    (sets.routes_off ? HAS_ROUTES_OFF : 0);
    uint8_t flags = (uint8_t)((view->refusal != REASON_UNSPECIFIED ? HAS_REFUSAL : 0) |
                              (view->budget_position_bp ? HAS_POSITION : 0) |
                              (view->retry_after_ms ? HAS_RETRY_AFTER : 0) |
                              (view->retry_refused ? RETRY_REFUSED : 0) |
                              (view->reserve_refused ? RESERVE_REFUSED : 0) |
                              (view->probe_refused ? PROBE_REFUSED : 0) |
                              (sets.routes ? HAS_ROUTES : 0) | (more ? HAS_MORE : 0));

    buf_put_u8(buf, flags);
    if (flags & HAS_REFUSAL)
        buf_put_varint(buf, view->refusal);
    if (flags & HAS_POSITION)
        buf_put_varint(buf, view->budget_position_bp);
    if (flags & HAS_RETRY_AFTER)
        buf_put_varint(buf, view->retry_after_ms);
    if (sets.routes)
        put_routes(view, sets.routes, buf);
    if (more)
        put_more(view, more, &sets, buf);
}

/* ---- reading: words must be known; a number that does not fit fails the comparison ---- */

static struct view_switch take_switch(struct cursor *cursor)
{
    uint8_t scope = cursor_u8(cursor);

    return (struct view_switch){scope, cursor_u8(cursor)};
}

static bool switch_is_known(struct view_switch off)
{
    return signalbox_switch_scope_known(off.scope) &&
           (!off.rule || signalbox_rollback_rule_known(off.rule));
}

static bool take_route(struct cursor *cursor, struct view_route *route)
{
    uint64_t unhealthy = cursor_varint(cursor), opened_by = cursor_varint(cursor);
    uint64_t p95_ms = cursor_varint(cursor);

    if (unhealthy >= REASON_END || opened_by >= FAILURE_END ||
        (unhealthy && !signalbox_reason_known((unsigned)unhealthy)) ||
        (opened_by && !signalbox_failure_known((unsigned)opened_by)))
        return false;
    route->unhealthy = (enum reason)unhealthy;
    route->opened_by = (enum failure)opened_by;
    route->first_output_p95_ms = (uint32_t)p95_ms;
    return true;
}

static bool take_routes(struct cursor *cursor, struct view *view)
{
    uint64_t routes = cursor_varint(cursor);

    for (unsigned i = 0; i < ROUTES_MAX; i++)
        if (set_has(routes, i) && !take_route(cursor, &view->routes[i]))
            return false;
    return true;
}

static bool take_entries_off(struct cursor *cursor, struct view *view)
{
    uint64_t entries = cursor_varint(cursor);

    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        if (!set_has(entries, i))
            continue;
        view->entries_off[i] = take_switch(cursor);
        if (!switch_is_known(view->entries_off[i]))
            return false;
    }
    return true;
}

static bool take_routes_off(struct cursor *cursor, struct view *view)
{
    uint64_t routes = cursor_varint(cursor);

    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        if (!set_has(routes, i))
            continue;
        view->routes[i].off = take_switch(cursor);
        if (!switch_is_known(view->routes[i].off))
            return false;
    }
    return true;
}

static bool take_more(struct cursor *cursor, struct view *view)
{
    uint64_t more = cursor_varint(cursor);

    if (more & HAS_POLICY_OFF) {
        view->policy_off = take_switch(cursor);
        if (!switch_is_known(view->policy_off))
            return false;
    }
    if (more & HAS_PIN)
        view->pin = cursor_u8(cursor);
    return view->pin <= ENTRIES_MAX &&
           (!(more & HAS_ENTRIES_OFF) || take_entries_off(cursor, view)) &&
           (!(more & HAS_ROUTES_OFF) || take_routes_off(cursor, view));
}

static bool is_canonical(struct slice bytes, const struct view *view)
{
    char memory[VIEW_BYTES_MAX];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    view_encode(view, &buf);
    return !buf_failed(&buf) && slice_equal(buf_slice(&buf), bytes);
}

bool view_decode(struct slice bytes, struct view *ret_view)
{
    struct cursor cursor = cursor_of(bytes);
    uint8_t flags = cursor_u8(&cursor);
    uint64_t refusal = flags & HAS_REFUSAL ? cursor_varint(&cursor) : 0;
    uint64_t position = flags & HAS_POSITION ? cursor_varint(&cursor) : 0;
    struct view view = {
        .retry_refused = flags & RETRY_REFUSED,
        .reserve_refused = flags & RESERVE_REFUSED,
        .probe_refused = flags & PROBE_REFUSED,
        .retry_after_ms = flags & HAS_RETRY_AFTER ? cursor_varint(&cursor) : 0,
    };

    if (refusal >= REASON_END || (refusal && !signalbox_reason_known((unsigned)refusal)))
        return false;
    view.refusal = (enum reason)refusal;
    view.budget_position_bp = (uint32_t)position;
    if ((flags & HAS_ROUTES && !take_routes(&cursor, &view)) ||
        (flags & HAS_MORE && !take_more(&cursor, &view)))
        return false;
    if (cursor.failed || cursor.left || !is_canonical(bytes, &view))
        return false;
    *ret_view = view;
    return true;
}
