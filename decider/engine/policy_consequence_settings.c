/* What a change of the policy's own fields means: bounds, the boundary of data, switches and the
 * rules that switch entries off. */
#include "engine/policy_consequence.h"

static const struct slice no_label = {"", 0};

static const struct setting_bound {
    const char *name;
    size_t offset;
    size_t bytes; /* 4 or 8 */
    unsigned decimals;
} setting_bounds[] = {
#define BOUND(name, member, decimals)                                                              \
    {                                                                                              \
        name, offsetof(struct policy, member), sizeof(((struct policy *)0)->member), decimals      \
    }
    BOUND("max_total_attempts", attempts_max, 0),
    BOUND("max_elapsed_ms", elapsed_ms_max, 0),
    BOUND("max_total_ms", total_ms_max, 0),
    BOUND("max_input_tokens", input_tokens_max, 0),
    BOUND("max_output_tokens", output_tokens_max, 0),
    BOUND("max_context_tokens", context_tokens_max, 0),
    BOUND("max_reasoning_tokens", reasoning_tokens_max, 0),
    BOUND("max_estimated_cost_usd", cost_nusd_max, 9),
    BOUND("latency_target_ms", latency_target_ms, 0),
    BOUND("max_price_age_days, in ms,", price_age_ms_max, 0),
    BOUND("fallback_spend_cap", fallback_spend_nusd_max, 9),
#undef BOUND
};

static uint64_t number_at(const struct policy *settings, const struct setting_bound *row)
{
    const char *member = (const char *)settings + row->offset;
    uint64_t number = 0;
    uint32_t narrow;

    if (row->bytes == sizeof narrow) {
        memcpy(&narrow, member, sizeof narrow);
        return narrow;
    }
    memcpy(&number, member, sizeof number);
    return number;
}

static void say_bounds(struct consequences *c)
{
    for (size_t i = 0; i < sizeof setting_bounds / sizeof *setting_bounds; i++)
        consequence_bound(c, no_label,
                          &(struct bound){setting_bounds[i].name,
                                          number_at(&c->before->settings, &setting_bounds[i]),
                                          number_at(&c->after->settings, &setting_bounds[i]),
                                          setting_bounds[i].decimals});
}

/* ---- lists ---- */

static const struct listing data_classes = {
    "Data classes that are now allowed", "Data classes that are no longer allowed",
    "Data classes are now limited to these",
    "Data classes are no longer limited by the policy, only by each route"};
static const struct listing sensitivity_tags = {
    "Tags that now block downgrades", "Tags that no longer block downgrades by the policy", NULL,
    NULL};

static const struct {
    size_t offset;
    struct listing listing;
} name_lists[] = {
#define NAMES(member, gained, lost, limited, freed)                                                \
    {                                                                                              \
        offsetof(struct policy_document, member),                                                  \
        {                                                                                          \
            gained, lost, limited, freed                                                           \
        }                                                                                          \
    }
    NAMES(regions,
          "Regions that are now allowed",
          "Regions that are no longer allowed",
          "Regions are now limited to these",
          "Any region is now allowed"),
    NAMES(providers,
          "Providers that are now allowed",
          "Providers that are no longer allowed",
          "Providers are now limited to these",
          "Any provider is now allowed"),
    NAMES(accounts,
          "Accounts that are now allowed",
          "Accounts that are no longer allowed",
          "Accounts are now limited to these",
          "Any account is now allowed"),
    NAMES(service_tiers,
          "Service tiers that may now be asked for",
          "Service tiers that may no longer be asked for",
          "Service tiers are now limited to these",
          "Any service tier may now be asked for"),
    NAMES(aliases,
          "Model names that may now be requested",
          "Model names that may no longer be requested",
          NULL,
          NULL),
#undef NAMES
};

static struct texts names_at(const struct policy_document *document, size_t offset)
{
    struct texts names;

    memcpy(&names, (const char *)document + offset, sizeof names);
    return names;
}

static void say_lists(struct consequences *c)
{
    consequence_set(c, &data_classes, no_label, &words_data_class,
                    (uint64_t[]){c->before->data_classes, c->after->data_classes});
    consequence_set(
        c, &sensitivity_tags, no_label, &words_sensitivity,
        (uint64_t[]){c->before->settings.sensitivity_tags, c->after->settings.sensitivity_tags});
    for (size_t i = 0; i < sizeof name_lists / sizeof *name_lists; i++)
        consequence_names(c, &name_lists[i].listing, no_label,
                          (struct texts[]){names_at(c->before, name_lists[i].offset),
                                           names_at(c->after, name_lists[i].offset)});
}

/* ---- flags ---- */

static const struct {
    size_t offset;
    const char *on, *off;
} flags[] = {
#define FLAG(member, on, off)                                                                      \
    {                                                                                              \
        offsetof(struct policy, member), on, off                                                   \
    }
    FLAG(zero_retention,
         "Every route must now keep nothing.",
         "Routes whose provider keeps payloads may now be used."),
    FLAG(moderation, "Every route must now moderate.", "Routes need not moderate any more."),
    FLAG(restart_after_partial_output,
         "Output that a user has seen may now start over, where entry and caller allow it.",
         "Output that a user has seen never starts over any more."),
    FLAG(notice_in_body,
         "Notices now stand in the body too.",
         "Notices no longer stand in the body."),
    FLAG(payload_sampled,
         "Payloads may now be sampled into logs.",
         "Payloads are no longer sampled into logs."),
    FLAG(record_attempt_chain, "Attempts are now recorded.", "Attempts are no longer recorded."),
    FLAG(record_models, "Models are now recorded.", "Models are no longer recorded."),
    FLAG(record_error_class,
         "Error classes are now recorded.",
         "Error classes are no longer recorded."),
    FLAG(record_usage_and_cost,
         "Usage and cost are now recorded.",
         "Usage and cost are no longer recorded."),
#undef FLAG
};

static void say_flags(struct consequences *c)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bool before = *((const uint8_t *)&c->before->settings + flags[i].offset);
        bool after = *((const uint8_t *)&c->after->settings + flags[i].offset);

        if (before == after)
            continue;
        buf_put_text(&c->text, after ? flags[i].on : flags[i].off);
        consequence_add(c);
    }
}

/* ---- words and rules ---- */

static void say_words(struct consequences *c)
{
    const struct policy_document *before = c->before, *after = c->after;
    const struct {
        const char *what;
        const char *before, *after;
    } rows[] = {
        {"The traffic class", signalbox_traffic_class_name(before->traffic_class),
         signalbox_traffic_class_name(after->traffic_class)},
        {"Payload storage", signalbox_payload_storage_name(before->payload_storage),
         signalbox_payload_storage_name(after->payload_storage)},
        {"Output is held back until",
         signalbox_hold_output_name(before->settings.hold_output.until),
         signalbox_hold_output_name(after->settings.hold_output.until)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].before, rows[i].after) != 0) {
            buf_format(&c->text, "%s: now %s, no longer %s.", rows[i].what, rows[i].after,
                       rows[i].before);
            consequence_add(c);
        }
}

static bool same_thresholds(const struct document_rollback *a, const struct document_rollback *b)
{
    return a->samples_min == b->samples_min && a->percent == b->percent &&
           a->window_ms == b->window_ms && a->principals_min == b->principals_min &&
           a->multiple == b->multiple;
}

static void say_rules(struct consequences *c)
{
    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++) {
        const struct document_rollback *before = &c->before->rollback[i];
        const struct document_rollback *after = &c->after->rollback[i];
        const char *name = signalbox_rollback_rule_name((enum rollback_rule)i);

        if (before->enabled != after->enabled)
            buf_format(&c->text, "The rule %s %s entries off.", name,
                       after->enabled ? "now switches" : "no longer switches");
        else if (!same_thresholds(before, after))
            buf_format(&c->text, "The rule %s has other thresholds.", name);
        else
            continue;
        consequence_add(c);
    }
}

void consequence_of_settings(struct consequences *c)
{
    say_words(c);
    say_bounds(c);
    say_lists(c);
    say_flags(c);
    say_rules(c);
}
