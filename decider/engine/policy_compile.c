/* Checked document to block: the fixed structs first, then lists, evidence and texts.
 *
 *   struct policy | entries | routes | lists, evidence and texts, entry by entry
 *
 * Each array starts at a multiple of 16, gaps are zero, and every struct is made in cleared memory
 * and set member by member, so that the same input gives the same bytes. Equal texts are stored
 * again, but for those of evidence: blocks are small, and a table of texts would cost more than it
 * saves. */
#include "engine/policy_compile.h"

#include "base/invariant.h"

#define ALIGNMENT_BYTES 16

_Static_assert(sizeof(struct policy_route) % 8 == 0, "no padding at the end");
_Static_assert(sizeof(struct policy_entry) % 8 == 0, "no padding at the end");

uint32_t policy_put_room(struct buf *buf, size_t bytes)
{
    size_t gap = (ALIGNMENT_BYTES - buf->len % ALIGNMENT_BYTES) % ALIGNMENT_BYTES;
    char *room = buf_reserve(buf, gap + bytes);

    if (!room)
        return 0;
    memset(room, 0, gap + bytes);
    return (uint32_t)(buf->len - bytes);
}

struct policy_ref policy_put_text(struct buf *buf, struct slice text)
{
    struct policy_ref ref = {(uint32_t)buf->len, (uint32_t)text.len};

    if (text.len == 0)
        return (struct policy_ref){0};
    buf_put_slice(buf, text);
    return ref;
}

void policy_put_at(struct buf *buf, size_t offset, const void *bytes, size_t len)
{
    if (!buf_failed(buf))
        memcpy(buf->ptr + offset, bytes, len);
}

struct policy_ref policy_put_texts(struct buf *buf, struct texts texts)
{
    struct policy_ref list = {0, texts.count};

    if (texts.count == 0)
        return list;
    list.offset = policy_put_room(buf, texts.count * sizeof(struct policy_ref));
    for (unsigned i = 0; i < texts.count; i++) {
        struct policy_ref text = policy_put_text(buf, texts.items[i]);

        policy_put_at(buf, list.offset + i * sizeof text, &text, sizeof text);
    }
    return list;
}

/* ---- routes ---- */

static struct policy_ref put_networks(struct buf *buf, const struct catalog_account *account)
{
    struct policy_ref list = {0, account->networks_count};

    if (!list.len)
        return list;
    list.offset = policy_put_room(buf, list.len * sizeof(struct policy_network));
    for (unsigned i = 0; i < list.len; i++) {
        struct policy_network made;

        memset(&made, 0, sizeof made);
        memcpy(made.address, account->networks[i].address, sizeof made.address);
        made.bits = account->networks[i].bits;
        policy_put_at(buf, list.offset + i * sizeof made, &made, sizeof made);
    }
    return list;
}

static struct policy_ref put_price_steps(struct buf *buf, const struct catalog_route *route)
{
    struct policy_ref list = {0, route->price_steps_count};

    if (!list.len)
        return list;
    list.offset = policy_put_room(buf, list.len * sizeof(struct policy_price_step));
    for (unsigned i = 0; i < list.len; i++) {
        const struct catalog_price_step *step = &route->price_steps[i];
        struct policy_price_step made;

        memset(&made, 0, sizeof made);
        made.above_input_tokens = step->above_input_tokens;
        memcpy(made.price_pusd, step->price_pusd, sizeof made.price_pusd);
        policy_put_at(buf, list.offset + i * sizeof made, &made, sizeof made);
    }
    return list;
}

static struct policy_ref put_extra_units(struct buf *buf, const struct catalog_route *route)
{
    struct policy_ref list = {0, route->extra_units_count};

    if (!list.len)
        return list;
    list.offset = policy_put_room(buf, list.len * sizeof(struct policy_extra_unit));
    for (unsigned i = 0; i < list.len; i++) {
        struct policy_extra_unit made = {
            .name = policy_put_text(buf, route->extra_units[i].name),
            .price_pusd = route->extra_units[i].price_pusd,
        };

        policy_put_at(buf, list.offset + i * sizeof made, &made, sizeof made);
    }
    return list;
}

static void
put_account(const struct catalog_account *account, struct buf *buf, struct policy_route *made)
{
    made->provider = policy_put_text(buf, account->provider->id);
    made->account = policy_put_text(buf, account->id);
    made->credential = policy_put_text(buf, account->credential);
    made->account_owner = policy_put_text(buf, account->owner);
    made->account_tenant = policy_put_text(buf, account->tenant);
    made->spend_owner = policy_put_text(buf, account->spend_owner);
    made->quota_owner = policy_put_text(buf, account->quota_owner);
    made->networks = put_networks(buf, account);
    made->requests_per_minute = account->requests_per_minute;
    made->tokens_per_minute = account->tokens_per_minute;
}

static void put_model(const struct catalog_model *model, struct buf *buf, struct policy_route *made)
{
    made->model_id = policy_put_text(buf, model->id);
    made->model_family = policy_put_text(buf, model->family);
    made->model_version = policy_put_text(buf, model->version);
    made->quality_class = model->quality_class;
    made->context_tokens_max = model->context_tokens_max;
    made->output_tokens_max = model->output_tokens_max;
}

static void put_route(const struct catalog_route *route, struct buf *buf, struct policy_route *made)
{
    made->id = policy_put_text(buf, route->id);
    put_account(route->account, buf, made);
    put_model(route->model, buf, made);
    made->region = policy_put_text(buf, route->region);
    made->model = policy_put_text(buf, route->provider_model);
    made->base_url = policy_put_text(buf, route->base_url);
    made->overrides = policy_put_text(buf, route->overrides);
    made->service_tier = policy_put_text(buf, route->service_tier);
    made->environments = policy_put_texts(buf, route->environments);
    made->reported_models = policy_put_texts(buf, route->reported_models);
    made->price_steps = put_price_steps(buf, route);
    made->extra_units = put_extra_units(buf, route);
    made->family = route->family;
    made->capabilities = route->capabilities;
    made->data_classes = route->data_classes;
    memcpy(made->price_pusd, route->price_pusd, sizeof made->price_pusd);
    made->priced = route->priced;
    made->price_as_of_unix_ms = route->price_as_of_unix_ms;
    made->timeouts = route->timeouts;
    made->zero_retention = route->zero_retention;
    made->payload_logging = route->payload_logging;
    made->moderation = route->moderation;
    made->serial_tool_calls = route->serial_tool_calls;
}

/* ---- entries ---- */

static void
put_entry(const struct document_entry *entry, struct buf *buf, struct policy_entry *made)
{
    made->kind = entry->kind;
    made->tier = entry->tier;
    made->routes_count = entry->routes_count;
    made->requires_eval_pass = entry->requires_eval_pass;
    made->requires_cost_owner = entry->requires_cost_owner;
    made->requires_quota_owner = entry->requires_quota_owner;
    made->requires_tool_contract_pass = entry->requires_tool_contract_pass;
    made->requires_user_notice = entry->requires_user_notice;
    made->allow_after_partial_output = entry->allow_after_partial_output;
    made->premium = entry->premium;
    made->job = entry->queue_job;
    made->allowed = entry->allowed;
    made->blocked = entry->blocked;
    made->admission_reasons = entry->admission_reasons;
    made->sign_offs = entry->sign_offs;
    made->customer_tiers = policy_put_texts(buf, entry->customer_tiers);
    made->premium_tenants = policy_put_texts(buf, entry->premium_tenants);
    made->premium_keys = policy_put_texts(buf, entry->premium_keys);
    made->limits = entry->limits;
    made->limits.padding = 0;
    made->queue = policy_put_text(buf, entry->queue);
    made->default_response = policy_put_text(buf, entry->default_response);
    made->notice = policy_put_text(buf, entry->notice);
    made->queue_age_ms_max = entry->queue_age_ms_max;
    made->queue_depth_max = entry->queue_depth_max;
    made->queue_hold_ms_max = entry->queue_hold_ms_max;
}

struct compiler {
    const struct policy_compile_input *input;
    struct compiled_piece *pieces;
    struct evidence_use use; /* the route is the one at hand */
    struct buf *buf;
    uint32_t entries_offset, routes_offset;
    uint32_t routes_count; /* put so far */
};

static void
put_routes(struct compiler *compiler, const struct document_entry *entry, uint32_t index)
{
    for (unsigned i = 0; i < entry->routes_count; i++) {
        const struct document_route *route = &entry->routes[i];
        struct policy_route made;

        memset(&made, 0, sizeof made);
        put_route(route->resolved, compiler->buf, &made);
        compiler->use.route = route->resolved;
        policy_put_evidence(compiler->input, compiler->pieces, &compiler->use, compiler->buf,
                            &made);
        made.entry = index;
        made.weight = route->weight;
        policy_put_at(compiler->buf,
                      compiler->routes_offset + compiler->routes_count++ * sizeof made, &made,
                      sizeof made);
    }
}

static void find_primaries(const struct policy_document *document, struct evidence_use *use)
{
    const struct document_entry *entry = &document->entries[0];

    for (unsigned i = 0; i < entry->routes_count; i++)
        use->primaries[use->primaries_count++] = entry->routes[i].resolved;
}

static void put_entries(struct compiler *compiler, const struct policy_document *document)
{
    for (unsigned i = 0; i < document->entries_count; i++) {
        const struct document_entry *entry = &document->entries[i];
        struct policy_entry made;

        memset(&made, 0, sizeof made);
        put_entry(entry, compiler->buf, &made);
        if (entry->kind == ENTRY_KIND_ROUTE)
            made.route = compiler->routes_count;
        put_routes(compiler, entry, i);
        policy_put_at(compiler->buf, compiler->entries_offset + i * sizeof made, &made,
                      sizeof made);
    }
}

/* ---- the policy ---- */

static void put_rollback(const struct document_rollback rules[ROLLBACK_RULE_END],
                         struct policy_rollback made[ROLLBACK_RULE_END])
{
    memset(made, 0, ROLLBACK_RULE_END * sizeof *made);
    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++) {
        made[i].enabled = rules[i].enabled;
        made[i].percent = (uint8_t)rules[i].percent;
        made[i].multiple = (uint16_t)rules[i].multiple;
        made[i].samples_min = rules[i].samples_min;
        made[i].window_ms = rules[i].window_ms;
        made[i].principals_min = rules[i].principals_min;
    }
}

static void
put_settings(const struct policy_document *document, struct buf *buf, struct policy *policy)
{
    const struct hold *hold = &document->settings.hold_output;

    memcpy(policy, &document->settings, sizeof *policy);
    /* Beside the enum in it there is room that nobody clears but this. */
    memset(&policy->hold_output, 0, sizeof policy->hold_output);
    policy->hold_output.until = hold->until;
    policy->hold_output.amount = hold->amount;
    policy->hold_output.bytes_max = hold->bytes_max;
    put_rollback(document->rollback, policy->rollback);
    policy->traffic_class = document->traffic_class;
    policy->data_classes = document->data_classes;
    policy->payload_storage = (uint8_t)document->payload_storage;
    policy->canary_percent = (uint8_t)document->canary_percent;
    policy->id = policy_put_text(buf, document->policy_id);
    policy->owner = policy_put_text(buf, document->owner);
    policy->workload = policy_put_text(buf, document->workload);
    policy->environment = policy_put_text(buf, document->environment);
    policy->aliases = policy_put_texts(buf, document->aliases);
    policy->regions = policy_put_texts(buf, document->regions);
    policy->providers = policy_put_texts(buf, document->providers);
    policy->accounts = policy_put_texts(buf, document->accounts);
    policy->service_tiers = policy_put_texts(buf, document->service_tiers);
}

static uint32_t count_routes(const struct policy_document *document)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < document->entries_count; i++) {
        const struct document_entry *entry = &document->entries[i];

        for (unsigned k = 0; k < entry->routes_count; k++)
            invariant(entry->routes[k].resolved); /* policy_check said OK */
        count += entry->routes_count;
    }
    return count;
}

/* The store hands over what was put for the workload and environment; should a piece say otherwise,
 * one of the two is wrong, and nobody knows which. */
static void mark_foreign(const struct policy_document *document,
                         const struct policy_compile_input *input,
                         struct compiled_piece *pieces)
{
    for (unsigned i = 0; i < input->pieces_count; i++) {
        const struct evidence *evidence = input->pieces[i].evidence;

        pieces[i].foreign = !slice_equal(evidence->workload, document->workload) ||
                            !slice_equal(evidence->environment, document->environment);
    }
}

enum result policy_compile(const struct policy_document *document,
                           const struct policy_compile_input *input,
                           struct buf *buf)
{
    struct compiler compiler = {.input = input, .use = {.author = &input->author}, .buf = buf};
    uint32_t routes_count = count_routes(document);
    struct policy policy;

    invariant(buf->len == 0);
    find_primaries(document, &compiler.use);
    if (input->pieces_count) {
        compiler.pieces = arena_calloc(input->arena, input->pieces_count, sizeof *compiler.pieces);
        if (!compiler.pieces)
            return RESULT_NO_MEMORY;
        mark_foreign(document, input, compiler.pieces);
    }
    policy_put_room(buf, sizeof policy);
    compiler.entries_offset =
        policy_put_room(buf, document->entries_count * sizeof(struct policy_entry));
    compiler.routes_offset = policy_put_room(buf, routes_count * sizeof(struct policy_route));
    put_settings(document, buf, &policy);
    policy.entries = (struct policy_ref){compiler.entries_offset, document->entries_count};
    policy.routes = (struct policy_ref){compiler.routes_offset, routes_count};
    policy.magic = POLICY_MAGIC;
    policy.format = POLICY_FORMAT;
    policy.version = input->version;
    policy.catalog_version = input->catalog_version;
    policy.evidence_version = input->evidence_version;
    put_entries(&compiler, document);
    policy_put_room(buf, 0);
    if (buf_failed(buf) || buf->len > UINT32_MAX || (input->arena && input->arena->failed))
        return RESULT_NO_MEMORY;
    policy.bytes = (uint32_t)buf->len;
    memcpy(buf->ptr, &policy, sizeof policy);
    return RESULT_OK;
}
