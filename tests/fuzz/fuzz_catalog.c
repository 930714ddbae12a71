/* Catalogs from any bytes: there are findings or there is a catalog, and in a catalog every
 * reference leads somewhere. */
#include <stdint.h>

#include "base/invariant.h"
#include "engine/catalog.h"

#define ARENA_BYTES_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_route(const struct catalog *catalog, const struct catalog_route *route)
{
    invariant(map_get(&catalog->routes_by_id, route->id) == route);
    invariant(map_get(&catalog->models_by_id, route->model->id) == route->model);
    invariant(route->account->provider->id.len > 0);
    invariant((route->capabilities & ~route->model->capabilities) == 0);
    invariant(slice_equal(route->reported_models.items[0], route->provider_model));
    for (unsigned i = 0; i < UNIT_END; i++)
        invariant(route->price_pusd[i] == 0 || set_has(route->priced, i));
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
    catalog_done(catalog);
    arena_done(&arena);
    return 0;
}
