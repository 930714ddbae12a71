/* Document against catalog: which route each entry means, what kind of change it is, and the rules
 * that follow from that.
 *
 * An entry that could mean several routes is refused with their list rather than resolved by order:
 * a catalog that grows must not move traffic. */
#include "base/invariant.h"
#include "engine/policy_fields.h"

#define CANDIDATES_SHOWN_MAX 8

struct check {
    struct field_reader reader;
    struct policy_document *document;
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

/* "route a, model b, ...": what the document asks for. */
static struct slice
describe(struct check *check, const struct document_route *wanted, enum family family)
{
    const struct {
        const char *name;
        struct slice text;
    } parts[] = {
        {"route", wanted->route},
        {"model", wanted->model},
        {"provider", wanted->provider},
        {"account", wanted->account},
        {"region", wanted->region},
        {"endpoint_family", slice_of(family ? signalbox_family_name(family) : NULL)},
    };
    char memory[8 * NAME_BYTES_MAX];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].text.len) {
            buf_format(&buf, "%s%s ", buf.len ? ", " : "", parts[i].name);
            buf_put_slice(&buf, parts[i].text);
        }
    return arena_copy(check->reader.arena, buf_slice(&buf));
}

/* A route named by its id; whatever else the document says must be true of it. */
static const struct catalog_route *resolve_id(struct check *check,
                                              const struct document_route *wanted)
{
    const struct catalog_route *route = map_get(&check->catalog->routes_by_id, wanted->route);

    if (!route) {
        field_fault_member(&check->reader, wanted->pointer, "route", DIAGNOSTIC_UNKNOWN_NAME,
                           wanted->route, SLICE_LITERAL("a route of the catalog"));
        return NULL;
    }
    if (narrowing_fits(wanted, route))
        return route;
    diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_NO_ROUTE, wanted->pointer,
                    describe(check, wanted, wanted->family),
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
resolve_model(struct check *check, const struct document_route *wanted, enum family family)
{
    struct matches matches;

    if (!map_get(&check->catalog->models_by_id, wanted->model)) {
        field_fault_member(&check->reader, wanted->pointer, "model", DIAGNOSTIC_UNKNOWN_NAME,
                           wanted->model, SLICE_LITERAL("a model of the catalog"));
        return NULL;
    }
    find_matches(check->catalog, wanted, family, &matches);
    if (matches.count == 1)
        return matches.first;
    diagnostics_add(check->reader.diagnostics,
                    matches.count ? DIAGNOSTIC_AMBIGUOUS_ROUTE : DIAGNOSTIC_NO_ROUTE,
                    wanted->pointer, describe(check, wanted, family),
                    matches.count ? buf_slice(&matches.names)
                                  : SLICE_LITERAL("a route of the catalog that serves this"));
    return NULL;
}

static void check_primary(struct check *check)
{
    struct document_entry *entry = &check->document->entries[0];
    struct document_route *wanted = &entry->route;

    entry->tier = TIER_PRIMARY;
    wanted->resolved = wanted->route.len ? resolve_id(check, wanted)
                                         : resolve_model(check, wanted, wanted->family);
    if (wanted->resolved && wanted->family && wanted->family != wanted->resolved->family) {
        field_fault_member(&check->reader, wanted->pointer, "endpoint_family", DIAGNOSTIC_NO_ROUTE,
                           slice_of(signalbox_family_name(wanted->family)),
                           slice_of(signalbox_family_name(wanted->resolved->family)));
        wanted->resolved = NULL;
    }
}

/* False after a finding: the fallback serves another family than the primary. */
static bool same_family(struct check *check,
                        const struct document_route *wanted,
                        const char *member,
                        enum family family,
                        enum family primary)
{
    if (!family || !primary || family == primary)
        return true;
    field_fault_member(&check->reader, wanted->pointer, member, DIAGNOSTIC_FAMILY_DIFFERS,
                       slice_of(signalbox_family_name(family)),
                       slice_of(signalbox_family_name(primary)));
    return false;
}

static void resolve_fallback(struct check *check, struct document_route *wanted)
{
    const struct document_route *primary = &check->document->entries[0].route;
    enum family family = primary->resolved ? primary->resolved->family : primary->family;
    const struct catalog_route *route;

    if (!same_family(check, wanted, "endpoint_family", wanted->family, family))
        return;
    if (wanted->route.len) {
        route = resolve_id(check, wanted);
        if (route && same_family(check, wanted, "route", route->family, family))
            wanted->resolved = route;
    } else if (family) { /* else the primary's own finding has to be mended first */
        wanted->resolved = resolve_model(check, wanted, family);
    }
}

static enum tier tier_of(const struct catalog_route *primary, const struct catalog_route *route)
{
    if (slice_equal(primary->model->id, route->model->id))
        return TIER_SAME_MODEL;
    return slice_equal(primary->model->family, route->model->family) ? TIER_SAME_FAMILY
                                                                     : TIER_DIFFERENT_FAMILY;
}

static void check_evidence(struct check *check, struct document_entry *entry)
{
    bool demanded = entry->tier == TIER_SAME_FAMILY || entry->tier == TIER_DIFFERENT_FAMILY;

    if (!set_has(entry->requires_given, EVIDENCE_EVAL))
        entry->requires_eval_pass = demanded;
    else if (demanded && !entry->requires_eval_pass)
        field_fault_member(&check->reader, entry->pointer, "requires_eval_pass",
                           DIAGNOSTIC_EVIDENCE_DEMANDED, SLICE_LITERAL("false"),
                           arena_format(check->reader.arena, "true, for tier %s",
                                        signalbox_tier_name(entry->tier)));
}

static void check_fallback_route(struct check *check, unsigned index)
{
    struct document_entry *entries = check->document->entries, *entry = &entries[index];
    const struct catalog_route *primary = entries[0].route.resolved, *route;

    resolve_fallback(check, &entry->route);
    route = entry->route.resolved;
    if (!route)
        return;
    for (unsigned i = 0; i < index; i++)
        if (entries[i].kind == ENTRY_KIND_ROUTE && entries[i].route.resolved == route) {
            diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_SAME_ROUTE, entry->pointer,
                            route->id,
                            arena_format(check->reader.arena, "another route than %.*s has",
                                         (int)entries[i].pointer.len, entries[i].pointer.ptr));
            return;
        }
    if (!primary)
        return;
    entry->tier = tier_of(primary, route);
    check_evidence(check, entry);
}

static void check_fallback(struct check *check, unsigned index)
{
    struct document_entry *entry = &check->document->entries[index];

    switch (entry->kind) {
    case ENTRY_KIND_ROUTE:
        check_fallback_route(check, index);
        break;
    case ENTRY_KIND_QUEUE:
        entry->tier = TIER_QUEUE;
        break;
    case ENTRY_KIND_DEFAULT_RESPONSE:
        entry->tier = TIER_DEFAULT_RESPONSE;
        break;
    }
    if (!entry->allowed && !entry->admission_reasons)
        field_fault_member(&check->reader, entry->pointer, "allowed_reasons",
                           DIAGNOSTIC_ENTRY_UNREACHABLE, SLICE_LITERAL("no reason"),
                           SLICE_LITERAL("at least one reason"));
}

/* The flags of one object, each false or true by itself. */
static void
check_flags(struct check *check, const char *object, enum diagnostic_code code, bool refused)
{
    const struct policy *settings = &check->document->settings;
    const struct {
        const char *object;
        const char *name;
        bool value;
    } flags[] = {
        {"/logging", "record_attempt_chain", settings->record_attempt_chain},
        {"/logging", "record_requested_and_selected_model", settings->record_models},
        {"/logging", "record_error_class_per_attempt", settings->record_error_class},
        {"/logging", "record_usage_and_cost", settings->record_usage_and_cost},
        {"/rollback", "disable_on_schema_failures", settings->rollback_on_schema_failures},
        {"/rollback", "disable_on_unapproved_cost_spike", settings->rollback_on_cost_spike},
        {"/rollback", "disable_on_policy_boundary_error", settings->rollback_on_boundary_error},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].value == refused && strcmp(flags[i].object, object) == 0)
            field_fault_member(&check->reader, slice_of(object), flags[i].name, code,
                               slice_of(refused ? "true" : "false"),
                               slice_of(refused ? "false, until rules trip" : "true"));
}

enum result policy_check(struct policy_document *document,
                         const struct catalog *catalog,
                         struct diagnostics *diagnostics)
{
    struct check check = {{diagnostics->arena, diagnostics}, document, catalog};
    unsigned errors_before = diagnostics->errors;

    invariant(document->entries_count >= 1 && document->entries_count <= ENTRIES_MAX);
    for (unsigned i = 0; i < document->entries_count; i++)
        document->entries[i].route.resolved = NULL;
    check_primary(&check);
    for (unsigned i = 1; i < document->entries_count; i++)
        check_fallback(&check, i);
    if (document->entries_count > 1)
        check_flags(&check, "/logging", DIAGNOSTIC_RECORDING_OFF, false);
    check_flags(&check, "/rollback", DIAGNOSTIC_ROLLBACK_NOT_ENFORCED, true);
    if (diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    return diagnostics->errors > errors_before ? RESULT_INVALID : RESULT_OK;
}
