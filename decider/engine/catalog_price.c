/* Prices: exact integers in pico-USD, from list prices, discount, mark-up and steps.
 *
 * What a request is charged by is worked out once, here: list price less discount, plus mark-up,
 * rounded up to the next pico-USD. Rounding each price and not each charge keeps a charge the
 * product of two whole numbers that everybody can check; it is off by less than a thousandth of a
 * nano-dollar per token, and never in the caller's favour. */
#include "base/invariant.h"
#include "engine/catalog_draft.h"
#include "engine/field_schema.h"

#define PRICE_PUSD_MAX UINT64_C(1000000000000000000)
#define PUSD_DIGITS    12
#define PERCENT_DIGITS 4 /* a percentage with 4 decimals is a whole number of millionths */
#define PPM            1000000

#define OWN(name)      .read = catalog_parse_##name, SCHEMA_##name
#define SCHEMA_percent .decimals = PERCENT_DIGITS
#define SCHEMA_steps   .items = &step_table
#define SCHEMA_extra_units                                                                         \
    .schema =                                                                                      \
        FIELD_SCHEMA_OBJECT ", \"propertyNames\": {\"pattern\": \"" FIELD_SCHEMA_NAME_PATTERN      \
                            "\"}, \"additionalProperties\": {\"type\": \"number\", "               \
                            "\"minimum\": 0, \"maximum\": 1000000}"
#define TABLE_OF(rows)                                                                             \
    {                                                                                              \
        rows, sizeof rows / sizeof *rows                                                           \
    }
/* One row for every unit that there is. */
#define UNIT_ROW(type, name_, sentence_, per)                                                      \
    FIELD_ROW(type, name_, OWN, prices, OPTIONAL, 0, PRICE_PUSD_MAX, 0, "an amount in USD",        \
              sentence_, .read = catalog_parse_price, .decimals = DECIMALS_OF(per))
/* A price per `per` units in USD has so many decimals as pico-USD per unit. */
#define DECIMALS_OF(per) ((per) == 1 ? PUSD_DIGITS : PUSD_DIGITS - 6)

static void catalog_parse_price(struct field_reader *reader,
                                const struct json_node *node,
                                const struct field *field,
                                void *target);
static void catalog_parse_percent(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target);
static void catalog_parse_steps(struct field_reader *reader,
                                const struct json_node *node,
                                const struct field *field,
                                void *target);
static void catalog_parse_extra_units(struct field_reader *reader,
                                      const struct json_node *node,
                                      const struct field *field,
                                      void *target);

static const struct field_table step_table;

static const struct field price_fields[] = {
#define PRICES(...) FIELD_ROW(struct draft_route, __VA_ARGS__)
#include "engine/catalog_document.def"
#define T(NAME, number, name, sentence, per) UNIT_ROW(struct draft_route, name, sentence, per)
#include "signalbox/taxonomy/unit.def"
#undef T
};
static const struct field step_fields[] = {
#define STEP(...) FIELD_ROW(struct draft_step, __VA_ARGS__)
#include "engine/catalog_document.def"
#define T(NAME, number, name, sentence, per) UNIT_ROW(struct draft_step, name, sentence, per)
#include "signalbox/taxonomy/unit.def"
#undef T
};
static const struct field_table step_table = TABLE_OF(step_fields);

const struct field_table catalog_price_table = TABLE_OF(price_fields);

static void catalog_parse_price(struct field_reader *reader,
                                const struct json_node *node,
                                const struct field *field,
                                void *target)
{
    struct draft_prices *prices = (struct draft_prices *)((char *)target + field->offset);
    unsigned unit = taxonomy_find(unit_rows, UNIT_END, node->key);

    invariant(unit); /* the table was made of the units */
    if (field_read_amount(reader, node, field->decimals, field, &prices->pusd[unit]))
        prices->priced |= SET_OF(unit);
}

static void catalog_parse_percent(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target)
{
    uint64_t ppm;

    if (field_read_amount(reader, node, PERCENT_DIGITS, field, &ppm))
        memcpy((char *)target + field->offset, &ppm, sizeof ppm);
}

static void catalog_parse_steps(struct field_reader *reader,
                                const struct json_node *node,
                                const struct field *field,
                                void *target)
{
    struct draft_route *draft = target;
    uint64_t before = 0;

    if (!field_expect_list(reader, node, field))
        return;
    draft->steps = arena_calloc(reader->arena, node->count, sizeof *draft->steps);
    if (!draft->steps)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct draft_step *step = &draft->steps[draft->steps_count++];

        field_read_object(reader, item, &step_table, step);
        if (step->above_input_tokens && step->above_input_tokens <= before)
            field_fault(reader, json_member(item, "above_input_tokens"), DIAGNOSTIC_OUT_OF_RANGE,
                        arena_format(reader->arena, "more than the step before, %llu",
                                     (unsigned long long)before));
        else if (step->above_input_tokens)
            before = step->above_input_tokens;
    }
}

static void catalog_parse_extra_units(struct field_reader *reader,
                                      const struct json_node *node,
                                      const struct field *field,
                                      void *target)
{
    static const struct field amount = {
        .kind = FIELD_KIND_OWN, .high = PRICE_PUSD_MAX, .unit = "an amount in USD"};
    struct draft_route *draft = target;

    if (!catalog_expect_members(reader, node, field) || !node->count)
        return;
    draft->extra_units = arena_calloc(reader->arena, node->count, sizeof *draft->extra_units);
    if (!draft->extra_units)
        return;
    for (const struct json_node *member = node->child; member; member = member->next) {
        struct catalog_extra_unit *unit = &draft->extra_units[draft->extra_units_count];

        if (catalog_expect_key(reader, member) &&
            field_read_amount(reader, member, PUSD_DIGITS, &amount, &unit->price_pusd)) {
            unit->name = member->key;
            draft->extra_units_count++;
        }
    }
}

/* The largest list price with the largest mark-up still fits in 64 bits. */
static uint64_t charged(const struct catalog_route *route, uint64_t list_pusd)
{
    unsigned __int128 scaled =
        (unsigned __int128)list_pusd * (PPM - route->discount_ppm) * (PPM + route->markup_ppm);
    unsigned __int128 one = (unsigned __int128)PPM * PPM;

    return (uint64_t)((scaled + one - 1) / one);
}

/* A step says what changes; what it does not say stays. A unit that only a step prices would have
 * no price below it. */
static void finish_steps(struct field_reader *reader,
                         const struct draft_route *draft,
                         const struct json_node *node,
                         struct catalog_route *route)
{
    struct catalog_price_step *steps =
        arena_calloc(reader->arena, draft->steps_count, sizeof *steps);
    uint64_t stepped = 0;

    for (unsigned i = 0; steps && i < draft->steps_count; i++) {
        const struct draft_prices *prices = &draft->steps[i].prices;

        steps[i].above_input_tokens = draft->steps[i].above_input_tokens;
        for (unsigned unit = 1; unit < UNIT_END; unit++)
            steps[i].price_pusd[unit] =
                charged(route, set_has(prices->priced, unit) ? prices->pusd[unit]
                                                             : draft->prices.pusd[unit]);
        stepped |= prices->priced;
    }
    for (unsigned unit = 1; unit < UNIT_END; unit++)
        if (set_has(stepped & ~draft->prices.priced, unit) &&
            !json_member(json_member(node, "prices"), unit_rows[unit].name))
            field_fault_member(reader, json_pointer(json_member(node, "prices"), reader->arena),
                               unit_rows[unit].name, DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                               SLICE_LITERAL("a price, because a step has one"));
    route->price_steps = steps;
    route->price_steps_count = steps ? draft->steps_count : 0;
}

void catalog_price_finish(struct field_reader *reader,
                          const struct draft_route *draft,
                          const struct json_node *node,
                          struct catalog_route *route)
{
    route->priced = draft->prices.priced;
    for (unsigned unit = 1; unit < UNIT_END; unit++)
        route->price_pusd[unit] = charged(route, draft->prices.pusd[unit]);
    if (draft->steps_count)
        finish_steps(reader, draft, node, route);
    for (unsigned i = 0; i < draft->extra_units_count; i++)
        draft->extra_units[i].price_pusd = charged(route, draft->extra_units[i].price_pusd);
    route->extra_units = draft->extra_units;
    route->extra_units_count = draft->extra_units_count;
}
