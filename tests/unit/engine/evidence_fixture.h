/* A catalog route with every field that evidence can be bound to, made by hand, and a piece that
 * is held for it. */
#ifndef TESTS_UNIT_ENGINE_EVIDENCE_FIXTURE_H
#define TESTS_UNIT_ENGINE_EVIDENCE_FIXTURE_H

#include "documents.h"

struct evidence_fixture {
    struct arena arena;
    struct catalog_provider provider;
    struct catalog_account account;
    struct catalog_model model;
    struct catalog_price_step steps[2];
    struct catalog_extra_unit extra_units[2];
    struct catalog_route route;
    struct catalog_route primary; /* with all that the route has */
    struct evidence evidence;
    struct evidence_bound bound[2 * BINDING_END];
    struct evidence_piece piece;
    struct evidence_author author;
    enum evidence_state state;
    struct slice detail;
};

static inline void evidence_fixture_prices(struct evidence_fixture *f)
{
    f->steps[0].above_input_tokens = 100000;
    f->steps[0].price_pusd[UNIT_INPUT_TOKEN] = 4000000;
    f->steps[0].price_pusd[UNIT_OUTPUT_TOKEN] = 15000000;
    f->steps[1] = f->steps[0];
    f->steps[1].above_input_tokens = 200000;
    f->extra_units[0] =
        (struct catalog_extra_unit){SLICE_LITERAL("web_search"), UINT64_C(10000000000)};
    f->extra_units[1] =
        (struct catalog_extra_unit){SLICE_LITERAL("file_search"), UINT64_C(2500000000)};
    f->route.priced = SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN) | SET_OF(UNIT_IMAGE);
    f->route.price_pusd[UNIT_INPUT_TOKEN] = 2500000;
    f->route.price_pusd[UNIT_OUTPUT_TOKEN] = 10000000;
    f->route.price_pusd[UNIT_IMAGE] = UINT64_C(40000000000);
    f->route.price_steps = f->steps;
    f->route.price_steps_count = 2;
    f->route.extra_units = f->extra_units;
    f->route.extra_units_count = 2;
    f->route.discount_ppm = 125000;
    f->route.markup_ppm = 30500;
    f->route.price_as_of_unix_ms = 1;
}

static inline void evidence_fixture_init(struct evidence_fixture *f)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, NULL, 0, ARENA_BYTES_MAX);
    f->provider.id = SLICE_LITERAL("provider");
    f->account = (struct catalog_account){
        .id = SLICE_LITERAL("account"),
        .provider = &f->provider,
        .owner = SLICE_LITERAL("team"),
        .spend_owner = SLICE_LITERAL("finance"),
        .quota_owner = SLICE_LITERAL("platform"),
        .credential = SLICE_LITERAL("KEY"),
    };
    f->model = (struct catalog_model){
        .id = SLICE_LITERAL("model"),
        .family = SLICE_LITERAL("kin"),
        .version = SLICE_LITERAL("2026-10-01"),
        .quality_class = QUALITY_CLASS_BALANCED,
    };
    f->route = (struct catalog_route){
        .id = SLICE_LITERAL("route"),
        .account = &f->account,
        .model = &f->model,
        .region = SLICE_LITERAL("eu"),
        .family = FAMILY_OPENAI_RESPONSES,
        .provider_model = SLICE_LITERAL("model-2026"),
        .base_url = SLICE_LITERAL("https://example.com/v1"),
        .overrides = SLICE_LITERAL("{\"b\":{\"y\":1.50,\"x\":[true,null]},\"a\":\"t\"}"),
        .service_tier = SLICE_LITERAL("priority"),
        .capabilities = SET_OF(NEED_TOOLS) | SET_OF(NEED_STREAMING),
        .data_classes = SET_OF(DATA_CLASS_PII) | SET_OF(DATA_CLASS_INTERNAL),
        .moderation = true,
    };
    evidence_fixture_prices(f);
    f->primary = f->route;
    f->primary.id = SLICE_LITERAL("primary");
    f->evidence = (struct evidence){
        .owner = SLICE_LITERAL("owner"),
        .reviewed_by = SLICE_LITERAL("reviewer"),
        .passed = true,
    };
    f->piece = (struct evidence_piece){
        .id = SLICE_LITERAL("ev-1"),
        .evidence = &f->evidence,
        .put_by = SLICE_LITERAL("key-put"),
        .put_by_user = SLICE_LITERAL("ann"),
    };
    f->author =
        (struct evidence_author){.key_id = SLICE_LITERAL("key-pub"), .user = SLICE_LITERAL("bob")};
}

static inline void evidence_fixture_done(struct evidence_fixture *f)
{
    arena_done(&f->arena);
}

static inline void evidence_fixture_bind(struct evidence_fixture *f, bool of_primary)
{
    const struct catalog_route *route = of_primary ? &f->primary : &f->route;

    for (unsigned i = 1; i < BINDING_END; i++)
        if (set_has(evidence_kind_bindings(f->evidence.kind), i))
            f->bound[f->piece.bindings.count++] = (struct evidence_bound){
                .field = (enum binding)i,
                .value = evidence_binding_value((enum binding)i, route, &f->arena),
                .of_primary = of_primary,
            };
}

/* The piece is of that kind, put today: bound to what the route says now, and to what the primary
 * says where it compares. */
static inline void evidence_fixture_put(struct evidence_fixture *f, enum evidence_kind kind)
{
    f->evidence.kind = kind;
    f->piece.bindings.subject = evidence_kind_of_route(kind) ? f->route.id : f->model.id;
    f->piece.bindings.items = f->bound;
    f->piece.bindings.count = 0;
    evidence_fixture_bind(f, false);
    if (!evidence_kind_compares(kind))
        return;
    f->evidence.primary = f->primary.id;
    evidence_fixture_bind(f, true);
}

static inline bool evidence_fixture_judge(struct evidence_fixture *f)
{
    const struct evidence_use use = {&f->route, {&f->primary}, 1, &f->author};

    f->state = EVIDENCE_STATE_UNSPECIFIED;
    f->detail = (struct slice){NULL, 0};
    return evidence_judge(&f->piece, &use, &f->arena, &f->state, &f->detail);
}

static inline void
assert_judged(struct evidence_fixture *f, enum evidence_state state, const char *detail)
{
    assert_true(evidence_fixture_judge(f));
    if (f->state != state)
        fail_msg("%s, not %s", signalbox_evidence_state_name(f->state),
                 signalbox_evidence_state_name(state));
    assert_text(f->detail, detail);
}

#endif
