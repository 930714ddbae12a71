/* Checks stored bytes before an offset in them is trusted: every reference lies inside the block,
 * arrays are aligned for their elements, and what is used as an index or chosen by is in range.
 * What a value means is not judged again. */
#include "engine/policy.h"

#define BLOCK_ALIGNMENT_BYTES 16

static bool holds(const struct policy *policy,
                  struct policy_ref ref,
                  size_t element_bytes,
                  size_t alignment_bytes)
{
    uint64_t end = (uint64_t)ref.offset + (uint64_t)ref.len * element_bytes;

    return end <= policy->bytes && (ref.len == 0 || ref.offset % alignment_bytes == 0);
}

static bool holds_text(const struct policy *policy, struct policy_ref ref)
{
    return holds(policy, ref, 1, 1);
}

static bool holds_texts(const struct policy *policy, struct policy_ref list)
{
    const struct policy_ref *items;

    if (!holds(policy, list, sizeof *items, _Alignof(struct policy_ref)))
        return false;
    items = policy_at(policy, list.offset);
    for (uint32_t i = 0; i < list.len; i++)
        if (!holds_text(policy, items[i]))
            return false;
    return true;
}

static bool check_route(const struct policy *policy, const struct policy_route *route)
{
    const struct policy_ref texts[] = {
        route->id,          route->provider,     route->account,      route->region,
        route->model_id,    route->model_family, route->model,        route->base_url,
        route->credential,  route->overrides,    route->service_tier, route->account_owner,
        route->spend_owner, route->quota_owner,
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!holds_text(policy, texts[i]))
            return false;
    return holds_texts(policy, route->environments) &&
           holds_texts(policy, route->reported_models) && signalbox_family_known(route->family) &&
           signalbox_quality_class_known(route->quality_class);
}

static bool check_entry(const struct policy *policy, const struct policy_entry *entry)
{
    bool routed = entry->kind == ENTRY_KIND_ROUTE;

    return entry->kind >= ENTRY_KIND_ROUTE && entry->kind <= ENTRY_KIND_DEFAULT_RESPONSE &&
           signalbox_tier_known(entry->tier) && (!routed || entry->route < policy->routes.len) &&
           holds_text(policy, entry->queue) && holds_text(policy, entry->default_response) &&
           holds_text(policy, entry->notice);
}

static bool check_head(const struct policy *policy, size_t len)
{
    return policy->magic == POLICY_MAGIC && policy->format == POLICY_FORMAT &&
           policy->bytes == len && policy->attempts_max >= 1 &&
           policy->attempts_max <= ATTEMPTS_MAX && policy->total_ms_max > 0 &&
           (policy->traffic_class == TRAFFIC_CLASS_UNSPECIFIED ||
            signalbox_traffic_class_known(policy->traffic_class)) &&
           signalbox_hold_output_known(policy->hold_output.until);
}

const struct policy *policy_view(const void *bytes, size_t len)
{
    const struct policy *policy = bytes;

    if (!bytes || len < sizeof *policy || (uintptr_t)bytes % BLOCK_ALIGNMENT_BYTES != 0 ||
        !check_head(policy, len))
        return NULL;
    if (!holds_text(policy, policy->id) || !holds_text(policy, policy->workload) ||
        !holds_text(policy, policy->environment) || !holds_texts(policy, policy->aliases) ||
        !holds(policy, policy->entries, sizeof(struct policy_entry),
               _Alignof(struct policy_entry)) ||
        !holds(policy, policy->routes, sizeof(struct policy_route), _Alignof(struct policy_route)))
        return NULL;
    if (policy->entries.len < 1 || policy->entries.len > ENTRIES_MAX ||
        policy->routes.len > ENTRIES_MAX || policy_entry(policy, 0)->kind != ENTRY_KIND_ROUTE)
        return NULL;
    for (uint32_t i = 0; i < policy->entries.len; i++)
        if (!check_entry(policy, policy_entry(policy, i)))
            return NULL;
    for (uint32_t i = 0; i < policy->routes.len; i++)
        if (!check_route(policy, policy_route(policy, i)))
            return NULL;
    return policy;
}
