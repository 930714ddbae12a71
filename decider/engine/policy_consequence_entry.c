/* What a change means for entries: who follows which failure, where that goes, what has to be shown
 * first. Sentences name an entry by its place in the new document and by its name. */
#include "base/decimal.h"
#include "engine/policy_consequence.h"

static const struct listing failures = {"Failures that now go to ",
                                        "Failures that no longer go to ", NULL, NULL};
static const struct listing admissions = {"Reasons to pass the primary over that now go to ",
                                          "Reasons to pass the primary over that no longer go to ",
                                          NULL, NULL};
static const struct listing evidence = {"Evidence that is now needed for ",
                                        "Evidence that is no longer needed for ", NULL, NULL};
static const struct listing roles = {"Roles whose sign-off is now needed for ",
                                     "Roles whose sign-off is no longer needed for ", NULL, NULL};
static const struct listing routes = {"Routes that are now behind ",
                                      "Routes that are no longer behind ", NULL, NULL};
static const struct listing tiers = {
    "Customer tiers that are now served by ", "Customer tiers that are no longer served by ",
    "Only these customer tiers are now served by ", "All customer tiers are now served by "};
static const struct listing tenants = {"Tenants that may now use ",
                                       "Tenants that may no longer use ", NULL, NULL};
static const struct listing keys = {"Keys that may now use ", "Keys that may no longer use ", NULL,
                                    NULL};

static struct slice
label_of(struct consequences *c, const struct policy_document *document, uint32_t index)
{
    struct slice name = policy_document_entry_name(document, index, c->arena);

    if (index == 0)
        return arena_format(c->arena, "the primary (%.*s)", (int)name.len,
                            name.ptr ? name.ptr : "");
    return arena_format(c->arena, "entry %u (%.*s)", index, (int)name.len,
                        name.ptr ? name.ptr : "");
}

/* The failures after which the entry may be taken; none when there is but one attempt. */
static uint64_t follows(const struct policy_document *document, uint32_t index)
{
    if (index == 0 || index == ENTRY_NONE || document->settings.attempts_max < 2)
        return 0;
    return document->entries[index].allowed & ~document->entries[index].blocked;
}

static uint64_t admits(const struct policy_document *document, uint32_t index)
{
    return index == 0 || index == ENTRY_NONE ? 0 : document->entries[index].admission_reasons;
}

static void say_reasons(struct consequences *c, struct entry_pair pair, struct slice label)
{
    consequence_set(c, &failures, label, &words_failure,
                    (uint64_t[]){follows(c->before, pair.before), follows(c->after, pair.after)});
    consequence_set(c, &admissions, label, &words_reason,
                    (uint64_t[]){admits(c->before, pair.before), admits(c->after, pair.after)});
}

static void say_evidence(struct consequences *c, struct entry_pair pair, struct slice label)
{
    uint64_t kinds[2] = {0}, sign_offs[2] = {0};

    if (pair.before != ENTRY_NONE) {
        kinds[0] = policy_demands(c->before, pair.before);
        sign_offs[0] = policy_sign_offs(c->before, pair.before);
    }
    kinds[1] = policy_demands(c->after, pair.after);
    sign_offs[1] = policy_sign_offs(c->after, pair.after);
    consequence_set(c, &evidence, label, &words_evidence_kind, kinds);
    consequence_set(c, &roles, label, &words_sign_off, sign_offs);
}

/* ---- what changed within an entry ---- */

static void say_tier(struct consequences *c,
                     const struct document_entry *before,
                     const struct document_entry *after,
                     struct slice label)
{
    if (before->tier == after->tier)
        return;
    buf_format(&c->text, "The tier of %.*s is now %s, no longer %s.", (int)label.len, label.ptr,
               signalbox_tier_name(after->tier), signalbox_tier_name(before->tier));
    consequence_add(c);
}

/* "id at provider, account, region": a route as a place where data goes. */
static struct slice place_of(struct consequences *c, const struct catalog_route *route)
{
    const struct catalog_account *account = route->account;

    return arena_format(c->arena, "%.*s (%.*s, %.*s, %.*s)", (int)route->id.len, route->id.ptr,
                        (int)account->provider->id.len, account->provider->id.ptr,
                        (int)account->id.len, account->id.ptr, (int)route->region.len,
                        route->region.ptr);
}

static struct texts places_of(struct consequences *c,
                              const struct document_entry *entry,
                              struct slice items[ENTRY_ROUTES_MAX])
{
    for (unsigned i = 0; i < entry->routes_count; i++)
        items[i] = place_of(c, entry->routes[i].resolved);
    return (struct texts){items, entry->routes_count};
}

static void say_routes(struct consequences *c,
                       const struct document_entry *before,
                       const struct document_entry *after,
                       struct slice label)
{
    struct slice items[2][ENTRY_ROUTES_MAX];

    consequence_names(
        c, &routes, label,
        (struct texts[]){places_of(c, before, items[0]), places_of(c, after, items[1])});
}

/* The bound that counts for the entry: its own, else the policy's. */
static uint64_t effective(uint64_t own, uint64_t policys)
{
    return own ? own : policys;
}

static void say_limits(struct consequences *c, struct entry_pair pair, struct slice label)
{
    const struct policy_entry_limits *a = &c->before->entries[pair.before].limits;
    const struct policy_entry_limits *b = &c->after->entries[pair.after].limits;
    const struct policy *from = &c->before->settings, *to = &c->after->settings;
    const struct {
        const char *name;
        uint64_t own[2], policys[2];
        unsigned decimals;
    } rows[] = {
#define LIMIT(name, member, decimals)                                                              \
    {name, {a->member, b->member}, {from->member, to->member}, decimals}
        LIMIT("max_attempts", attempts_max, 0),
        LIMIT("max_input_tokens", input_tokens_max, 0),
        LIMIT("max_output_tokens", output_tokens_max, 0),
        LIMIT("max_context_tokens", context_tokens_max, 0),
        LIMIT("max_reasoning_tokens", reasoning_tokens_max, 0),
        LIMIT("max_estimated_cost_usd", cost_nusd_max, 9),
#undef LIMIT
    };
    struct slice whose =
        arena_format(c->arena, "Of %.*s, ", (int)label.len, label.ptr ? label.ptr : "");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].own[0] != rows[i].own[1])
            consequence_bound(
                c, whose,
                &(struct bound){rows[i].name, effective(rows[i].own[0], rows[i].policys[0]),
                                effective(rows[i].own[1], rows[i].policys[1]), rows[i].decimals});
}

static void say_flags(struct consequences *c,
                      const struct document_entry *before,
                      const struct document_entry *after,
                      struct slice label)
{
    const struct {
        bool before, after;
        const char *on, *off;
    } rows[] = {
        {before->requires_user_notice, after->requires_user_notice,
         "Only callers that can show its notice now get to ",
         "Callers that cannot show its notice now get to "},
        {before->allow_after_partial_output, after->allow_after_partial_output,
         "Output that a user has seen may now start over on ",
         "Output that a user has seen no longer starts over on "},
        {before->premium, after->premium, "Only entitled tenants and keys now get to ",
         "Any tenant and key now gets to "},
        {before->queue_job, after->queue_job, "Callers may now come back for answers of ",
         "Callers may no longer come back for answers of "},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].before != rows[i].after) {
            buf_put_text(&c->text, rows[i].after ? rows[i].on : rows[i].off);
            buf_put_slice(&c->text, label);
            buf_put_text(&c->text, ".");
            consequence_add(c);
        }
}

static void say_changes(struct consequences *c, struct entry_pair pair, struct slice label)
{
    const struct document_entry *before = &c->before->entries[pair.before];
    const struct document_entry *after = &c->after->entries[pair.after];

    say_tier(c, before, after, label);
    say_routes(c, before, after, label);
    say_limits(c, pair, label);
    say_flags(c, before, after, label);
    consequence_names(c, &tiers, label,
                      (struct texts[]){before->customer_tiers, after->customer_tiers});
    consequence_names(c, &tenants, label,
                      (struct texts[]){before->premium_tenants, after->premium_tenants});
    consequence_names(c, &keys, label, (struct texts[]){before->premium_keys, after->premium_keys});
}

static void say_presence(struct consequences *c,
                         const struct document_entry *entry,
                         struct slice label,
                         const char *what)
{
    buf_format(&c->text, "There is %s %.*s, of tier %s.", what, (int)label.len, label.ptr,
               signalbox_tier_name(entry->tier));
    consequence_add(c);
}

void consequence_of_entry(struct consequences *c, struct entry_pair pair)
{
    struct slice label = pair.after == ENTRY_NONE ? label_of(c, c->before, pair.before)
                                                  : label_of(c, c->after, pair.after);

    if (c->arena->failed)
        return;
    if (pair.before == ENTRY_NONE)
        say_presence(c, &c->after->entries[pair.after], label, "now");
    else if (pair.after == ENTRY_NONE)
        say_presence(c, &c->before->entries[pair.before], label, "no longer");
    else
        say_changes(c, pair, label);
    say_reasons(c, pair, label);
    if (pair.after != ENTRY_NONE)
        say_evidence(c, pair, label);
}

void consequence_of_failures(struct consequences *c)
{
    static const struct listing any = {"Failures that had no fallback and now have one",
                                       "Failures that had a fallback and now end the request", NULL,
                                       NULL};
    uint64_t sets[2] = {0};

    for (uint32_t i = 1; i < c->before->entries_count; i++)
        sets[0] |= follows(c->before, i);
    for (uint32_t i = 1; i < c->after->entries_count; i++)
        sets[1] |= follows(c->after, i);
    consequence_set(c, &any, SLICE_LITERAL(""), &words_failure, sets);
}
