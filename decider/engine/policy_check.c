/* Document against catalog: what kind of change each entry is, and the rules that follow from that.
 *
 * Findings go on where an entry is in order by itself, whatever is wrong with others; what cannot
 * be judged because a route is not known is left to the next look. */
#include "base/invariant.h"
#include "engine/evidence_demand.h"
#include "engine/policy_fields.h"
#include "engine/suggest_candidate.h"
#include "engine/traffic_shape.h"

struct check {
    struct field_reader reader;
    struct policy_document *document;
    const struct catalog *catalog;
};

static struct slice quote(struct check *check, const char *what, struct slice name)
{
    return arena_format(check->reader.arena, "%s %.*s", what, (int)name.len,
                        name.ptr ? name.ptr : "");
}

/* ---- routes ---- */

/* The entry before that has the same route, or NULL. One entry's own list counts too. */
static const struct document_route *
find_before(const struct policy_document *document, unsigned index, unsigned nth)
{
    const struct catalog_route *route = document->entries[index].routes[nth].resolved;

    for (unsigned i = 0; i <= index; i++) {
        const struct document_entry *entry = &document->entries[i];

        for (unsigned k = 0; k < (i == index ? nth : entry->routes_count); k++)
            if (entry->routes[k].resolved == route)
                return &entry->routes[k];
    }
    return NULL;
}

/* False: the route may not stand where it does. */
static bool check_route(struct check *check, unsigned index, unsigned nth)
{
    const struct document_route *routes = check->document->entries[index].routes;
    const struct catalog_route *route = routes[nth].resolved, *first = routes[0].resolved;
    const struct document_route *before = find_before(check->document, index, nth);

    if (before)
        diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_SAME_ROUTE, routes[nth].pointer,
                        route->id,
                        arena_format(check->reader.arena, "another route than %.*s has",
                                     (int)before->pointer.len, before->pointer.ptr));
    else if (first && !slice_equal(route->model->id, first->model->id))
        diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_OTHER_MODEL, routes[nth].pointer,
                        quote(check, "model", route->model->id),
                        quote(check, "model", first->model->id));
    else
        return true;
    return false;
}

static bool is_given(const struct document_entry *entry, enum evidence_kind kind)
{
    return set_has(entry->requires_given, kind);
}

/* What is demanded anyway cannot be waived by a word. A tool contract can: requests with tools
 * need it all the same, the others do not. */
static void check_evidence(struct check *check, unsigned index)
{
    struct document_entry *entry = &check->document->entries[index];
    bool demanded = set_has(evidence_demand_of_tier(entry->tier), EVIDENCE_KIND_EVAL);
    uint64_t demands;

    if (!is_given(entry, EVIDENCE_KIND_EVAL))
        entry->requires_eval_pass = demanded;
    else if (demanded && !entry->requires_eval_pass)
        field_fault_member(
            &check->reader, entry->pointer, "requires_eval_pass", DIAGNOSTIC_EVIDENCE_DEMANDED,
            SLICE_LITERAL("false"),
            quote(check, "true, for tier", slice_of(signalbox_tier_name(entry->tier))));
    demands = policy_demands(check->document, index);
    if (is_given(entry, EVIDENCE_KIND_QUOTA_OWNER) && !entry->requires_quota_owner &&
        set_has(demands, EVIDENCE_KIND_QUOTA_OWNER))
        field_fault_member(&check->reader, entry->pointer, "requires_quota_owner",
                           DIAGNOSTIC_EVIDENCE_DEMANDED, SLICE_LITERAL("false"),
                           SLICE_LITERAL("true, for another account than the primary's"));
}

static void check_routes(struct check *check, unsigned index)
{
    struct document_entry *entries = check->document->entries, *entry = &entries[index];
    const struct catalog_route *primary = entries[0].routes[0].resolved;
    bool good = true;

    for (unsigned i = 0; i < entry->routes_count; i++)
        good &= entry->routes[i].resolved && check_route(check, index, i);
    if (!good || !primary)
        return;
    entry->tier =
        index ? catalog_tier(primary->model, entry->routes[0].resolved->model) : TIER_PRIMARY;
    if (index)
        check_evidence(check, index);
}

/* ---- the policy's own boundary ---- */

static struct slice provider_of(const struct catalog_route *route)
{
    return route->account->provider->id;
}

static struct slice account_of(const struct catalog_route *route)
{
    return route->account->id;
}

static struct slice region_of(const struct catalog_route *route)
{
    return route->region;
}

static struct slice service_tier_of(const struct catalog_route *route)
{
    return route->service_tier;
}

/* Lists of names that are properties of routes. */
static const struct boundary {
    const char *member;
    const char *what;
    size_t offset;
    struct slice (*value)(const struct catalog_route *route);
    bool binds_routes; /* else it speaks of requests */
} boundaries[] = {
    {"regions", "region", offsetof(struct policy_document, regions), region_of, true},
    {"providers", "provider", offsetof(struct policy_document, providers), provider_of, true},
    {"accounts", "account", offsetof(struct policy_document, accounts), account_of, true},
    {"service_tiers", "service tier", offsetof(struct policy_document, service_tiers),
     service_tier_of, false},
};

#define BOUNDARIES (sizeof boundaries / sizeof *boundaries)

static const struct texts *names_of(const struct check *check, const struct boundary *boundary)
{
    return (const struct texts *)(const void *)((const char *)check->document + boundary->offset);
}

static bool has_name(const struct texts *names, struct slice name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (slice_equal(names->items[i], name))
            return true;
    return false;
}

static bool
some_route_has(const struct catalog *catalog, const struct boundary *boundary, struct slice name)
{
    for (unsigned i = 0; i < catalog->routes_count; i++)
        if (slice_equal(boundary->value(&catalog->routes[i]), name))
            return true;
    return false;
}

/* A misspelt region would silently allow less than was meant. */
static void check_names(struct check *check, const struct boundary *boundary)
{
    const struct texts *names = names_of(check, boundary);

    for (unsigned i = 0; i < names->count; i++)
        if (!some_route_has(check->catalog, boundary, names->items[i]))
            diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_UNKNOWN_NAME,
                            arena_format(check->reader.arena, "/%s/%u", boundary->member, i),
                            names->items[i],
                            arena_format(check->reader.arena, "the %s of a route of the catalog",
                                         boundary->what));
}

/* Models under it are refused to every request; where the policy leaves the class open, it is each
 * request's. */
static bool is_under_floor(enum traffic_class traffic_class, const struct catalog_route *route)
{
    return traffic_class && route->model->quality_class < suggest_floor(traffic_class);
}

/* What the policy asks of a route that this one has not; NULL: nothing. */
static const char *find_lack(const struct check *check, const struct catalog_route *route)
{
    const struct policy_document *document = check->document;
    const struct policy *settings = &document->settings;
    const struct {
        bool lacks;
        const char *expected;
    } rows[] = {
        {document->data_classes && !(document->data_classes & route->data_classes),
         "a route for one of the policy's data classes"},
        {settings->zero_retention && !route->zero_retention, "zero retention"},
        {settings->moderation && !route->moderation, "moderation"},
        {route->environments.count && !has_name(&route->environments, document->environment),
         "a route for the policy's environment"},
        {is_under_floor(document->traffic_class, route),
         "a model that is not under the traffic class's floor"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].lacks)
            return rows[i].expected;
    return NULL;
}

/* Says what of the policy's own words keeps a route from ever being used. */
static bool find_outside(struct check *check,
                         const struct catalog_route *route,
                         struct slice *ret_found,
                         const char **ret_expected)
{
    for (size_t i = 0; i < BOUNDARIES; i++) {
        const struct texts *names = names_of(check, &boundaries[i]);
        struct slice value = boundaries[i].value(route);

        if (!boundaries[i].binds_routes || !names->count || has_name(names, value))
            continue;
        *ret_found = quote(check, boundaries[i].what, value);
        *ret_expected = "one that the policy names";
        return true;
    }
    *ret_found = route->id;
    *ret_expected = find_lack(check, route);
    return *ret_expected != NULL;
}

static void check_reach(struct check *check, const struct document_entry *entry)
{
    for (unsigned i = 0; i < entry->routes_count; i++) {
        const struct catalog_route *route = entry->routes[i].resolved;
        const char *expected;
        struct slice found;

        if (route && find_outside(check, route, &found, &expected))
            diagnostics_add(check->reader.diagnostics, DIAGNOSTIC_ENTRY_UNREACHABLE,
                            entry->routes[i].pointer, found, slice_of(expected));
    }
}

/* ---- entries and the document ---- */

static void check_entry(struct check *check, unsigned index)
{
    struct document_entry *entry = &check->document->entries[index];

    switch (entry->kind) {
    case ENTRY_KIND_ROUTE:
        check_routes(check, index);
        check_reach(check, entry);
        break;
    case ENTRY_KIND_QUEUE:
        entry->tier = TIER_QUEUE;
        break;
    case ENTRY_KIND_DEFAULT_RESPONSE:
        entry->tier = TIER_DEFAULT_RESPONSE;
        break;
    }
    if (index && !entry->allowed && !entry->admission_reasons)
        field_fault_member(&check->reader, entry->pointer, "allowed_reasons",
                           DIAGNOSTIC_ENTRY_UNREACHABLE, SLICE_LITERAL("no reason"),
                           SLICE_LITERAL("at least one reason"));
}

/* Without fallbacks it may stand, and serves nobody: the observability gate refuses the primary. */
static void check_recording(struct check *check)
{
    bool fallbacks = check->document->entries_count > 1;
    const struct policy *settings = &check->document->settings;
    const struct {
        const char *name;
        bool value;
    } flags[] = {
        {"record_attempt_chain", settings->record_attempt_chain},
        {"record_requested_and_selected_model", settings->record_models},
        {"record_error_class_per_attempt", settings->record_error_class},
        {"record_usage_and_cost", settings->record_usage_and_cost},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!flags[i].value)
            field_fault_member(&check->reader, SLICE_LITERAL("/logging"), flags[i].name,
                               fallbacks ? DIAGNOSTIC_RECORDING_OFF : DIAGNOSTIC_NOT_SERVED,
                               SLICE_LITERAL("false"), SLICE_LITERAL("true"));
}

enum result policy_check(struct policy_document *document,
                         const struct catalog *catalog,
                         struct diagnostics *diagnostics)
{
    struct check check = {{diagnostics->arena, diagnostics}, document, catalog};
    unsigned errors_before = diagnostics->errors;

    invariant(document->entries_count >= 1 && document->entries_count <= ENTRIES_MAX);
    policy_resolve(&check.reader, document, catalog);
    for (size_t i = 0; i < BOUNDARIES; i++)
        check_names(&check, &boundaries[i]);
    for (unsigned i = 0; i < document->entries_count; i++)
        check_entry(&check, i);
    traffic_shape_check(&check.reader, document);
    check_recording(&check);
    if (diagnostics->arena->failed)
        return RESULT_NO_MEMORY;
    return diagnostics->errors > errors_before ? RESULT_INVALID : RESULT_OK;
}
