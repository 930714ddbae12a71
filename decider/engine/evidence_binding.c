/* What evidence is bound to, as text: the current value of each catalog field of binding.def.
 *
 * A value is complete, because the piece is void when it differs, and canonical, because it must
 * not differ when only the catalog's way of writing has changed: sets and extra units stand in a
 * fixed order, members of overrides by name, prices as decimals without trailing zeros. */
#include <stdlib.h>

#include "base/decimal.h"
#include "engine/evidence.h"
#include "engine/field.h"

#define VALUE_BYTES_MAX (1024 * 1024)
#define TREE_BYTES_MAX  (8 * 1024 * 1024)
#define TREE_BYTES_HELD 2048
#define PUSD_DIGITS     12
#define PPM_DIGITS      4 /* of a percentage */
#define DECIMAL_BYTES   32

typedef void (*binding_write)(struct buf *buf, const struct catalog_route *route);

static void put_separator(struct buf *buf, size_t start)
{
    buf_put_text(buf, buf->len > start ? ", " : "");
}

static void put_set(struct buf *buf, uint64_t set, const struct taxonomy_row *rows, unsigned end)
{
    size_t start = buf->len;

    for (unsigned i = 1; i < end; i++)
        if (set_has(set, i)) {
            put_separator(buf, start);
            buf_put_text(buf, rows[i].name ? rows[i].name : "unknown");
        }
}

static void put_decimal(struct buf *buf, uint64_t value, unsigned digits)
{
    char text[DECIMAL_BYTES];

    decimal_format(value, digits, text);
    buf_put_text(buf, text);
}

static void write_model_family(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->model->family);
}

static void write_model_version(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->model->version);
}

static void write_provider_model(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->provider_model);
}

static int compare_keys(const void *a, const void *b)
{
    return slice_compare((*(const struct json_node *const *)a)->key,
                         (*(const struct json_node *const *)b)->key);
}

/* The members of an object by key, the elements of an array as they stand; NULL: no memory. */
static const struct json_node **sort_children(const struct json_node *node, struct arena *arena)
{
    const struct json_node **items =
        arena_calloc(arena, node->count + 1, sizeof(struct json_node *));
    unsigned count = 0;

    if (!items)
        return NULL;
    for (const struct json_node *item = node->child; item; item = item->next)
        items[count++] = item;
    if (node->kind == JSON_KIND_OBJECT)
        qsort(items, count, sizeof(struct json_node *), compare_keys);
    return items;
}

/* Recursion is bounded by the depth that json_parse accepts. */
static void put_sorted(struct buf *buf, const struct json_node *node, struct arena *arena)
{
    bool object = node->kind == JSON_KIND_OBJECT;
    const struct json_node **items;

    if (!object && node->kind != JSON_KIND_ARRAY) {
        field_put_json(buf, node);
        return;
    }
    items = sort_children(node, arena);
    if (!items) {
        buf->failed = true;
        return;
    }
    buf_put_text(buf, object ? "{" : "[");
    for (unsigned i = 0; i < node->count; i++) {
        buf_put_text(buf, i ? "," : "");
        if (object) {
            buf_put_json_string(buf, items[i]->key);
            buf_put_text(buf, ":");
        }
        put_sorted(buf, items[i], arena);
    }
    buf_put_text(buf, object ? "}" : "]");
}

/* The catalog keeps overrides in the order they were written in; their order means nothing. */
static void write_overrides(struct buf *buf, const struct catalog_route *route)
{
    char memory[TREE_BYTES_HELD];
    struct json_error error;
    struct json_node *root;
    struct arena arena;
    enum result result;

    if (!route->overrides.len)
        return;
    arena_init(&arena, memory, sizeof memory, TREE_BYTES_MAX);
    result = json_parse(route->overrides, &arena, &root, &error);
    if (result == RESULT_OK)
        put_sorted(buf, root, &arena);
    else if (result == RESULT_INVALID)
        buf_put_slice(buf, route->overrides); /* no catalog_parse made it: as it stands */
    else
        buf->failed = true;
    arena_done(&arena);
}

static void write_capabilities(struct buf *buf, const struct catalog_route *route)
{
    put_set(buf, route->capabilities, need_rows, NEED_END);
    if (route->serial_tool_calls) {
        put_separator(buf, 0);
        buf_put_text(buf, "serial_tool_calls");
    }
}

static void write_endpoint(struct buf *buf, const struct catalog_route *route)
{
    buf_put_text(buf, signalbox_family_name(route->family));
}

static void write_base_url(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->base_url);
}

static void write_provider(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->account->provider->id);
}

static void write_account(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->account->id);
    if (route->account->tenant.len) {
        buf_put_text(buf, ", key of ");
        buf_put_slice(buf, route->account->tenant);
    }
}

static void write_region(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->region);
}

/* A route without a tier has the standard one, whether it says so or not. */
static void write_service_tier(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->service_tier.len ? route->service_tier : SLICE_LITERAL("standard"));
}

static void write_data_classes(struct buf *buf, const struct catalog_route *route)
{
    put_set(buf, route->data_classes, data_class_rows, DATA_CLASS_END);
}

static void write_retention(struct buf *buf, const struct catalog_route *route)
{
    buf_put_text(buf, route->zero_retention ? "nothing is kept" : "payloads may be kept");
}

static void write_logging(struct buf *buf, const struct catalog_route *route)
{
    buf_put_text(buf, route->payload_logging ? "payloads are logged" : "no payloads are logged");
}

static void write_moderation(struct buf *buf, const struct catalog_route *route)
{
    buf_put_text(buf, route->moderation ? "moderated" : "not moderated");
}

/* Prices as price lists print them: so many decimals fewer as the unit is sold by the thousands. */
static void put_prices(struct buf *buf, uint64_t priced, const uint64_t *price_pusd)
{
    static const uint32_t pers[] = {
#define T(NAME, number, name, sentence, per) [number] = per,
#include "signalbox/taxonomy/unit.def"
#undef T
    };
    size_t start = buf->len;

    for (unsigned i = 1; i < UNIT_END; i++) {
        unsigned digits = PUSD_DIGITS;

        if (!set_has(priced, i))
            continue;
        for (uint32_t per = pers[i]; per > 1; per /= 10)
            digits--;
        put_separator(buf, start);
        buf_format(buf, "%s ", unit_rows[i].name);
        put_decimal(buf, price_pusd[i], digits);
    }
}

static int compare_extra_units(const void *a, const void *b)
{
    return slice_compare((*(const struct catalog_extra_unit *const *)a)->name,
                         (*(const struct catalog_extra_unit *const *)b)->name);
}

static void put_extra_units(struct buf *buf, const struct catalog_route *route)
{
    const struct catalog_extra_unit **units;
    char memory[TREE_BYTES_HELD];
    struct arena arena;

    arena_init(&arena, memory, sizeof memory, TREE_BYTES_MAX);
    units = arena_calloc(&arena, route->extra_units_count + 1, sizeof(struct catalog_extra_unit *));
    for (unsigned i = 0; units && i < route->extra_units_count; i++)
        units[i] = &route->extra_units[i];
    if (units)
        qsort(units, route->extra_units_count, sizeof(struct catalog_extra_unit *),
              compare_extra_units);
    else
        buf->failed = true;
    for (unsigned i = 0; units && i < route->extra_units_count; i++) {
        put_separator(buf, 0);
        buf_put_text(buf, "extra ");
        buf_put_slice(buf, units[i]->name);
        buf_put_text(buf, " ");
        put_decimal(buf, units[i]->price_pusd, PUSD_DIGITS);
    }
    arena_done(&arena);
}

/* What is paid, and how it came about: a discount that ends together with a list price that falls
 * is another agreement. Not as_of: reading the same prices on another day changes nothing. */
static void write_prices(struct buf *buf, const struct catalog_route *route)
{
    if (!route->priced && !route->extra_units_count)
        return;
    put_prices(buf, route->priced, route->price_pusd);
    for (unsigned i = 0; i < route->price_steps_count; i++) {
        buf_format(buf, ", above %llu (",
                   (unsigned long long)route->price_steps[i].above_input_tokens);
        put_prices(buf, route->priced, route->price_steps[i].price_pusd);
        buf_put_text(buf, ")");
    }
    put_extra_units(buf, route);
    if (route->discount_ppm) {
        buf_put_text(buf, ", discount_percent ");
        put_decimal(buf, route->discount_ppm, PPM_DIGITS);
    }
    if (route->markup_ppm) {
        buf_put_text(buf, ", markup_percent ");
        put_decimal(buf, route->markup_ppm, PPM_DIGITS);
    }
}

static void write_account_owner(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->account->owner);
}

static void write_spend_owner(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->account->spend_owner);
}

static void write_quota_owner(struct buf *buf, const struct catalog_route *route)
{
    buf_put_slice(buf, route->account->quota_owner);
}

struct slice
evidence_binding_value(enum binding field, const struct catalog_route *route, struct arena *arena)
{
    static const binding_write writes[BINDING_END] = {
        [BINDING_MODEL_FAMILY] = write_model_family,
        [BINDING_MODEL_VERSION] = write_model_version,
        [BINDING_PROVIDER_MODEL] = write_provider_model,
        [BINDING_OVERRIDES] = write_overrides,
        [BINDING_CAPABILITIES] = write_capabilities,
        [BINDING_ENDPOINT] = write_endpoint,
        [BINDING_BASE_URL] = write_base_url,
        [BINDING_PROVIDER] = write_provider,
        [BINDING_ACCOUNT] = write_account,
        [BINDING_REGION] = write_region,
        [BINDING_SERVICE_TIER] = write_service_tier,
        [BINDING_DATA_CLASSES] = write_data_classes,
        [BINDING_RETENTION] = write_retention,
        [BINDING_LOGGING] = write_logging,
        [BINDING_MODERATION] = write_moderation,
        [BINDING_PRICES] = write_prices,
        [BINDING_ACCOUNT_OWNER] = write_account_owner,
        [BINDING_SPEND_OWNER] = write_spend_owner,
        [BINDING_QUOTA_OWNER] = write_quota_owner,
    };
    struct slice value = {NULL, 0};
    struct buf buf;

    if ((unsigned)field >= BINDING_END || !writes[field])
        return value;
    buf_init(&buf, VALUE_BYTES_MAX);
    writes[field](&buf, route);
    if (buf_failed(&buf))
        arena->failed = true;
    else
        value = arena_copy(arena, buf_slice(&buf));
    buf_done(&buf);
    return value;
}
