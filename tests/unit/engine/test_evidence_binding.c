/* What evidence is bound to: each field of the catalog moves its own binding and no other. */
#include "evidence_fixture.h"

#define B(NAME) SET_OF(BINDING_##NAME)

static const struct {
    enum binding field;
    const char *value;
} values[] = {
    {BINDING_MODEL_FAMILY, "kin"},
    {BINDING_MODEL_VERSION, "2026-10-01"},
    {BINDING_PROVIDER_MODEL, "model-2026"},
    {BINDING_OVERRIDES, "{\"a\":\"t\",\"b\":{\"x\":[true,null],\"y\":1.50}}"},
    {BINDING_CAPABILITIES, "tools, streaming"},
    {BINDING_ENDPOINT, "openai-responses"},
    {BINDING_BASE_URL, "https://example.com/v1"},
    {BINDING_PROVIDER, "provider"},
    {BINDING_ACCOUNT, "account"},
    {BINDING_REGION, "eu"},
    {BINDING_SERVICE_TIER, "priority"},
    {BINDING_DATA_CLASSES, "internal, pii"},
    {BINDING_RETENTION, "payloads may be kept"},
    {BINDING_LOGGING, "no payloads are logged"},
    {BINDING_MODERATION, "moderated"},
    {BINDING_PRICES,
     "input 2.5, output 10, image 0.04, above 100000 (input 4, output 15, image 0), "
     "above 200000 (input 4, output 15, image 0), extra file_search 0.0025, "
     "extra web_search 0.01, discount_percent 12.5, markup_percent 3.05"},
    {BINDING_ACCOUNT_OWNER, "team"},
    {BINDING_SPEND_OWNER, "finance"},
    {BINDING_QUOTA_OWNER, "platform"},
};

static void every_binding_has_its_value(void **state)
{
    struct evidence_fixture f;
    unsigned known = 0;

    (void)state;
    evidence_fixture_init(&f);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_text(evidence_binding_value(values[i].field, &f.route, &f.arena), values[i].value);
    for (unsigned i = 0; i < BINDING_END; i++)
        known += signalbox_binding_known(i);
    assert_int_equal(known, sizeof values / sizeof *values);
    evidence_fixture_done(&f);
}

/* What is put into the route; the text tells which field is meant. */
struct change {
    const char *what;
    void (*make)(struct evidence_fixture *f);
    uint64_t moved; /* set of enum binding */
};

#define CHANGE(name, statement)                                                                    \
    static void name(struct evidence_fixture *f)                                                   \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(other_family, f->model.family = SLICE_LITERAL("other"))
CHANGE(other_version, f->model.version = SLICE_LITERAL("2026-11-01"))
CHANGE(other_provider_model, f->route.provider_model = SLICE_LITERAL("model-2027"))
CHANGE(other_overrides, f->route.overrides = SLICE_LITERAL("{\"a\":\"u\"}"))
CHANGE(no_overrides, f->route.overrides = SLICE_LITERAL(""))
CHANGE(other_elements,
       f->route.overrides = SLICE_LITERAL("{\"b\":{\"y\":1.50,\"x\":[null,true]},\"a\":\"t\"}"))
CHANGE(more_capabilities, f->route.capabilities |= SET_OF(NEED_VISION))
CHANGE(serial_tool_calls, f->route.serial_tool_calls = true)
CHANGE(other_endpoint, f->route.family = FAMILY_OPENAI_CHAT_COMPLETIONS)
CHANGE(other_url, f->route.base_url = SLICE_LITERAL("https://example.com/v2"))
CHANGE(other_provider, f->provider.id = SLICE_LITERAL("provider-2"))
CHANGE(other_account, f->account.id = SLICE_LITERAL("account-2"))
CHANGE(brought_key, f->account.tenant = SLICE_LITERAL("acme"))
CHANGE(other_region, f->route.region = SLICE_LITERAL("us"))
CHANGE(other_tier, f->route.service_tier = SLICE_LITERAL("flex"))
CHANGE(fewer_classes, f->route.data_classes = SET_OF(DATA_CLASS_PII))
CHANGE(zero_retention, f->route.zero_retention = true)
CHANGE(payload_logging, f->route.payload_logging = true)
CHANGE(no_moderation, f->route.moderation = false)
CHANGE(other_price, f->route.price_pusd[UNIT_OUTPUT_TOKEN]++)
CHANGE(another_price, f->route.priced |= SET_OF(UNIT_REQUEST))
CHANGE(other_discount, f->route.discount_ppm++)
CHANGE(other_markup, f->route.markup_ppm = 0)
CHANGE(other_threshold, f->steps[1].above_input_tokens++)
CHANGE(other_step_price, f->steps[1].price_pusd[UNIT_INPUT_TOKEN]--)
CHANGE(fewer_steps, f->route.price_steps_count = 1)
CHANGE(other_extra_price, f->extra_units[0].price_pusd++)
CHANGE(other_extra_name, f->extra_units[1].name = SLICE_LITERAL("g"))
CHANGE(fewer_extra, f->route.extra_units_count = 1)
CHANGE(other_account_owner, f->account.owner = SLICE_LITERAL("team-2"))
CHANGE(other_spend_owner, f->account.spend_owner = SLICE_LITERAL(""))
CHANGE(other_quota_owner, f->account.quota_owner = SLICE_LITERAL("team-2"))
CHANGE(other_order,
       f->route.overrides = SLICE_LITERAL("{\"a\":\"t\",\"b\":{\"x\":[true,null],\"y\":1.50}}"))
CHANGE(swapped_extra, struct catalog_extra_unit first = f->extra_units[0];
       f->extra_units[0] = f->extra_units[1];
       f->extra_units[1] = first)
CHANGE(read_again, f->route.price_as_of_unix_ms = 2)
CHANGE(other_credential, f->account.credential = SLICE_LITERAL("KEY_2"))
CHANGE(other_timeouts, f->route.timeouts.total_ms = 1)
CHANGE(other_latency, f->route.latency_p95_ms = 1)
CHANGE(other_limits, f->model.output_tokens_max = 1)
CHANGE(other_class, f->model.quality_class = QUALITY_CLASS_LOW_COST)
CHANGE(unpriced_unit, f->route.price_pusd[UNIT_REQUEST] = 1)

#define ROW(name, moved)                                                                           \
    {                                                                                              \
#name, name, moved                                                                         \
    }

static const struct change changes[] = {
    ROW(other_family, B(MODEL_FAMILY)),
    ROW(other_version, B(MODEL_VERSION)),
    ROW(other_provider_model, B(PROVIDER_MODEL)),
    ROW(other_overrides, B(OVERRIDES)),
    ROW(no_overrides, B(OVERRIDES)),
    ROW(other_elements, B(OVERRIDES)),
    ROW(more_capabilities, B(CAPABILITIES)),
    ROW(serial_tool_calls, B(CAPABILITIES)),
    ROW(other_endpoint, B(ENDPOINT)),
    ROW(other_url, B(BASE_URL)),
    ROW(other_provider, B(PROVIDER)),
    ROW(other_account, B(ACCOUNT)),
    ROW(brought_key, B(ACCOUNT)),
    ROW(other_region, B(REGION)),
    ROW(other_tier, B(SERVICE_TIER)),
    ROW(fewer_classes, B(DATA_CLASSES)),
    ROW(zero_retention, B(RETENTION)),
    ROW(payload_logging, B(LOGGING)),
    ROW(no_moderation, B(MODERATION)),
    ROW(other_price, B(PRICES)),
    ROW(another_price, B(PRICES)),
    ROW(other_discount, B(PRICES)),
    ROW(other_markup, B(PRICES)),
    ROW(other_threshold, B(PRICES)),
    ROW(other_step_price, B(PRICES)),
    ROW(fewer_steps, B(PRICES)),
    ROW(other_extra_price, B(PRICES)),
    ROW(other_extra_name, B(PRICES)),
    ROW(fewer_extra, B(PRICES)),
    ROW(other_account_owner, B(ACCOUNT_OWNER)),
    ROW(other_spend_owner, B(SPEND_OWNER)),
    ROW(other_quota_owner, B(QUOTA_OWNER)),
    ROW(other_order, 0),
    ROW(swapped_extra, 0),
    ROW(read_again, 0),
    ROW(other_credential, 0),
    ROW(other_timeouts, 0),
    ROW(other_latency, 0),
    ROW(other_limits, 0),
    ROW(other_class, 0),
    ROW(unpriced_unit, 0),
};

static void a_change_moves_its_binding_and_no_other(void **state)
{
    uint64_t all = 0;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct evidence_fixture before, after;
        uint64_t moved = 0;

        evidence_fixture_init(&before);
        evidence_fixture_init(&after);
        changes[i].make(&after);
        for (unsigned field = 1; field < BINDING_END; field++)
            if (!slice_equal(
                    evidence_binding_value((enum binding)field, &before.route, &before.arena),
                    evidence_binding_value((enum binding)field, &after.route, &after.arena)))
                moved |= SET_OF(field);
        if (moved != changes[i].moved)
            fail_msg("%s moves %#llx", changes[i].what, (unsigned long long)moved);
        all |= moved;
        evidence_fixture_done(&before);
        evidence_fixture_done(&after);
    }
    for (unsigned field = 1; field < BINDING_END; field++)
        assert_true(set_has(all, field));
}

static void a_route_without_a_tier_has_the_standard_one(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    f.route.service_tier = SLICE_LITERAL("");
    assert_text(evidence_binding_value(BINDING_SERVICE_TIER, &f.route, &f.arena), "standard");
    evidence_fixture_done(&f);
}

static void a_route_without_prices_has_none(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    f.route.priced = 0;
    f.route.price_steps_count = 0;
    assert_text(evidence_binding_value(BINDING_PRICES, &f.route, &f.arena),
                "extra file_search 0.0025, extra web_search 0.01, discount_percent 12.5, "
                "markup_percent 3.05");
    f.route.extra_units_count = 0;
    assert_text(evidence_binding_value(BINDING_PRICES, &f.route, &f.arena), "");
    evidence_fixture_done(&f);
}

static void an_unknown_binding_has_no_value(void **state)
{
    struct evidence_fixture f;

    (void)state;
    evidence_fixture_init(&f);
    assert_text(evidence_binding_value(BINDING_UNSPECIFIED, &f.route, &f.arena), "");
    assert_text(evidence_binding_value(BINDING_END, &f.route, &f.arena), "");
    assert_false(f.arena.failed);
    evidence_fixture_done(&f);
}

static void a_value_without_memory_is_a_failure_of_the_arena(void **state)
{
    (void)state;
    for (unsigned field = 1; field < BINDING_END; field++) {
        struct evidence_fixture f;
        struct arena arena;

        evidence_fixture_init(&f);
        arena_init(&arena, NULL, 0, 0);
        assert_text(evidence_binding_value((enum binding)field, &f.route, &arena), "");
        assert_true(arena.failed);
        arena_done(&arena);
        evidence_fixture_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_binding_has_its_value),
        cmocka_unit_test(a_change_moves_its_binding_and_no_other),
        cmocka_unit_test(a_route_without_a_tier_has_the_standard_one),
        cmocka_unit_test(a_route_without_prices_has_none),
        cmocka_unit_test(an_unknown_binding_has_no_value),
        cmocka_unit_test(a_value_without_memory_is_a_failure_of_the_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
