/* The catalog: one document of providers, accounts, models and routes.
 *
 * catalog_parse reads and checks the whole document; the result lives in the arena and is
 * immutable. Lookups are by name. Hundreds of models load in well under a second. */
#ifndef ENGINE_CATALOG_H
#define ENGINE_CATALOG_H

#include "base/map.h"
#include "engine/diagnostic.h"
#include "signalbox/decision.h"
#include "signalbox/result.h"

struct catalog_provider {
    struct slice id;
    struct slice name; /* for people; or empty */
};

/* IPv4 as ::ffff:a.b.c.d with 96 bits more. */
struct catalog_network {
    uint8_t address[16];
    unsigned bits;
};

struct catalog_account {
    struct slice id;
    const struct catalog_provider *provider;
    struct slice owner;
    struct slice spend_owner; /* empty: nobody is named */
    struct slice quota_owner; /* empty: nobody is named */
    struct slice credential;
    struct slice tenant; /* whose own key it is (bring your own key); empty: ours */
    const struct catalog_network *networks; /* addresses it may be used from; none: any */
    unsigned networks_count;
    struct texts networks_texts;  /* as written */
    uint64_t requests_per_minute; /* its quota pool; 0: not known */
    uint64_t tokens_per_minute;
};

struct catalog_strength {
    enum strength strength;
    struct slice source; /* who says so: a benchmark, a date, a URL */
};

struct catalog_model {
    struct slice id;
    struct slice family;
    struct slice version;
    enum quality_class quality_class;
    struct slice profile;  /* the named set that is among its capabilities; or empty */
    uint64_t capabilities; /* set of enum need; the profile's are in it */
    uint64_t context_tokens_max;
    uint64_t output_tokens_max;
    const struct catalog_strength *strengths;
    unsigned strengths_count;
};

struct catalog_price_step {
    uint64_t above_input_tokens;
    uint64_t price_pusd[UNIT_END]; /* every priced unit's, discount and mark-up applied */
};

struct catalog_extra_unit {
    struct slice name;
    uint64_t price_pusd; /* per unit, discount and mark-up applied */
};

struct catalog_route {
    struct slice id;
    const struct catalog_account *account; /* and through it the provider */
    const struct catalog_model *model;
    struct slice region;
    enum family family;
    struct slice provider_model;
    struct texts reported_models; /* provider_model is always among them */
    struct slice base_url;
    struct slice overrides; /* a JSON object as written, or empty */
    struct slice service_tier;
    struct texts environments;                    /* empty: any */
    uint64_t capabilities;                        /* the model's, less what this route lacks */
    uint64_t data_classes;                        /* set; empty: accepts none */
    uint64_t price_pusd[UNIT_END];                /* discount and mark-up applied, rounded up */
    uint64_t priced;                              /* set of enum unit */
    uint64_t discount_ppm;                        /* parts per million off the list price */
    uint64_t markup_ppm;                          /* on top of what is left */
    const struct catalog_price_step *price_steps; /* thresholds rising */
    unsigned price_steps_count;
    const struct catalog_extra_unit *extra_units;
    unsigned extra_units_count;
    int64_t price_as_of_unix_ms;
    uint32_t latency_p95_ms;  /* to the first output, as the catalog's author knows it; 0: not */
    struct timeouts timeouts; /* defaults filled in */
    bool zero_retention;
    bool payload_logging;
    bool moderation;        /* the provider moderates */
    bool serial_tool_calls; /* its overrides force tool calls one by one */
};

struct catalog {
    struct catalog_route *routes;
    unsigned routes_count;
    struct catalog_model *models;
    unsigned models_count;
    struct catalog_account *accounts;
    unsigned accounts_count;
    struct catalog_provider *providers;
    unsigned providers_count;
    struct map routes_by_id; /* values: struct catalog_route */
    struct map models_by_id;
};

/* RESULT_OK with *ret_catalog when there is no error among the findings; RESULT_INVALID when there
 * is one; RESULT_NO_MEMORY at the arena's bound. Free the maps with catalog_done. text is borrowed
 * only during the call. */
MUST_USE enum result catalog_parse(struct slice text,
                                   struct arena *arena,
                                   struct diagnostics *diagnostics,
                                   struct catalog **ret_catalog);
void catalog_done(struct catalog *catalog); /* takes NULL */
/* What kind of change it is to answer with model in the primary's place. */
enum tier catalog_tier(const struct catalog_model *primary, const struct catalog_model *model);

#endif
