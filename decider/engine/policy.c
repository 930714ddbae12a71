/* Checks stored bytes before an offset in them is trusted: every reference lies inside the block,
 * arrays are aligned for their elements, and what is used as an index, a count or a choice is in
 * range. What a value means is not judged again. */
#include "engine/policy.h"

#include "base/invariant.h"

#define BLOCK_ALIGNMENT_BYTES     16
#define ADDRESS_BITS              128
#define DIGEST_BYTES_OR_NONE(len) ((len) == 0 || (len) == 32)

static bool holds(const struct policy *policy,
                  struct policy_ref ref,
                  size_t element_bytes,
                  size_t alignment_bytes)
{
    uint64_t end = (uint64_t)ref.offset + (uint64_t)ref.len * element_bytes;

    return end <= policy->bytes && (ref.len == 0 || ref.offset % alignment_bytes == 0);
}

#define HOLDS(policy, ref, type) holds(policy, ref, sizeof(type), _Alignof(type))

static bool holds_text(const struct policy *policy, struct policy_ref ref)
{
    return holds(policy, ref, 1, 1);
}

static bool
holds_all_texts(const struct policy *policy, const struct policy_ref *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!holds_text(policy, texts[i]))
            return false;
    return true;
}

static bool holds_texts(const struct policy *policy, struct policy_ref list)
{
    return HOLDS(policy, list, struct policy_ref) &&
           holds_all_texts(policy, policy_at(policy, list.offset), list.len);
}

static bool
holds_all_lists(const struct policy *policy, const struct policy_ref *lists, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!holds_texts(policy, lists[i]))
            return false;
    return true;
}

#define HOLDS_TEXTS(policy, array) holds_all_texts(policy, array, sizeof(array) / sizeof *(array))
#define HOLDS_LISTS(policy, array) holds_all_lists(policy, array, sizeof(array) / sizeof *(array))

static bool check_piece(const struct policy *policy, const struct policy_evidence *piece)
{
    const struct policy_ref texts[] = {piece->id, piece->owner, piece->detail,
                                       piece->prompt_version, piece->tool_digest};

    return signalbox_evidence_state_known(piece->state) && piece->sign_off < SIGN_OFF_END &&
           HOLDS_TEXTS(policy, texts) && DIGEST_BYTES_OR_NONE(piece->tool_digest.len) &&
           holds_texts(policy, piece->customer_tiers);
}

static bool check_evidence(const struct policy *policy, struct policy_ref list)
{
    const struct policy_evidence *pieces;

    if (!HOLDS(policy, list, struct policy_evidence))
        return false;
    pieces = policy_at(policy, list.offset);
    for (uint32_t i = 0; i < list.len; i++)
        if (!check_piece(policy, &pieces[i]))
            return false;
    return true;
}

static bool check_networks(const struct policy *policy, struct policy_ref list)
{
    const struct policy_network *networks;

    if (!HOLDS(policy, list, struct policy_network))
        return false;
    networks = policy_at(policy, list.offset);
    for (uint32_t i = 0; i < list.len; i++)
        if (networks[i].bits > ADDRESS_BITS)
            return false;
    return true;
}

static bool check_extra_units(const struct policy *policy, struct policy_ref list)
{
    const struct policy_extra_unit *units;

    if (!HOLDS(policy, list, struct policy_extra_unit))
        return false;
    units = policy_at(policy, list.offset);
    for (uint32_t i = 0; i < list.len; i++)
        if (!holds_text(policy, units[i].name))
            return false;
    return true;
}

/* Entries and routes know each other: here the route its entry, in check_entry the other way. */
static bool check_place(const struct policy *policy, const struct policy_route *route)
{
    uint32_t index = (uint32_t)(route - policy_route(policy, 0));
    const struct policy_entry *entry;

    if (route->entry >= policy->entries.len || route->weight < 1 ||
        route->weight > ROUTE_WEIGHT_MAX)
        return false;
    entry = policy_entry(policy, route->entry);
    return entry->kind == ENTRY_KIND_ROUTE && index >= entry->route &&
           index - entry->route < entry->routes_count;
}

static bool check_route(const struct policy *policy, const struct policy_route *route)
{
    const struct policy_ref texts[] = {
        route->id,
        route->provider,
        route->account,
        route->region,
        route->model_id,
        route->model_family,
        route->model_version,
        route->model,
        route->base_url,
        route->credential,
        route->overrides,
        route->service_tier,
        route->account_owner,
        route->account_tenant,
        route->spend_owner,
        route->quota_owner,
    };
    const struct policy_ref lists[] = {route->environments, route->reported_models};

    for (unsigned kind = 0; kind < EVIDENCE_KIND_END; kind++)
        if (!check_evidence(policy, route->evidence[kind]))
            return false;
    return HOLDS_TEXTS(policy, texts) && HOLDS_LISTS(policy, lists) &&
           check_networks(policy, route->networks) &&
           HOLDS(policy, route->price_steps, struct policy_price_step) &&
           check_extra_units(policy, route->extra_units) && signalbox_family_known(route->family) &&
           signalbox_quality_class_known(route->quality_class) && check_place(policy, route);
}

static bool owns_routes(const struct policy *policy, const struct policy_entry *entry)
{
    uint32_t index = (uint32_t)(entry - policy_entry(policy, 0));

    if (entry->route >= policy->routes.len || entry->routes_count < 1 ||
        entry->routes_count > ENTRY_ROUTES_MAX ||
        entry->routes_count > policy->routes.len - entry->route)
        return false;
    for (uint32_t i = 0; i < entry->routes_count; i++)
        if (policy_route(policy, entry->route + i)->entry != index)
            return false;
    return true;
}

static bool check_entry(const struct policy *policy, const struct policy_entry *entry)
{
    const struct policy_ref texts[] = {entry->queue, entry->default_response, entry->notice};
    const struct policy_ref lists[] = {entry->customer_tiers, entry->premium_tenants,
                                       entry->premium_keys};

    if (entry->kind < ENTRY_KIND_ROUTE || entry->kind > ENTRY_KIND_DEFAULT_RESPONSE ||
        !signalbox_tier_known(entry->tier) || entry->queue.len > NAME_BYTES_MAX)
        return false;
    if (entry->kind == ENTRY_KIND_ROUTE ? !owns_routes(policy, entry) : entry->routes_count != 0)
        return false;
    return HOLDS_TEXTS(policy, texts) && HOLDS_LISTS(policy, lists);
}

static bool known_or_none(bool known, uint32_t number)
{
    return number == 0 || known;
}

static bool check_head(const struct policy *policy, size_t len)
{
    return policy->magic == POLICY_MAGIC && policy->format == POLICY_FORMAT &&
           policy->bytes == len && policy->attempts_max >= 1 &&
           policy->attempts_max <= ATTEMPTS_MAX && policy->total_ms_max > 0 &&
           known_or_none(signalbox_traffic_class_known(policy->traffic_class),
                         policy->traffic_class) &&
           known_or_none(signalbox_spend_window_known(policy->fallback_spend_window),
                         policy->fallback_spend_window) &&
           known_or_none(signalbox_payload_storage_known(policy->payload_storage),
                         policy->payload_storage) &&
           signalbox_hold_output_known(policy->hold_output.until);
}

static bool check_references(const struct policy *policy)
{
    const struct policy_ref texts[] = {policy->id, policy->owner, policy->workload,
                                       policy->environment};
    const struct policy_ref lists[] = {policy->aliases, policy->regions, policy->providers,
                                       policy->accounts, policy->service_tiers};

    return HOLDS_TEXTS(policy, texts) && HOLDS_LISTS(policy, lists) &&
           HOLDS(policy, policy->entries, struct policy_entry) &&
           HOLDS(policy, policy->routes, struct policy_route) && policy->entries.len >= 1 &&
           policy->entries.len <= ENTRIES_MAX && policy->routes.len <= ROUTES_MAX &&
           policy_entry(policy, 0)->kind == ENTRY_KIND_ROUTE;
}

struct slice policy_entry_name(const struct policy *policy,
                               unsigned index,
                               char ret_memory[POLICY_ENTRY_NAME_BYTES_MAX])
{
    static const struct slice prefix = {"queue:", sizeof "queue:" - 1};
    const struct policy_entry *entry = policy_entry(policy, index);
    struct slice queue = policy_text(policy, entry->queue);

    switch ((enum entry_kind)entry->kind) {
    case ENTRY_KIND_ROUTE:
        return policy_text(policy, policy_route(policy, entry->route)->id);
    case ENTRY_KIND_DEFAULT_RESPONSE:
        return SLICE_LITERAL("default_response");
    case ENTRY_KIND_QUEUE:
        break;
    }
    invariant(queue.len <= POLICY_ENTRY_NAME_BYTES_MAX - prefix.len);
    memcpy(ret_memory, prefix.ptr, prefix.len);
    memcpy(ret_memory + prefix.len, queue.ptr, queue.len);
    return (struct slice){ret_memory, prefix.len + queue.len};
}

bool policy_list_has(const struct policy *policy, struct policy_ref list, struct slice text)
{
    for (uint32_t i = 0; i < list.len; i++)
        if (slice_equal(policy_list_text(policy, list, i), text))
            return true;
    return false;
}

const struct policy *policy_view(const void *bytes, size_t len)
{
    const struct policy *policy = bytes;

    if (!bytes || len < sizeof *policy || (uintptr_t)bytes % BLOCK_ALIGNMENT_BYTES != 0 ||
        !check_head(policy, len) || !check_references(policy))
        return NULL;
    for (uint32_t i = 0; i < policy->entries.len; i++)
        if (!check_entry(policy, policy_entry(policy, i)))
            return NULL;
    for (uint32_t i = 0; i < policy->routes.len; i++)
        if (!check_route(policy, policy_route(policy, i)))
            return NULL;
    return policy;
}
