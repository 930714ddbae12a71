/* Shapes as tables. Defaults go into the document before and while it is read, so that a dump shows
 * them and a policy that is read again from its dump stays what it was, whatever the tables say
 * later.
 *
 * What differs from a shape is the author's to say, except for critical traffic: its first fallback
 * must be as good as the primary and must not depend on the same provider, and a lesser answer must
 * say so. There a difference is an error, because nobody would notice until the outage. */
#include "engine/traffic_shape.h"

#define R(RULE) SET_OF(ROLLBACK_RULE_##RULE)
#define NO_RULE 0
#define UNWATCHED_RULES                                                                            \
    (R(SCHEMA_FAILURES) | R(COST_SPIKE) | R(BOUNDARY_ERROR) | R(MISSING_REPORTS) |                 \
     R(MODEL_MISMATCH))
#define EVERY_RULE (UNWATCHED_RULES | R(REFUSAL_RATE) | R(NEGATIVE_FEEDBACK) | R(FAILED_EVAL))

#define M(CLASS) SET_OF(FAILURE_##CLASS)
#define SICK                                                                                       \
    (M(TIMEOUT) | M(NETWORK_ERROR) | M(RATE_LIMITED) | M(OVERLOADED) | M(TEMPORARY_5XX) |          \
     M(UNAVAILABLE) | M(STREAM_DROPPED_BEFORE_OUTPUT) | M(MALFORMED_RESPONSE) | M(EMPTY_RESPONSE))
#define WAIT   (SICK | M(PROVIDER_QUOTA_EXHAUSTED))
#define REVIEW (M(OUTPUT_SCHEMA_INVALID) | M(CONTEXT_LENGTH_EXCEEDED))

#define A(REASON)      SET_OF(REASON_##REASON)
#define ADMISSION_NONE 0
#define ADMISSION_ROUTE                                                                            \
    (A(BREAKER_OPEN) | A(RATE_LIMITED_UNTIL) | A(LATENCY_OVER_TARGET) | A(ACCOUNT_DRAINED))
#define ADMISSION_CHEAPER (ADMISSION_ROUTE | A(BUDGET_DOWNGRADE))

struct shape {
    bool known;
    uint32_t attempts_max;
    uint32_t retries_per_route_max;
    uint32_t providers_failed_max;
    uint32_t no_dearer_percent, cheaper_percent, critical_only_percent;
    uint64_t rollback; /* set of enum rollback_rule */
};

struct shape_entry {
    enum traffic_class traffic_class;
    enum entry_kind kind;
    uint64_t allowed, admission_reasons;
    uint32_t noticed_attempts_max;
};

static const struct shape shapes[TRAFFIC_CLASS_END] = {
#define S(CLASS, ...) [TRAFFIC_CLASS_##CLASS] = {true, __VA_ARGS__},
#include "engine/traffic_shape.def"
};

static const struct shape_entry shape_entries[] = {
#define F(CLASS, KIND, ALLOWED, ADMISSION, attempts)                                               \
    {TRAFFIC_CLASS_##CLASS, ENTRY_KIND_##KIND, ALLOWED, ADMISSION_##ADMISSION, attempts},
#include "engine/traffic_shape.def"
};

void traffic_shape_begin(enum traffic_class traffic_class, struct policy_document *document)
{
    const struct shape *shape = &shapes[traffic_class];
    struct policy *settings = &document->settings;

    if (!shape->known)
        return;
    settings->attempts_max = shape->attempts_max;
    settings->retries_per_route_max = shape->retries_per_route_max;
    settings->providers_failed_max = shape->providers_failed_max;
    settings->budget_no_dearer_percent = shape->no_dearer_percent;
    settings->budget_cheaper_percent = shape->cheaper_percent;
    settings->budget_critical_only_percent = shape->critical_only_percent;
    for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++)
        if (set_has(shape->rollback, rule))
            document->rollback[rule].enabled = true;
}

/* The row for the nth entry (from 0) of its kind, or NULL. */
static const struct shape_entry *
find_entry(enum traffic_class traffic_class, enum entry_kind kind, unsigned nth)
{
    const struct shape_entry *found = NULL;

    for (size_t i = 0; i < sizeof shape_entries / sizeof *shape_entries; i++) {
        const struct shape_entry *row = &shape_entries[i];

        if (row->traffic_class != traffic_class || row->kind != kind)
            continue;
        found = row;
        if (nth-- == 0)
            break;
    }
    return found;
}

void traffic_shape_entries(struct policy_document *document)
{
    unsigned seen[ENTRY_KIND_DEFAULT_RESPONSE + 1] = {0};

    for (unsigned i = 1; i < document->entries_count; i++) {
        struct document_entry *entry = &document->entries[i];
        const struct shape_entry *row =
            find_entry(document->traffic_class, entry->kind, seen[entry->kind]++);

        if (!row)
            continue;
        if (!entry->allowed_given) {
            entry->allowed = row->allowed & ~entry->blocked;
            entry->admission_reasons = row->admission_reasons;
        }
        if (entry->requires_user_notice && !entry->limits.attempts_max)
            entry->limits.attempts_max = row->noticed_attempts_max;
    }
}

/* ---- what a class does not let differ ---- */

static void hard_stop(struct field_reader *reader,
                      struct slice object,
                      const char *member,
                      unsigned found,
                      const char *expected)
{
    field_fault_member(reader, object, member, DIAGNOSTIC_HARD_STOP,
                       arena_format(reader->arena, "%u", found), slice_of(expected));
}

static void check_experiment(struct field_reader *reader, const struct policy_document *document)
{
    const struct policy *settings = &document->settings;

    if (document->entries_count > 1)
        hard_stop(reader, SLICE_LITERAL(""), "fallback_routes", document->entries_count - 1,
                  "no fallback: an experiment fails at once");
    if (settings->attempts_max > 1)
        hard_stop(reader, SLICE_LITERAL("/limits"), "max_total_attempts", settings->attempts_max,
                  "1: an experiment fails at once");
    if (settings->retries_per_route_max > 0)
        hard_stop(reader, SLICE_LITERAL("/retry"), "max_retries_per_route",
                  settings->retries_per_route_max, "0: an experiment fails at once");
}

static void
differs(struct field_reader *reader, struct slice pointer, struct slice found, const char *expected)
{
    diagnostics_add(reader->diagnostics, DIAGNOSTIC_SHAPE_DIFFERS, pointer, found,
                    slice_of(expected));
}

/* The provider's outage is what a critical policy falls back from: nothing of the first fallback
 * may be where any of the primary is. */
static void check_other_provider(struct field_reader *reader,
                                 const struct document_entry *primary,
                                 const struct document_route *route)
{
    struct slice provider = route->resolved->account->provider->id;

    for (unsigned i = 0; i < primary->routes_count; i++) {
        const struct catalog_route *home = primary->routes[i].resolved;

        if (home && slice_equal(home->account->provider->id, provider)) {
            differs(reader, route->pointer,
                    arena_format(reader->arena, "provider %.*s", (int)provider.len, provider.ptr),
                    "a provider that the primary does not use");
            return;
        }
    }
}

static void
check_lesser(struct field_reader *reader, const struct document_entry *entry, struct slice quality)
{
    if (!entry->requires_user_notice)
        differs(reader, entry->pointer, quality,
                "requires_user_notice, because it is under the primary's quality class");
    else if (entry->limits.attempts_max != 1)
        differs(reader,
                arena_format(reader->arena, "%.*s/limits/max_attempts", (int)entry->pointer.len,
                             entry->pointer.ptr),
                arena_format(reader->arena, "%u", entry->limits.attempts_max),
                "1, because it is under the primary's quality class");
}

static void check_critical(struct field_reader *reader, const struct policy_document *document)
{
    const struct document_entry *primary = &document->entries[0];
    const struct catalog_route *home = primary->routes[0].resolved;
    bool first = true;

    for (unsigned i = 1; home && i < document->entries_count; i++) {
        const struct document_entry *entry = &document->entries[i];
        const struct catalog_route *route = entry->routes[0].resolved;
        struct slice quality;
        bool lesser;

        if (entry->kind != ENTRY_KIND_ROUTE)
            continue;
        if (!route) {
            first = false;
            continue;
        }
        quality = slice_of(signalbox_quality_class_name(route->model->quality_class));
        lesser = route->model->quality_class < home->model->quality_class;
        if (first && lesser)
            differs(reader, entry->pointer, quality,
                    "the primary's quality class or better for the first fallback");
        else if (lesser)
            check_lesser(reader, entry, quality);
        for (unsigned k = 0; first && k < entry->routes_count; k++)
            if (entry->routes[k].resolved)
                check_other_provider(reader, primary, &entry->routes[k]);
        first = false;
    }
}

void traffic_shape_check(struct field_reader *reader, const struct policy_document *document)
{
    if (document->traffic_class == TRAFFIC_CLASS_EXPERIMENT)
        check_experiment(reader, document);
    else if (document->traffic_class == TRAFFIC_CLASS_CRITICAL_USER_FACING)
        check_critical(reader, document);
}
