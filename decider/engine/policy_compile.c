/* Checked document to block: the fixed structs first, then lists and texts.
 *
 *   struct policy | entries | routes | lists of references | texts
 *
 * Each part starts at a multiple of 16, gaps are zero, and every struct is made in cleared memory
 * and set member by member, so that the same document gives the same bytes. Equal texts are stored
 * again: blocks are small, and a table of texts would cost more than it saves. */
#include "base/invariant.h"
#include "engine/policy_document.h"

#define ALIGNMENT_BYTES 16

_Static_assert(sizeof(struct policy_route) % 8 == 0, "no padding at the end");
_Static_assert(sizeof(struct policy_entry) % 8 == 0, "no padding at the end");

static uint32_t reserve(struct buf *buf, size_t bytes)
{
    size_t gap = (ALIGNMENT_BYTES - buf->len % ALIGNMENT_BYTES) % ALIGNMENT_BYTES;
    char *room = buf_reserve(buf, gap + bytes);

    if (!room)
        return 0;
    memset(room, 0, gap + bytes);
    return (uint32_t)(buf->len - bytes);
}

static struct policy_ref put_text(struct buf *buf, struct slice text)
{
    struct policy_ref ref = {(uint32_t)buf->len, (uint32_t)text.len};

    if (text.len == 0)
        return (struct policy_ref){0};
    buf_put_slice(buf, text);
    return ref;
}

static struct policy_ref put_texts(struct buf *buf, struct texts texts)
{
    struct policy_ref list = {0, texts.count};

    if (texts.count == 0)
        return list;
    list.offset = reserve(buf, texts.count * sizeof(struct policy_ref));
    for (unsigned i = 0; i < texts.count; i++) {
        struct policy_ref text = put_text(buf, texts.items[i]);

        if (!buf_failed(buf))
            memcpy(buf->ptr + list.offset + i * sizeof text, &text, sizeof text);
    }
    return list;
}

static void
compile_route(const struct catalog_route *route, struct buf *buf, struct policy_route *made)
{
    const struct catalog_account *account = route->account;
    const struct catalog_model *model = route->model;

    made->id = put_text(buf, route->id);
    made->provider = put_text(buf, account->provider->id);
    made->account = put_text(buf, account->id);
    made->region = put_text(buf, route->region);
    made->model_id = put_text(buf, model->id);
    made->model_family = put_text(buf, model->family);
    made->model = put_text(buf, route->provider_model);
    made->base_url = put_text(buf, route->base_url);
    made->credential = put_text(buf, account->credential);
    made->overrides = put_text(buf, route->overrides);
    made->service_tier = put_text(buf, route->service_tier);
    made->account_owner = put_text(buf, account->owner);
    made->spend_owner = put_text(buf, account->spend_owner);
    made->quota_owner = put_text(buf, account->quota_owner);
    made->environments = put_texts(buf, route->environments);
    made->reported_models = put_texts(buf, route->reported_models);
    made->family = route->family;
    made->quality_class = model->quality_class;
    made->capabilities = route->capabilities;
    made->data_classes = route->data_classes;
    made->context_tokens_max = model->context_tokens_max;
    made->output_tokens_max = model->output_tokens_max;
    memcpy(made->price_pusd, route->price_pusd, sizeof made->price_pusd);
    made->priced = route->priced;
    made->price_as_of_unix_ms = route->price_as_of_unix_ms;
    made->timeouts = route->timeouts;
    made->zero_retention = route->zero_retention;
    made->payload_logging = route->payload_logging;
}

static void
compile_entry(const struct document_entry *entry, struct buf *buf, struct policy_entry *made)
{
    made->kind = entry->kind;
    made->tier = entry->tier;
    made->requires_eval_pass = entry->requires_eval_pass;
    made->requires_cost_owner = entry->requires_cost_owner;
    made->requires_tool_contract_pass = entry->requires_tool_contract_pass;
    made->allow_after_partial_output = entry->allow_after_partial_output;
    made->allowed = entry->allowed;
    made->blocked = entry->blocked;
    made->admission_reasons = entry->admission_reasons;
    made->evidence_expires_unix_ms = INT64_MAX; /* no evidence is at hand that could expire */
    made->queue = put_text(buf, entry->queue);
    made->default_response = put_text(buf, entry->default_response);
    made->notice = put_text(buf, entry->notice);
    made->queue_age_ms_max = entry->queue_age_ms_max;
}

static void
compile_entries(const struct policy_document *document, struct buf *buf, struct policy *policy)
{
    uint32_t route_index = 0;

    for (unsigned i = 0; i < document->entries_count; i++) {
        const struct document_entry *entry = &document->entries[i];
        struct policy_entry made;

        memset(&made, 0, sizeof made);
        compile_entry(entry, buf, &made);
        if (entry->kind == ENTRY_KIND_ROUTE) {
            struct policy_route route;

            memset(&route, 0, sizeof route);
            compile_route(entry->route.resolved, buf, &route);
            made.route = route_index;
            if (!buf_failed(buf))
                memcpy(buf->ptr + policy->routes.offset + route_index * sizeof route, &route,
                       sizeof route);
            route_index++;
        }
        if (!buf_failed(buf))
            memcpy(buf->ptr + policy->entries.offset + i * sizeof made, &made, sizeof made);
    }
}

enum result policy_compile(const struct policy_document *document,
                           uint32_t version,
                           uint32_t catalog_version,
                           struct buf *buf)
{
    struct policy policy;
    uint32_t routes_count = 0;

    invariant(buf->len == 0);
    for (unsigned i = 0; i < document->entries_count; i++) {
        bool routed = document->entries[i].kind == ENTRY_KIND_ROUTE;

        invariant(!routed || document->entries[i].route.resolved); /* policy_check said OK */
        routes_count += routed;
    }
    memcpy(&policy, &document->settings, sizeof policy);
    /* Beside the enum in it there is room that nobody clears but this. */
    memset(&policy.hold_output, 0, sizeof policy.hold_output);
    policy.hold_output.until = document->settings.hold_output.until;
    policy.hold_output.amount = document->settings.hold_output.amount;
    policy.hold_output.bytes_max = document->settings.hold_output.bytes_max;
    reserve(buf, sizeof policy);
    policy.entries.offset = reserve(buf, document->entries_count * sizeof(struct policy_entry));
    policy.entries.len = document->entries_count;
    policy.routes.offset = reserve(buf, routes_count * sizeof(struct policy_route));
    policy.routes.len = routes_count;
    policy.magic = POLICY_MAGIC;
    policy.format = POLICY_FORMAT;
    policy.version = version;
    policy.catalog_version = catalog_version;
    policy.traffic_class = document->traffic_class;
    policy.data_classes = document->data_classes;
    policy.id = put_text(buf, document->policy_id);
    policy.workload = put_text(buf, document->workload);
    policy.environment = put_text(buf, document->environment);
    policy.aliases = put_texts(buf, document->aliases);
    compile_entries(document, buf, &policy);
    reserve(buf, 0);
    if (buf_failed(buf) || buf->len > UINT32_MAX)
        return RESULT_NO_MEMORY;
    policy.bytes = (uint32_t)buf->len;
    memcpy(buf->ptr, &policy, sizeof policy);
    return RESULT_OK;
}
