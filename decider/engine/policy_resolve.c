/* Which route of the catalog a document's route means.
 *
 * One that could mean several is refused with their list rather than resolved by order: a catalog
 * that grows must not move traffic. Every route of a policy serves the primary's family, because
 * requests are never translated. */
#include "engine/policy_fields.h"

#define CANDIDATES_SHOWN_MAX 8

struct resolver {
    struct field_reader *reader;
    const struct catalog *catalog;
};

static bool fits(struct slice wanted, struct slice is)
{
    return wanted.len == 0 || slice_equal(wanted, is);
}

static bool narrowing_fits(const struct document_route *wanted, const struct catalog_route *route)
{
    return fits(wanted->model, route->model->id) &&
           fits(wanted->provider, route->account->provider->id) &&
           fits(wanted->account, route->account->id) && fits(wanted->region, route->region);
}

static struct slice family_name(enum family family)
{
    return slice_of(family ? signalbox_family_name(family) : NULL);
}

/* "route a, model b, ...": what the document asks for. */
static struct slice
describe(struct resolver *resolver, const struct document_route *wanted, enum family family)
{
    const struct {
        const char *name;
        struct slice text;
    } parts[] = {
        {"route", wanted->route},       {"model", wanted->model},
        {"provider", wanted->provider}, {"account", wanted->account},
        {"region", wanted->region},     {"endpoint_family", family_name(family)},
    };
    char memory[8 * NAME_BYTES_MAX];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].text.len) {
            buf_format(&buf, "%s%s ", buf.len ? ", " : "", parts[i].name);
            buf_put_slice(&buf, parts[i].text);
        }
    return arena_copy(resolver->reader->arena, buf_slice(&buf));
}

/* A route named by its id; whatever else the document says must be true of it. */
static const struct catalog_route *resolve_id(struct resolver *resolver,
                                              const struct document_route *wanted)
{
    const struct catalog_route *route = map_get(&resolver->catalog->routes_by_id, wanted->route);

    if (!route) {
        field_fault_member(resolver->reader, wanted->pointer, "route", DIAGNOSTIC_UNKNOWN_NAME,
                           wanted->route, SLICE_LITERAL("a route of the catalog"));
        return NULL;
    }
    if (narrowing_fits(wanted, route))
        return route;
    diagnostics_add(resolver->reader->diagnostics, DIAGNOSTIC_NO_ROUTE, wanted->pointer,
                    describe(resolver, wanted, wanted->family),
                    SLICE_LITERAL("model, provider, account and region of that route"));
    return NULL;
}

struct matches {
    const struct catalog_route *first;
    unsigned count;
    struct buf names;
    char memory[CANDIDATES_SHOWN_MAX * (NAME_BYTES_MAX + 2) + 64];
};

static void find_matches(const struct catalog *catalog,
                         const struct document_route *wanted,
                         enum family family,
                         struct matches *matches)
{
    matches->first = NULL;
    matches->count = 0;
    buf_init_fixed(&matches->names, matches->memory, sizeof matches->memory);
    buf_put_text(&matches->names, "one of: ");
    for (unsigned i = 0; i < catalog->routes_count; i++) {
        const struct catalog_route *route = &catalog->routes[i];

        if (route->family != family || !narrowing_fits(wanted, route))
            continue;
        if (!matches->first)
            matches->first = route;
        if (matches->count++ >= CANDIDATES_SHOWN_MAX)
            continue;
        buf_put_text(&matches->names, matches->count > 1 ? ", " : "");
        buf_put_slice(&matches->names, route->id);
    }
    if (matches->count > CANDIDATES_SHOWN_MAX)
        buf_format(&matches->names, " and %u more", matches->count - CANDIDATES_SHOWN_MAX);
}

static const struct catalog_route *
resolve_model(struct resolver *resolver, const struct document_route *wanted, enum family family)
{
    struct matches matches;

    if (!map_get(&resolver->catalog->models_by_id, wanted->model)) {
        field_fault_member(resolver->reader, wanted->pointer, "model", DIAGNOSTIC_UNKNOWN_NAME,
                           wanted->model, SLICE_LITERAL("a model of the catalog"));
        return NULL;
    }
    find_matches(resolver->catalog, wanted, family, &matches);
    if (matches.count == 1)
        return matches.first;
    diagnostics_add(resolver->reader->diagnostics,
                    matches.count ? DIAGNOSTIC_AMBIGUOUS_ROUTE : DIAGNOSTIC_NO_ROUTE,
                    wanted->pointer, describe(resolver, wanted, family),
                    matches.count ? buf_slice(&matches.names)
                                  : SLICE_LITERAL("a route of the catalog that serves this"));
    return NULL;
}

/* The primary's first route: what it serves is the policy's family. */
static void resolve_first(struct resolver *resolver, struct document_entry *primary)
{
    struct document_route *wanted = &primary->routes[0];

    wanted->resolved = wanted->route.len ? resolve_id(resolver, wanted)
                                         : resolve_model(resolver, wanted, wanted->family);
    if (wanted->resolved && wanted->family && wanted->family != wanted->resolved->family) {
        field_fault_member(resolver->reader, primary->pointer, "endpoint_family",
                           DIAGNOSTIC_NO_ROUTE, family_name(wanted->family),
                           family_name(wanted->resolved->family));
        wanted->resolved = NULL;
    }
}

static void differs(struct resolver *resolver,
                    struct slice pointer,
                    const char *member,
                    const enum family family[2])
{
    field_fault_member(resolver->reader, pointer, member, DIAGNOSTIC_FAMILY_DIFFERS,
                       family_name(family[0]), family_name(family[1]));
}

/* Any other route; family 0: the primary's own finding has to be mended first. */
static void
resolve_other(struct resolver *resolver, struct document_route *wanted, enum family family)
{
    const struct catalog_route *route;

    if (!wanted->route.len) {
        if (family)
            wanted->resolved = resolve_model(resolver, wanted, family);
        return;
    }
    route = resolve_id(resolver, wanted);
    if (route && family && route->family != family)
        differs(resolver, wanted->pointer, "route", (enum family[]){route->family, family});
    else
        wanted->resolved = route;
}

void policy_resolve(struct field_reader *reader,
                    struct policy_document *document,
                    const struct catalog *catalog)
{
    struct resolver resolver = {reader, catalog};
    const struct document_route *first = &document->entries[0].routes[0];
    enum family family;

    for (unsigned i = 0; i < document->entries_count; i++)
        for (unsigned k = 0; k < document->entries[i].routes_count; k++)
            document->entries[i].routes[k].resolved = NULL;
    resolve_first(&resolver, &document->entries[0]);
    family = first->resolved ? first->resolved->family : first->family;
    for (unsigned i = 0; i < document->entries_count; i++) {
        struct document_entry *entry = &document->entries[i];
        enum family own = i ? entry->alone.family : FAMILY_UNSPECIFIED;

        if (own && family && own != family) {
            differs(&resolver, entry->pointer, "endpoint_family", (enum family[]){own, family});
            continue;
        }
        for (unsigned k = i == 0; k < entry->routes_count; k++)
            resolve_other(&resolver, &entry->routes[k], family);
    }
}
