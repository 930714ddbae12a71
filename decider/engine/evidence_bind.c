/* Which model or route a piece speaks of in the catalog of the day, and the values that it is bound
 * to from then on.
 *
 * A model may be served by several routes. A piece about the model is for all of them when they do
 * not differ in anything that its kind is bound to; else it has to say which, because its author
 * tested one of them. A primary to compare with is always one route, and not the same one. */
#include "engine/evidence.h"
#include "engine/field.h"
#include "engine/field_time.h"

#define CANDIDATES_SHOWN_MAX 8
#define DATE_BYTES           16
#define SCRATCH_BYTES_HELD   2048
#define SCRATCH_BYTES_MAX    (16 * 1024 * 1024)

struct bind {
    struct field_reader reader;
    const struct evidence *evidence;
    const struct catalog *catalog;
};

static bool fits(struct slice wanted, struct slice is)
{
    return wanted.len == 0 || slice_equal(wanted, is);
}

static bool speaks_of(const struct evidence *evidence, const struct catalog_route *route)
{
    return fits(evidence->route, route->id) && fits(evidence->model, route->model->id) &&
           fits(evidence->provider, route->account->provider->id) &&
           fits(evidence->account, route->account->id) && fits(evidence->region, route->region) &&
           (!evidence->family || evidence->family == route->family);
}

/* "route a, model b, ...": what the document asks for. */
static struct slice describe(const struct bind *bind)
{
    const struct evidence *evidence = bind->evidence;
    const struct {
        const char *name;
        struct slice text;
    } parts[] = {
        {"route", evidence->route},
        {"model", evidence->model},
        {"provider", evidence->provider},
        {"account", evidence->account},
        {"region", evidence->region},
        {"endpoint_family",
         slice_of(evidence->family ? signalbox_family_name(evidence->family) : NULL)},
    };
    char memory[8 * NAME_BYTES_MAX];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].text.len) {
            buf_format(&buf, "%s%s ", buf.len ? ", " : "", parts[i].name);
            buf_put_slice(&buf, parts[i].text);
        }
    return arena_copy(bind->reader.arena, buf_slice(&buf));
}

/* The first field of the kind in which the two routes differ, or 0. */
static enum binding find_difference(struct bind *bind,
                                    const struct catalog_route *one,
                                    const struct catalog_route *other)
{
    uint64_t bindings = evidence_kind_bindings(bind->evidence->kind);
    enum binding found = BINDING_UNSPECIFIED;
    char memory[SCRATCH_BYTES_HELD];
    struct arena scratch;

    arena_init(&scratch, memory, sizeof memory, SCRATCH_BYTES_MAX);
    for (unsigned i = 1; !found && i < BINDING_END; i++)
        if (set_has(bindings, i) &&
            !slice_equal(evidence_binding_value((enum binding)i, one, &scratch),
                         evidence_binding_value((enum binding)i, other, &scratch)))
            found = (enum binding)i;
    if (scratch.failed)
        bind->reader.arena->failed = true;
    arena_done(&scratch);
    return found;
}

struct matches {
    const struct catalog_route *first;
    unsigned count;
    enum binding difference; /* in which two of them differ */
};

static struct matches find_matches(struct bind *bind)
{
    struct matches matches = {0};

    for (unsigned i = 0; i < bind->catalog->routes_count; i++) {
        const struct catalog_route *route = &bind->catalog->routes[i];

        if (!speaks_of(bind->evidence, route))
            continue;
        if (!matches.first)
            matches.first = route;
        else if (!matches.difference)
            matches.difference = find_difference(bind, matches.first, route);
        matches.count++;
    }
    return matches;
}

/* The routes to choose among, and where they differ. */
static struct slice list_matches(const struct bind *bind, const struct matches *matches)
{
    char memory[CANDIDATES_SHOWN_MAX * (NAME_BYTES_MAX + 2) + 128];
    unsigned shown = 0;
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_text(&buf, "one of: ");
    for (unsigned i = 0; i < bind->catalog->routes_count && shown < CANDIDATES_SHOWN_MAX; i++)
        if (speaks_of(bind->evidence, &bind->catalog->routes[i])) {
            buf_put_text(&buf, shown++ ? ", " : "");
            buf_put_slice(&buf, bind->catalog->routes[i].id);
        }
    if (matches->count > shown)
        buf_format(&buf, " and %u more", matches->count - shown);
    if (!evidence_kind_of_route(bind->evidence->kind))
        buf_format(&buf, "; they differ in %s", signalbox_binding_name(matches->difference));
    return arena_copy(bind->reader.arena, buf_slice(&buf));
}

static bool ambiguous(const struct bind *bind, const struct matches *matches)
{
    return evidence_kind_of_route(bind->evidence->kind) ? matches->count > 1
                                                        : matches->difference != 0;
}

static bool known(struct bind *bind,
                  const char *member,
                  struct slice name,
                  const char *what,
                  const struct map *names)
{
    if (!name.len || map_get(names, name))
        return true;
    field_fault_member(&bind->reader, bind->evidence->pointer, member, DIAGNOSTIC_UNKNOWN_NAME,
                       name, arena_format(bind->reader.arena, "a %s of the catalog", what));
    return false;
}

/* A scope that no model can have is a slip of the pen. */
static void check_models(struct bind *bind)
{
    for (unsigned i = 0; i < bind->evidence->models.count; i++) {
        struct slice name = bind->evidence->models.items[i];
        struct slice pointer = bind->evidence->pointer;

        if (!map_get(&bind->catalog->models_by_id, name))
            diagnostics_add(bind->reader.diagnostics, DIAGNOSTIC_UNKNOWN_NAME,
                            arena_format(bind->reader.arena, "%.*s/scope/models/%u",
                                         (int)pointer.len, pointer.ptr ? pointer.ptr : "", i),
                            name, SLICE_LITERAL("a model of the catalog"));
    }
}

/* A route whose values the piece is bound to; NULL after a finding. */
static const struct catalog_route *resolve(struct bind *bind)
{
    const struct evidence *evidence = bind->evidence;
    const struct map *routes = &bind->catalog->routes_by_id;
    bool route = known(bind, "route", evidence->route, "route", routes);
    bool model = known(bind, "model", evidence->model, "model", &bind->catalog->models_by_id);
    bool primary = known(bind, "primary", evidence->primary, "route", routes);
    struct matches matches;

    if (!route || !model || !primary)
        return NULL;
    matches = find_matches(bind);
    if (matches.count && !ambiguous(bind, &matches))
        return matches.first;
    if (matches.count)
        diagnostics_add(bind->reader.diagnostics, DIAGNOSTIC_AMBIGUOUS_ROUTE, evidence->pointer,
                        describe(bind), list_matches(bind, &matches));
    else
        diagnostics_add(
            bind->reader.diagnostics, DIAGNOSTIC_NO_ROUTE, evidence->pointer, describe(bind),
            evidence->route.len
                ? SLICE_LITERAL(
                      "model, provider, account, region and endpoint_family of that route")
                : SLICE_LITERAL("a route of the catalog that serves this"));
    return NULL;
}

/* Prices that were read after the day that was approved may be others. */
static void check_snapshot(struct bind *bind, const struct catalog_route *route)
{
    char memory[2][DATE_BYTES];
    struct buf snapshot, as_of;

    if (bind->evidence->kind != EVIDENCE_KIND_COST_OWNER ||
        bind->evidence->facts.pricing_snapshot_unix_ms >= route->price_as_of_unix_ms)
        return;
    buf_init_fixed(&snapshot, memory[0], sizeof memory[0]);
    buf_init_fixed(&as_of, memory[1], sizeof memory[1]);
    field_time_put_date(&snapshot, bind->evidence->facts.pricing_snapshot_unix_ms);
    field_time_put_date(&as_of, route->price_as_of_unix_ms);
    field_fault_member(&bind->reader, bind->evidence->pointer, "pricing_snapshot",
                       DIAGNOSTIC_OUT_OF_RANGE, buf_slice(&snapshot),
                       arena_format(bind->reader.arena,
                                    "the day of the route's prices or a later one, %.*s",
                                    (int)as_of.len, as_of.ptr));
}

/* What is compared with itself is always alike. */
static void check_primary(struct bind *bind, const struct catalog_route *route)
{
    if (slice_equal(bind->evidence->primary, route->id))
        field_fault_member(&bind->reader, bind->evidence->pointer, "primary",
                           DIAGNOSTIC_CONTRADICTION, route->id,
                           SLICE_LITERAL("another route than the one that it speaks of"));
}

static void take_values(const struct bind *bind,
                        const struct catalog_route *route,
                        bool of_primary,
                        struct evidence_bindings *bindings)
{
    uint64_t fields = evidence_kind_bindings(bind->evidence->kind);

    for (unsigned i = 1; i < BINDING_END; i++)
        if (set_has(fields, i))
            bindings->items[bindings->count++] = (struct evidence_bound){
                .field = (enum binding)i,
                .value = evidence_binding_value((enum binding)i, route, bind->reader.arena),
                .of_primary = of_primary,
            };
}

static void take_bindings(const struct bind *bind,
                          const struct catalog_route *route,
                          struct evidence_bindings *bindings)
{
    enum evidence_kind kind = bind->evidence->kind;
    struct arena *arena = bind->reader.arena;

    bindings->subject =
        arena_copy(arena, evidence_kind_of_route(kind) ? route->id : route->model->id);
    bindings->items = arena_calloc(arena, (size_t)2 * BINDING_END, sizeof *bindings->items);
    if (!bindings->items)
        return;
    take_values(bind, route, false, bindings);
    if (bind->evidence->primary.len)
        take_values(bind, map_get(&bind->catalog->routes_by_id, bind->evidence->primary), true,
                    bindings);
}

enum result evidence_bind(const struct evidence *evidence,
                          const struct catalog *catalog,
                          struct diagnostics *diagnostics,
                          struct evidence_bindings *ret_bindings)
{
    struct bind bind = {{diagnostics->arena, diagnostics}, evidence, catalog};
    unsigned errors_before = diagnostics->errors;
    struct evidence_bindings bindings = {0};
    const struct catalog_route *route;

    check_models(&bind);
    route = resolve(&bind);
    if (route) {
        check_snapshot(&bind, route);
        check_primary(&bind, route);
    }
    if (route && diagnostics->errors == errors_before)
        take_bindings(&bind, route, &bindings);
    if (diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    if (diagnostics->errors > errors_before)
        return RESULT_INVALID;
    *ret_bindings = bindings;
    return RESULT_OK;
}
