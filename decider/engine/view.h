/* The live view: what a decision reads of the world outside policy and facts. A snapshot, filled by
 * the owner of live state before each decision and stored with it, compactly, so that the decision
 * can be made again. All-zero means: nothing speaks against anything. */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "base/buf.h"
#include "signalbox/limits.h"
#include "signalbox/taxonomy.h"

/* Who switched something off: an operator, or a rollback rule. */
struct view_switch {
    uint8_t scope; /* enum switch_scope; 0: nothing is switched off */
    uint8_t rule;  /* enum rollback_rule; 0: an operator */
};

/* Of one of the policy's routes. */
struct view_route {
    enum reason unhealthy;        /* an admission reason, or unspecified: healthy */
    enum failure opened_by;       /* with breaker_open: the class that opened it */
    uint32_t first_output_p95_ms; /* 0: not known */
    struct view_switch off;       /* its own switch, its account's or its provider's */
};

struct view {
    enum reason refusal; /* the principal may not ask, or live limits refuse; else unspecified */
    uint32_t budget_position_bp; /* the highest (spent + reserved) / limit, in 1/100 of a percent */
    bool retry_refused;          /* the retry budget has no token */
    bool reserve_refused;        /* a budget that applies cannot hold the next attempt */
    bool probe_refused;          /* another request is testing the half-open breaker */
    uint64_t retry_after_ms;     /* with refusal: when to come back; 0: not known */
    struct view_switch policy_off;
    uint8_t pin; /* 1 + the entry that an operator pinned the policy to; 0: none */
    struct view_switch entries_off[ENTRIES_MAX];
    struct view_route routes[ROUTES_MAX]; /* by the policy's routes */
};

/* Canonical bytes: equal views give equal bytes; an all-zero view gives one byte. */
void view_encode(const struct view *view, struct buf *buf);
/* False when bytes are not what view_encode writes. */
bool view_decode(struct slice bytes, struct view *ret_view);

#endif
