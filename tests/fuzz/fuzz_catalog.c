/* Catalogs from any bytes: there are findings or there is a catalog, and in a catalog every
 * reference leads somewhere, no price falls out of its range, and nothing differs from itself. */
#include <stdint.h>

#include "base/invariant.h"
#include "engine/catalog_diff.h"
#include "engine/suggest.h"

#define ARENA_BYTES_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_account(const struct catalog_account *account)
{
    invariant(account->provider->id.len > 0);
    invariant(account->networks_count == account->networks_texts.count);
    for (unsigned i = 0; i < account->networks_count; i++)
        invariant(account->networks[i].bits <= 128);
}

static void check_prices(const struct catalog_route *route)
{
    uint64_t before = 0;

    for (unsigned i = 0; i < UNIT_END; i++)
        invariant(route->price_pusd[i] == 0 || set_has(route->priced, i));
    for (unsigned i = 0; i < route->price_steps_count; i++) {
        invariant(route->price_steps[i].above_input_tokens > before);
        before = route->price_steps[i].above_input_tokens;
        for (unsigned unit = 0; unit < UNIT_END; unit++)
            invariant(route->price_steps[i].price_pusd[unit] == 0 || set_has(route->priced, unit));
    }
    for (unsigned i = 0; i < route->extra_units_count; i++)
        invariant(route->extra_units[i].name.len > 0);
}

static void check_route(const struct catalog *catalog, const struct catalog_route *route)
{
    invariant(map_get(&catalog->routes_by_id, route->id) == route);
    invariant(map_get(&catalog->models_by_id, route->model->id) == route->model);
    invariant((route->capabilities & ~route->model->capabilities) == 0);
    invariant(slice_equal(route->reported_models.items[0], route->provider_model));
    check_account(route->account);
    check_prices(route);
}

static void check_diff(const struct catalog *catalog, struct arena *arena)
{
    const struct catalog empty = {0};
    struct catalog_diff diff;

    if (catalog_diff(catalog, catalog, arena, &diff) == RESULT_OK)
        invariant(diff.changes_count == 0);
    if (catalog_diff(NULL, catalog, arena, &diff) == RESULT_OK)
        invariant(diff.changes_count == catalog->routes_count + catalog->models_count +
                                            catalog->accounts_count + catalog->providers_count);
    if (catalog_diff(catalog, &empty, arena, &diff) == RESULT_OK)
        invariant(diff.changes_count == catalog->routes_count + catalog->models_count +
                                            catalog->accounts_count + catalog->providers_count);
}

static void check_suggestions(const struct catalog *catalog, struct arena *arena)
{
    struct suggest_question question = {
        .primary = catalog->routes_count ? &catalog->routes[0] : NULL,
        .needs = SET_OF(NEED_TOOLS),
        .request_nusd_max = 1000,
    };
    struct suggestion *made;
    unsigned count;

    if (suggest_routes(catalog, &question, arena, &made, &count) != RESULT_OK)
        return;
    invariant(count <= catalog->routes_count);
    for (unsigned i = 0; i < count; i++) {
        invariant(made[i].score <= 1000 && made[i].why.len > 0);
        invariant(i == 0 || made[i - 1].fits >= made[i].fits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct diagnostics diagnostics;
    struct catalog *catalog = NULL;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    result =
        catalog_parse((struct slice){(const char *)bytes, len}, &arena, &diagnostics, &catalog);
    if (result == RESULT_INVALID)
        invariant(diagnostics.errors > 0);
    invariant((result == RESULT_OK) == (catalog != NULL));
    for (unsigned i = 0; catalog && i < catalog->routes_count; i++)
        check_route(catalog, &catalog->routes[i]);
    if (catalog) {
        check_diff(catalog, &arena);
        check_suggestions(catalog, &arena);
    }
    catalog_done(catalog);
    arena_done(&arena);
    return 0;
}
