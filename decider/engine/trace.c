/* The trace: what every check found and needed, as values. The digest is kept whether or not
 * anybody asked for the items, so that a stored decision can be compared with its replay.
 *
 * Each finding is mixed by itself and then into the digest: the work on one need not wait for the
 * one before, and most decisions are made without anybody reading the items. */
#include "base/mix.h"
#include "engine/gate.h"

void trace_sink_init(struct trace_sink *sink, struct trace_item *items, unsigned capacity)
{
    *sink = (struct trace_sink){.items = items, .capacity = items ? capacity : 0};
}

static uint64_t number_of(const struct trace_value *value)
{
    return value->kind == TRACE_TEXT ? mix_in_text(0, value->text) : value->number;
}

/* 1 + the route's place in the policy; 0: none. */
static uint64_t route_number(const struct trace_place *place)
{
    if (!place->route)
        return 0;
    return 1 + (uint64_t)(place->route - policy_route(place->policy, 0));
}

static uint64_t digest_of(const struct trace_place *place, const struct gate_finding *finding)
{
    uint64_t what = place->entry | route_number(place) << 8 | (uint64_t)finding->check << 16 |
                    (uint64_t)finding->verdict << 32 | (uint64_t)finding->found.kind << 40 |
                    (uint64_t)finding->needed.kind << 48;
    uint64_t digest = mix_in(mix_in(what, number_of(&finding->found)), number_of(&finding->needed));

    return finding->evidence_id.len ? mix_in_text(digest, finding->evidence_id) : digest;
}

/* Whom to ask: who is named, else who answers for the policy, else for the account. */
static struct slice owner_of(const struct trace_place *place, const struct gate_finding *finding)
{
    if (finding->owner.len)
        return finding->owner;
    if (place->policy->owner.len || !place->route)
        return policy_text(place->policy, place->policy->owner);
    return policy_text(place->policy, place->route->account_owner);
}

struct trace_item trace_item_of(const struct trace_place *place, const struct gate_finding *finding)
{
    const struct check_row *row = check_row(finding->check);

    return (struct trace_item){
        .entry = place->entry,
        .route =
            place->route ? policy_text(place->policy, place->route->id) : (struct slice){NULL, 0},
        .gate = row->gate,
        .check = slice_of(row->name),
        .verdict = finding->verdict,
        .found = finding->found,
        .needed = finding->needed,
        .evidence_id = finding->evidence_id,
        .owner = owner_of(place, finding),
    };
}

void trace_add(struct trace_sink *sink,
               const struct trace_place *place,
               const struct gate_finding *finding)
{
    sink->digest = mix_in(sink->digest, digest_of(place, finding));
    if (sink->count < sink->capacity)
        sink->items[sink->count] = trace_item_of(place, finding);
    sink->count++;
}
