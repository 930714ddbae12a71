/* The view as bytes: a bit per field that is set, then the fields. */
#include "engine/view.h"

enum {
    HAS_REFUSAL = 1,
    HAS_POSITION = 2,
    HAS_RETRY_AFTER = 4,
    RETRY_REFUSED = 8,
    RESERVE_REFUSED = 16,
    PROBE_REFUSED = 32,
    HAS_ROUTES = 64,
};

static bool route_is_set(const struct view_route *route)
{
    return route->unhealthy != REASON_UNSPECIFIED || route->first_output_p95_ms;
}

static uint32_t routes_set(const struct view *view)
{
    uint32_t set = 0;

    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (route_is_set(&view->routes[i]))
            set |= UINT32_C(1) << i;
    return set;
}

void view_encode(const struct view *view, struct buf *buf)
{
    uint32_t routes = routes_set(view);
    uint8_t flags =
        (uint8_t)((view->refusal != REASON_UNSPECIFIED ? HAS_REFUSAL : 0) |
                  (view->budget_position_bp ? HAS_POSITION : 0) |
                  (view->retry_after_ms ? HAS_RETRY_AFTER : 0) |
                  (view->retry_refused ? RETRY_REFUSED : 0) |
                  (view->reserve_refused ? RESERVE_REFUSED : 0) |
                  (view->probe_refused ? PROBE_REFUSED : 0) | (routes ? HAS_ROUTES : 0));

    buf_put_u8(buf, flags);
    if (flags & HAS_REFUSAL)
        buf_put_varint(buf, view->refusal);
    if (flags & HAS_POSITION)
        buf_put_varint(buf, view->budget_position_bp);
    if (flags & HAS_RETRY_AFTER)
        buf_put_varint(buf, view->retry_after_ms);
    if (!routes)
        return;
    buf_put_varint(buf, routes);
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (routes >> i & 1) {
            buf_put_varint(buf, view->routes[i].unhealthy);
            buf_put_varint(buf, view->routes[i].opened_by);
            buf_put_varint(buf, view->routes[i].first_output_p95_ms);
        }
}

static bool decode_route(struct cursor *cursor, struct view_route *route)
{
    uint64_t unhealthy = cursor_varint(cursor), opened_by = cursor_varint(cursor);
    uint64_t p95_ms = cursor_varint(cursor);

    if (p95_ms > UINT32_MAX || (unhealthy && !signalbox_reason_known((unsigned)unhealthy)) ||
        (opened_by && !signalbox_failure_known((unsigned)opened_by)))
        return false;
    *route = (struct view_route){(enum reason)unhealthy, (enum failure)opened_by, (uint32_t)p95_ms};
    return route_is_set(route);
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
    uint64_t routes = flags & HAS_ROUTES ? cursor_varint(&cursor) : 0;

    if (flags & 128 || position > UINT32_MAX || routes >> ENTRIES_MAX ||
        (refusal && !signalbox_reason_known((unsigned)refusal)))
        return false;
    view.refusal = (enum reason)refusal;
    view.budget_position_bp = (uint32_t)position;
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (routes >> i & 1 && !decode_route(&cursor, &view.routes[i]))
            return false;
    if (cursor.failed || cursor.left)
        return false;
    *ret_view = view;
    return true;
}
